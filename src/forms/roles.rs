//! A role at a place of an org, as people choose it; and the dialog of one that is given with a name.

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::ListEnvironments;
use wire::environment::Environment;
use wire::error::FieldErrors;
use wire::open::Words;
use wire::path::ProjectParams;
use wire::person::RoleAt;
use wire::session::{Grant, Role};
use wire::text::Name;

use super::failed::failed_whole;
use crate::api::{call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::dialog::DialogButtons;
use crate::components::field::{SelectField, TextField};
use crate::reactive::{When, memo};
use crate::state::act::Act;
use crate::state::remote::Remote;
use crate::state::tree::use_tree;

/// What was chosen. Empty slugs narrow nothing down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDraft {
    /// What may be done.
    pub role: Role,
    /// Slug of a project.
    pub project: String,
    /// Slug of one of its environments.
    pub environment: String,
}

impl Default for RoleDraft {
    fn default() -> Self {
        Self {
            role: Role::Viewer,
            project: String::new(),
            environment: String::new(),
        }
    }
}

impl RoleDraft {
    /// One that was given before; nothing where this page does not know its role.
    pub fn of(grant: &Grant) -> Option<Self> {
        Some(Self {
            role: grant.role.known()?,
            project: grant.project.clone().unwrap_or_default(),
            environment: grant.environment.clone().unwrap_or_default(),
        })
    }

    /// As the API takes it.
    pub fn request(&self) -> RoleAt {
        let given = |slug: &String| Some(slug.clone()).filter(|slug| !slug.is_empty());
        let project = given(&self.project);
        RoleAt {
            role: self.role,
            environment: project.as_ref().and_then(|_| given(&self.environment)),
            project,
        }
    }
}

/// What a role may do, in a few words.
pub fn role_hint(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Reads everything but the values of config",
        Role::Member => "Deploys, restarts, scales, edits services and plain config",
        Role::Admin => "Everything: secrets, deleting, people and keys too",
    }
}

/// The fields that choose a role and where it holds.
#[component]
pub fn RoleFields(
    org: Memo<String>,
    #[prop(into)] value: Signal<RoleDraft>,
    #[prop(into)] on_change: Callback<RoleDraft>,
    #[prop(into, optional)] errors: Signal<FieldErrors>,
) -> impl IntoView {
    let projects = use_tree().projects;
    let project = memo(move || value.with(|draft| draft.project.clone()));
    let environments = use_environments(org, project);
    let roles = Role::ALL
        .iter()
        .map(|role| (role.word().to_owned(), role.word().to_owned()))
        .collect::<Vec<_>>();
    let whole = |words: &str| vec![(String::new(), words.to_owned())];
    let project_choices = move || {
        let mut choices = whole("The whole organisation");
        let known = projects.get();
        let known = known.iter().flat_map(|list| list.iter());
        choices.extend(known.map(|one| (one.slug.clone(), one.name.clone())));
        choices
    };
    let environment_choices = move || {
        let mut choices = whole("The whole project");
        let known = environments
            .get()
            .filter(|_| project.with(|project| !project.is_empty()));
        let known = known.iter().flat_map(|list| list.iter());
        choices.extend(known.map(|one| (one.slug.clone(), one.name.clone())));
        choices
    };
    let change = move |change: &dyn Fn(&mut RoleDraft)| {
        let mut draft = value.get_untracked();
        change(&mut draft);
        on_change.run(draft);
    };
    let faults = move |field: &'static str| {
        Signal::derive(move || errors.with(|errors| errors.of(field).to_vec()))
    };
    let environment_field = move || {
        view! {
            <SelectField
                label="Environment"
                choices=Signal::derive(environment_choices)
                value=Signal::derive(move || value.with(|draft| draft.environment.clone()))
                faults=faults("environment")
                on_choose=move |slug: String| change(&|draft| draft.environment.clone_from(&slug))
            />
        }
    };
    view! {
        <SelectField
            label="Role"
            choices=roles
            value=Signal::derive(move || value.with(|draft| draft.role.to_string()))
            hint=Signal::derive(move || value.with(|draft| role_hint(draft.role).to_owned()))
            faults=faults("role")
            on_choose=move |word: String| {
                if let Some(role) = Role::from_word(&word) {
                    change(&|draft| draft.role = role);
                }
            }
        />
        <SelectField
            label="In"
            choices=Signal::derive(project_choices)
            value=project
            faults=faults("project")
            on_choose=move |slug: String| {
                change(
                    &|draft| {
                        draft.project.clone_from(&slug);
                        draft.environment.clear();
                    },
                );
            }
        />
        <When is=move || {
            project.with(|project| !project.is_empty())
        }>{environment_field()}</When>
    }
}

/// The environments of the project that is chosen.
fn use_environments(org: Memo<String>, project: Memo<String>) -> Remote<Vec<Environment>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let (org, project) = (org.get(), project.get());
            (!project.is_empty()).then(|| {
                let at = ProjectParams { org, project };
                call::<ListEnvironments>(&connection, &at, &NoQuery, &NoBody)
            })
        },
        |_| None,
    )
}

/// A name with a role: who is invited, or a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedRole {
    /// What it will be called in the history.
    pub name: String,
    /// What it may do.
    pub at: RoleDraft,
}

impl NamedRole {
    /// What the API takes.
    ///
    /// # Errors
    /// What a name must look like.
    pub fn request(&self) -> Result<(Name, RoleAt), FieldErrors> {
        match Name::new(&self.name) {
            Ok(name) => Ok((name, self.at.request())),
            Err(words) => Err(FieldErrors::one("name", words)),
        }
    }
}

/// The form of a name with a role; `request` makes what is sent of them, and what else is asked for
/// stands below.
#[component]
pub fn NamedRoleForm<I: 'static>(
    org: Memo<String>,
    hint: &'static str,
    verb: &'static str,
    open: RwSignal<bool>,
    act: Act<I>,
    /// What is sent; nothing while what else was typed has a fault.
    request: impl Fn(Name, RoleAt) -> Option<I> + Copy + Send + Sync + 'static,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let draft = RwSignal::new(NamedRole::default());
    let checked = RwSignal::new(false);
    act.failure.set(None);
    let errors = memo(move || {
        let own = draft.with(|draft| draft.request().err());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.filter(|_| checked.get()).or(sent).unwrap_or_default()
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        checked.set(true);
        if let Ok((name, at)) = draft.with_untracked(NamedRole::request)
            && let Some(input) = request(name, at)
        {
            act.go(input);
        }
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {failed_whole(act)}
                <TextField
                    label="Name"
                    first=true
                    value=Signal::derive(move || draft.with(|draft| draft.name.clone()))
                    hint=Signal::stored(hint.to_owned())
                    faults=Signal::derive(move || errors.with(|errors| errors.of("name").to_vec()))
                    on_input=move |name| draft.update(|draft| draft.name = name)
                />
                <RoleFields
                    org
                    value=Signal::derive(move || draft.with(|draft| draft.at.clone()))
                    errors
                    on_change=move |at| draft.update(|draft| draft.at = at)
                /> {children.map(|children| children())}
            </div>
            <DialogButtons open>
                <Button label=verb kind=Kind::Primary submit=true pending=act.pending() />
            </DialogButtons>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_narrows_nothing_down_is_not_sent() {
        let at = RoleDraft {
            environment: "production".into(),
            ..RoleDraft::default()
        };
        assert_eq!(at.request(), RoleAt::whole(Role::Viewer));
        let named = NamedRole {
            name: " ".into(),
            at,
        };
        assert!(!named.request().unwrap_err().of("name").is_empty());
    }
}
