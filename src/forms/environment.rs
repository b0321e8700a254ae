//! The dialogs that make an environment and change it.

use leptos::prelude::*;
use wire::environment::{Environment, EnvironmentCreate, EnvironmentPatch, EnvironmentType};
use wire::error::FieldErrors;
use wire::open::Words;
use wire::patch::Patch;
use wire::text::{BranchName, Name};

use super::failed::failed_whole;
use super::named::slug_hint;
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons, open_about};
use crate::components::field::{Look, SelectField, TextField, Toggle};
use crate::reactive::{effect, memo};
use crate::state::act::Act;
use crate::state::revised::Read;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The name.
    pub name: String,
    /// The kind's word.
    pub kind: String,
    /// The branch whose pushes are deployed; may be empty.
    pub branch: String,
    /// Whether a deploy needs an approval.
    pub protected: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: EnvironmentType::Development.word().to_owned(),
            branch: String::new(),
            protected: false,
        }
    }
}

impl Draft {
    /// The request that creates what was typed.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn request(&self) -> Result<EnvironmentCreate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = Name::new(&self.name).map_err(|words| errors.add("name", words));
        let branch = match self.branch.trim() {
            "" => None,
            branch => BranchName::new(branch)
                .map_err(|words| errors.add("auto_deploy_branch", words))
                .ok(),
        };
        match name {
            Ok(name) if errors.is_empty() => Ok(EnvironmentCreate {
                name,
                env_type: EnvironmentType::from_word(&self.kind),
                protected: self.protected.then_some(true),
                auto_deploy_branch: branch,
                ephemeral: None,
            }),
            _ => Err(errors),
        }
    }

    /// One as it is saved.
    pub fn of(saved: &Environment) -> Self {
        let kind = saved.env_type.as_ref().map(|kind| kind.word().to_owned());
        Self {
            name: saved.name.clone(),
            kind: kind.unwrap_or_default(),
            branch: saved.auto_deploy_branch.clone().unwrap_or_default(),
            protected: saved.protected,
        }
    }

    /// The request that leads from what is saved to what was typed: only what differs.
    ///
    /// # Errors
    /// Every fault, by field.
    pub fn patch(&self, saved: &Self) -> Result<EnvironmentPatch, FieldErrors> {
        let whole = self.request()?;
        Ok(EnvironmentPatch {
            name: (self.name.trim() != saved.name).then_some(whole.name),
            env_type: whole.env_type.filter(|_| self.kind != saved.kind),
            protected: (self.protected != saved.protected).then_some(self.protected),
            auto_deploy_branch: match (self.branch.trim() == saved.branch, whole.auto_deploy_branch)
            {
                (true, _) => Patch::Keep,
                (false, Some(branch)) => Patch::Set(branch),
                (false, None) => Patch::Clear,
            },
            ephemeral: None,
        })
    }

    /// Takes in what others saved: every field that still is as it was read becomes what it is now.
    fn rebase(&mut self, before: &Self, now: &Self) {
        fn take_in<T: PartialEq + Clone>(typed: &mut T, before: &T, now: &T) {
            if typed == before {
                typed.clone_from(now);
            }
        }
        take_in(&mut self.name, &before.name, &now.name);
        take_in(&mut self.kind, &before.kind, &now.kind);
        take_in(&mut self.branch, &before.branch, &now.branch);
        take_in(&mut self.protected, &before.protected, &now.protected);
    }
}

/// Whether an environment already is what a change makes of it: then the answer to it was lost.
pub fn is_made(patch: &EnvironmentPatch, now: &Environment) -> bool {
    let branch = match &patch.auto_deploy_branch {
        Patch::Keep => true,
        Patch::Clear => now.auto_deploy_branch.is_none(),
        Patch::Set(branch) => now.auto_deploy_branch.as_deref() == Some(branch.as_str()),
    };
    branch
        && patch
            .name
            .as_ref()
            .is_none_or(|name| name.as_str() == now.name)
        && patch.env_type.is_none_or(|kind| is_kind(kind, now))
        && patch
            .protected
            .is_none_or(|protected| protected == now.protected)
}

fn is_kind(kind: EnvironmentType, now: &Environment) -> bool {
    now.env_type
        .as_ref()
        .is_some_and(|known| known.word() == kind.word())
}

/// The dialog that makes one. It closes itself through `open`, which the caller clears when the change
/// is made.
#[component]
pub fn EnvironmentForm(open: RwSignal<bool>, act: Act<EnvironmentCreate>) -> impl IntoView {
    let request = |draft: &Draft| draft.request().map(Some);
    let fields = move || {
        let draft = RwSignal::new(Draft::default());
        view! { <EnvironmentFields open act draft verb="Create environment" request /> }
    };
    view! {
        <Dialog title="New environment" open>
            {fields}
        </Dialog>
    }
}

/// The dialog that changes one, open while there is one. When it is read again, what others changed is
/// taken in.
#[component]
pub fn EnvironmentSettings(
    about: RwSignal<Option<Read<Environment>>>,
    act: Act<EnvironmentPatch>,
) -> impl IntoView {
    let open = open_about(about);
    let title = memo(move || {
        let name = about.with(|about| about.as_ref().map(|read| read.thing.name.clone()));
        format!("Settings of {}", name.unwrap_or_default())
    });
    let fields = move || {
        let read = move || about.get().map(|read| Draft::of(&read.thing));
        let saved = RwSignal::new(untrack(read)?);
        let draft = RwSignal::new(saved.get_untracked());
        effect(move || {
            if let Some(now) = read() {
                let before = saved.get_untracked();
                draft.update(|draft| draft.rebase(&before, &now));
                saved.set(now);
            }
        });
        let request = move |draft: &Draft| {
            let patch = saved.with(|saved| draft.patch(saved))?;
            Ok((patch != EnvironmentPatch::default()).then_some(patch))
        };
        Some(view! { <EnvironmentFields open act draft verb="Save changes" request /> })
    };
    view! {
        <Dialog title open>
            {fields}
        </Dialog>
    }
}

#[component]
fn EnvironmentFields<I: 'static>(
    open: RwSignal<bool>,
    act: Act<I>,
    draft: RwSignal<Draft>,
    verb: &'static str,
    /// What is sent; nothing where nothing differs.
    request: impl Fn(&Draft) -> Result<Option<I>, FieldErrors> + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let checked = RwSignal::new(false);
    act.failure.set(None);
    let errors = memo(move || {
        let own = draft
            .with(|draft| request(draft).err())
            .filter(|_| checked.get());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.or(sent).unwrap_or_default()
    });
    let faults = move |field: &'static str| {
        Signal::derive(move || errors.with(|errors| errors.of(field).to_vec()))
    };
    let against = memo(move || {
        let is_same = draft.with(|draft| matches!(request(draft), Ok(None)));
        is_same.then(|| "Nothing differs from what is saved.".to_owned())
    });
    let filled = move || {
        checked.set(true);
        untrack(|| draft.with(|draft| request(draft).ok().flatten()))
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(request) = filled() {
            act.go(request);
        }
    };
    let kinds = EnvironmentType::ALL
        .iter()
        .map(|kind| (kind.word().to_owned(), kind.word().to_owned()))
        .collect::<Vec<_>>();
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {failed_whole(act)}
                <TextField
                    label="Name"
                    first=true
                    value=Signal::derive(move || draft.with(|draft| draft.name.clone()))
                    faults=faults("name")
                    hint=Signal::derive(move || draft.with(|draft| slug_hint(&draft.name)))
                    on_input=move |text| {
                        act.failure.set(None);
                        draft.update(|draft| draft.name = text);
                    }
                />
                <SelectField
                    label="Type"
                    choices=kinds
                    value=Signal::derive(move || draft.with(|draft| draft.kind.clone()))
                    on_choose=move |kind| draft.update(|draft| draft.kind = kind)
                />
                <TextField
                    label="Deployed branch"
                    look=Look::Code
                    value=Signal::derive(move || draft.with(|draft| draft.branch.clone()))
                    faults=faults("auto_deploy_branch")
                    hint=Signal::stored("Optional: pushes to it are deployed here".to_owned())
                    on_input=move |text| draft.update(|draft| draft.branch = text)
                />
                <Toggle
                    label="Protected: deploys need an approval"
                    on=Signal::derive(move || draft.with(|draft| draft.protected))
                    on_change=move |on| draft.update(|draft| draft.protected = on)
                />
            </div>
            <DialogButtons open commands=act.commands(filled)>
                <Button label=verb kind=Kind::Primary submit=true against pending=act.pending() />
            </DialogButtons>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_chosen_is_sent() {
        let draft = Draft {
            name: "Staging".into(),
            ..Draft::default()
        };
        let request = serde_json::to_value(draft.request().unwrap()).unwrap();
        let expected = serde_json::json!({"name": "Staging", "env_type": "development"});
        assert_eq!(request, expected);
    }

    #[test]
    fn only_what_differs_is_changed() {
        let saved = Draft {
            name: "Production".into(),
            kind: "production".into(),
            branch: "main".into(),
            protected: false,
        };
        assert_eq!(saved.patch(&saved).unwrap(), EnvironmentPatch::default());
        let typed = Draft {
            branch: " ".into(),
            protected: true,
            ..saved.clone()
        };
        let sent = serde_json::to_value(typed.patch(&saved).unwrap()).unwrap();
        let expected = serde_json::json!({"protected": true, "auto_deploy_branch": null});
        assert_eq!(sent, expected);
    }

    #[test]
    fn what_others_saved_is_taken_in_beside_what_was_typed() {
        let before = Draft {
            name: "Production".into(),
            branch: "main".into(),
            ..Draft::default()
        };
        let mut typed = Draft {
            protected: true,
            ..before.clone()
        };
        let now = Draft {
            branch: "live".into(),
            ..before.clone()
        };
        typed.rebase(&before, &now);
        let sent = serde_json::to_value(typed.patch(&now).unwrap()).unwrap();
        assert_eq!(sent, serde_json::json!({"protected": true}));
        assert_eq!(typed.branch, "live");
    }

    #[test]
    fn a_change_whose_answer_was_lost_is_known() {
        let now: Environment = serde_json::from_value(serde_json::json!({
            "id": "9f8e",
            "name": "Production",
            "env_type": "production",
            "protected": true,
            "auto_deploy_branch": "main",
        }))
        .unwrap();
        let read = Draft::default();
        let wanted = Draft::of(&now);
        let is_made = |typed: Draft| is_made(&typed.patch(&read).unwrap(), &now);
        assert!(is_made(wanted.clone()));
        let otherwise = [
            Draft {
                name: "Live".into(),
                ..wanted.clone()
            },
            Draft {
                kind: "staging".into(),
                ..wanted.clone()
            },
            Draft {
                branch: "live".into(),
                ..wanted.clone()
            },
        ];
        for typed in otherwise {
            assert!(!is_made(typed.clone()), "{typed:?}");
        }
        let unprotected = EnvironmentPatch {
            protected: Some(false),
            ..EnvironmentPatch::default()
        };
        assert!(!super::is_made(&unprotected, &now));
        let cleared = EnvironmentPatch {
            auto_deploy_branch: Patch::Clear,
            ..EnvironmentPatch::default()
        };
        assert!(!super::is_made(&cleared, &now));
    }

    #[test]
    fn every_fault_is_named() {
        let draft = Draft {
            branch: "a..b".into(),
            ..Draft::default()
        };
        assert_eq!(draft.request().unwrap_err().len(), 2);
    }
}
