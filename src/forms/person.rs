//! The dialog that changes what somebody may do in an org.

use leptos::prelude::*;
use wire::email::Email;
use wire::endpoints::{GetPerson, UpdatePerson};
use wire::error::FieldErrors;
use wire::patch::Patch;
use wire::path::PersonParams;
use wire::person::{Person, PersonPatch, RoleAt};

use super::email::{EmailField, address};
use super::failed::failed_whole;
use super::roles::{RoleDraft, RoleFields};
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons, open_about};
use crate::components::icon::Icon;
use crate::reactive::{dynamic, effect, memo};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::revised::{Read, use_revision};

/// The roles that somebody has in an org, as they are changed.
fn drafts(person: &Person) -> Vec<RoleDraft> {
    let own = person.grants.iter().filter(|grant| grant.org.is_some());
    own.filter_map(RoleDraft::of).collect()
}

/// What is sent: only what differs; nothing where nothing does.
///
/// # Errors
/// What was typed is no address.
fn request(
    person: &Person,
    roles: &[RoleDraft],
    email: &str,
) -> Result<Option<PersonPatch>, FieldErrors> {
    let email = address(email)?;
    let known = person.email.as_deref();
    let patch = PersonPatch {
        name: None,
        email: match email {
            email if email.as_ref().map(Email::canonical).as_deref() == known => Patch::Keep,
            Some(email) => Patch::Set(email),
            None => Patch::Clear,
        },
        grants: (roles != drafts(person)).then(|| roles.iter().map(RoleDraft::request).collect()),
    };
    Ok((patch != PersonPatch::default()).then_some(patch))
}

/// The faults of one role, by its own fields.
fn faults_of(errors: &FieldErrors, index: usize) -> FieldErrors {
    let prefix = format!("grants.{index}");
    let mut own = FieldErrors::default();
    for (path, words) in errors.iter() {
        let field = match path.strip_prefix(&prefix) {
            Some("") => "project",
            Some(rest) => rest.strip_prefix('.').unwrap_or_default(),
            None => continue,
        };
        for word in words {
            own.add(field, word.as_str());
        }
    }
    own
}

/// Whether somebody already is what a change makes of them: then the answer to it was lost.
fn is_made(patch: &PersonPatch, now: &Person) -> bool {
    let email = match &patch.email {
        Patch::Keep => true,
        Patch::Clear => now.email.is_none(),
        Patch::Set(email) => now.email == Some(email.canonical()),
    };
    let has_roles = |wanted: &Vec<RoleAt>| {
        let has: Vec<RoleAt> = drafts(now).iter().map(RoleDraft::request).collect();
        has.len() == wanted.len() && wanted.iter().all(|role| has.contains(role))
    };
    email
        && patch
            .name
            .as_ref()
            .is_none_or(|name| name.as_str() == now.name)
        && patch.grants.as_ref().is_none_or(has_roles)
}

/// The dialog, open while there is somebody; `done` follows when the roles are changed.
#[component]
pub fn RolesForm(
    org: Memo<String>,
    about: RwSignal<Option<Read<Person>>>,
    #[prop(into)] done: Callback<()>,
) -> impl IntoView {
    let notices = use_notices();
    let at = move |person: &Person| PersonParams {
        org: org.get_untracked(),
        person: person.id.clone(),
    };
    let changed = move |changed: Person| {
        notices.say(format!("What {} may do is changed, at once.", changed.name));
        done.run(());
    };
    let act = use_revision::<GetPerson, UpdatePerson>(about, at, is_made, changed);
    let open = open_about(about);
    let title = memo(move || {
        let name = about.with(|about| about.as_ref().map(|read| read.thing.name.clone()));
        name.map_or_else(String::new, |name| format!("What {name} may do"))
    });
    view! {
        <Dialog title open>
            <RolesFields org about open act />
        </Dialog>
    }
}

#[component]
fn RolesFields(
    org: Memo<String>,
    about: RwSignal<Option<Read<Person>>>,
    open: RwSignal<bool>,
    act: Act<PersonPatch>,
) -> impl IntoView {
    act.failure.set(None);
    let saved = RwSignal::new(None::<Person>);
    let roles = RwSignal::new(Vec::<RoleDraft>::new());
    let email = RwSignal::new(String::new());
    // What others saved is taken in where nothing else was typed.
    let take_in = move |now: Person| {
        let before = saved.get_untracked();
        let kept = before.map(|person| (drafts(&person), person.email.unwrap_or_default()));
        let kept = kept.unwrap_or_default();
        if roles.with_untracked(|roles| *roles == kept.0) {
            roles.set(drafts(&now));
        }
        if email.with_untracked(|email| *email == kept.1) {
            email.set(now.email.clone().unwrap_or_default());
        }
        saved.set(Some(now));
    };
    if let Some(read) = about.get_untracked() {
        take_in(read.thing);
    }
    effect(move || {
        if let Some(read) = about.get() {
            take_in(read.thing);
        }
    });
    let count = memo(move || roles.with(Vec::len));
    let errors = memo(move || {
        let failure = act.failure.get();
        failure
            .map(|failure| failure.field_errors())
            .unwrap_or_default()
    });
    let rows = move || {
        let rows = (0..count.get()).map(|index| {
            let value = Signal::derive(move || {
                roles.with(|roles| roles.get(index).cloned().unwrap_or_default())
            });
            let own = Signal::derive(move || errors.with(|errors| faults_of(errors, index)));
            let change = move |draft: RoleDraft| {
                roles.update(|roles| {
                    if let Some(role) = roles.get_mut(index) {
                        *role = draft;
                    }
                });
            };
            let remove = move |()| {
                roles.update(|roles| {
                    roles.remove(index);
                });
            };
            view! {
                <fieldset class="role">
                    <legend>{format!("Role {}", index + 1)}</legend>
                    <RoleFields org value errors=own on_change=change />
                    <Button
                        label="Remove this role"
                        kind=Kind::Quiet
                        glyph=Icon::Bin
                        on_click=remove
                    />
                </fieldset>
            }
        });
        rows.collect_view().into_any()
    };
    let asked = move || {
        saved.with(|person| {
            let patch = roles
                .with(|roles| email.with(|email| request(person.as_ref()?, roles, email).ok()));
            patch?
        })
    };
    let against = memo(move || {
        let takes_all = asked().is_some_and(|patch| patch.grants.is_some_and(|all| all.is_empty()));
        takes_all.then(|| "Give at least one role, or remove the person.".to_owned())
    });
    let filled = move || untrack(asked);
    let sent_email = Signal::derive(move || errors.with(|errors| errors.of("email").to_vec()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if against.with_untracked(Option::is_none)
            && let Some(input) = filled()
        {
            act.go(input);
        }
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {failed_whole(act)} <EmailField value=email sent=sent_email />
                <p class="dim">
                    "Of several roles that hold at a place, the nearest one wins, for better or worse."
                </p> {dynamic(rows)} <div>
                    <Button
                        label="Add a role"
                        glyph=Icon::Plus
                        on_click=move |()| roles.update(|roles| roles.push(RoleDraft::default()))
                    />
                </div>
            </div>
            <DialogButtons open commands=act.commands(filled)>
                <Button label="Save" kind=Kind::Primary submit=true against pending=act.pending() />
            </DialogButtons>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use wire::open::Open;
    use wire::session::{Grant, Role};

    use super::*;

    #[test]
    fn a_role_of_the_whole_platform_is_not_the_orgs_to_change() {
        let grant = |org: Option<&str>| Grant {
            role: Open::Known(Role::Admin),
            org: org.map(str::to_owned),
            project: None,
            environment: None,
        };
        let person = Person {
            id: "1".into(),
            name: "Ada".into(),
            email: None,
            grants: vec![grant(None), grant(Some("acme"))],
            created: None,
            seen: None,
        };
        assert_eq!(drafts(&person).len(), 1);
    }

    #[test]
    fn a_change_whose_answer_was_lost_is_known() {
        let at = |role, project: Option<&str>| Grant {
            role: Open::Known(role),
            org: Some("acme".into()),
            project: project.map(str::to_owned),
            environment: None,
        };
        let person = Person {
            id: "1".into(),
            name: "Ada".into(),
            email: Some("ada@example.com".into()),
            grants: vec![at(Role::Member, None), at(Role::Viewer, Some("shop"))],
            created: None,
            seen: None,
        };
        let mut roles = drafts(&person);
        let nobody = Person {
            email: None,
            grants: Vec::new(),
            ..person.clone()
        };
        let patch = request(&nobody, &roles, "Ada@example.com")
            .unwrap()
            .unwrap();
        assert!(is_made(&patch, &person));
        assert!(!is_made(&patch, &nobody));
        roles.pop();
        let fewer = request(&person, &roles, "ada@example.com")
            .unwrap()
            .unwrap();
        assert!(!is_made(&fewer, &person));
    }

    #[test]
    fn faults_land_at_their_role() {
        let mut errors = FieldErrors::default();
        errors.add("grants.1", "twice");
        errors.add("grants.0.environment", "gone");
        assert_eq!(faults_of(&errors, 0).of("environment"), ["gone"]);
        assert_eq!(faults_of(&errors, 1).of("project"), ["twice"]);
        assert!(faults_of(&errors, 2).is_empty());
    }
}
