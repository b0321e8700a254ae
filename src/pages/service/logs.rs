//! What a service writes: a window of its lines, followed as they come.

pub mod bar;

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::GetServiceLogs;
use wire::logs::{LogQuery, Logs, Page};
use wire::path::ServiceParams;
use wire::quantity::LogLimit;
use wire::service::Service;

use super::Here;
use crate::api::{Failure, send, use_connection};
use crate::components::feedback::{Empty, Failed, Note, Skeleton};
use crate::logbook::store::{Selection, Store};
use crate::logbook::view::LogView;
use crate::pages::parts::freshness;
use crate::reactive::{When, effect, memo};
use crate::routes::query_text;
use crate::state::poll::Later;
use crate::state::range::{Window, use_range};
use crate::state::remote::Remote;
use crate::words::plural;
use bar::{Bar, Controls};

/// The most lines of one answer.
const LIMIT: u64 = 20_000;

/// Milliseconds after the last key until the platform is asked with a new filter.
const TYPING: u32 = 400;

/// What is asked: of which service, which window, which filter.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    params: ServiceParams,
    window: Window,
    filter: String,
}

/// One answer and the store that it was added to: equal when nothing was new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Loaded {
    /// How many lines are held.
    held: usize,
    /// Counts the answers that brought something.
    change: u32,
    /// Whether the window holds older lines than were sent.
    truncated: bool,
    /// Whether newer lines can come.
    is_open: bool,
}

/// The log of a service.
#[component]
pub fn LogsTab(here: Here, service: Signal<Arc<Service>>) -> impl IntoView {
    let controls = use_controls();
    let store = RwSignal::new(Store::default());
    let question = move || {
        Some(Question {
            params: here.params.get(),
            window: controls.window.get(),
            filter: controls.filter.get.get(),
        })
    };
    let loaded = use_lines(question, store);
    let selection = memo(move || Selection {
        instance: Some(controls.instance.get.get()).filter(|name| !name.is_empty()),
        is_error: match controls.stream.get.with(String::clone).as_str() {
            "stderr" => Some(true),
            "stdout" => Some(false),
            _ => None,
        },
    });
    let change = memo(move || loaded.get().map_or(0, |loaded| loaded.change));
    let is_empty = memo(move || loaded.get().is_some_and(|loaded| loaded.held == 0));
    let has_answer = memo(move || loaded.held().is_there());
    let has_failed = memo(move || loaded.held().error.with(Option::is_some));
    let content = move || {
        if !has_answer.get() {
            return match has_failed.get() {
                true => failed(loaded).into_any(),
                false => view! { <Skeleton rows=12 /> }.into_any(),
            };
        }
        if is_empty.get() {
            return no_lines(controls, service).into_any();
        }
        view! { <LogView store change selection wrap=controls.wrap /> }.into_any()
    };
    let count = move || {
        let held = loaded.get().map_or(0, |loaded| loaded.held);
        let follows = loaded.get().is_some_and(|loaded| loaded.is_open);
        format!(
            "{} loaded{}",
            plural(held, "line"),
            if follows { ", live" } else { "" }
        )
    };
    let is_truncated = memo(move || loaded.get().is_some_and(|loaded| loaded.truncated));
    view! {
        <Bar controls store change selection />
        <When is=move || is_truncated.get()>
            <Note>
                <span class="grow">
                    "The window holds older lines than the newest " {LIMIT}
                    " that are loaded: choose a shorter one, or filter."
                </span>
            </Note>
        </When>
        <section class="panel" aria-label="Log">
            <header>
                <h2>{move || controls.window.get().words()}</h2>
                <span class="dim sm">{count}</span>
                <div class="aside">{freshness(loaded.held())}</div>
            </header>
            {content}
        </section>
    }
}

fn use_controls() -> Controls {
    let filter = query_text("filter");
    let typed = RwSignal::new(filter.get.get_untracked());
    effect(move || {
        let text = filter.get.get();
        if typed.get_untracked() != text {
            typed.set(text);
        }
    });
    Controls {
        window: use_range().window,
        filter,
        typed,
        later: Later::new(),
        instance: query_text("instance"),
        stream: query_text("stream"),
        wrap: crate::state::preference::use_preferences().wrap,
    }
}

impl Controls {
    /// Takes over what is typed: the platform is asked once the typing rests.
    fn type_filter(self, text: String) {
        self.typed.set(text.clone());
        self.later.run(TYPING, move || self.filter.set(text));
    }
}

/// Fetches the window once, and then only what came since shortly before the newest line.
fn use_lines(
    question: impl Fn() -> Option<Question> + Send + Sync + 'static,
    store: RwSignal<Store>,
) -> Remote<Loaded> {
    let connection = use_connection();
    let asked = StoredValue::new(None::<(Question, Loaded)>);
    Remote::made(
        question,
        move |question: Question| {
            let connection = connection.clone();
            async move {
                let before = asked
                    .try_get_value()
                    .flatten()
                    .filter(|(known, _)| *known == question)
                    .map(|(_, loaded)| loaded);
                let since = before
                    .as_ref()
                    .and_then(|_| store.try_with_untracked(Store::resume).flatten());
                let query = query(&question, since);
                let logs =
                    send::<GetServiceLogs>(&connection, &question.params, &query, &NoBody).await?;
                let loaded = take_over(store, before, &question.window, &logs);
                asked.try_update_value(|asked| *asked = Some((question, loaded.clone())));
                Ok::<_, Failure>(loaded)
            }
        },
        |loaded| loaded.is_open.then_some(2_000),
    )
}

fn query(question: &Question, since: Option<chrono::DateTime<chrono::Utc>>) -> LogQuery {
    let mut window = question.window.query();
    if since.is_some() {
        window.since = None;
        window.start = since;
    }
    LogQuery {
        window,
        limit: LogLimit::new(LIMIT).ok(),
        filter: Some(question.filter.clone()).filter(|filter| !filter.is_empty()),
        page: Page::default(),
    }
}

/// Adds an answer to the store; the first answer to a question begins it anew.
fn take_over(
    store: RwSignal<Store>,
    before: Option<Loaded>,
    window: &Window,
    logs: &Logs,
) -> Loaded {
    let is_first = before.is_none();
    let before = before.unwrap_or_default();
    let mut held = before.held;
    let mut added = 0;
    if is_first || !logs.lines.is_empty() {
        store.try_update_untracked(|store| {
            if is_first {
                *store = Store::default();
            }
            added = store.append(&logs.lines);
            held = store.len();
        });
    }
    let is_change = is_first || added > 0;
    Loaded {
        held,
        change: before.change.wrapping_add(u32::from(is_change)),
        truncated: if is_first {
            logs.truncated
        } else {
            before.truncated
        },
        is_open: window.is_open(),
    }
}

fn failed(loaded: Remote<Loaded>) -> impl IntoView {
    let words = move || {
        let error = loaded.held().error.get();
        error.map(|failure| failure.words()).unwrap_or_default()
    };
    view! {
        <Failed
            words=Signal::derive(words)
            pending=loaded.held().loading
            retry=move |()| loaded.refresh()
        />
    }
}

fn no_lines(controls: Controls, service: Signal<Arc<Service>>) -> impl IntoView {
    let is_filtered = move || controls.filter.get.with(|filter| !filter.is_empty());
    let title = move || match is_filtered() {
        true => "No line of this window holds that text".to_owned(),
        false => format!("{} wrote nothing in this window", service.get().name),
    };
    let words = move || match is_filtered() {
        true => {
            "The filter tells capitals from small letters. Change it, or choose a longer window."
        }
        false => {
            "Lines appear here as instances write them. Choose a longer window to see older ones."
        }
    };
    move || view! { <Empty title=title() words=words() /> }
}
