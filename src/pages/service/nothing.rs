//! What stands in the place of lines and of requests while there are none, where both tabs say the
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use wire::metrics::Metric;
    use wire::service::Service;

    use super::TO_COME;
    use crate::pages::service::metrics::nothing::{Case, Reason, reason};

    #[test]
    fn charts_say_the_same_of_a_window_to_come() {
        let case = Case {
            metric: Metric::CpuUsage,
            service: &Service::default(),
            state: None,
            span: (60.0, 120.0),
            now: DateTime::UNIX_EPOCH,
        };
        assert_eq!(reason(&case), Reason::Other(TO_COME));
    }
}
