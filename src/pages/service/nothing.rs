//! What stands in the place of lines, requests and charts while there are none, where tabs say the
//! same.

use leptos::prelude::*;

use crate::api::platform_now;
use crate::components::feedback::Empty;
use crate::reactive::memo;
use crate::state::clock::use_now;
use crate::state::range::Window;

/// Why nothing is in a window that has not begun.
pub const TO_COME: &str = "This window is still to come.";

/// Whether the window has not begun yet.
pub fn use_to_come(window: Memo<Window>) -> Memo<bool> {
    let now = use_now();
    memo(move || {
        now.track();
        window.get().is_to_come(platform_now())
    })
}

/// The filter can't be asked for.
pub fn refused() -> AnyView {
    view! {
        <Empty title="The filter can't be asked for" words="What is wrong is said at its field." />
    }
    .into_any()
}
