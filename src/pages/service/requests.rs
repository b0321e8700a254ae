//! What ingress answered for a service, request by request: a window of its access log, followed as
//! it grows.

pub mod bar;
pub mod book;
pub mod csv;
pub mod data;
pub mod details;
pub mod face;
pub mod filter;
pub mod list;
pub mod stats;
pub mod summary;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wire::error::FieldErrors;

use super::Here;
use super::nothing::{refused, use_to_come};
use crate::components::button::{Button, Kind};
use crate::components::download::download;
use crate::components::feedback::Skeleton;
use crate::components::icon::Icon;
use crate::pages::parts::freshness;
use crate::pages::typed::use_typed;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::query_text;
use crate::state::keys::use_keys;
use crate::state::range::{Range, use_range, use_words};
use crate::words::plural;
use bar::{Bar, Controls};
use book::{Book, Row};
use csv::csv;
use data::{Question, Requests, use_requests};
use details::Details;
use face::{Face, failed, none_fits, nothing, use_face};
use filter::Filter;
use list::List;
use stats::Stats;
use summary::Summary;

/// What the person looks at.
#[derive(Clone, Copy)]
pub struct Reading {
    /// The place of the row that the keyboard is at.
    cursor: RwSignal<Option<usize>>,
    /// The request whose details are open.
    opened: RwSignal<Option<Arc<Row>>>,
}

impl Reading {
    /// Opens a request's details, or closes them where they are open.
    fn open(self, place: usize, row: Option<Arc<Row>>) {
        self.cursor.set(Some(place));
        match self.opened.with_untracked(|opened| *opened == row) {
            true => self.close(),
            false => self.opened.set(row),
        }
    }

    /// Closes the details; the keyboard goes on from the row.
    fn close(self) {
        self.opened.set(None);
        let place = self.cursor.get_untracked();
        self.cursor.set(None);
        // By then the details are gone, and what had the focus with them.
        request_animation_frame(move || {
            let _ = self.cursor.try_set(place);
        });
    }
}

/// The requests of a service.
#[component]
pub fn RequestsTab(here: Here) -> impl IntoView {
    let range = use_range();
    let controls = Controls {
        path: use_typed("path"),
        status: use_typed("status"),
        method: query_text("method"),
    };
    let reading = Reading {
        cursor: RwSignal::new(None),
        opened: RwSignal::new(None),
    };
    let panel = NodeRef::<html::Section>::new();
    let asked = memo(move || controls.asked());
    let question = memo(move || {
        Some(Question {
            params: here.params.get(),
            window: range.window.get(),
            filter: asked.get().ok()?,
        })
    });
    let requests = use_requests(question, move || is_read(panel, reading));
    let filter = controls.typed();
    let places = use_places(requests, filter);
    let stats = memo(move || places.with(|places| requests.stats(places)));
    let waiting = use_waiting(requests, filter);
    let faults = memo(move || {
        let refused = requests.remote.held().error.get();
        let refused = refused
            .map(|failure| failure.field_errors())
            .unwrap_or_default();
        asked.get().err().unwrap_or(refused)
    });
    let search = NodeRef::<html::Input>::new();
    use_list_keys(requests, reading, places, search);
    // Another window, another service: what was read is gone.
    effect(move || {
        here.params.track();
        range.window.track();
        reading.cursor.set(None);
        reading.opened.set(None);
    });

    let is_to_come = use_to_come(range.window);
    let face = use_face(requests, places, asked);
    let content = move || match face.get() {
        Face::Waiting => view! { <Skeleton rows=12 /> }.into_any(),
        Face::Failed => failed(requests),
        Face::Refused => refused(),
        Face::Nothing => nothing(here, is_to_come),
        Face::NoneFits => none_fits(controls, is_to_come),
        Face::Rows => view! {
            <List requests reading places />
            <Older requests />
        }
        .into_any(),
    };
    let save = move |()| {
        let text = requests.book.with_untracked(|book| {
            let places = places.get_untracked();
            let rows = places
                .iter()
                .filter_map(|place| book.rows().get(*place as usize));
            csv(rows.map(|row| &row.access))
        });
        download(&here.file_name("requests.csv"), &text);
    };
    view! {
        <Bar controls search faults on_change=move |()| reading.cursor.set(None) on_download=save />
        <Summary stats />
        <section class="panel" aria-label="Requests" node_ref=panel>
            {header(range, requests, stats)}
            <When is=move || face.get() == Face::Rows>
                <NewOnes requests reading waiting panel />
            </When>
            {dynamic(content)}
        </section>
        <Details params=here.params reading />
    }
}

impl Controls {
    /// The filter as the address has it.
    fn asked(self) -> Result<Filter, FieldErrors> {
        Filter::read(
            &self.path.kept(),
            &self.status.kept(),
            &self.method.get.get(),
        )
    }

    /// The filter as it is typed; while it can't be read, the last one that could.
    fn typed(self) -> Memo<Filter> {
        Memo::new(move |last: Option<&Filter>| {
            let read = self.path.text.with(|path| {
                let status = self.status.text.get();
                Filter::read(path, &status, &self.method.get.get())
            });
            read.unwrap_or_else(|_| last.cloned().unwrap_or_default())
        })
    }
}

impl Requests {
    fn stats(self, places: &[u32]) -> Stats {
        self.book.with(|book| {
            let rows = places
                .iter()
                .filter_map(|place| book.rows().get(*place as usize));
            Stats::of(rows.map(|row| &**row))
        })
    }
}

/// The places of what is shown among all that is held: the filter holds at once for what is there,
/// and the platform is asked for the rest when the typing rests.
fn use_places(requests: Requests, filter: Memo<Filter>) -> Memo<Vec<u32>> {
    let is_chosen = use_chosen(requests, filter);
    let is_worth = memo(move || requests.remote.held().is_there() || requests.is_akin());
    memo(move || {
        if !is_worth.get() {
            return Vec::new();
        }
        let seen = requests.seen.get();
        let is_chosen = is_chosen.get();
        let shown = |book: &Book, filter: &Filter| {
            let rows = book.rows().iter().enumerate();
            let fits = |row: &Row| row.key <= seen && (is_chosen || filter.shows(&row.access));
            rows.filter(|(_, row)| fits(row))
                .map(|(place, _)| place as u32)
                .collect()
        };
        requests
            .book
            .with(|book| filter.with(|filter| shown(book, filter)))
    })
}

/// How many newer requests wait until nobody reads.
fn use_waiting(requests: Requests, filter: Memo<Filter>) -> Memo<usize> {
    let is_chosen = use_chosen(requests, filter);
    memo(move || {
        let seen = requests.seen.get();
        let is_chosen = is_chosen.get();
        let waiting = |book: &Book, filter: &Filter| {
            let fits = |row: &Row| row.key > seen && (is_chosen || filter.shows(&row.access));
            match book.highest() > seen {
                true => book.rows().iter().filter(|row| fits(row)).count(),
                false => 0,
            }
        };
        requests
            .book
            .with(|book| filter.with(|filter| waiting(book, filter)))
    })
}

/// Whether what is held was asked for with just this filter: then the platform has chosen.
fn use_chosen(requests: Requests, filter: Memo<Filter>) -> Memo<bool> {
    memo(move || filter.with(|filter| requests.is_chosen_by(filter)))
}

/// Whether new rows would move what somebody looks at.
fn is_read(panel: NodeRef<html::Section>, reading: Reading) -> bool {
    let is_open = reading.opened.try_with_untracked(Option::is_some) == Some(true);
    let is_walked = reading.cursor.try_with_untracked(Option::is_some) == Some(true);
    // The head of the panel is as high as the top bar: the rows begin where that ends.
    let is_scrolled = panel
        .try_get_untracked()
        .flatten()
        .is_some_and(|panel| panel.get_bounding_client_rect().top() < 0.0);
    is_open || is_walked || is_scrolled
}

fn header(range: Range, requests: Requests, stats: Memo<Stats>) -> AnyView {
    let is_open = memo(move || requests.remote.get().is_some_and(|loaded| loaded.is_open));
    let is_truncated = memo(move || requests.book.with(Book::is_truncated));
    let count = move || {
        let count = stats.with(|stats| plural(stats.count, "request"));
        let newest = if is_truncated.get() { "newest " } else { "" };
        let live = if is_open.get() { ", live" } else { "" };
        format!("{newest}{count}{live}")
    };
    let has_answer = memo(move || requests.remote.held().is_there());
    view! {
        <header>
            <h2>{use_words(range.window)}</h2>
            <span class="dim sm">{move || has_answer.get().then(count)}</span>
            <When is=move || is_truncated.get()>{load_older(requests)}</When>
            <div class="aside">{freshness(requests.remote.held())}</div>
        </header>
    }
    .into_any()
}

fn load_older(requests: Requests) -> impl IntoView {
    view! {
        <Button
            label="Load older"
            pending=requests.older.pending()
            against=requests.against_older()
            on_click=move |()| requests.go_on()
        />
    }
}

/// Where the loaded requests end and there are more.
#[component]
fn Older(requests: Requests) -> impl IntoView {
    let is_truncated = memo(move || requests.book.with(Book::is_truncated));
    let failed = requests.older.failed();
    let words = move || {
        let failed = failed.get();
        failed.unwrap_or_else(|| "The window holds older requests than these.".to_owned())
    };
    view! {
        <When is=move || is_truncated.get()>
            <div class="pager" role="status">
                <span class="dim">{words}</span>
                {load_older(requests)}
            </div>
        </When>
    }
}

/// What came since, for when the person has read.
#[component]
fn NewOnes(
    requests: Requests,
    reading: Reading,
    waiting: Memo<usize>,
    panel: NodeRef<html::Section>,
) -> impl IntoView {
    let is_behind = memo(move || requests.remote.get().is_some_and(|loaded| loaded.is_behind));
    let label = move || match is_behind.get() {
        true => "Many new requests".to_owned(),
        false => plural(waiting.get(), "new request"),
    };
    let show = move |()| {
        reading.cursor.set(None);
        requests.show_new();
        if let Some(panel) = panel.get_untracked() {
            panel.scroll_into_view();
        }
    };
    view! {
        <When is=move || { is_behind.get() || waiting.get() > 0 }>
            <div class="new-ones">
                <Button
                    label=Signal::derive(label)
                    kind=Kind::Primary
                    glyph=Icon::Up
                    on_click=show
                />
            </div>
        </When>
    }
}

fn use_list_keys(
    requests: Requests,
    reading: Reading,
    places: Memo<Vec<u32>>,
    search: NodeRef<html::Input>,
) {
    let go = move |place: usize| {
        reading.cursor.set(Some(place));
        // Open details go along.
        if reading.opened.with_untracked(Option::is_some) {
            let index = places.with_untracked(|places| places.get(place).copied());
            let row = index.and_then(|index| untrack(|| requests.at(index as usize)));
            reading.opened.set(row);
        }
    };
    use_keys(move |key| {
        let last = places.with_untracked(Vec::len).checked_sub(1);
        let at = reading.cursor.get_untracked();
        match (key, last) {
            ("/", _) => {
                if let Some(search) = search.get_untracked() {
                    // Fails only for an element that can't have the focus.
                    let _ = search.focus();
                }
            }
            ("j", Some(last)) => go(at.map_or(0, |at| (at + 1).min(last))),
            ("k", Some(last)) => go(at.map_or(last, |at| at.saturating_sub(1))),
            ("Enter", Some(_)) => {
                let Some(place) = at else { return false };
                let index = places.with_untracked(|places| places.get(place).copied());
                let row = index.and_then(|index| untrack(|| requests.at(index as usize)));
                reading.open(place, row);
            }
            ("Escape", _) if reading.opened.with_untracked(Option::is_some) => reading.close(),
            ("Escape", _) if at.is_some() => reading.cursor.set(None),
            _ => return false,
        }
        true
    });
}
