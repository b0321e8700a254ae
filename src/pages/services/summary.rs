//! How many services there are and how they do, as a sentence.

use leptos::prelude::*;
use wire::service::Service;
use wire::status::ServiceState;

use super::filter::counts;
use crate::words::plural;

/// `14 services: 1 down, 1 degraded, 12 running`, with what needs attention in bold.
pub fn summary<'a>(services: impl Iterator<Item = &'a Service> + Clone) -> AnyView {
    let total = services.clone().count();
    let counts = counts(services);
    let last = counts.len().saturating_sub(1);
    let parts = counts
        .into_iter()
        .enumerate()
        .map(|(place, (state, count))| {
            let end = if place == last { "" } else { ", " };
            let words = format!("{count} {}{end}", word(state));
            match state {
                ServiceState::Down | ServiceState::Degraded => view! { <b>{words}</b> }.into_any(),
                _ => words.into_any(),
            }
        })
        .collect_view();
    let colon = if total == 0 { "" } else { ": " };
    view! {
        {plural(total, "service")}
        {colon}
        {parts}
    }
    .into_any()
}

fn word(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Down => "down",
        ServiceState::Degraded => "degraded",
        ServiceState::Converging => "converging",
        ServiceState::Running => "running",
        ServiceState::Paused => "paused",
        ServiceState::Undeployed => "never deployed",
    }
}
