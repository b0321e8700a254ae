//! Keys of an org: what programs come in with.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CreateKey, ListKeys, RevokeKey};
use wire::key::{Key, KeyCreate, NewKey};
use wire::path::{KeyParams, OrgParams};
use wire::quantity::KeyLifetime;

use super::{AccessHead, Shown, ShownOnce, few, grant_words, level_of, use_org};
use crate::api::{call, use_connection};
use crate::components::button::{Button, IconButton, Kind};
use crate::components::dialog::{Dialog, DialogButtons, open_about};
use crate::components::feedback::Empty;
use crate::components::field::SelectField;
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::forms::failed::failed_whole;
use crate::forms::roles::NamedRoleForm;
use crate::pages::parts::{freshness, instant, loaded, maybe_instant, open_asked};
use crate::reactive::{dynamic, memo};
use crate::routes::AccessPage;
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{dialog, use_right};

/// How often the list is fetched again, in milliseconds.
const AGAIN: u32 = 10_000;
/// How long a key may last, in days, with the words for it; nothing: until it is revoked.
const LIFETIMES: [(&str, &str); 5] = [
    ("30", "30 days"),
    ("7", "7 days"),
    ("90", "90 days"),
    ("365", "A year"),
    ("", "Until it is revoked"),
];

/// Every key.
#[component]
pub fn KeysPage() -> impl IntoView {
    let org = use_org();
    let connection = use_connection();
    let keys = Remote::new(
        move || {
            let at = OrgParams { org: org.get() };
            Some(call::<ListKeys>(&connection, &at, &NoQuery, &NoBody))
        },
        |_| Some(AGAIN),
    );
    let making = RwSignal::new(false);
    let shown = RwSignal::new(None);
    let revoked = RwSignal::new(None::<Key>);
    let barrier = use_right::<CreateKey>(level_of(org), dialog("key"));
    open_asked("key", making, barrier);
    let act = use_make(org, keys, making, shown);
    let list = move |keys: Signal<Arc<Vec<Key>>>| dynamic(move || key_table(revoked, &keys.get()));
    view! {
        <AccessHead org page=AccessPage::Keys>
            <Button
                label="New key"
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier
                on_click=move |()| making.set(true)
            />
        </AccessHead>
        <Panel title="Keys" aside=move || freshness(keys.held()) flush=true>
            {loaded(keys, 4, list)}
        </Panel>
        <Dialog title="New key" open=making>
            <KeyFields org open=making act />
        </Dialog>
        <RevokeDialog org keys revoked />
        <ShownOnce shown />
    }
}

fn key_table(revoked: RwSignal<Option<Key>>, keys: &[Key]) -> AnyView {
    if keys.is_empty() {
        return view! {
            <Empty
                title="No key yet"
                words="A key lets a program call the API with a role of its own: a build server, a script."
            />
        }
        .into_any();
    }
    let rows = keys
        .iter()
        .map(|key| {
            let gone = key.clone();
            let until = match key.expires {
                Some(at) => instant(at).into_any(),
                None => view! { <span class="faint">"when revoked"</span> }.into_any(),
            };
            view! {
                <tr>
                    <td class="name">{key.name.clone()}</td>
                    <td>{grant_words(&key.grant)}</td>
                    <td>{key.created_by.clone()}</td>
                    <td class="num">{maybe_instant(key.created)}</td>
                    <td class="num">{maybe_instant(key.used)}</td>
                    <td class="num">{until}</td>
                    <td class="num tools">
                        <IconButton
                            label=format!("Revoke {}", key.name)
                            glyph=Signal::stored(Icon::Bin)
                            on_click=move |()| revoked.set(Some(gone.clone()))
                        />
                    </td>
                </tr>
            }
        })
        .collect_view();
    few(
        "Keys",
        &["Name", "May do", "Made by", "Made", "Last used", "Ends"],
        &[3, 4, 5],
        rows.into_any(),
    )
}

fn use_make(
    org: Memo<String>,
    keys: Remote<Vec<Key>>,
    making: RwSignal<bool>,
    shown: RwSignal<Option<Shown>>,
) -> Act<KeyCreate> {
    let connection = use_connection();
    Act::of_call(
        move |key: &KeyCreate| {
            let at = OrgParams {
                org: org.get_untracked(),
            };
            call::<CreateKey>(&connection, &at, &NoQuery, key)
        },
        move |_, made: NewKey| {
            making.set(false);
            shown.set(Some(Shown {
                title: format!("Key {}", made.key.name),
                words: "Copy it now: it is shown only this once. A program sends it as \
                        Authorization: Bearer KEY, or as X-API-Key."
                    .to_owned(),
                text: made.secret,
            }));
            keys.refresh();
        },
    )
}

#[component]
fn KeyFields(org: Memo<String>, open: RwSignal<bool>, act: Act<KeyCreate>) -> impl IntoView {
    let days = RwSignal::new(LIFETIMES[0].0.to_owned());
    let lifetimes = LIFETIMES.map(|(days, words)| (days.to_owned(), words.to_owned()));
    let request = move |name, at| {
        Some(KeyCreate {
            name,
            at,
            expires_in: days.with_untracked(|days| lifetime(days)),
        })
    };
    view! {
        <NamedRoleForm
            org
            hint="What uses it: build server, nightly backup"
            verb="Make key"
            open
            act
            request
        >
            <SelectField
                label="Lasts"
                choices=lifetimes.to_vec()
                value=days
                on_choose=move |chosen| days.set(chosen)
            />
        </NamedRoleForm>
    }
}

/// So many days in seconds.
fn lifetime(days: &str) -> Option<KeyLifetime> {
    let days: u64 = days.parse().ok()?;
    KeyLifetime::new(days * 86_400).ok()
}

#[component]
fn RevokeDialog(
    org: Memo<String>,
    keys: Remote<Vec<Key>>,
    revoked: RwSignal<Option<Key>>,
) -> impl IntoView {
    let (connection, notices) = (use_connection(), use_notices());
    let act = Act::of_call(
        move |key: &Key| {
            let at = KeyParams {
                org: org.get_untracked(),
                key: key.id.clone(),
            };
            call::<RevokeKey>(&connection, &at, &NoQuery, &NoBody)
        },
        move |key, _| {
            revoked.set(None);
            notices.say(format!("The key {} opens nothing any more.", key.name));
            keys.refresh();
        },
    );
    let open = open_about(revoked);
    let title = memo(move || {
        let key = revoked.get();
        key.map_or_else(String::new, |key| format!("Revoke {}", key.name))
    });
    let revoke = move |()| {
        if let Some(key) = revoked.get_untracked() {
            act.go(key);
        }
    };
    view! {
        <Dialog title open>
            <div class="body">
                {failed_whole(act)}
                <p>
                    "Programs that use it are refused from now on, and whoever signed in with it is signed out. It can't be brought back."
                </p>
            </div>
            <DialogButtons open>
                <Button label=title kind=Kind::Danger pending=act.pending() on_click=revoke />
            </DialogButtons>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_in_seconds() {
        assert_eq!(lifetime("30").map(KeyLifetime::get), Some(2_592_000));
        assert_eq!(lifetime(""), None);
        assert!(
            LIFETIMES
                .iter()
                .all(|(days, _)| days.is_empty() || lifetime(days).is_some())
        );
    }
}
