//! The dialog that takes in a whole `.env` text, pasted or from a file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;
use wire::config::limits;

use super::draft::Flags;
use super::paste::{read, summary};
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::Note;
use crate::components::field::{AreaField, Toggle};
use crate::reactive::memo;

/// Variables that were read, and what they are to be.
pub struct Pasted {
    /// Names and values.
    pub variables: Vec<(String, String)>,
    /// What all of them are to be.
    pub all: Flags,
}

/// The dialog. Its content is made anew each time: what was pasted goes with it.
#[component]
pub fn PasteForm(open: RwSignal<bool>, done: Callback<Pasted>) -> impl IntoView {
    view! {
        <Dialog title="Take in a .env" open>
            <PasteFields open done />
        </Dialog>
    }
}

#[component]
fn PasteFields(open: RwSignal<bool>, done: Callback<Pasted>) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let faults = RwSignal::new(Vec::new());
    let (secret, buildtime) = (RwSignal::new(false), RwSignal::new(false));
    let file = NodeRef::<leptos::html::Input>::new();
    let load = move |_| {
        if let Some(input) = file.get_untracked() {
            load_file(&input, text, faults);
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match text.with_untracked(|text| read(text)) {
            Ok(variables) if variables.is_empty() => {
                faults.set(vec!["There is no variable in it.".to_owned()]);
            }
            Ok(variables) => {
                open.set(false);
                done.run(Pasted {
                    variables,
                    all: Flags {
                        secret: secret.get_untracked(),
                        buildtime: buildtime.get_untracked(),
                    },
                });
            }
            Err(found) => faults.set(summary(&found)),
        }
    };
    let refused = move || {
        let faults = faults.get();
        (!faults.is_empty()).then(|| {
            let lines = faults.into_iter();
            let lines = lines.map(|words| view! { <li>{words}</li> }).collect_view();
            view! {
                <Note bad=true>
                    <ul class="grow plain-list">{lines}</ul>
                </Note>
            }
        })
    };
    let masked = memo(move || secret.get());
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {refused}
                <AreaField
                    label="Contents of a .env file"
                    placeholder="LOG_LEVEL=info"
                    first=true
                    masked
                    value=text
                    on_input=move |typed| {
                        faults.set(Vec::new());
                        text.set(typed);
                    }
                /> <label class="field">
                    <span>"Or a file"</span>
                    <input node_ref=file type="file" accept=".env,.txt,text/plain" on:change=load />
                </label> <div class="actions">
                    <Toggle label="All are secrets" on=secret on_change=move |on| secret.set(on) />
                    <Toggle
                        label="All are build time only"
                        on=buildtime
                        on_change=move |on| buildtime.set(on)
                    />
                </div>
                <p class="faint sm">
                    "What is a secret or build time only already stays so, with the value given here."
                </p>
            </div>
            <DialogButtons open>
                <Button label="Keep as pending" kind=Kind::Primary submit=true />
            </DialogButtons>
        </form>
    }
}

/// Reads the chosen file into the field.
fn load_file(input: &HtmlInputElement, text: RwSignal<String>, faults: RwSignal<Vec<String>>) {
    let file = input.files().and_then(|files| files.get(0));
    let Some(file) = file else { return };
    if file.size() > limits::RAW_BYTES as f64 {
        faults.set(vec!["A .env text holds at most 512 KiB.".to_owned()]);
        return;
    }
    let content = file.text();
    spawn_local(async move {
        let read = JsFuture::from(content).await;
        // The dialog may be closed by now.
        match read.ok().and_then(|content| content.as_string()) {
            Some(content) => {
                faults.try_set(Vec::new());
                text.try_set(content);
            }
            None => {
                faults.try_set(vec!["The file could not be read.".to_owned()]);
            }
        }
    });
}
