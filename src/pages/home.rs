//! The first page: on to the org in use, or the list of orgs.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wire::endpoint::NoQuery;
use wire::endpoints::CreateOrg;
use wire::org::{Named, Org};
use wire::path::NoParams;

use super::parts::{freshness, loaded, maybe_instant, open_asked};
use crate::api::{call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Head, Panel};
use crate::forms::named::NamedForm;
use crate::reactive::effect;
use crate::routes::{Address, use_go};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::preference::last_org;
use crate::state::rights::{dialog, use_right};
use crate::state::title::use_title;
use crate::state::tree::use_tree;
use crate::words::plural;

/// The list of orgs, unless it is clear which one is meant.
#[component]
pub fn HomePage() -> impl IntoView {
    use_title(|| "Organisations".to_owned());
    let orgs = use_tree().orgs;
    let creating = RwSignal::new(false);
    let barrier = use_right::<CreateOrg>(|| None, dialog("new"));
    open_asked("new", creating, barrier);
    let create = use_create(creating);
    go_on_where_clear();

    let rows = move |orgs: Signal<std::sync::Arc<Vec<Org>>>| {
        let table = move || {
            let orgs = orgs.get();
            if orgs.is_empty() {
                return view! {
                    <Empty
                        title="No organisation yet"
                        words="An organisation holds a team's projects. Make the first one."
                    >
                        <Button
                            label="New organisation"
                            kind=Kind::Primary
                            glyph=Icon::Plus
                            barrier
                            on_click=move |()| creating.set(true)
                        />
                    </Empty>
                }
                .into_any();
            }
            org_table(&orgs).into_any()
        };
        table.into_any()
    };
    let about = move || orgs.get().map(|orgs| plural(orgs.len(), "organisation"));
    view! {
        <Head title="Organisations" about=about>
            <Button
                label="New organisation"
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier
                on_click=move |()| creating.set(true)
            />
        </Head>
        <Panel title="All organisations" aside=move || freshness(orgs.held()) flush=true>
            {loaded(orgs, 4, rows)}
        </Panel>
        <NamedForm title="New organisation" verb="Create organisation" open=creating act=create />
    }
}

fn org_table(orgs: &[Org]) -> impl IntoView + use<> {
    let rows = orgs
        .iter()
        .map(|org| {
            let address = Address::Org {
                org: org.slug.clone(),
            };
            view! {
                <tr>
                    <td class="name">
                        <a href=address.path()>{org.name.clone()}</a>
                    </td>
                    <td class="mono dim">{org.slug.clone()}</td>
                    <td class="num dim">{maybe_instant(org.created)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table links">
            <thead>
                <tr>
                    <th>"Name"</th>
                    <th>"In addresses"</th>
                    <th class="num">"Made"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn use_create(creating: RwSignal<bool>) -> Act<Named> {
    let connection = use_connection();
    let (go, notices, orgs) = (use_go(), use_notices(), use_tree().orgs);
    Act::of_call(
        move |named: &Named| call::<CreateOrg>(&connection, &NoParams {}, &NoQuery, named),
        move |_, org: Org| {
            creating.set(false);
            notices.say(format!("{} is made.", org.name));
            orgs.refresh();
            go.run(Address::Org { org: org.slug });
        },
    )
}

/// On to the org that was used last, or to the only one; the list stays where it was asked for.
fn go_on_where_clear() {
    let orgs = use_tree().orgs;
    let query = use_query_map();
    let navigate = use_navigate();
    effect(move || {
        let Some(orgs) = orgs.get() else { return };
        if query.with_untracked(|query| query.get("all").is_some()) {
            return;
        }
        let last = last_org();
        let known = orgs.iter().find(|org| Some(&org.slug) == last.as_ref());
        let only = orgs.first().filter(|_| orgs.len() == 1);
        if let Some(org) = known.or(only) {
            let address = Address::Org {
                org: org.slug.clone(),
            };
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&address.path(), options);
        }
    });
}
