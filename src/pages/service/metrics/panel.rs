//! The panel of one metric: its chart, or over it the reason why there is no line.

use std::sync::Arc;

use bulk::points::series::Line;
use leptos::html;
use leptos::prelude::*;
use wire::metrics::Metric;
use wire::open::{Open, Words};

use super::Shown;
use super::data::{Outcome, unit};
use super::nothing::{Case, Reason, reason};
use crate::api::platform_now;
use crate::chart::board::seconds;
use crate::chart::export::csv;
use crate::chart::paint::titled;
use crate::chart::ticks::Axis;
use crate::chart::view::{Chart, axis_of};
use crate::components::download::{download, download_picture};
use crate::components::icon::{Icon, icon};
use crate::components::menu::{Menu, MenuItem};
use crate::pages::parts::freshness;
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::clock::use_now;

/// What a metric is called.
pub fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUsage => "CPU",
        Metric::MemoryUsage => "Memory",
        Metric::RequestRate => "Requests",
        Metric::ErrorRate => "Errors",
        Metric::LatencyP95 => "Latency",
    }
}

/// What its values are, and the unit of the numbers at the axis.
fn about(metric: Metric, unit: &str) -> String {
    let what = match metric {
        Metric::CpuUsage => "mean of instances",
        Metric::MemoryUsage => "total",
        Metric::RequestRate => return "per second".to_owned(),
        Metric::ErrorRate => return "5xx per second".to_owned(),
        Metric::LatencyP95 => "95th percentile",
    };
    format!("{what}, {unit}")
}

/// What stands in the place of a line.
#[derive(Clone, Debug, PartialEq)]
enum Instead {
    /// It is on its way.
    Waiting,
    /// The query failed.
    Failed(String),
    /// There is no point.
    Nothing(Reason),
}

/// One metric.
#[component]
pub fn MetricPanel(shown: Shown, metric: Metric) -> impl IntoView {
    let Shown { board, .. } = shown;
    let line = memo(move || {
        let line = shown
            .measured
            .with(|measured| measured.as_ref()?.line(metric));
        line.unwrap_or_default()
    });
    let axis = axis_of(board, unit(metric), line.into());
    let canvas = NodeRef::<html::Canvas>::new();
    let instead = use_instead(shown, metric, line);
    let second = use_now();
    let now = move || {
        second.track();
        seconds(platform_now())
    };
    let nothing = move || instead.with(|instead| instead.as_ref().map(Instead::words));
    let name = name(metric);
    let about = move || axis.with(|axis| about(metric, axis.unit));
    view! {
        <section class="panel" aria-label=name>
            <header>
                <h2>{name}</h2>
                <span class="faint sm">{about}</span>
                <div class="aside chart-aside">
                    {freshness(shown.remote.held())} <Save shown metric line axis canvas />
                </div>
            </header>
            <div class="chart-body">
                <Chart
                    board
                    name
                    unit=unit(metric)
                    line
                    axis
                    canvas
                    now=Signal::derive(now)
                    nothing=Signal::derive(nothing)
                />
                {in_place_of_line(shown, instead)}
            </div>
        </section>
    }
}

/// The chart as a file.
#[component]
fn Save(
    shown: Shown,
    metric: Metric,
    line: Memo<Arc<Line>>,
    axis: Memo<Axis>,
    canvas: NodeRef<html::Canvas>,
) -> impl IntoView {
    let table = move |()| {
        let text = line.with_untracked(|line| csv(&[(metric.word(), line)]));
        // A browser that refuses has told the person so itself.
        let _ = download(
            &shown.here.file_name(&format!("{}.csv", metric.word())),
            &text,
        );
    };
    let picture = move |()| {
        let title = untrack(|| {
            let service = shown.here.service.get();
            let service = service.map(|service| service.name.clone());
            format!(
                "{} · {}, {} · {}",
                service.unwrap_or_default(),
                name(metric),
                axis.with(|axis| about(metric, axis.unit)),
                shown.board.whole_words(shown.board.span.get()),
            )
        });
        let look = shown.board.look.get_untracked();
        let whole = canvas.get_untracked();
        let whole = whole.and_then(|canvas| titled(&canvas, &title, &look));
        let file = shown.here.file_name(&format!("{}.png", metric.word()));
        let _ = whole.and_then(|whole| download_picture(file, &whole));
    };
    view! {
        <Menu label=format!("Save {}", name(metric)) glyph=Icon::Download>
            <MenuItem label="As PNG" on_click=picture />
            <MenuItem label="As CSV" on_click=table />
        </Menu>
    }
}

impl Instead {
    /// The same for who does not see it.
    fn words(&self) -> String {
        match self {
            Self::Waiting => "It is loading.".to_owned(),
            Self::Failed(message) => message.clone(),
            Self::Nothing(Reason::NeedsDomain(words) | Reason::Other(words)) => (*words).to_owned(),
        }
    }
}

fn use_instead(shown: Shown, metric: Metric, line: Memo<Arc<Line>>) -> Memo<Option<Instead>> {
    memo(move || {
        let span = shown.board.span.get();
        let outcome = shown.measured.with(|measured| {
            let outcome = measured
                .as_ref()
                .and_then(|measured| measured.outcome(metric));
            outcome.map(|outcome| match outcome {
                Outcome::Failed(message) => Some(message.clone()),
                Outcome::Line(_) => None,
            })
        });
        match outcome {
            None => Some(Instead::Waiting),
            Some(Some(message)) => Some(Instead::Failed(message)),
            Some(None) if line.with(|line| !line.within(span.0, span.1).is_empty()) => None,
            // The answer before has nothing to show of a new window: the next one may.
            Some(None) if !shown.is_answered() => Some(Instead::Waiting),
            Some(None) => nothing(shown, metric).map(Instead::Nothing),
        }
    })
}

fn in_place_of_line(shown: Shown, instead: Memo<Option<Instead>>) -> AnyView {
    dynamic(move || match instead.get() {
        None => ().into_any(),
        Some(Instead::Waiting) => view! { <div class="chart-wait bone"></div> }.into_any(),
        Some(Instead::Failed(message)) => view! {
            <div class="chart-words">
                <span class="bad-mark">{icon(Icon::Warning)}</span>
                <p>{message}</p>
            </div>
        }
        .into_any(),
        Some(Instead::Nothing(Reason::Other(words))) => view! {
            <div class="chart-words">
                <p>{words}</p>
            </div>
        }
        .into_any(),
        Some(Instead::Nothing(Reason::NeedsDomain(words))) => needs_domain(shown, words),
    })
}

fn nothing(shown: Shown, metric: Metric) -> Option<Reason> {
    let service = shown.here.service.get()?;
    let state = shown.here.state().as_ref().and_then(Open::known);
    Some(reason(&Case {
        metric,
        service: &service,
        state,
        span: shown.board.span.get(),
        now: platform_now(),
    }))
}

fn needs_domain(shown: Shown, words: &'static str) -> AnyView {
    let href = move || Address::Service(shown.here.params.get(), Tab::Settings).path();
    view! {
        <div class="chart-words">
            <p>{words}</p>
            <a class="link" href=href>
                "Add a domain in Settings"
            </a>
        </div>
    }
    .into_any()
}
