//! What stands in the place of lines and of requests while there are none, where both tabs say the
//! same.

use leptos::prelude::*;

use crate::components::feedback::Empty;

/// The filter can't be asked for.
pub fn refused() -> AnyView {
    view! {
        <Empty title="The filter can't be asked for" words="What is wrong is said at its field." />
    }
    .into_any()
}
