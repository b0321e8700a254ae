//! What a service writes.
use std::sync::Arc;
use leptos::prelude::*;
use wire::service::Service;
use super::Here;
/// The log.
#[component]
pub fn LogsTab(here: Here, service: Signal<Arc<Service>>) -> impl IntoView { let _ = (here, service); }
