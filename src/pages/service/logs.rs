//! What a service writes: a window of its lines, followed as they come, and the patterns in them.

pub mod bar;
pub mod filter;
pub mod finder;
pub mod lines;
pub mod patterns;

use std::sync::Arc;

use bulk::lines::line::LineKey;
use bulk::lines::patterns::template::Template;
use bulk::lines::selection::Selection;
use chrono::{DateTime, TimeDelta};
use leptos::prelude::*;
use wire::instant::instant;
use wire::path::ServiceParams;
use wire::service::Service;

use super::Here;
use super::nothing::{TO_COME, refused, use_to_come};
use crate::components::button::{Button, Kind};
use crate::components::feedback::{Empty, Failed, Note, Skeleton};
use crate::components::icon::Icon;
use crate::logbook::book::{Book, View};
use crate::logbook::view::{Links, LogView};
use crate::pages::parts::freshness;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{Address, Tab, query_step, query_stepper, query_text};
use crate::state::poll::Later;
use crate::state::preference::use_preferences;
use crate::state::range::{parameters_between, use_range, use_words};
use crate::words::plural;
use bar::{Bar, Controls};
use finder::Finder;
use lines::{Lines, Loaded, Question, use_lines};
use patterns::PatternsView;

/// Milliseconds after the last key until the platform is asked with a new filter.
const TYPING: u32 = 400;

/// How near the oldest line the view is when older ones are fetched, in CSS pixels.
const NEAR_TOP: f64 = 1_200.0;

/// How much around a line its link shows, in minutes.
const AROUND: i64 = 10;

/// How many pages of older lines are looked through for a line that the address names.
const PAGES: u32 = 5;

/// The log of a service.
#[component]
pub fn LogsTab(here: Here, service: Signal<Arc<Service>>) -> impl IntoView {
    let controls = use_controls();
    let asked = memo(move || controls.filter.get.with(|text| filter::read(text)));
    let question = Memo::new(move |last: Option<&Option<Question>>| {
        let (params, window) = (here.params.get(), controls.window.get());
        filter::next(last.and_then(Option::as_ref), params, window, asked.get())
    });
    let lines = use_lines(question);
    let loaded = lines.loaded;
    let faults = memo(move || {
        let failure = loaded.held().error.get();
        let refused = failure.map(|failure| failure.field_errors());
        asked.get().err().or(refused).unwrap_or_default()
    });
    let book = use_book(controls, question, lines);
    let links = use_links(here, controls);
    let is_empty = memo(move || loaded.get().is_some_and(|loaded| loaded.held == 0));
    let has_answer = memo(move || loaded.held().is_there());
    let has_failed = memo(move || loaded.held().error.with(Option::is_some));
    let is_to_come = use_to_come(controls.window);
    let is_asked = memo(move || question.with(Option::is_some));
    let shows_patterns = controls.shows_patterns();
    let content = move || {
        if !has_answer.get() {
            return match (is_asked.get(), has_failed.get()) {
                (false, _) => refused(),
                (true, true) => failed(lines).into_any(),
                (true, false) => view! { <Skeleton rows=12 /> }.into_any(),
            };
        }
        match (is_empty.get(), shows_patterns.get()) {
            (true, _) => no_lines(question, is_to_come, service).into_any(),
            (false, true) => view! { <PatternsView here controls book /> }.into_any(),
            (false, false) => view! { <LogView book links /> }.into_any(),
        }
    };
    view! {
        <Bar here controls book faults />
        <When is=move || !shows_patterns.get()>
            <div class="bar">
                <Finder controls book />
            </div>
        </When>
        <Chosen controls />
        <Missing here controls lines book />
        <section class="panel" aria-label="Log">
            <header>
                <h2>{use_words(controls.window)}</h2>
                <span class="dim sm">{extent(book, lines)}</span>
                <div class="aside">{freshness(loaded.held())} <Older lines shows_patterns /></div>
            </header>
            {dynamic(content)}
        </section>
    }
}

/// What is in the address, and what the browser remembers.
fn use_controls() -> Controls {
    let (filter, find) = (query_text("filter"), query_text("find"));
    Controls {
        window: use_range().window,
        filter,
        typed: typed(filter.get),
        later: Later::new(),
        instance: query_text("instance"),
        stream: query_text("stream"),
        find,
        wanted: typed(find.get),
        later_find: Later::new(),
        case: query_text("case"),
        view: query_step("view"),
        pattern: query_step("pattern"),
        line: query_text("line"),
        step: query_stepper(),
        wrap: use_preferences().wrap,
    }
}

/// What is typed, from which the address follows; where that changes by itself, it is typed anew.
fn typed(address: Memo<String>) -> RwSignal<String> {
    let typed = RwSignal::new(address.get_untracked());
    effect(move || {
        let text = address.get();
        if typed.get_untracked() != text {
            typed.set(text);
        }
    });
    typed
}

/// The log, which begins anew with each question, and has more lines once its top is near.
fn use_book(controls: Controls, question: Memo<Option<Question>>, lines: Lines) -> Book {
    let loaded = lines.loaded;
    let selection = memo(move || Selection {
        instance: Some(controls.instance.get.get()).filter(|name| !name.is_empty()),
        is_error: match controls.stream.get.with(String::clone).as_str() {
            "stderr" => Some(true),
            "stdout" => Some(false),
            _ => None,
        },
        pattern: controls.pattern.get.with(|text| Template::read(text)),
    });
    let view = View {
        change: memo(move || loaded.get().map_or(0, |loaded| loaded.change)),
        selection,
        wrap: controls.wrap,
        wanted: memo(move || {
            let tells_case = controls.case.get.with(|case| !case.is_empty());
            (controls.wanted.get(), tells_case)
        }),
        marked: memo(move || controls.line.get.with(|text| LineKey::read(text))),
        follows: lines.follows,
        is_behind: memo(move || loaded.get().is_some_and(|loaded| loaded.is_behind)),
    };
    let book = Book::new(lines.store, view);
    effect(move || {
        question.track();
        book.begin_anew();
    });
    // Who goes to the end sees what came since, also where that is too much to be added.
    effect(move || {
        if lines.follows.get() && view.is_behind.get() {
            loaded.refresh();
        }
    });
    let is_near_top = memo(move || {
        let is_drawn = book.scroll.seen().1 > 0.0;
        is_drawn && !lines.follows.get() && book.scroll.seen().0 < NEAR_TOP
    });
    effect(move || {
        view.change.track();
        if is_near_top.get() {
            lines.load_older();
        }
    });
    book
}

/// Where the link of a line leads: to a window around its second. A scroll asks for dozens of them
/// in a frame, most of them of the second before.
fn use_links(here: Here, controls: Controls) -> Links {
    let last = StoredValue::new(None::<(ServiceParams, i64, String)>);
    let address = move |key: LineKey| {
        let second = instant(key.at).timestamp();
        let known = here.params.with_untracked(|params| {
            last.with_value(|last| match last {
                Some((of, at, window)) if of == params && *at == second => Some(window.clone()),
                _ => None,
            })
        });
        let window = known.unwrap_or_else(|| {
            let params = here.params.get_untracked();
            let window = around(&params, second);
            last.set_value(Some((params, second, window.clone())));
            window
        });
        with_line(&window, key)
    };
    Links {
        address: Callback::new(address),
        mark: Callback::new(move |key: LineKey| controls.line.set(key.written())),
    }
}

/// The address of the window around a second.
fn around(params: &ServiceParams, second: i64) -> String {
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    let some = TimeDelta::minutes(AROUND);
    let window = parameters_between(at - some, at + some);
    Address::service(&params.scope, &params.service, Tab::Logs).path_with(&window)
}

/// The address of a line in a window.
fn with_line(window: &str, key: LineKey) -> String {
    format!("{window}&line={}", key.written())
}

/// How many lines are loaded, shown and found.
fn extent(book: Book, lines: Lines) -> impl Fn() -> String {
    move || {
        let loaded = lines.loaded.get();
        let loaded = loaded.as_deref().cloned().unwrap_or_default();
        let shown = book.shown.with(|shown| shown.rows().len());
        let mut words = format!("{} loaded", plural(loaded.held, "line"));
        if !book.view.selection.with(Selection::is_all) {
            words.push_str(&format!(", {} shown", plural(shown, "line")));
        }
        if loaded.is_open {
            words.push_str(match (lines.follows.get(), loaded.is_behind) {
                (true, _) => ", live, following",
                (false, false) => ", live",
                (false, true) => ", newer ones wait",
            });
        }
        words
    }
}

/// What leads to older lines, beside the scroll.
#[component]
fn Older(lines: Lines, shows_patterns: Memo<bool>) -> impl IntoView {
    let loaded = move || lines.loaded.get().as_deref().cloned().unwrap_or_default();
    let has_older = memo(move || loaded().has_older);
    let against = move || match loaded() {
        Loaded {
            can_go_back: true, ..
        } => None,
        Loaded { is_full: true, .. } => Some(
            "As many lines are loaded as are held. Choose a shorter window, or filter.".to_owned(),
        ),
        _ => Some(
            "This platform sends no older lines. Choose a shorter window, or filter.".to_owned(),
        ),
    };
    let label = move || match shows_patterns.get() {
        true => "Read older lines, too",
        false => "Load older",
    };
    view! {
        <When is=move || has_older.get()>
            <Button
                label=Signal::derive(move || label().to_owned())
                kind=Kind::Quiet
                pending=lines.wants_older
                against=Signal::derive(against)
                on_click=move |()| lines.load_older()
            />
        </When>
    }
}

/// The pattern whose lines alone are shown.
#[component]
fn Chosen(controls: Controls) -> impl IntoView {
    let pattern = controls.pattern.get;
    let is_chosen = move || !pattern.with(String::is_empty) && !controls.shows_patterns().get();
    view! {
        <When is=is_chosen>
            <div class="chosen">
                <span class="dim">"Only lines like"</span>
                <span class="chip outline mono">{pattern}</span>
                <Button
                    label="Show all lines"
                    kind=Kind::Quiet
                    glyph=Icon::Cross
                    on_click=move |()| controls.pattern.set("")
                />
            </div>
        </When>
    }
}

/// Says so where the line that the address names is not among those that were loaded, after older
/// ones were looked through.
#[component]
fn Missing(here: Here, controls: Controls, lines: Lines, book: Book) -> impl IntoView {
    // How many pages were looked through, and for which line.
    let looked = StoredValue::new((None, 0));
    let marked = book.view.marked;
    let is_missing = memo(move || {
        book.view.change.track();
        let Some(key) = marked.get() else {
            return false;
        };
        lines.loaded.held().is_there()
            && lines
                .store
                .with_untracked(|store| store.number_of(key).is_none())
    });
    let may_be_older = move || {
        book.view.change.track();
        let first = lines
            .store
            .with_untracked(|store| store.get(store.numbers().0).map(|line| line.at));
        marked
            .get()
            .is_some_and(|key| first.is_some_and(|first| key.at <= first))
    };
    effect(move || {
        let key = marked.get();
        looked.update_value(|looked| {
            if looked.0 != key {
                *looked = (key, 0);
            }
        });
        let (_, pages) = looked.get_value();
        if is_missing.get() && may_be_older() && pages < PAGES {
            looked.set_value((key, pages + 1));
            lines.load_older();
        }
    });
    let link = move || {
        marked
            .get()
            .map(|key| {
                let second = instant(key.at).timestamp();
                let window = here.params.with(|params| around(params, second));
                with_line(&window, key)
            })
            .unwrap_or_default()
    };
    let is_told = move || is_missing.get() && !lines.wants_older.get();
    view! {
        <When is=is_told>
            <Note>
                <span class="grow">
                    "The line that the address names is not among the loaded ones. "
                    <a class="link" href=link>
                        "Show its moment"
                    </a>
                </span>
                <Button
                    label="Forget it"
                    kind=Kind::Quiet
                    on_click=move |()| controls.line.set("")
                />
            </Note>
        </When>
    }
}

impl Controls {
    /// Takes over what is typed: the platform is asked once the typing rests.
    fn type_filter(self, text: String) {
        self.typed.set(text.clone());
        self.later.run(TYPING, move || self.filter.set(text));
    }

    /// Looks for what is typed, and tells the address once the typing rests.
    fn look_for(self, text: String) {
        self.wanted.set(text.clone());
        self.later_find.run(TYPING, move || self.find.set(text));
    }

    /// Whether patterns are shown, and not lines.
    fn shows_patterns(self) -> Memo<bool> {
        let view = self.view.get;
        memo(move || view.with(|view| view == "patterns"))
    }
}

fn failed(lines: Lines) -> impl IntoView {
    let held = lines.loaded.held();
    let words = move || {
        let error = held.error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    view! {
        <Failed
            words=Signal::derive(words)
            pending=held.loading
            retry=move |()| lines.loaded.refresh()
        />
    }
}

fn no_lines(
    question: Memo<Option<Question>>,
    is_to_come: Memo<bool>,
    service: Signal<Arc<Service>>,
) -> impl IntoView {
    let is_filtered =
        move || question.with(|question| question.as_ref().is_some_and(|one| one.filter.is_some()));
    let title = move || match is_filtered() {
        true => "No line of this window holds that text".to_owned(),
        false => format!("{} wrote nothing in this window", service.get().name),
    };
    let words = move || match (is_to_come.get(), is_filtered()) {
        (true, _) => TO_COME,
        (false, true) => {
            "The filter tells capitals from small letters. Change it, or choose a longer window."
        }
        (false, false) => {
            "Lines appear here as instances write them. Choose a longer window to see older ones."
        }
    };
    move || view! { <Empty title=title() words=words() /> }
}
