//! The dialog that adds a variable, or gives one another value.

use leptos::prelude::*;
use wire::error::FieldErrors;
use wire::text::VariableName;

use super::draft::{Entry, check_value};
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::field::{AreaField, Look, TextField, Toggle, go_to_first_fault};
use crate::reactive::{When, memo};

/// What was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct VariableDraft {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether the value can't be read back.
    pub secret: bool,
    /// Whether builds receive it, and instances do not.
    pub buildtime: bool,
    /// Whether the name is given.
    pub named: bool,
    /// Whether a value is saved that can't be shown.
    pub has_hidden: bool,
}

impl VariableDraft {
    /// A new variable.
    pub fn new() -> Self {
        Self {
            name: String::new(),
            value: String::new(),
            secret: false,
            buildtime: false,
            named: false,
            has_hidden: false,
        }
    }

    /// What is to become of the variable.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn request(&self, is_taken: impl Fn(&str) -> bool) -> Result<(String, Entry), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = match VariableName::new(&self.name) {
            Ok(name) if !self.named && is_taken(name.as_str()) => {
                errors.add("name", "This name is in the list: change it there.");
                None
            }
            name => name.map_err(|words| errors.add("name", words)).ok(),
        };
        if let Err(words) = check_value(&self.value) {
            errors.add("value", words);
        } else if self.has_hidden && self.value.is_empty() {
            errors.add("value", "The saved value can't be read: type it again.");
        }
        match name {
            Some(name) if errors.is_empty() => {
                let entry = Entry {
                    value: self.value.clone(),
                    secret: self.secret,
                    buildtime: self.buildtime,
                };
                Ok((name.into(), entry))
            }
            _ => Err(errors),
        }
    }
}

impl Default for VariableDraft {
    fn default() -> Self {
        Self::new()
    }
}

/// The dialog. Its content is made anew from `begin` each time; what was typed goes with it.
#[component]
pub fn VariableForm(
    open: RwSignal<bool>,
    /// What it begins with.
    begin: RwSignal<VariableDraft>,
    /// Whether a name is in the list.
    is_taken: Callback<String, bool>,
    /// What the name hides of other levels, in words.
    hides: Callback<String, Option<String>>,
    /// Takes over what was typed.
    done: Callback<(String, Entry)>,
) -> impl IntoView {
    let title = move || match begin.with(|draft| draft.named) {
        true => "Change variable",
        false => "Add variable",
    };
    view! {
        <Dialog title=Signal::derive(move || title().to_owned()) open>
            <VariableFields open begin is_taken hides done />
        </Dialog>
    }
}

#[component]
fn VariableFields(
    open: RwSignal<bool>,
    begin: RwSignal<VariableDraft>,
    is_taken: Callback<String, bool>,
    hides: Callback<String, Option<String>>,
    done: Callback<(String, Entry)>,
) -> impl IntoView {
    let begun = begin.get_untracked();
    let (named, name) = (begun.named, begun.name.clone());
    let draft = RwSignal::new(begun);
    let checked = RwSignal::new(false);
    let request = move |draft: &VariableDraft| draft.request(|name| is_taken.run(name.to_owned()));
    let errors = memo(move || {
        let errors = draft.with(|draft| request(draft).err());
        errors.filter(|_| checked.get()).unwrap_or_default()
    });
    let faults = move |field: &'static str| {
        Signal::derive(move || errors.with(|errors| errors.of(field).to_vec()))
    };
    let secret = memo(move || draft.with(|draft| draft.secret));
    let hidden = memo(move || hides.run(draft.with(|draft| draft.name.trim().to_owned())));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        checked.set(true);
        match draft.with_untracked(request) {
            Ok(change) => {
                open.set(false);
                done.run(change);
            }
            Err(_) => go_to_first_fault(),
        }
    };
    let name_field = match named {
        true => view! { <p class="mono name">{name}</p> }.into_any(),
        false => view! {
            <TextField
                label="Name"
                look=Look::Code
                first=true
                placeholder="LOG_LEVEL"
                value=Signal::derive(move || draft.with(|draft| draft.name.clone()))
                faults=faults("name")
                on_input=move |text| draft.update(|draft| draft.name = text)
            />
        }
        .into_any(),
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {name_field}
                {move || hidden.get().map(|words| view! { <p class="dim">{words}</p> })}
                <AreaField
                    label="Value"
                    masked=secret
                    first=named
                    value=Signal::derive(move || draft.with(|draft| draft.value.clone()))
                    faults=faults("value")
                    on_input=move |text| draft.update(|draft| draft.value = text)
                /> <div class="actions">
                    <Toggle
                        label="Secret"
                        on=secret
                        on_change=move |on| draft.update(|draft| draft.secret = on)
                    />
                    <Toggle
                        label="Build time only"
                        on=Signal::derive(move || draft.with(|draft| draft.buildtime))
                        on_change=move |on| draft.update(|draft| draft.buildtime = on)
                    />
                </div> <When is=move || secret.get()>
                    <p class="dim">"Sealed once it is saved: nobody can read it here again."</p>
                </When>
            </div>
            <DialogButtons open>
                <Button label="Keep as pending" kind=Kind::Primary submit=true />
            </DialogButtons>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::{MASK, MASKED};

    fn typed(name: &str, value: &str) -> VariableDraft {
        VariableDraft {
            name: name.to_owned(),
            value: value.to_owned(),
            ..VariableDraft::new()
        }
    }

    fn words(draft: &VariableDraft, field: &str) -> Vec<String> {
        let errors = draft.request(|name| name == "TAKEN").unwrap_err();
        errors.of(field).to_vec()
    }

    #[test]
    fn a_name_is_trimmed_and_a_value_is_not() {
        let (name, entry) = typed(" A ", " 1 ").request(|_| false).unwrap();
        assert_eq!((name.as_str(), entry.value.as_str()), ("A", " 1 "));
    }

    #[test]
    fn a_name_is_given_once() {
        let taken = typed("TAKEN", "1");
        assert_eq!(
            words(&taken, "name"),
            ["This name is in the list: change it there."]
        );
        let change = VariableDraft {
            named: true,
            ..taken
        };
        assert!(change.request(|_| true).is_ok());
    }

    #[test]
    fn a_mask_is_no_value() {
        assert_eq!(words(&typed("A", MASK), "value"), [MASKED]);
    }

    #[test]
    fn a_hidden_value_is_typed_again() {
        let draft = VariableDraft {
            named: true,
            has_hidden: true,
            ..typed("KEY", "")
        };
        assert_eq!(
            words(&draft, "value"),
            ["The saved value can't be read: type it again."]
        );
    }
}
