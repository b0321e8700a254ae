//! What happened, the newest first: one line each, for a service and for the places above it.

use std::collections::HashSet;
use std::sync::Arc;

use leptos::prelude::*;
use wire::event::{Event, EventKind, Events};
use wire::open::Open;
use wire::path::{Scope, ServiceParams};

use super::parts::instant;
use crate::components::button::{Button, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::{Icon, icon};
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::clock::span;
use crate::words::plural;

/// What the page around a feed is about: a line says no more of where than that leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Around {
    /// One service, at this address.
    Service(ServiceParams),
    /// One environment, at this address.
    Environment(Scope),
    /// A project.
    Project,
    /// An org.
    Org,
}

/// A feed: so many lines, and the rest at the press of a button.
pub fn feed(events: Signal<Arc<Events>>, around: Signal<Around>, first: usize) -> AnyView {
    let is_whole = RwSignal::new(false);
    let count = memo(move || events.get().events.len());
    let more = memo(move || count.get().saturating_sub(first));
    let lines = move || {
        let (events, around) = (events.get(), around.get());
        let shown = match is_whole.get() {
            true => events.events.as_slice(),
            false => events.events.get(..first).unwrap_or(&events.events),
        };
        let gone = gone(&events.events);
        let lines = shown
            .iter()
            .zip(gone)
            .map(|(event, is_gone)| line(event, &around, is_gone))
            .collect_view();
        view! { <ul class="feed">{lines}</ul> }.into_any()
    };
    let end = move || match (is_whole.get(), more.get(), events.get().truncated) {
        (false, 1.., _) => {
            let label = format!("Show {} more", more.get());
            view! {
                <div class="feed-end">
                    <Button label kind=Kind::Quiet on_click=move |()| is_whole.set(true) />
                </div>
            }
            .into_any()
        }
        (_, _, true) => {
            let words = format!("The newest {}", plural(count.get(), "event"));
            view! { <p class="feed-end faint">{words}</p> }.into_any()
        }
        _ => ().into_any(),
    };
    dynamic(move || match count.get() {
        0 => view! {
            <Empty
                title="Nothing has happened yet"
                words="Deploys, changes, scaling and crashes are told here as they happen."
            />
        }
        .into_any(),
        _ => view! {
            {dynamic(lines)}
            {dynamic(end)}
        }
        .into_any(),
    })
}

/// Of each event whether its service was deleted later, so that no line links to nothing.
fn gone(newest_first: &[Event]) -> Vec<bool> {
    let mut deleted = HashSet::new();
    newest_first
        .iter()
        .map(|event| {
            let place = (&event.project, &event.environment, &event.service);
            if event.kind.known() == Some(EventKind::Deleted) {
                deleted.insert(place);
            }
            deleted.contains(&place)
        })
        .collect()
}

fn line(event: &Event, around: &Around, is_gone: bool) -> impl IntoView + use<> {
    let (glyph, tone, word) = look(&event.kind);
    let params = params(event, around).filter(|_| !is_gone);
    let place = place(event, around).map(|words| match &params {
        Some(params) => {
            let href = Address::Service(params.clone(), Tab::Overview).path();
            view! {
                <a class="link" href=href>
                    {words}
                </a>
            }
            .into_any()
        }
        None => view! { <span>{words}</span> }.into_any(),
    });
    let release = event.release_version.map(|version| match &params {
        Some(params) => {
            let href = Address::release(params, version);
            view! {
                <a class="link mono" href=href>
                    {format!("v{version}")}
                </a>
            }
            .into_any()
        }
        None => view! { <span class="mono">{format!("v{version}")}</span> }.into_any(),
    });
    let over = event.since.map(|since| {
        let seconds = (event.timestamp - since).num_seconds();
        view! { <span>{format!("within {}", span(seconds))}</span> }
    });
    let by = event.by.clone().map(|by| view! { <span>{by}</span> });
    view! {
        <li>
            <span class=format!("feed-mark {tone}")>{icon(glyph)}</span>
            <div class="feed-words">
                <span class="feed-kind">{word}</span>
                " "
                {place}
                " "
                <span class="dim">{event.message.clone()}</span>
            </div>
            <div class="parts dim sm">{release} {over} {by} {instant(event.timestamp)}</div>
        </li>
    }
}

/// Where it happened, as far as the page around leaves it open.
fn place(event: &Event, around: &Around) -> Option<String> {
    let service = event.service_name.as_ref().or(event.service.as_ref());
    let parts = match around {
        Around::Service(_) => [None, None, None],
        Around::Environment(_) => [None, None, service],
        Around::Project => [None, event.environment.as_ref(), service],
        Around::Org => [event.project.as_ref(), event.environment.as_ref(), service],
    };
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(" / "))
}

/// The service that it happened to, in the dialect of the page around.
fn params(event: &Event, around: &Around) -> Option<ServiceParams> {
    let service = event.service.clone()?;
    let scope = match around {
        Around::Service(params) => return Some(params.clone()),
        Around::Environment(scope) => scope.clone(),
        Around::Project | Around::Org => Scope::Environment {
            org: event.org.clone(),
            project: event.project.clone()?,
            environment: event.environment.clone()?,
        },
    };
    Some(ServiceParams { scope, service })
}

/// How a kind of event looks and reads.
fn look(kind: &Open<EventKind>) -> (Icon, &'static str, String) {
    let Open::Known(known) = kind else {
        return (Icon::Clock, "", kind.word().replace('_', " "));
    };
    let (glyph, word) = match known {
        EventKind::Created => (Icon::Plus, "Created"),
        EventKind::Updated => (Icon::Pencil, "Changed"),
        EventKind::ConfigChanged => (Icon::Sliders, "Config changed"),
        EventKind::ImageBuilt => (Icon::Box, "Image built"),
        EventKind::BuildFailed => (Icon::Warning, "Build failed"),
        EventKind::Deployed => (Icon::Upload, "Deployed"),
        EventKind::RolledBack => (Icon::Undo, "Rolled back"),
        EventKind::DeployFailed => (Icon::Warning, "Deploy failed"),
        EventKind::DeployCancelled => (Icon::Cross, "Deploy cancelled"),
        EventKind::Scaled => (Icon::Bars, "Scaled"),
        EventKind::Paused => (Icon::Pause, "Paused"),
        EventKind::Restarted => (Icon::Again, "Restart"),
        EventKind::RestartFailed => (Icon::Warning, "Restart failed"),
        EventKind::Crashed => (Icon::Warning, "Crashed"),
        EventKind::Unhealthy => (Icon::Warning, "Unhealthy"),
        EventKind::Recovered => (Icon::Check, "Recovered"),
        EventKind::Deleted => (Icon::Bin, "Deleted"),
    };
    let tone = match known {
        EventKind::Deployed | EventKind::RolledBack | EventKind::Recovered => "ok",
        known if known.is_trouble() => "bad",
        _ => "",
    };
    (glyph, tone, word.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use wire::open::Words;

    use super::*;

    fn event(kind: EventKind, environment: &str, service: Option<&str>) -> Event {
        Event {
            id: "1".into(),
            kind: Open::Known(kind),
            timestamp: DateTime::UNIX_EPOCH,
            message: String::new(),
            by: None,
            org: "acme".into(),
            project: Some("shop".into()),
            environment: Some(environment.into()),
            service: service.map(str::to_owned),
            service_name: service.map(str::to_uppercase),
            release_version: None,
            instance: None,
            times: None,
            since: None,
        }
    }

    #[test]
    fn a_line_says_where_as_far_as_the_page_leaves_it_open() {
        let event = event(EventKind::Scaled, "test", Some("api"));
        let scope = params(&event, &Around::Org).unwrap().scope;
        let on = |around| place(&event, &around);
        let service = ServiceParams {
            scope: scope.clone(),
            service: "api".into(),
        };
        assert_eq!(on(Around::Service(service)), None);
        assert_eq!(on(Around::Environment(scope)).as_deref(), Some("API"));
        assert_eq!(on(Around::Project).as_deref(), Some("test / API"));
        assert_eq!(on(Around::Org).as_deref(), Some("shop / test / API"));
    }

    #[test]
    fn what_is_not_of_one_service_leads_to_none() {
        let event = event(EventKind::ConfigChanged, "test", None);
        assert_eq!(params(&event, &Around::Org), None);
        assert_eq!(place(&event, &Around::Project).as_deref(), Some("test"));
    }

    #[test]
    fn only_what_came_before_a_delete_leads_nowhere() {
        use EventKind::{Created, Deleted, Scaled};
        let newest_first = [
            event(Created, "test", Some("api")),
            event(Scaled, "live", Some("api")),
            event(Deleted, "test", Some("api")),
            event(Created, "test", Some("api")),
        ];
        assert_eq!(gone(&newest_first), [false, false, true, true]);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: HashSet<String> = EventKind::ALL
            .iter()
            .map(|kind| look(&Open::Known(*kind)).2)
            .collect();
        assert_eq!(words.len(), EventKind::ALL.len());
        let unknown = Open::Unknown("moved_away".to_owned());
        assert_eq!(look(&unknown).2, "moved away");
    }
}
