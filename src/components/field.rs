//! Form fields: label, control, hint, and the fault under it.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::icon::{Icon, icon};
use crate::reactive::When;

/// Numbers the fields of the page, so that labels and controls find each other.
fn unique_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("field-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Takes the person to the first field with a fault, as soon as it is drawn as one.
pub fn go_to_first_fault() {
    request_animation_frame(|| {
        let control = document().query_selector("[aria-invalid]").ok().flatten();
        let control = control.and_then(|control| control.dyn_into::<HtmlElement>().ok());
        if let Some(control) = control {
            // Fails only for an element that can't have the focus.
            let _ = control.focus();
        }
    });
}

/// How a text field looks and behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Words.
    #[default]
    Text,
    /// Identifiers: monospaced.
    Code,
    /// A number: the small keyboard on phones.
    Number,
    /// A credential: never shown, never remembered.
    Secret,
}

/// A text field.
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(into, optional)] on_blur: Option<Callback<()>>,
    #[prop(into, optional)] hint: Signal<String>,
    #[prop(into, optional)] faults: Signal<Vec<String>>,
    #[prop(into, optional)] placeholder: &'static str,
    #[prop(optional)] look: Look,
    /// Whether the label is read but not seen: in rows whose head names the column.
    #[prop(optional)]
    bare: bool,
    /// Whether the cursor starts here.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let id = unique_id();
    let about = format!("{id}-about");
    let described = about.clone();
    let invalid = move || !faults.with(Vec::is_empty);
    let below = move || {
        let faults = faults.get();
        match faults.is_empty() {
            true => hint.with(|hint| {
                (!hint.is_empty())
                    .then(|| view! { <span class="hint">{hint.clone()}</span> }.into_any())
            }),
            false => Some(
                view! { <span class="err">{icon(Icon::Warning)} {faults.join(" ")}</span> }
                    .into_any(),
            ),
        }
    };
    view! {
        <div class="field">
            <label for=id.clone() class:unseen=bare>
                {label}
            </label>
            <input
                id=id
                class=if look == Look::Text || look == Look::Number {
                    "input"
                } else {
                    "input mono"
                }
                type=if look == Look::Secret { "password" } else { "text" }
                inputmode=(look == Look::Number).then_some("numeric")
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                autofocus=first
                placeholder=placeholder
                aria-invalid=move || invalid().then_some("true")
                aria-describedby=described
                prop:value=value
                on:input:target=move |event| on_input.run(event.target().value())
                on:blur=move |_| {
                    on_blur.and_then(|on_blur| on_blur.try_run(()));
                }
            />
            <div id=about class="about">
                {below}
            </div>
        </div>
    }
}

/// A field with a few fixed choices.
#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    /// Values and their words. They may become others while somebody chooses.
    #[prop(into)]
    choices: Signal<Vec<(String, String)>>,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_choose: Callback<String>,
    #[prop(into, optional)] hint: Signal<String>,
    #[prop(optional)] bare: bool,
    #[prop(into, optional)] faults: Signal<Vec<String>>,
) -> impl IntoView {
    let id = unique_id();
    let about = format!("{id}-about");
    let option = move |(choice, words): (String, String)| {
        let this = choice.clone();
        view! {
            <option value=choice selected=move || value.with(|value| *value == this)>
                {words}
            </option>
        }
    };
    view! {
        <div class="field">
            <label for=id.clone() class:unseen=bare>
                {label}
            </label>
            <select
                id=id
                class="input"
                aria-invalid=move || faults.with(|faults| !faults.is_empty()).then_some("true")
                aria-describedby=about.clone()
                prop:value=value
                on:change:target=move |event| on_choose.run(event.target().value())
            >
                <For each=move || choices.get() key=Clone::clone children=option />
            </select>
            <div id=about class="about">
                <When is=move || { hint.with(|hint| !hint.is_empty()) }>
                    <span class="hint">{hint}</span>
                </When>
                {fault_line(faults)}
            </div>
        </div>
    }
}

/// What is wrong with a field.
fn fault_line(faults: Signal<Vec<String>>) -> impl IntoView {
    move || {
        let faults = faults.get();
        (!faults.is_empty())
            .then(|| view! { <span class="err">{icon(Icon::Warning)} {faults.join(" ")}</span> })
    }
}

/// A field for several lines.
#[component]
pub fn AreaField(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(into, optional)] faults: Signal<Vec<String>>,
    #[prop(into, optional)] hint: &'static str,
    #[prop(into, optional)] placeholder: &'static str,
    /// Whether what is typed is not shown: secrets of several lines.
    #[prop(into, optional)]
    masked: Signal<bool>,
    /// Whether the cursor starts here.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let id = unique_id();
    let about = format!("{id}-about");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <textarea
                id=id
                class="input mono area"
                class:masked=masked
                rows="5"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                autofocus=first
                placeholder=placeholder
                aria-invalid=move || faults.with(|faults| !faults.is_empty()).then_some("true")
                aria-describedby=about.clone()
                prop:value=value
                on:input:target=move |event| on_input.run(event.target().value())
            ></textarea>
            <div id=about class="about">
                {(!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> })}
                {fault_line(faults)}
            </div>
        </div>
    }
}

/// A switch that is on or off.
#[component]
pub fn Toggle(
    #[prop(into)] label: String,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] on_change: Callback<bool>,
) -> impl IntoView {
    let flip = move |_: ev::MouseEvent| on_change.run(!on.get_untracked());
    view! {
        <button
            type="button"
            class="btn toggle"
            aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=flip
        >
            {label}
        </button>
    }
}

/// A box that filters what is below it.
#[component]
pub fn SearchBox(
    #[prop(into)] label: String,
    placeholder: &'static str,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String>,
    #[prop(into, optional)] faults: Signal<Vec<String>>,
    /// The control itself, for a key that jumps to it.
    node: NodeRef<leptos::html::Input>,
    /// The key, shown at the end of the box.
    #[prop(optional)]
    key: &'static str,
) -> impl IntoView {
    let about = format!("{}-about", unique_id());
    view! {
        <div class="field grow">
            <label class="search">
                {icon(Icon::Search)} <span class="unseen">{label}</span>
                <input
                    node_ref=node
                    type="search"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=placeholder
                    aria-invalid=move || faults.with(|faults| !faults.is_empty()).then_some("true")
                    aria-describedby=about.clone()
                    prop:value=value
                    on:input:target=move |event| on_input.run(event.target().value())
                /> {(!key.is_empty()).then(|| view! { <kbd class="kbd wide">{key}</kbd> })}
            </label>
            <div id=about class="about">
                {fault_line(faults)}
            </div>
        </div>
    }
}
