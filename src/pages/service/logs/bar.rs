//! The controls above the log.

use leptos::html;
use leptos::prelude::*;
use wire::error::FieldErrors;

use super::filter::FILTER;
use crate::components::button::{Button, Segments};
use crate::components::download::download_parts;
use crate::components::field::{SearchBox, SelectField, Toggle};
use crate::components::icon::Icon;
use crate::logbook::book::Book;
use crate::pages::service::Here;
use crate::reactive::memo;
use crate::routes::QueryText;
use crate::state::keys::use_keys;
use crate::state::poll::Later;
use crate::state::preference::use_preferences;
use crate::state::range::Window;

/// What the controls change: all but the wrapping and the times is in the address.
#[derive(Clone, Copy)]
pub struct Controls {
    /// The window in force.
    pub window: Memo<Window>,
    /// The filter in force.
    pub filter: QueryText,
    /// The filter as it is typed.
    pub typed: RwSignal<String>,
    /// Waits for the typing to rest.
    pub later: Later,
    /// Only this instance.
    pub instance: QueryText,
    /// `stdout` or `stderr`; empty: both.
    pub stream: QueryText,
    /// What is looked for, a little later.
    pub find: QueryText,
    /// What is looked for, as it is typed.
    pub wanted: RwSignal<String>,
    /// Waits for the typing of that to rest.
    pub later_find: Later,
    /// Whether capitals count in what is looked for: not where it is empty.
    pub case: QueryText,
    /// `patterns`; empty: lines.
    pub view: QueryText,
    /// Only lines of this pattern.
    pub pattern: QueryText,
    /// The line that is marked.
    pub line: QueryText,
    /// Changes several of them at once, as a step that the browser can go back.
    pub step: Callback<Vec<(&'static str, String)>>,
    /// Whether long lines wrap.
    pub wrap: RwSignal<bool>,
}

/// The controls.
#[component]
pub fn Bar(
    here: Here,
    controls: Controls,
    book: Book,
    /// What is wrong with the filter.
    faults: Memo<FieldErrors>,
) -> impl IntoView {
    let search = NodeRef::<html::Input>::new();
    use_keys(move |key| {
        let is_search = key == "/";
        if let Some(search) = search.get_untracked().filter(|_| is_search) {
            // Fails only for an element that can't have the focus.
            let _ = search.focus();
        }
        is_search
    });
    let preferences = use_preferences();
    // Until then it is not known of each line whether it is among those that are shown.
    let against = memo(move || {
        let is_done = book.shown.with(|shown| shown.rows().is_done());
        (!is_done).then(|| "The lines are still being chosen.".to_owned())
    });
    let faults = move || faults.with(|all| all.of(FILTER).to_vec());
    let choice = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    view! {
        <div class="bar logs-bar">
            <Segments
                label="Lines or patterns"
                choices=vec![choice("", "Lines"), choice("patterns", "Patterns")]
                value=controls.view.get
                on_choose=move |view: String| controls.view.set(view)
            />
            <SearchBox
                label="Only lines that hold this text"
                placeholder="Filter lines, capitals count"
                key="/"
                node=search
                value=controls.typed
                faults=Signal::derive(faults)
                on_input=move |text| controls.type_filter(text)
            />
            <InstanceField controls book />
            <SelectField
                label="Stream"
                bare=true
                choices=vec![
                    choice("", "stdout + stderr"),
                    choice("stdout", "stdout"),
                    choice("stderr", "stderr"),
                ]
                value=controls.stream.get
                on_choose=move |word| controls.stream.set(word)
            />
            <SelectField
                label="Times"
                bare=true
                choices=vec![
                    choice("local", "Local time"),
                    choice("utc", "UTC"),
                    choice("relative", "Time ago"),
                ]
                value=Signal::derive(move || {
                    match (preferences.relative.get(), preferences.utc.get()) {
                        (true, _) => "relative".to_owned(),
                        (false, true) => "utc".to_owned(),
                        (false, false) => "local".to_owned(),
                    }
                })
                on_choose=move |word: String| {
                    preferences.set_relative(word == "relative");
                    if word != "relative" {
                        preferences.set_utc(word == "utc");
                    }
                }
            />
            <Toggle
                label="Wrap"
                on=controls.wrap
                on_change=move |wrap| preferences.set_wrap(wrap)
            />
            <Button
                label="Download"
                glyph=Icon::Download
                against=against
                on_click=move |()| {
                    download_parts(&here.file_name("lines.log"), texts(book));
                }
            />
        </div>
    }
}

#[component]
fn InstanceField(controls: Controls, book: Book) -> impl IntoView {
    let names = memo(move || {
        book.view.change.track();
        let mut names = book
            .store
            .with_untracked(|store| store.instances().to_vec());
        let chosen = controls.instance.get.get();
        if !chosen.is_empty() && !names.contains(&chosen) {
            names.push(chosen);
        }
        names.sort();
        names
    });
    let choices = move || {
        let all = (String::new(), "All instances".to_owned());
        let names = names.get().into_iter().map(|name| (name.clone(), name));
        std::iter::once(all).chain(names).collect::<Vec<_>>()
    };
    view! {
        <SelectField
            label="Instance"
            bare=true
            choices=Signal::derive(choices)
            value=controls.instance.get
            on_choose=move |name| controls.instance.set(name)
        />
    }
}

/// The shown lines, one a row, as a file holds them: in pieces, which together may be larger than
/// what is free here.
fn texts(book: Book) -> Vec<js_sys::JsString> {
    book.store.with_untracked(|store| {
        book.shown.with_untracked(|shown| {
            let pieces = shown.rows().numbers(store).map(|numbers| {
                let lines = numbers.into_iter().filter_map(|number| store.get(number));
                let mut text = String::new();
                for line in lines {
                    let at = line
                        .instant()
                        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                    let stream = if line.is_error { "stderr" } else { "stdout" };
                    text.push_str(&format!(
                        "{at} {} {stream} {}\n",
                        line.instance, line.message
                    ));
                }
                text.into()
            });
            pieces.collect()
        })
    })
}
