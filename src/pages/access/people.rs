//! People of an org: who they are, what they may do, and who is invited.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{
    CreateInvitation, CreateSignInLink, DeleteInvitation, GetPerson, ListInvitations, ListPeople,
    RemovePerson,
};
use wire::path::{InvitationParams, OrgParams, PersonParams};
use wire::person::{Invitation, InvitationCreate, Person};

use super::{AccessHead, Shown, ShownOnce, few, grant_words, level_of, use_org};
use crate::api::{call, use_connection};
use crate::components::button::{Button, IconButton, Kind};
use crate::components::dialog::{Dialog, DialogButtons, open_about};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::forms::email::{EmailField, address};
use crate::forms::failed::failed_whole;
use crate::forms::person::RolesForm;
use crate::forms::roles::NamedRoleForm;
use crate::pages::overview::bones_of;
use crate::pages::parts::{freshness, instant, loaded, loaded_into, maybe_instant, open_asked};
use crate::reactive::{dynamic, memo};
use crate::routes::AccessPage;
use crate::state::act::{Act, complain_of};
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::revised::use_reading;
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
    /// Reads whose roles are to be changed.
    change: Act<PersonParams>,
    /// Who is to be removed.
    removed: RwSignal<Option<Person>>,
}

impl Page {
    /// Where somebody stands.
    fn at(self, person: &Person) -> PersonParams {
        PersonParams {
            org: self.org.get_untracked(),
            person: person.id.clone(),
        }
    }
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
    let changed = RwSignal::new(None);
    let page = Page {
        org,
        people: Remote::new(people, |_| Some(AGAIN)),
        invitations: Remote::new(invitations, |_| Some(AGAIN)),
        shown: RwSignal::new(None),
        change: use_reading::<GetPerson>(changed),
        removed: RwSignal::new(None),
    };
    let inviting = RwSignal::new(false);
    let barrier = use_right::<CreateInvitation>(level_of(org), dialog("invite"));
    open_asked("invite", inviting, barrier);
    let link = use_sign_in_link(page);
    let invited = move |invitations: Signal<Arc<Vec<Invitation>>>| {
        dynamic(move || invitation_table(page, &invitations.get()))
    };
    let list = move |people: Signal<Arc<Vec<Person>>>| {
        view! {
            <Panel title="People" aside=move || freshness(page.people.held()) flush=true>
                {dynamic(move || people_table(page, link, &people.get()))}
            </Panel>
            <Panel title="Invitations" aside=move || freshness(page.invitations.held()) flush=true>
                {loaded(page.invitations, 2, invited)}
            </Panel>
        }
        .into_any()
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
        {loaded_into(page.people, bones, list)}
        <InviteDialog page open=inviting />
        <RolesForm org about=changed done=move |()| page.people.refresh() />
        <RemoveDialog page />
        <ShownOnce shown=page.shown />
    }
}

fn bones() -> AnyView {
    view! {
        {bones_of("People", 4)}
        {bones_of("Invitations", 2)}
    }
    .into_any()
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
            let [for_link, for_removal] = [person.clone(), person.clone()];
            let at = page.at(person);
            view! {
                <tr>
                    <td class="name">{person.name.clone()}</td>
                    <td>{roles.join(", ")}</td>
                    <td class="num">{maybe_instant(person.seen)}</td>
                    <td class="num tools">
                        <IconButton
                            label=format!("Change what {} may do", person.name)
                            glyph=Signal::stored(Icon::Pencil)
                            on_click=move |()| page.change.go(at.clone())
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
    few(
        "People",
        &["Name", "May do", "Last seen"],
        &[2],
        rows.into_any(),
    )
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
    few(
        "Invitations",
        &["Name", "Will be", "Invited by", "Ends"],
        &[3],
        rows.into_any(),
    )
}

fn use_sign_in_link(page: Page) -> Act<Person> {
    let connection = use_connection();
    let act = Act::of_call(
        move |person: &Person| {
            call::<CreateSignInLink>(&connection, &page.at(person), &NoQuery, &NoBody)
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
            <InviteFields org=page.org open act />
        </Dialog>
    }
}

#[component]
fn InviteFields(
    org: Memo<String>,
    open: RwSignal<bool>,
    act: Act<InvitationCreate>,
) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let sent = Signal::derive(move || {
        let failure = act.failure.get();
        failure.map_or_else(Vec::new, |failure| {
            failure.field_errors().of("email").to_vec()
        })
    });
    view! {
        <NamedRoleForm
            org
            hint="As they are called in the history"
            verb="Make the link"
            open
            act
            request=move |name, at| {
                let email = email.with_untracked(|text| address(text)).ok()?;
                Some(InvitationCreate {
                    name,
                    email,
                    at,
                })
            }
        >
            <EmailField value=email sent />
        </NamedRoleForm>
    }
}

#[component]
fn RemoveDialog(page: Page) -> impl IntoView {
    let (connection, notices) = (use_connection(), use_notices());
    let act = Act::of_call(
        move |person: &Person| {
            call::<RemovePerson>(&connection, &page.at(person), &NoQuery, &NoBody)
        },
        move |person, _| {
            page.removed.set(None);
            notices.say(format!("{} has no role here any more.", person.name));
            page.people.refresh();
        },
    );
    let open = open_about(page.removed);
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
                {failed_whole(act)}
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
