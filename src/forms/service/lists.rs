//! The parts of the form that hold rows: processes, domains, volumes, variables.

use leptos::prelude::*;
use wire::dotenv;

use super::Form;
use super::draft::{ProcessRow, ServiceDraft, VariableRow, VolumeRow};
use super::field::Field;
use crate::components::button::{Button, IconButton, Kind};
use crate::components::field::{AreaField, Look, TextField};
use crate::components::icon::Icon;
use crate::forms::config::paste::summary;
use crate::reactive::memo;
use crate::words::domain_link;

/// A field in a row.
fn cell(form: Form, field: Field, label: &'static str, hint: &'static str, look: Look) -> AnyView {
    view! {
        <TextField
            label
            look
            bare=true
            placeholder=hint
            value=form.text(field)
            faults=form.faults(field)
            on_input=move |text| form.write(field, text)
            on_blur=move |()| form.leave(field)
        />
    }
    .into_any()
}

/// Rows with a button that removes each, and one that adds another.
fn rows(
    form: Form,
    class: &'static str,
    heads: &'static [&'static str],
    length: fn(&ServiceDraft) -> usize,
    cells: impl Fn(usize) -> AnyView + Clone + Send + Sync + 'static,
    remove: fn(&mut ServiceDraft, usize),
) -> impl IntoView {
    let count = memo(move || form.draft.with(length));
    let heads = move || {
        (count.get() > 0).then(|| {
            let heads = heads
                .iter()
                .map(|head| view! { <span>{*head}</span> })
                .collect_view();
            view! {
                <div class=format!("row heads {class}") aria-hidden="true">
                    {heads}
                </div>
            }
        })
    };
    view! {
        {heads}
        <For each=move || 0..count.get() key=|row| *row let(row)>
            <div class=format!("row {class}") role="group" aria-label=format!("Row {}", row + 1)>
                {cells(row)}
                <IconButton
                    label="Remove"
                    glyph=Icon::Cross
                    on_click=move |()| {
                        if form.draft.with_untracked(length) > row {
                            form.draft.update(|draft| remove(draft, row));
                        }
                    }
                />
            </div>
        </For>
    }
}

#[component]
fn Add(form: Form, label: &'static str, add: fn(&mut ServiceDraft)) -> impl IntoView {
    view! {
        <div>
            <Button
                label
                kind=Kind::Quiet
                glyph=Icon::Plus
                on_click=move |()| form.draft.update(add)
            />
        </div>
    }
}

/// Processes beside `web`.
#[component]
pub fn Processes(form: Form) -> impl IntoView {
    let cells = move |row| {
        view! {
            {cell(form, Field::ProcessName(row), "Process", "worker", Look::Code)}
            {cell(form, Field::ProcessCount(row), "How many", "1", Look::Number)}
        }
        .into_any()
    };
    view! {
        {rows(
            form,
            "two",
            &["Process", "How many"],
            |draft| draft.processes.len(),
            cells,
            |draft, row| drop(draft.processes.remove(row)),
        )}
        <Add
            form
            label="Add a process"
            add=|draft| {
                draft
                    .processes
                    .push(ProcessRow {
                        name: String::new(),
                        count: "1".to_owned(),
                    });
            }
        />
    }
}

/// Domains, each with the link it will have.
#[component]
pub fn Domains(form: Form, #[prop(into)] ingress: Signal<Option<String>>) -> impl IntoView {
    let cells = move |row| {
        let field = Field::Domain(row);
        let hint = move || {
            let domain = form.draft.with(|draft| field.read(draft).trim().to_owned());
            let link = ingress.with(|ingress| domain_link(ingress.as_deref(), &domain));
            match link.filter(|_| !domain.is_empty()) {
                Some(link) => format!("Opens at {link} once an instance is ready"),
                None => String::new(),
            }
        };
        view! {
            <TextField
                label=if row == 0 { "Domain".to_owned() } else { format!("Domain {}", row + 1) }
                look=Look::Code
                bare=true
                placeholder="orders.localhost"
                hint=Signal::derive(hint)
                value=form.text(field)
                faults=form.faults(field)
                on_input=move |text| form.write(field, text)
                on_blur=move |()| form.leave(field)
            />
        }
        .into_any()
    };
    view! {
        <p class="dim">
            "Host names whose traffic goes to its instances. NAME.localhost opens in this browser without DNS."
        </p>
        {rows(
            form,
            "one",
            &["Domain"],
            |draft| draft.domains.len(),
            cells,
            |draft, row| drop(draft.domains.remove(row)),
        )}
        <Add form label="Add a domain" add=|draft| draft.domains.push(String::new()) />
    }
}

/// Volumes.
#[component]
pub fn Volumes(form: Form) -> impl IntoView {
    let cells = move |row| {
        view! {
            {cell(form, Field::VolumeName(row), "Volume name", "data", Look::Code)}
            {cell(form, Field::VolumePath(row), "Mount path", "/data", Look::Code)}
            {cell(form, Field::VolumeSize(row), "Size, GB", "1", Look::Number)}
        }
        .into_any()
    };
    view! {
        <p class="dim">
            "Each instance receives its own disk of this size. Scaling down keeps disks, deleting the service removes them."
        </p>
        {rows(
            form,
            "three",
            &["Name", "Mount path", "Size, GB"],
            |draft| draft.volumes.len(),
            cells,
            |draft, row| drop(draft.volumes.remove(row)),
        )}
        <Add
            form
            label="Add a volume"
            add=|draft| {
                draft
                    .volumes
                    .push(VolumeRow {
                        size_gb: "1".to_owned(),
                        ..VolumeRow::default()
                    });
            }
        />
    }
}

/// Variables, one by one or pasted.
#[component]
pub fn Variables(form: Form) -> impl IntoView {
    let cells = move |row| {
        view! {
            {cell(form, Field::VariableName(row), "Variable name", "LOG_LEVEL", Look::Code)}
            {cell(form, Field::VariableValue(row), "Value", "info", Look::Code)}
        }
        .into_any()
    };
    view! {
        <p class="dim">
            "Environment variables of its instances. Not for secrets: values can be read here."
        </p>
        {rows(
            form,
            "two",
            &["Name", "Value"],
            |draft| draft.variables.len(),
            cells,
            |draft, row| drop(draft.variables.remove(row)),
        )}
        <Add form label="Add a variable" add=|draft| draft.variables.push(VariableRow::default()) />
        <Paste form />
    }
}

#[component]
fn Paste(form: Form) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let fault = RwSignal::new(Vec::new());
    let read = move |()| match dotenv::parse(&text.get_untracked()) {
        Ok(variables) => {
            let variables = variables.into_iter();
            let pairs = variables.map(|(name, value)| (name.into(), value.into()));
            form.draft
                .update(|draft| draft.merge_variables(pairs.collect()));
            text.set(String::new());
        }
        Err(wrong) => {
            let words: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            fault.set(summary(&words));
        }
    };
    view! {
        <details class="paste">
            <summary>"Paste a .env"</summary>
            <AreaField
                label="Contents of a .env file"
                placeholder="LOG_LEVEL=info"
                value=text
                faults=fault
                on_input=move |typed| {
                    fault.set(Vec::new());
                    text.set(typed);
                }
            />
            <div>
                <Button label="Take over" on_click=read />
            </div>
        </details>
    }
}
