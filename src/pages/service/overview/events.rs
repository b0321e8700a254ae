//! What happened last to a service.

use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::ListServiceEvents;
use wire::event::{Events, EventsQuery};
use wire::quantity::EventLimit;

use crate::api::{Failure, call, use_connection};
use crate::components::page::Panel;
use crate::pages::events::{Around, feed};
use crate::pages::parts::{freshness, loaded};
use crate::pages::service::Here;
use crate::reactive::{When, effect, memo};
use crate::state::remote::Remote;

/// Lines at first sight.
const FIRST: usize = 8;
/// Milliseconds between two looks: what changes of the service is looked at at once.
const PACE: u32 = 10_000;

/// The newest events. A platform that tells none has no such panel.
#[component]
pub fn LastEvents(here: Here) -> impl IntoView {
    let events = use_events(here);
    let error = events.held().error;
    let is_told = memo(move || {
        let is_gone = error.with(|error| error.as_ref().is_some_and(Failure::is_not_found));
        events.held().is_there() || !is_gone
    });
    let around = Signal::derive(move || Around::Service(here.params.get()));
    view! {
        <When is=move || is_told.get()>
            <Panel title="Last events" aside=move || freshness(events.held()) flush=true>
                {loaded(events, 4, move |events| feed(events, around, FIRST))}
            </Panel>
        </When>
    }
}

fn use_events(here: Here) -> Remote<Events> {
    let connection = use_connection();
    let events = Remote::new(
        move || {
            let query = EventsQuery::newest(EventLimit::new(50).unwrap_or_default());
            Some(call::<ListServiceEvents>(
                &connection,
                &here.params.get(),
                &query,
                &NoBody,
            ))
        },
        |_| Some(PACE),
    );
    let moved = memo(move || {
        let deployment = here.deployment.get();
        let deployment = deployment.map(|one| (one.id.clone(), one.state()));
        (
            here.state(),
            deployment,
            here.service.get().map(|one| one.updated),
        )
    });
    effect(move || {
        moved.track();
        events.refresh();
    });
    events
}
