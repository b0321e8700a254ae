//! The sections of the form.

use leptos::prelude::*;
use wire::envelope::Dialect;
use wire::open::Words;
use wire::service::Platform;

use super::Form;
use super::draft::Source;
use super::field::Field;
use super::lists::{Domains, Processes, Variables, Volumes};
use crate::components::button::Segments;
use crate::components::field::{Look, SelectField, TextField};
use crate::components::page::Panel;
use crate::forms::named::slug_hint;
use crate::reactive::{When, memo};

/// Every section.
#[component]
pub fn Sections(
    form: Form,
    /// Where ingress listens, for the links of the domains.
    #[prop(into)]
    ingress: Signal<Option<String>>,
) -> impl IntoView {
    let has = move |field| form.takes(field);
    view! {
        <SourceSection form />
        <RuntimeSection form />
        <When is=move || has(Field::Domain(0))>
            <Panel title="Reach">
                <Domains form ingress />
            </Panel>
        </When>
        <When is=move || has(Field::VolumeName(0))>
            <Panel title="Storage">
                <Volumes form />
            </Panel>
        </When>
        <When is=move || has(Field::VariableName(0))>
            <Panel title="Config">
                <Variables form />
            </Panel>
        </When>
        <When is=move || has(Field::Tags)>
            <Panel title="Tags">
                {text(
                    form,
                    Field::Tags,
                    "Tags",
                    "Parted by spaces: services are filtered by them",
                    Look::Text,
                )}
            </Panel>
        </When>
    }
}

/// A text field of the form, where the platform takes it.
pub fn text(
    form: Form,
    field: Field,
    label: &'static str,
    hint: &'static str,
    look: Look,
) -> AnyView {
    if !form.takes(field) {
        return ().into_any();
    }
    view! {
        <TextField
            label
            look
            hint=Signal::stored(hint.to_owned())
            value=form.text(field)
            faults=form.faults(field)
            on_input=move |text| form.write(field, text)
            on_blur=move |()| form.leave(field)
        />
    }
    .into_any()
}

const IMAGE: &str = "image";
const REPOSITORY: &str = "repository";

#[component]
fn SourceSection(form: Form) -> impl IntoView {
    let source = memo(move || form.draft.with(|draft| draft.source));
    let has_choice = form.dialect() == Dialect::Environment && form.takes(Field::Image);
    let choose = move |word: String| {
        let source = if word == REPOSITORY {
            Source::Repository
        } else {
            Source::Image
        };
        form.draft.update(|draft| draft.source = source);
    };
    let hint = move || {
        let saved = form.saved.with(|saved| saved.name.clone());
        match saved.is_empty() {
            true => form.draft.with(|draft| slug_hint(&draft.name)),
            false => "A new name leaves its address as it is".to_owned(),
        }
    };
    let word = move || match source.get() {
        Source::Image => IMAGE.to_owned(),
        Source::Repository => REPOSITORY.to_owned(),
    };
    let switch = move || {
        has_choice.then(|| {
            view! {
                <Segments
                    label="Source"
                    choices=vec![
                        (IMAGE.to_owned(), "Container image".to_owned()),
                        (REPOSITORY.to_owned(), "GitHub repository".to_owned()),
                    ]
                    value=Signal::derive(word)
                    on_choose=choose
                />
            }
        })
    };
    let fields = move || match source.get() {
        Source::Image => {
            let hint = "Any OCI reference, like nginx:1.27 or ghcr.io/acme/orders:2.4";
            text(form, Field::Image, "Image", hint, Look::Code)
        }
        Source::Repository => view! {
            {text(form, Field::Repository, "Repository", "owner/name on GitHub", Look::Code)}
            <div class="pair">
                {text(
                    form,
                    Field::Branch,
                    "Branch",
                    "Its pushes are built and deployed; empty: never by itself",
                    Look::Code,
                )}
                {text(
                    form,
                    Field::Subdirectory,
                    "Subdirectory",
                    "Empty: the whole repository",
                    Look::Code,
                )}
            </div>
        }
        .into_any(),
    };
    view! {
        <Panel title="Source" aside=switch>
            <TextField
                label="Name"
                value=form.text(Field::Name)
                faults=form.faults(Field::Name)
                hint=Signal::derive(hint)
                on_input=move |text| form.write(Field::Name, text)
                on_blur=move |()| form.leave(Field::Name)
            />
            {fields}
        </Panel>
    }
}

#[component]
fn RuntimeSection(form: Form) -> impl IntoView {
    let platforms = Platform::ALL
        .iter()
        .map(|platform| (platform.word().to_owned(), platform.word().to_owned()))
        .collect::<Vec<_>>();
    let health = match form.dialect() {
        Dialect::Workspace => "GET must answer 2xx; empty: an open port is enough",
        Dialect::Environment => "GET must answer 2xx",
    };
    view! {
        <Panel title="Runtime">
            <div class="pair">
                {text(
                    form,
                    Field::Port,
                    "Port",
                    "The port that web listens on; empty: takes no traffic",
                    Look::Number,
                )}
                {text(
                    form,
                    Field::Instances,
                    "Instances",
                    "Of the process web; 0: paused",
                    Look::Number,
                )} {text(form, Field::HealthPath, "Health check path", health, Look::Code)}
                {text(
                    form,
                    Field::Timeout,
                    "Timeout, seconds",
                    "How long a new instance may take to become healthy",
                    Look::Number,
                )} <When is=move || form.takes(Field::Platform)>
                    <SelectField
                        label="Platform"
                        hint="The pool of machines that runs it"
                        choices=platforms.clone()
                        value=form.text(Field::Platform)
                        on_choose=move |word| form.write(Field::Platform, word)
                    />
                </When>
                {text(
                    form,
                    Field::HealthHost,
                    "Health check host",
                    "The Host header of health checks; empty: the default",
                    Look::Code,
                )}
            </div>
            <When is=move || form.takes(Field::ProcessName(0))>
                <Processes form />
            </When>
        </Panel>
    }
}
