//! How many services there are and how they do, as a sentence.

use bulk::services::counts;
use leptos::prelude::*;
use wire::open::Open;
use wire::service::Service;
use wire::status::ServiceState;

use crate::words::{grouped, plural};

/// `14 services: 1 down, 1 degraded, 12 running`, with what needs attention in bold.
pub fn summary<'a>(services: impl Iterator<Item = &'a Service> + Clone) -> AnyView {
    let total = services.clone().count();
    let counts = counts(services).into_iter();
    sentence(
        total,
        counts.map(|(state, count)| (Open::Known(state), count)),
    )
}

/// The same of services that are counted already, what needs attention first.
pub fn sentence(
    total: usize,
    counts: impl ExactSizeIterator<Item = (Open<ServiceState>, usize)>,
) -> AnyView {
    let last = counts.len().saturating_sub(1);
    let parts = counts
        .enumerate()
        .map(|(place, (state, count))| {
            let end = if place == last { "" } else { ", " };
            let words = format!("{} {}{end}", grouped(count), word(&state));
            match state {
                Open::Known(ServiceState::Down | ServiceState::Degraded) => {
                    view! { <b>{words}</b> }.into_any()
                }
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

fn word(state: &Open<ServiceState>) -> &str {
    match state {
        Open::Known(ServiceState::Undeployed) => "never deployed",
        state => state.word(),
    }
}
