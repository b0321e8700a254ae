//! What needs attention, the worst first: each line leads to the page that tells more.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::open::Open;
use wire::overview::{Attention, Concern, ErrorShare, Overview};
use wire::path::{Level, Params, Scope, ServiceParams};
use wire::status::ServiceState;

use crate::components::button::{Button, Kind};
use crate::components::page::Panel;
use crate::components::status::{Shape, service_state, state_mark};
use crate::pages::parts::{freshness, instant_of};
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::clock::span;
use crate::state::remote::Remote;
use crate::words::{grouped, plural};

/// So many lines are shown at first: what stands below stays in sight.
const FEW: usize = 6;

/// A line, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    /// Tells it from others for as long as the reason holds.
    key: String,
    mark: (Shape, String),
    name: String,
    /// Where the service is, as far as the page does not say it.
    place: String,
    path: String,
    why: String,
    since: Option<DateTime<Utc>>,
}

/// The services that somebody should look at.
#[component]
pub fn AttentionPanel(
    level: Memo<Level>,
    overview: Remote<Overview>,
    shown: Signal<Arc<Overview>>,
) -> impl IntoView {
    let lines = memo(move || {
        let level = level.get();
        let overview = shown.get();
        let lines: Vec<Line> = overview
            .attention
            .iter()
            .map(|one| line(&level, one))
            .collect();
        lines
    });
    let total = memo(move || shown.with(|all| all.attention.len() + all.more_attention as usize));
    let title = move || match total.get() {
        0 => "Needs attention".to_owned(),
        total => format!("Needs attention · {}", grouped(total)),
    };
    let calm = memo(move || lines.with(Vec::is_empty));
    let is_empty = memo(move || shown.with(|overview| overview.services.is_empty()));
    view! {
        <Panel title=Signal::derive(title) aside=move || freshness(overview.held()) flush=true>
            {dynamic(move || match calm.get() {
                true => calm_line(is_empty).into_any(),
                false => line_list(lines, shown),
            })}
        </Panel>
    }
}

fn calm_line(is_empty: Memo<bool>) -> impl IntoView {
    dynamic(move || {
        let (mark, words) = match is_empty.get() {
            true => (Shape::None, "No service here yet"),
            false => (
                Shape::Ok,
                "Nothing: every service is as it should be, and what was built and deployed last went well",
            ),
        };
        view! { <p class="calm">{state_mark((mark, words.to_owned()))}</p> }.into_any()
    })
}

fn line_list(lines: Memo<Vec<Line>>, shown: Signal<Arc<Overview>>) -> AnyView {
    let all = RwSignal::new(false);
    let count = memo(move || lines.with(Vec::len));
    // One more line is no longer than the button that would show it.
    let is_long = memo(move || count.get() > FEW + 1);
    let keys = move || {
        let limit = if all.get() || !is_long.get() {
            usize::MAX
        } else {
            FEW
        };
        lines.with(|lines| {
            let keys = lines.iter().take(limit).map(|line| line.key.clone());
            keys.collect::<Vec<_>>()
        })
    };
    let label = move || match all.get() {
        true => "Show fewer".to_owned(),
        false => format!("Show all {}", count.get()),
    };
    let more = memo(move || shown.with(|overview| overview.more_attention as usize));
    let rest = move || {
        let services = plural(more.get(), "more reason");
        format!("Only the worst are listed: there are {services} to look at a service.")
    };
    view! {
        <ul class="needs">
            <For each=keys key=Clone::clone let(key)>
                {line_view(
                    memo(move || {
                        lines.with(|lines| lines.iter().find(|line| line.key == key).cloned())
                    }),
                )}
            </For>
        </ul>
        <When is=move || is_long.get()>
            <div class="needs-more">
                <Button
                    label=Signal::derive(label)
                    kind=Kind::Quiet
                    on_click=move |()| all.update(|all| *all = !*all)
                />
            </div>
        </When>
        <When is=move || all.get() && more.get() != 0>
            <p class="needs-more dim">{rest}</p>
        </When>
    }
    .into_any()
}

fn line_view(line: Memo<Option<Line>>) -> AnyView {
    let text = move |read: fn(&Line) -> &String| {
        memo(move || line.with(|line| line.as_ref().map(|line| read(line).clone())))
    };
    let mark = memo(move || line.with(|line| line.as_ref().map(|line| line.mark.clone())));
    let since = memo(move || line.with(|line| line.as_ref().and_then(|line| line.since)));
    let path = text(|line| &line.path);
    let why = text(|line| &line.why);
    view! {
        <li>
            <span class="need-mark">{dynamic(move || mark.get().map(state_mark).into_any())}</span>
            <span class="need-name">
                <a class="row-link" href=move || path.get().unwrap_or_default()>
                    {text(|line| &line.name)}
                </a>
                <span class="dim cut">{text(|line| &line.place)}</span>
            </span>
            <span class="need-why" title=why>
                {why}
            </span>
            <span class="need-since dim">{instant_of(since)}</span>
        </li>
    }
    .into_any()
}

fn line(level: &Level, one: &Attention) -> Line {
    let params = ServiceParams {
        scope: scope(level, one),
        service: one.service.clone(),
    };
    let (project, environment) = (&one.project, &one.environment);
    Line {
        key: format!(
            "{} {project} {environment} {}",
            one.concern.word(),
            one.service
        ),
        mark: mark(&one.concern),
        name: match one.name.is_empty() {
            true => one.service.clone(),
            false => one.name.clone(),
        },
        place: match level {
            Level::Org(_) => format!("{project} / {environment}"),
            Level::Project(_) => environment.clone(),
            Level::Environment(_) | Level::Service(_) => String::new(),
        },
        path: path(params, one),
        why: why(one),
        since: one.since,
    }
}

/// Where the service is: the reply names what is below the place that was asked for.
fn scope(level: &Level, one: &Attention) -> Scope {
    Scope::Environment {
        org: level.value("org").unwrap_or_default().to_owned(),
        project: one.project.clone(),
        environment: one.environment.clone(),
    }
}

fn mark(concern: &Open<Concern>) -> (Shape, String) {
    match concern {
        Open::Known(Concern::Down) => service_state(&Open::Known(ServiceState::Down)),
        Open::Known(Concern::Degraded) => service_state(&Open::Known(ServiceState::Degraded)),
        Open::Known(Concern::Errors) => (Shape::Warn, "Errors".to_owned()),
        Open::Known(Concern::DeployFailed) => (Shape::Bad, "Deploy failed".to_owned()),
        Open::Known(Concern::BuildFailed) => (Shape::Bad, "Build failed".to_owned()),
        Open::Unknown(word) => (Shape::Warn, word.clone()),
    }
}

/// The page that tells more.
fn path(params: ServiceParams, one: &Attention) -> String {
    match (&one.concern, one.version) {
        (Open::Known(Concern::DeployFailed), Some(version)) => Address::release(&params, version),
        (Open::Known(Concern::BuildFailed), Some(version)) => Address::image(&params, version),
        (Open::Known(Concern::Errors), _) => {
            let failed = [("window", "15m"), ("status", "5xx")];
            let failed = failed.map(|(name, value)| (name, value.to_owned()));
            Address::Service(params, Tab::Requests).path_with(&failed)
        }
        _ => Address::Service(params, Tab::Overview).path(),
    }
}

fn why(one: &Attention) -> String {
    let why = one.why.clone().unwrap_or_default();
    match (&one.concern, one.version, one.errors) {
        (Open::Known(Concern::Errors), _, Some(share)) => share_words(share),
        (Open::Known(Concern::DeployFailed | Concern::BuildFailed), Some(version), _) => {
            format!("v{version}: {why}")
        }
        _ => why,
    }
}

/// `3 of 120 requests failed in the last 15 min (2.5 %)`
fn share_words(share: ErrorShare) -> String {
    let count = |count: u64| grouped(usize::try_from(count).unwrap_or(usize::MAX));
    let percent = share.errors as f64 * 100.0 / share.requests.max(1) as f64;
    // A share that is hardly above one in a hundred must not read as one in a hundred.
    let digits = if percent < 2.0 { 2 } else { 1 };
    format!(
        "{} of {} requests failed in the last {} ({percent:.digits$}\u{a0}%)",
        count(share.errors),
        count(share.requests),
        span(share.seconds.into()),
    )
}

#[cfg(test)]
mod tests {
    use wire::path::{EnvironmentParams, OrgParams};

    use super::*;

    fn attention(concern: Concern) -> Attention {
        Attention {
            concern: Open::Known(concern),
            project: "shop".into(),
            environment: "production".into(),
            service: "api".into(),
            name: "Api".into(),
            since: None,
            why: Some("It ended".into()),
            version: Some(7),
            errors: Some(ErrorShare {
                requests: 12_000,
                errors: 121,
                seconds: 900,
            }),
        }
    }

    fn org() -> Level {
        Level::Org(OrgParams { org: "acme".into() })
    }

    #[test]
    fn each_reason_leads_to_the_page_that_tells_more() {
        let at = "/o/acme/p/shop/e/production/s/api";
        for (concern, path) in [
            (Concern::Down, "/overview"),
            (Concern::Degraded, "/overview"),
            (Concern::Errors, "/requests?window=15m&status=5xx"),
            (Concern::DeployFailed, "/releases?release=7"),
            (Concern::BuildFailed, "/images?image=7"),
        ] {
            assert_eq!(
                line(&org(), &attention(concern)).path,
                format!("{at}{path}")
            );
        }
    }

    #[test]
    fn a_share_is_told_with_its_sample() {
        assert_eq!(
            line(&org(), &attention(Concern::Errors)).why,
            "121 of 12,000 requests failed in the last 15 min (1.01\u{a0}%)"
        );
        assert_eq!(
            line(&org(), &attention(Concern::BuildFailed)).why,
            "v7: It ended"
        );
    }

    #[test]
    fn a_place_is_said_as_far_as_the_page_does_not() {
        let down = attention(Concern::Down);
        let environment = Level::Environment(EnvironmentParams {
            org: "acme".into(),
            project: "shop".into(),
            environment: "production".into(),
        });
        assert_eq!(line(&org(), &down).place, "shop / production");
        assert_eq!(line(&environment, &down).place, "");
        assert_eq!(line(&environment, &down).path, line(&org(), &down).path);
    }
}
