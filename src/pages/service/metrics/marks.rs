//! What happened meanwhile: the releases and restarts that are marked in the charts.

use std::sync::Arc;

use leptos::prelude::Get;
use wire::endpoint::NoBody;
use wire::endpoints::ListServiceEvents;
use wire::event::{Event, EventKind, Events, EventsQuery};
use wire::quantity::EventLimit;

use crate::api::{call, use_connection};
use crate::chart::board::{Mark, MarkKind, seconds};
use crate::pages::service::Here;
use crate::state::range::Range;
use crate::state::remote::Remote;

/// What is marked.
const KINDS: [EventKind; 7] = [
    EventKind::Deployed,
    EventKind::RolledBack,
    EventKind::DeployFailed,
    EventKind::Restarted,
    EventKind::RestartFailed,
    EventKind::Crashed,
    EventKind::Unhealthy,
];

/// The newest so many marks of a window.
const MOST: u64 = 500;

/// The events of the window that are marked.
pub fn use_events(here: Here, range: Range) -> Remote<Events> {
    let connection = use_connection();
    Remote::new(
        move || {
            let query = EventsQuery {
                window: range.window.get().query(),
                limit: EventLimit::new(MOST).ok(),
                kinds: KINDS.to_vec(),
            };
            let params = here.params.get();
            Some(call::<ListServiceEvents>(
                &connection,
                &params,
                &query,
                &NoBody,
            ))
        },
        |_| Some(15_000),
    )
}

/// The marks of events, oldest first.
pub fn marks(events: &Events) -> Arc<Vec<Mark>> {
    let mut marks: Vec<Mark> = events.events.iter().flat_map(of_event).collect();
    marks.sort_by(|a, b| a.at.total_cmp(&b.at));
    Arc::new(marks)
}

/// What happened several times on end is marked where it first and where it last did.
fn of_event(event: &Event) -> Vec<Mark> {
    let Some((kind, label)) = event.kind.known().and_then(|kind| label(kind, event)) else {
        return Vec::new();
    };
    let first = event
        .since
        .map(|at| (at, format!("From here on: {}", event.message)));
    let moments = [first, Some((event.timestamp, event.message.clone()))];
    moments
        .into_iter()
        .flatten()
        .map(|(at, words)| Mark {
            at: seconds(at),
            kind,
            label: label.clone(),
            words,
        })
        .collect()
}

fn label(kind: EventKind, event: &Event) -> Option<(MarkKind, String)> {
    let release = || {
        let version = event.release_version;
        version.map_or_else(|| "release".to_owned(), |version| format!("v{version}"))
    };
    Some(match kind {
        EventKind::Deployed | EventKind::RolledBack => (MarkKind::Release, release()),
        EventKind::DeployFailed => (MarkKind::Release, format!("{} failed", release())),
        EventKind::Restarted | EventKind::RestartFailed => {
            (MarkKind::Restart, "restart".to_owned())
        }
        EventKind::Crashed => (MarkKind::Restart, "crash".to_owned()),
        EventKind::Unhealthy => (MarkKind::Restart, "unhealthy".to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use wire::open::Open;

    use super::*;

    fn event(kind: EventKind, second: i64) -> Event {
        let at: DateTime<Utc> = DateTime::from_timestamp(second, 0).unwrap();
        serde_json::from_value(serde_json::json!({
            "id": format!("{second}"),
            "kind": Open::Known(kind),
            "timestamp": at,
            "message": "It happened.",
            "release_version": 88,
        }))
        .unwrap()
    }

    #[test]
    fn releases_and_restarts_are_marked_in_order() {
        let events = Events {
            events: vec![
                event(EventKind::Crashed, 30),
                event(EventKind::Scaled, 20),
                event(EventKind::Deployed, 10),
            ],
            truncated: false,
        };
        let marks = marks(&events);
        let told: Vec<_> = marks
            .iter()
            .map(|mark| (mark.at, mark.label.as_str()))
            .collect();
        assert_eq!(told, [(10.0, "v88"), (30.0, "crash")]);
        assert_eq!(marks[1].kind, MarkKind::Restart);
    }

    #[test]
    fn what_happened_often_is_marked_at_both_ends() {
        let mut crash = event(EventKind::Crashed, 90);
        crash.times = Some(7);
        crash.since = DateTime::from_timestamp(20, 0);
        let events = Events {
            events: vec![crash],
            truncated: false,
        };
        let at: Vec<f64> = marks(&events).iter().map(|mark| mark.at).collect();
        assert_eq!(at, [20.0, 90.0]);
    }
}
