//! The dialog that changes how many instances run.

use leptos::prelude::*;
use wire::deploy::Scale;
use wire::error::FieldErrors;
use wire::quantity::InstanceCount;
use wire::service::{ProcessCounts, Service};
use wire::text::ProcessName;

use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::Note;
use crate::components::field::{Look, TextField};
use crate::reactive::{When, memo};
use crate::state::act::Act;

/// What was typed: a count for each process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft(pub Vec<(String, String)>);

impl Draft {
    /// The counts of a service as they are.
    pub fn of(service: &Service) -> Self {
        let counts = &service.process_counts;
        if counts.is_empty() {
            let web = ProcessName::web().to_string();
            return Self(vec![(web, service.web_instances().to_string())]);
        }
        let row = |(name, count): (&String, &u32)| (name.clone(), count.to_string());
        Self(counts.iter().map(row).collect())
    }

    /// The request that scales to what was typed: one process by its count, several by name.
    ///
    /// # Errors
    /// Every fault, by the name of the process.
    pub fn request(&self) -> Result<Scale, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut counts = ProcessCounts::new();
        for (name, text) in &self.0 {
            let count: Result<InstanceCount, String> = text.parse();
            match (ProcessName::new(name), count) {
                (Ok(name), Ok(count)) => drop(counts.insert(name, count)),
                (Err(words), _) | (_, Err(words)) => errors.add(name, words),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        match (counts.len(), counts.get(&ProcessName::web())) {
            (1, Some(web)) => Ok(Scale::Instances(*web)),
            _ => Ok(Scale::ProcessCounts(counts)),
        }
    }
}

/// The dialog. It closes itself through `open`, which the caller clears when the change is made.
#[component]
pub fn ScaleForm(
    #[prop(into)] service: Signal<Option<Draft>>,
    /// Whether each instance has volumes of its own.
    #[prop(into)]
    has_volumes: Signal<bool>,
    open: RwSignal<bool>,
    act: Act<Scale>,
) -> impl IntoView {
    view! {
        <Dialog title="Scale" open>
            <ScaleFields
                draft=service.get_untracked().unwrap_or(Draft(Vec::new()))
                has_volumes
                open
                act
            />
        </Dialog>
    }
}

#[component]
fn ScaleFields(
    draft: Draft,
    has_volumes: Signal<bool>,
    open: RwSignal<bool>,
    act: Act<Scale>,
) -> impl IntoView {
    let several = draft.0.len() > 1;
    let names: Vec<String> = draft.0.iter().map(|(name, _)| name.clone()).collect();
    let draft = RwSignal::new(draft);
    act.failure.set(None);
    let errors = memo(move || draft.with(Draft::request).err().unwrap_or_default());
    let fields = names
        .into_iter()
        .enumerate()
        .map(|(row, name)| {
            let label = if several {
                name.clone()
            } else {
                "Instances".to_owned()
            };
            let value = move || draft.with(|draft| draft.0.get(row).map(|(_, text)| text.clone()));
            view! {
                <TextField
                    label
                    look=Look::Number
                    first=row == 0
                    value=Signal::derive(move || value().unwrap_or_default())
                    faults=Signal::derive(move || errors.with(|errors| errors.of(&name).to_vec()))
                    hint=Signal::stored("0 pauses without deleting".to_owned())
                    on_input=move |text| {
                        draft
                            .update(|draft| {
                                if let Some((_, count)) = draft.0.get_mut(row) {
                                    *count = text;
                                }
                            });
                    }
                />
            }
        })
        .collect_view();
    let filled = move || draft.with_untracked(Draft::request).ok();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(request) = filled() {
            act.go(request);
        }
    };
    let failed = act.failed();
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {move || {
                    failed
                        .get()
                        .map(|words| {
                            view! {
                                <Note bad=true>
                                    <span class="grow">{words}</span>
                                </Note>
                            }
                        })
                }} {fields} <When is=move || has_volumes.get()>
                    <p class="dim">
                        "Each instance has disks of its own: scaling up makes new ones, scaling down keeps them."
                    </p>
                </When>
            </div>
            <DialogButtons open commands=act.commands(filled)>
                <Button label="Scale" kind=Kind::Primary submit=true pending=act.pending() />
            </DialogButtons>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(rows: &[(&str, &str)]) -> Draft {
        let row = |(name, count): &(&str, &str)| ((*name).to_owned(), (*count).to_owned());
        Draft(rows.iter().map(row).collect())
    }

    #[test]
    fn one_process_is_scaled_by_its_count() {
        let sent = serde_json::to_value(draft(&[("web", "3")]).request().unwrap()).unwrap();
        assert_eq!(sent, serde_json::json!({"instances": 3}));
    }

    #[test]
    fn several_processes_are_scaled_by_name() {
        let several = draft(&[("web", "3"), ("worker", "0")]);
        let sent = serde_json::to_value(several.request().unwrap()).unwrap();
        let expected = serde_json::json!({"process_counts": {"web": 3, "worker": 0}});
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_bad_count_is_a_fault_of_its_process() {
        let errors = draft(&[("web", "101"), ("worker", "x")])
            .request()
            .unwrap_err();
        assert_eq!(errors.of("web"), ["Instances are between 0 and 100."]);
        assert_eq!(errors.len(), 2);
    }
}
