//! The log on the page: only the lines in view are drawn, and the newest are followed until the
//! person scrolls up.

use bulk::lines::json::{Field, fields, is_object};
use bulk::lines::line::{LineId, LineKey, Run, harmless, runs};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::book::{Book, Times};
use super::run::styled;
use super::scroll::ScrollFrame;
use crate::components::icon::{Icon, icon};
use crate::reactive::{dynamic, memo};
use crate::state::clock::{ago, exact, log_time, use_now};

/// Where the link of a line leads, and what a click on it does instead.
#[derive(Clone, Copy)]
pub struct Links {
    /// The address at which the log opens with this line.
    pub address: Callback<LineKey, String>,
    /// Marks the line on this page.
    pub mark: Callback<LineKey>,
}

/// The log.
#[component]
pub fn LogView(book: Book, links: Links) -> impl IntoView {
    let height = memo(move || book.shown.with(|shown| shown.rows().height()));
    let next = move || book.store.with_untracked(|store| store.numbers().1);
    let drawn = book.drawn();
    let offset = move || f64::from(drawn.with(|drawn| drawn.row)) * bulk::lines::layout::ROW;
    // A line never changes. Its time is written another way for all of them at once, and rarely.
    let lines = move || {
        let times = book.times.get();
        let line = |id: &LineId| (*id, times);
        drawn.with(|drawn| drawn.ids.iter().map(line).collect::<Vec<_>>())
    };
    view! {
        <ScrollFrame
            scroll=book.scroll
            wrap=book.view.wrap
            dated=book.dated
            height
            offset=Signal::derive(offset)
            next=Signal::derive(next)
            new=book.new_lines()
            is_behind=book.view.is_behind
            none="None of the loaded lines is chosen: look at other instances, streams or patterns."
        >
            <For
                each=lines
                key=|line| *line
                children=move |(id, times)| line(book, links, id, times)
            />
        </ScrollFrame>
    }
}

/// A line. A scroll builds dozens of them in a frame: only what may change of one is tracked.
fn line(book: Book, links: Links, id: LineId, times: Times) -> AnyView {
    let key = id.key;
    let drawn = book.with_line(id, |line| {
        (
            line.instant(),
            harmless(line.instance).into_owned(),
            line.is_error,
            is_object(line.message),
        )
    });
    let Some((at, instance, is_error, is_object)) = drawn else {
        return ().into_any();
    };
    let is_open =
        is_object.then(|| memo(move || book.shown.with(|shown| shown.rows().is_open(id))));
    let opener = is_open.map(|is_open| opener(book, id, is_open));
    let all_fields = is_open.map(|is_open| {
        dynamic(move || match is_open.get() {
            true => open_fields(book, id),
            false => ().into_any(),
        })
    });
    let is_marked = move || book.view.marked.get() == Some(key);
    let is_current = move || book.current.get() == Some(id);
    let class = move || {
        let error = if is_error { " err" } else { "" };
        let marked = if is_marked() { " marked" } else { "" };
        let current = if is_current() { " current" } else { "" };
        format!("line{error}{marked}{current}")
    };
    view! {
        <div class=class aria-current=move || (is_marked() || is_current()).then_some("true")>
            {time(links, key, at, times)}
            {is_error
                .then(|| {
                    view! {
                        <span class="stream" title="standard error">
                            err
                        </span>
                    }
                })}
            <span class="who">{instance}</span>
            {opener}
            <span class="text">{dynamic(move || text(book, id))}</span>
            {all_fields}
        </div>
    }
    .into_any()
}

/// What a line says, with what is looked for in it.
fn text(book: Book, id: LineId) -> AnyView {
    let runs = book
        .needle
        .with(|needle| book.with_line(id, |line| runs(line.message, needle.as_ref())));
    let (runs, rest) = runs.unwrap_or_default();
    let rest = rest.map(|words| view! { <span class="faint">{words}</span> });
    view! {
        {runs.iter().map(run).collect_view()}
        {rest}
    }
    .into_any()
}

/// When the line was written, and the link to it.
fn time(links: Links, key: LineKey, at: DateTime<Utc>, times: Times) -> impl IntoView {
    let words = match times.relative {
        true => {
            let now = use_now();
            dynamic(move || ago(at, now.get()).into_any())
        }
        false => log_time(at, times.utc, times.today).into_any(),
    };
    let mark = move |event: web_sys::MouseEvent| {
        let is_elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key();
        if !is_elsewhere {
            event.prevent_default();
            links.mark.run(key);
        }
    };
    view! {
        <a
            class="at"
            href=links.address.run(key)
            title=format!("{}: link to this line", exact(at, times.utc))
            on:click=mark
        >
            {words}
        </a>
    }
}

fn opener(book: Book, id: LineId, is_open: Memo<bool>) -> impl IntoView {
    view! {
        <span class="opener">
            <button
                type="button"
                aria-label="Fields of this line"
                aria-expanded=move || if is_open.get() { "true" } else { "false" }
                on:click=move |_| book.toggle(id)
            >
                {icon(Icon::Down)}
            </button>
        </span>
    }
}

fn open_fields(book: Book, id: LineId) -> AnyView {
    let rows = book.with_line(id, |line| fields(line.message));
    let rows = rows.unwrap_or_default();
    view! { <div class="fields">{rows.iter().map(field).collect_view()}</div> }.into_any()
}

fn field(field: &Field) -> impl IntoView + use<> {
    let gap = "  ".repeat(field.depth);
    let name = (!field.name.is_empty()).then(|| {
        let name = harmless(&field.name).into_owned();
        view! {
            <b>{name}</b>
            ": "
        }
    });
    view! { <div>{gap} {name} {harmless(&field.value).into_owned()}</div> }
}

fn run(run: &Run) -> AnyView {
    let text = styled(&run.text, run.style);
    match run.is_found {
        true => view! { <mark>{text}</mark> }.into_any(),
        false => text,
    }
}
