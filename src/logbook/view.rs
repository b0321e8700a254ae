//! The log on the page: only the lines in view are drawn, and the newest are followed until the
//! person scrolls up.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::book::Book;
use super::json::{Field, fields, is_object};
use super::line::{LineKey, Run, harmless, runs};
use super::run::styled;
use super::scroll::ScrollFrame;
use crate::components::icon::{Icon, icon};
use crate::reactive::{dynamic, memo};
use crate::state::clock::{ago, exact, log_time, use_now};
use crate::state::preference::use_preferences;

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
    let count = memo(move || book.shown.with(|shown| shown.rows().len()));
    let drawn = book.drawn();
    let offset = move || f64::from(drawn.with(|drawn| drawn.row)) * super::layout::ROW;
    let lines = move || {
        drawn.with(|drawn| {
            let mut again: HashMap<LineKey, u32> = HashMap::new();
            let mut of = |number: &u64| {
                let key = book.with_line(*number, LineKey::of)?;
                let times = again.entry(key).or_default();
                *times += 1;
                Some((key, *times, *number))
            };
            drawn.numbers.iter().filter_map(&mut of).collect::<Vec<_>>()
        })
    };
    let wanted = book.view.wanted;
    // A line never changes; what is looked for in it does.
    let lines = move || {
        let wanted = wanted.get();
        let key = |(key, times, number)| (key, times, number, wanted.clone());
        lines().into_iter().map(key).collect::<Vec<_>>()
    };
    view! {
        <ScrollFrame
            scroll=book.scroll
            wrap=book.view.wrap
            height
            offset=Signal::derive(offset)
            count
            none="None of the loaded lines is chosen: look at other instances, streams or patterns."
        >
            <For
                each=lines
                key=|(key, times, _, wanted)| (*key, *times, wanted.clone())
                children=move |(key, _, number, _)| line(book, links, key, number)
            />
        </ScrollFrame>
    }
}

fn line(book: Book, links: Links, key: LineKey, number: u64) -> AnyView {
    let drawn = book.store.with_untracked(|store| {
        let line = store.get(number)?;
        let (runs, rest) = book
            .shown
            .with_untracked(|shown| runs(line.message, shown.needle()));
        Some((
            line.instant(),
            line.instance.to_owned(),
            line.is_error,
            is_object(line.message),
            runs,
            rest,
        ))
    });
    let Some((at, instance, is_error, is_object, runs, rest)) = drawn else {
        return ().into_any();
    };
    let is_open = memo(move || is_object && book.shown.with(|shown| shown.rows().is_open(key)));
    let opener = is_object.then(|| opener(book, key, is_open));
    let all_fields = move || match is_open.get() {
        true => open_fields(book, key),
        false => ().into_any(),
    };
    let is_marked = move || book.view.marked.get() == Some(key);
    let is_current = move || book.current.get() == Some(key);
    let rest = rest.map(|words| view! { <span class="faint">{words}</span> });
    view! {
        <div
            class="line"
            class:err=is_error
            class:marked=is_marked
            class:current=is_current
            aria-current=move || (is_marked() || is_current()).then_some("true")
        >
            {time(links, key, at)}
            <span class="stream" title=is_error.then_some("standard error")>
                {is_error.then_some("err")}
            </span>
            <span class="who">{harmless(&instance).into_owned()}</span>
            <span class="opener">{opener}</span>
            <span class="text">{runs.iter().map(run).collect_view()} {rest}</span>
            {is_object.then(|| dynamic(all_fields))}
        </div>
    }
    .into_any()
}

/// When the line was written, and the link to it.
fn time(links: Links, key: LineKey, at: DateTime<Utc>) -> impl IntoView {
    let preferences = use_preferences();
    let now = use_now();
    let words = move || match preferences.relative.get() {
        true => ago(at, now.get()),
        false => log_time(at, preferences.utc.get()),
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
            title=move || format!("{}: link to this line", exact(at, preferences.utc.get()))
            on:click=mark
        >
            <time datetime=at.to_rfc3339()>{words}</time>
        </a>
    }
}

fn opener(book: Book, key: LineKey, is_open: Memo<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            aria-label="Fields of this line"
            aria-expanded=move || if is_open.get() { "true" } else { "false" }
            on:click=move |_| book.toggle(key)
        >
            {icon(Icon::Down)}
        </button>
    }
}

fn open_fields(book: Book, key: LineKey) -> AnyView {
    let rows = book.store.with_untracked(|store| {
        let line = store.number_of(key).and_then(|number| store.get(number));
        line.map_or(Vec::new(), |line| fields(line.message))
    });
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
