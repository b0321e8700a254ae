//! The form that describes a platform elsewhere.

pub mod draft;

use std::sync::Arc;

use leptos::prelude::*;
use wire::error::FieldErrors;

use crate::components::button::Segments;
use crate::components::field::{AreaField, Look, SelectField, TextField};
use crate::reactive::memo;
use crate::state::keep::Keep;
use draft::{Described, Draft, ENVIRONMENTS, FIND_OUT, WORKSPACES};

/// The form: what was typed, and whether it is judged already.
#[derive(Clone, Copy)]
pub struct Form {
    /// What was typed.
    pub draft: RwSignal<Draft>,
    checked: RwSignal<bool>,
}

impl Form {
    /// A form that begins with this.
    pub fn new(draft: Draft) -> Self {
        Self {
            draft: RwSignal::new(draft),
            checked: RwSignal::new(false),
        }
    }

    /// What was described; from now on faults are shown.
    pub fn read(self) -> Option<Described> {
        self.checked.set(true);
        self.draft.with_untracked(Draft::read).ok()
    }

    fn faults(self) -> Memo<Arc<FieldErrors>> {
        memo(move || {
            let checked = self.checked.get();
            let errors = self.draft.with(|draft| draft.read().err());
            Arc::new(errors.filter(|_| checked).unwrap_or_default())
        })
    }
}

/// The word for a key that goes with its tab.
const TAB: &str = "tab";
/// The word for a key that stays.
const DEVICE: &str = "device";

/// The fields.
#[component]
pub fn ConnectionFields(
    form: Form,
    /// Whether a key is kept already, which an empty field leaves.
    has_key: bool,
) -> impl IntoView {
    let draft = form.draft;
    let faults = form.faults();
    let of = move |field: &'static str| {
        Signal::derive(move || faults.with(|faults| faults.of(field).to_vec()))
    };
    let text =
        move |read: fn(&Draft) -> &str| memo(move || draft.with(|draft| read(draft).to_owned()));
    let dialects = [
        (FIND_OUT, "Find out"),
        (WORKSPACES, "Workspaces: workspace and project"),
        (ENVIRONMENTS, "Environments: org, project and environment"),
    ]
    .map(|(word, words)| (word.to_owned(), words.to_owned()));
    let key_hint = match has_key {
        true => "Empty: the one that is kept",
        false => "From whoever runs the platform",
    };
    view! {
        <TextField
            label="Address"
            look=Look::Code
            first=true
            hint="Of the host, or of its API where that is elsewhere than at /api/v1"
            value=text(|draft| &draft.url)
            faults=of("url")
            on_input=move |text| draft.update(|draft| draft.url = text)
        />
        <TextField
            label="Name"
            hint="Empty: its host"
            value=text(|draft| &draft.name)
            faults=of("name")
            on_input=move |text| draft.update(|draft| draft.name = text)
        />
        <SelectField
            label="What it speaks"
            choices=dialects.to_vec()
            value=text(|draft| &draft.dialect)
            on_choose=move |word| draft.update(|draft| draft.dialect = word)
        />
        <AreaField
            label="Where its services are"
            hint="Only where it does not tell: workspace/project or org/project/environment, one a line"
            value=text(|draft| &draft.places)
            faults=of("places")
            on_input=move |text| draft.update(|draft| draft.places = text)
        />
        <TextField
            label="Key"
            look=Look::Secret
            hint=Signal::stored(key_hint.to_owned())
            value=text(|draft| &draft.key)
            faults=of("key")
            on_input=move |text| draft.update(|draft| draft.key = text)
        />
        <KeepField
            value=Signal::derive(move || draft.with(|draft| draft.keep))
            on_choose=move |keep| draft.update(|draft| draft.keep = keep)
        />
    }
}

/// How long a key is kept, and what that means.
#[component]
pub fn KeepField(
    #[prop(into)] value: Signal<Keep>,
    #[prop(into)] on_choose: Callback<Keep>,
) -> impl IntoView {
    let word = move || match value.get() {
        Keep::Tab => TAB.to_owned(),
        Keep::Device => DEVICE.to_owned(),
    };
    let about = move || match value.get() {
        Keep::Tab => "It is gone when this tab is closed.",
        Keep::Device => {
            "It stays until you forget it here: whoever uses this browser profile has it."
        }
    };
    view! {
        <div class="stack keep">
            <Segments
                label="How long the key is kept"
                choices=vec![
                    (TAB.to_owned(), "For this tab".to_owned()),
                    (DEVICE.to_owned(), "On this device".to_owned()),
                ]
                value=Signal::derive(word)
                on_choose=move |word: String| {
                    on_choose
                        .run(
                            match word.as_str() {
                                DEVICE => Keep::Device,
                                _ => Keep::Tab,
                            },
                        );
                }
            />
            <p class="dim sm" role="status">
                {about}
            </p>
        </div>
    }
}
