//! People of an org: who they are, what they may do, and who is invited.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{
    CreateInvitation, CreateSignInLink, DeleteInvitation, ListInvitations, ListPeople, RemovePerson,
};
use wire::path::{InvitationParams, OrgParams, PersonParams};
use wire::person::{Invitation, InvitationCreate, Person};

use super::{AccessHead, Shown, ShownOnce, complain_of, grant_words, level_of, use_org};
use crate::api::{call, use_connection};
use crate::components::button::{Button, IconButton, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::{Empty, Note};
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::forms::person::RolesForm;
use crate::forms::roles::{NamedRole, NamedRoleFields};
use crate::pages::parts::{freshness, instant, loaded, maybe_instant, open_asked};
use crate::reactive::{dynamic, memo};
use crate::routes::AccessPage;
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{dialog, use_right};

/// How often the lists are fetched again, in milliseconds.
const AGAIN: u32 = 10_000;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Page {
    org: Memo<String>,
    people: Remote<Vec<Person>>,
    invitations: Remote<Vec<Invitation>>,
    /// A link that was just made.
    shown: RwSignal<Option<Shown>>,
    /// Whose roles are changed.
    changed: RwSignal<Option<Person>>,
    /// Who is to be removed.
    removed: RwSignal<Option<Person>>,
}

/// People and invitations.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let org = use_org();
    let connection = use_connection();
    let at = move || OrgParams { org: org.get() };
    let people = {
        let connection = connection.clone();
        move || Some(call::<ListPeople>(&connection, &at(), &NoQuery, &NoBody))
    };
    let invitations = move || {
        Some(call::<ListInvitations>(
            &connection,
            &at(),
            &NoQuery,
            &NoBody,
        ))
    };
    let page = Page {
        org,
        people: Remote::new(people, |_| Some(AGAIN)),
        invitations: Remote::new(invitations, |_| Some(AGAIN)),
        shown: RwSignal::new(None),
        changed: RwSignal::new(None),
        removed: RwSignal::new(None),
    };
    let inviting = RwSignal::new(false);
    let barrier = use_right::<CreateInvitation>(level_of(org), dialog("invite"));
    open_asked("invite", inviting, barrier);
    let link = use_sign_in_link(page);
    let list = move |people: Signal<Arc<Vec<Person>>>| {
        dynamic(move || people_table(page, link, &people.get()))
    };
    let invited = move |invitations: Signal<Arc<Vec<Invitation>>>| {
        dynamic(move || invitation_table(page, &invitations.get()))
    };
    view! {
        <AccessHead org page=AccessPage::People>
            <Button
                label="Invite somebody"
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier
                on_click=move |()| inviting.set(true)
            />
        </AccessHead>
        <Panel title="People" aside=move || freshness(page.people.held()) flush=true>
            {loaded(page.people, 4, list)}
        </Panel>
        <Panel title="Invitations" aside=move || freshness(page.invitations.held()) flush=true>
            {loaded(page.invitations, 2, invited)}
        </Panel>
        <InviteDialog page open=inviting />
        <RolesForm org person=page.changed done=move |()| page.people.refresh() />
        <RemoveDialog page />
        <ShownOnce shown=page.shown />
    }
}

fn people_table(page: Page, link: Act<Person>, people: &[Person]) -> AnyView {
    if people.is_empty() {
        return view! {
            <Empty
                title="Nobody has a role here yet"
                words="Invite somebody with a role. Whoever signs in with a key is listed under Keys."
            />
        }
        .into_any();
    }
    let rows = people
        .iter()
        .map(|person| {
            let roles: Vec<String> = person.grants.iter().map(grant_words).collect();
            let [for_link, for_roles, for_removal] =
                [person.clone(), person.clone(), person.clone()];
            view! {
                <tr>
                    <td class="name">{person.name.clone()}</td>
                    <td>{roles.join(", ")}</td>
                    <td class="num">{maybe_instant(person.seen)}</td>
                    <td class="num tools">
                        <IconButton
                            label=format!("Change what {} may do", person.name)
                            glyph=Signal::stored(Icon::Pencil)
                            on_click=move |()| page.changed.set(Some(for_roles.clone()))
                        />
                        <IconButton
                            label=format!("Sign-in link for {}", person.name)
                            glyph=Signal::stored(Icon::Link)
                            on_click=move |()| link.go(for_link.clone())
                        />
                        <IconButton
                            label=format!("Remove {}", person.name)
                            glyph=Signal::stored(Icon::Bin)
                            on_click=move |()| page.removed.set(Some(for_removal.clone()))
                        />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="People" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th>"Name"</th>
                        <th>"May do"</th>
                        <th class="num">"Last seen"</th>
                        <th>
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn invitation_table(page: Page, invitations: &[Invitation]) -> AnyView {
    if invitations.is_empty() {
        return view! {
            <Empty
                title="No open invitation"
                words="An invitation is a link that lets one person in, within a week."
            />
        }
        .into_any();
    }
    let take_back = use_take_back(page);
    let rows = invitations
        .iter()
        .map(|invitation| {
            let id = invitation.id.clone();
            let until = invitation.expires.map(|at| instant(at).into_any());
            view! {
                <tr>
                    <td class="name">{invitation.name.clone()}</td>
                    <td>{grant_words(&invitation.grant)}</td>
                    <td>{invitation.created_by.clone()}</td>
                    <td class="num">{until}</td>
                    <td class="num tools">
                        <IconButton
                            label=format!("Take back the invitation of {}", invitation.name)
                            glyph=Signal::stored(Icon::Bin)
                            on_click=move |()| take_back.go(id.clone())
                        />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="Invitations" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th>"Name"</th>
                        <th>"Will be"</th>
                        <th>"Invited by"</th>
                        <th class="num">"Ends"</th>
                        <th>
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn use_sign_in_link(page: Page) -> Act<Person> {
    let connection = use_connection();
    let act = Act::of_call(
        move |person: &Person| {
            let at = PersonParams {
                org: page.org.get_untracked(),
                person: person.id.clone(),
            };
            call::<CreateSignInLink>(&connection, &at, &NoQuery, &NoBody)
        },
        move |_, link| page.shown.set(Some(Shown::link(&link))),
    );
    complain_of(act);
    act
}

fn use_take_back(page: Page) -> Act<String> {
    let (connection, notices) = (use_connection(), use_notices());
    let act = Act::of_call(
        move |id: &String| {
            let at = InvitationParams {
                org: page.org.get_untracked(),
                invitation: id.clone(),
            };
            call::<DeleteInvitation>(&connection, &at, &NoQuery, &NoBody)
        },
        move |_, _| {
            notices.say("The invitation is taken back: its link opens nothing any more.");
            page.invitations.refresh();
        },
    );
    complain_of(act);
    act
}

#[component]
fn InviteDialog(page: Page, open: RwSignal<bool>) -> impl IntoView {
    let connection = use_connection();
    let act = Act::of_call(
        move |invitation: &InvitationCreate| {
            let at = OrgParams {
                org: page.org.get_untracked(),
            };
            call::<CreateInvitation>(&connection, &at, &NoQuery, invitation)
        },
        move |_, link| {
            open.set(false);
            page.shown.set(Some(Shown::link(&link)));
            page.invitations.refresh();
        },
    );
    view! {
        <Dialog title="Invite somebody" open>
            <InviteFields page open act />
        </Dialog>
    }
}

#[component]
fn InviteFields(page: Page, open: RwSignal<bool>, act: Act<InvitationCreate>) -> impl IntoView {
    let draft = RwSignal::new(NamedRole::default());
    let checked = RwSignal::new(false);
    act.failure.set(None);
    let errors = memo(move || {
        let own = draft.with(|draft| draft.request().err());
        let sent = act.failure.get().map(|failure| failure.field_errors());
        own.filter(|_| checked.get()).or(sent).unwrap_or_default()
    });
    let filled = move || {
        checked.set(true);
        let (name, at) = draft.with_untracked(NamedRole::request).ok()?;
        Some(InvitationCreate { name, at })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(invitation) = filled() {
            act.go(invitation);
        }
    };
    view! {
        <form on:submit=submit novalidate>
            <div class="body">
                {dynamic(move || other_failure(act).into_any())}
                <NamedRoleFields
                    org=page.org
                    draft
                    hint="As they are called in the history"
                    errors
                />
            </div>
            <DialogButtons open>
                <Button
                    label="Make the link"
                    kind=Kind::Primary
                    submit=true
                    pending=act.pending()
                />
            </DialogButtons>
        </form>
    }
}

/// Why an attempt failed, where no field tells it.
pub(super) fn other_failure<I: 'static>(act: Act<I>) -> Option<impl IntoView + use<I>> {
    let failure = act.failure.get()?;
    failure.field_errors().is_empty().then(|| {
        view! {
            <Note bad=true>
                <span class="grow">{failure.words()}</span>
            </Note>
        }
    })
}

#[component]
fn RemoveDialog(page: Page) -> impl IntoView {
    let (connection, notices) = (use_connection(), use_notices());
    let act = Act::of_call(
        move |person: &Person| {
            let at = PersonParams {
                org: page.org.get_untracked(),
                person: person.id.clone(),
            };
            call::<RemovePerson>(&connection, &at, &NoQuery, &NoBody)
        },
        move |person, _| {
            page.removed.set(None);
            notices.say(format!("{} has no role here any more.", person.name));
            page.people.refresh();
        },
    );
    let open = super::open_with(page.removed);
    let name = memo(move || {
        let removed = page.removed.get();
        removed.map(|person| person.name).unwrap_or_default()
    });
    let remove = move |()| {
        if let Some(person) = page.removed.get_untracked() {
            act.go(person);
        }
    };
    let title = memo(move || format!("Remove {}", name.get()));
    view! {
        <Dialog title open>
            <div class="body">
                {dynamic(move || other_failure(act).into_any())}
                <p>
                    {move || {
                        format!(
                            "{} loses every role in this organisation at once. Without a role elsewhere they are signed out in every browser. What they did stays in the audit.",
                            name.get(),
                        )
                    }}
                </p>
            </div>
            <DialogButtons open>
                <Button label=title kind=Kind::Danger pending=act.pending() on_click=remove />
            </DialogButtons>
        </Dialog>
    }
}
