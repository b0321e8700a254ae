//! What ingress answered for a service, request by request.

use leptos::prelude::*;

use super::Here;

/// The requests of a service.
#[component]
pub fn RequestsTab(here: Here) -> impl IntoView {
    let _ = here;
}
