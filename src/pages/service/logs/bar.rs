//! The controls above the log.

use leptos::html;
use leptos::prelude::*;

use crate::components::button::Button;
use crate::components::download::download;
use crate::components::field::{SearchBox, SelectField, Toggle};
use crate::components::icon::Icon;
use crate::logbook::store::{Selection, Store};
use crate::reactive::memo;
use crate::routes::QueryText;
use crate::state::keys::use_keys;
use crate::state::poll::Later;
use crate::state::preference::use_preferences;
use crate::state::range::Window;

/// What the controls change: all but the wrapping is in the address.
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
    /// Whether long lines wrap.
    pub wrap: RwSignal<bool>,
}

/// The controls.
#[component]
pub fn Bar(
    controls: Controls,
    store: RwSignal<Store>,
    change: Memo<u32>,
    selection: Memo<Selection>,
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
    view! {
        <div class="bar">
            <SearchBox
                label="Only lines that hold this text"
                placeholder="Filter lines, capitals count"
                key="/"
                node=search
                value=controls.typed
                on_input=move |text| controls.type_filter(text)
            />
            <InstanceField controls store change />
            <SelectField
                label="Stream"
                bare=true
                choices=vec![
                    (String::new(), "stdout + stderr".to_owned()),
                    ("stdout".to_owned(), "stdout".to_owned()),
                    ("stderr".to_owned(), "stderr".to_owned()),
                ]
                value=controls.stream.get
                on_choose=move |word| controls.stream.set(word)
            />
            <Toggle
                label="Wrap"
                on=controls.wrap
                on_change=move |wrap| preferences.set_wrap(wrap)
            />
            <Button
                label="Download"
                glyph=Icon::Download
                on_click=move |()| {
                    let text = store
                        .with_untracked(|store| { as_text(store, &selection.get_untracked()) });
                    download("lines.log", &text);
                }
            />
        </div>
    }
}

#[component]
fn InstanceField(controls: Controls, store: RwSignal<Store>, change: Memo<u32>) -> impl IntoView {
    let names = memo(move || {
        change.track();
        let mut names = store.with_untracked(|store| store.instances().to_vec());
        let chosen = controls.instance.get.get();
        if !chosen.is_empty() && !names.contains(&chosen) {
            names.push(chosen);
        }
        names.sort();
        names
    });
    move || {
        let all = (String::new(), "All instances".to_owned());
        let names = names.get().into_iter().map(|name| (name.clone(), name));
        view! {
            <SelectField
                label="Instance"
                bare=true
                choices=std::iter::once(all).chain(names).collect()
                value=controls.instance.get
                on_choose=move |name| controls.instance.set(name)
            />
        }
    }
}

/// The selected lines, one a row, as a file holds them.
fn as_text(store: &Store, selection: &Selection) -> String {
    let mut text = String::new();
    for place in store.select(selection, 0) {
        if let Some(line) = store.get(place as usize) {
            let at = line
                .timestamp
                .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let stream = if line.is_error { "stderr" } else { "stdout" };
            text.push_str(&format!(
                "{at} {} {stream} {}\n",
                line.instance, line.message
            ));
        }
    }
    text
}
