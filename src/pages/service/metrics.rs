//! What is measured of a service, as charts on one time axis.

pub mod data;
pub mod marks;
pub mod nothing;
pub mod panel;
pub mod span;
pub mod table;
pub mod zoom;

use std::sync::Arc;

use bulk::points::series::Line;
use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::GetServiceMetrics;
use wire::event::Events;
use wire::metrics::{Metric, MetricsQuery};
use wire::open::Words;
use wire::path::ServiceParams;

use super::Here;
use crate::api::{Failure, platform_now, send, use_connection};
use crate::chart::board::{Board, Span};
use crate::chart::export::csv;
use crate::components::button::{Button, Segments};
use crate::components::download::download;
use crate::components::feedback::{CopyButton, Failed};
use crate::components::icon::Icon;
use crate::pages::parts::freshness;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{QueryText, query_text};
use crate::state::preference::use_preferences;
use crate::state::range::{Range, Window, use_range, use_words};
use crate::state::remote::Remote;
use data::{Measured, span_of};
use marks::{marks, use_events};
use panel::MetricPanel;
use span::SpanPanel;
use table::MetricTable;
use zoom::use_zoom;

/// What the parts of the tab share.
#[derive(Clone, Copy)]
pub struct Shown {
    here: Here,
    range: Range,
    /// What is fetched.
    remote: Remote<Measured>,
    /// What is drawn: the answer before, until the one for a new window is there.
    measured: Memo<Option<Arc<Measured>>>,
    /// What happened meanwhile, of which the marks are made.
    events: Remote<Events>,
    board: Board,
}

impl Shown {
    /// Whether what is drawn answers what is asked now. Tracked.
    fn is_answered(self) -> bool {
        let window = self.range.window.get();
        let measured = self.measured.get();
        measured.is_some_and(|measured| measured.window == window)
    }
}

/// What is asked: of which service, which window.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    params: ServiceParams,
    window: Window,
}

/// The metrics of a service.
#[component]
pub fn MetricsTab(here: Here) -> impl IntoView {
    let range = use_range();
    let remote = use_metrics(here, range);
    let measured = use_last(here, remote);
    let events = use_events(here, range);
    let happened = use_last(here, events);
    let marks = memo(move || {
        happened
            .get()
            .map(|events| marks(&events))
            .unwrap_or_default()
    });
    let utc = use_preferences().utc;
    let (zoom, undo) = use_zoom(range);
    let span = use_span(range, measured);
    let board = Board::new(span.into(), marks.into(), utc.into(), zoom, undo);
    // What was selected of another window is not of this one.
    effect(move || {
        range.window.track();
        board.selection.set(None);
    });
    let shown = Shown {
        here,
        range,
        remote,
        measured,
        events,
        board,
    };
    let view = query_text("view");
    let is_table = memo(move || view.get.with(|view| view == "table"));
    let has_failed =
        memo(move || !remote.held().is_there() && remote.held().error.with(Option::is_some));
    let content = move || match (has_failed.get(), is_table.get()) {
        (true, _) => failed(remote),
        (false, true) => view! { <MetricTable shown /> }.into_any(),
        (false, false) => charts(shown),
    };
    let is_loading = memo(move || measured.with(Option::is_none) && !has_failed.get());
    view! {
        <Bar shown view is_table />
        <When is=move || is_loading.get()>
            <p class="unseen" role="status" aria-label="Loading"></p>
        </When>
        {dynamic(content)}
        <p class="unseen" aria-live="polite">
            {move || board.told.get()}
        </p>
    }
}

/// Fetches the window, and again while it goes on.
fn use_metrics(here: Here, range: Range) -> Remote<Measured> {
    let connection = use_connection();
    Remote::made(
        move || {
            Some(Question {
                params: here.params.get(),
                window: range.window.get(),
            })
        },
        move |question: Question| {
            let connection = connection.clone();
            async move {
                let query = MetricsQuery::of(question.window.query());
                let metrics =
                    send::<GetServiceMetrics>(&connection, &question.params, &query, &NoBody)
                        .await?;
                Ok::<_, Failure>(Measured::new(question.window, platform_now(), metrics))
            }
        },
        Measured::pace,
    )
}

/// The last answer for the same service: a new window is drawn from it at once, as far as it goes.
fn use_last<T>(here: Here, remote: Remote<T>) -> Memo<Option<Arc<T>>>
where
    T: PartialEq + Send + Sync + 'static,
{
    let kept = Memo::new(move |before: Option<&(ServiceParams, Option<Arc<T>>)>| {
        let params = here.params.get();
        let before = before.filter(|(of, _)| *of == params);
        let answer = remote.get().or_else(|| before?.1.clone());
        (params, answer)
    });
    memo(move || kept.with(|(_, answer)| answer.clone()))
}

/// What the axis shows: of a window that goes on, up to the moment of the answer.
fn use_span(range: Range, measured: Memo<Option<Arc<Measured>>>) -> Memo<Span> {
    memo(move || {
        let window = range.window.get();
        let measured = measured.get().filter(|measured| measured.window == window);
        let now = measured
            .as_ref()
            .map_or_else(platform_now, |measured| measured.asked);
        span_of(&window, now, measured.as_deref())
    })
}

fn charts(shown: Shown) -> AnyView {
    let panels = Metric::ALL
        .iter()
        .map(|metric| view! { <MetricPanel shown metric=*metric /> })
        .collect_view();
    view! { <div class="grid2 charts">{panels} <SpanPanel shown /></div> }.into_any()
}

fn failed(remote: Remote<Measured>) -> AnyView {
    let held = remote.held();
    let words = move || {
        let error = held.error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    view! {
        <section class="panel">
            <Failed
                words=Signal::derive(words)
                detail=Signal::derive(move || held.error.get().and_then(|error| error.detail()))
                pending=held.loading
                retry=move |()| remote.refresh()
            />
        </section>
    }
    .into_any()
}

/// What is shown, how, and how to take it along.
#[component]
fn Bar(shown: Shown, view: QueryText, is_table: Memo<bool>) -> impl IntoView {
    let step = memo(move || shown.measured.with(|measured| measured.as_ref()?.step()));
    let window = use_words(shown.range.window);
    let words = move || {
        let step = step
            .get()
            .map(|step| format!(" · a point every {}", step_words(step)));
        format!("{}{}", window.get(), step.unwrap_or_default())
    };
    let choices = [("charts", "Charts"), ("table", "Table")];
    let choices = choices.map(|(word, words)| (word.to_owned(), words.to_owned()));
    let chosen = move || if is_table.get() { "table" } else { "charts" }.to_owned();
    let choose = move |word: String| {
        view.set(if word == "table" { word } else { String::new() });
    };
    let save = move |()| {
        let table = untrack(|| table_of(shown));
        // A browser that refuses has told the person so itself.
        let _ = download(&shown.here.file_name("metrics.csv"), &table);
    };
    let against = move || (!shown.is_answered()).then(|| "The window is still loading.".to_owned());
    view! {
        <div class="bar">
            <span class="grow dim sm window-words">{words}</span>
            {freshness(shown.remote.held())}
            <When is=move || is_table.get()>
                <CopyButton label="Copy the table" text=Signal::derive(move || table_of(shown)) />
            </When>
            <Segments
                label="Show as"
                choices=choices.to_vec()
                value=Signal::derive(chosen)
                on_choose=choose
            />
            <Button
                label="CSV"
                glyph=Icon::Download
                against=Signal::derive(against)
                on_click=save
            />
        </div>
    }
}

/// All lines as a table in a text. Tracked.
fn table_of(shown: Shown) -> String {
    let measured = shown.measured.get();
    let lines = measured
        .map(|measured| lines(&measured))
        .unwrap_or_default();
    let columns: Vec<(&str, &Line)> = lines
        .iter()
        .map(|(metric, line)| (metric.word(), &**line))
        .collect();
    csv(&columns)
}

/// The metrics that have a line, and it.
fn lines(measured: &Measured) -> Vec<(Metric, Arc<Line>)> {
    let metrics = Metric::ALL.iter();
    metrics
        .filter_map(|metric| Some((*metric, measured.line(*metric)?)))
        .collect()
}

fn step_words(step: f64) -> String {
    match step {
        ..60.0 => format!("{step} s"),
        60.0..3_600.0 => format!("{} min", step / 60.0),
        _ => format!("{} h", step / 3_600.0),
    }
}
