//! What is measured of a service, as charts on one time axis.

use leptos::prelude::*;

use super::Here;

/// The metrics of a service.
#[component]
pub fn MetricsTab(here: Here) -> impl IntoView {
    let _ = here;
}
