//! What happened last in an org, a project or an environment.

use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::{ListEnvironmentEvents, ListOrgEvents, ListProjectEvents};
use wire::event::{Events, EventsQuery};
use wire::path::{EnvironmentParams, Level, Scope};
use wire::quantity::EventLimit;

use crate::api::{call, use_connection};
use crate::components::page::Panel;
use crate::pages::events::{Around, feed};
use crate::pages::parts::{freshness, loaded};
use crate::reactive::memo;
use crate::state::remote::Remote;

/// So many events are told.
const TOLD: usize = 20;

/// The newest events of a place.
#[component]
pub fn LastEvents(level: Memo<Level>) -> impl IntoView {
    let events = use_events(level);
    let around = memo(move || around(level.get()));
    view! {
        <Panel title="Last events" aside=move || freshness(events.held()) flush=true>
            {loaded(events, 6, move |events| feed(events, around.into(), TOLD))}
        </Panel>
    }
}

fn around(level: Level) -> Around {
    match level {
        Level::Org(_) => Around::Org,
        Level::Project(_) => Around::Project,
        Level::Environment(EnvironmentParams {
            org,
            project,
            environment,
        }) => Around::Environment(Scope::Environment {
            org,
            project,
            environment,
        }),
        Level::Service(service) => Around::Service(service),
    }
}

fn use_events(level: Memo<Level>) -> Remote<Events> {
    let connection = use_connection();
    let query = EventsQuery::newest(EventLimit::new(TOLD as u64).unwrap_or_default());
    Remote::new(
        move || match level.get() {
            Level::Org(at) => Some(call::<ListOrgEvents>(&connection, &at, &query, &NoBody)),
            Level::Project(at) => {
                Some(call::<ListProjectEvents>(&connection, &at, &query, &NoBody))
            }
            Level::Environment(at) => Some(call::<ListEnvironmentEvents>(
                &connection,
                &at,
                &query,
                &NoBody,
            )),
            Level::Service(_) => None,
        },
        |_| Some(10_000),
    )
}
