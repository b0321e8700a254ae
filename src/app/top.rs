//! The top bar: where one is, and the switches that concern every page.

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetSession, ListNodes, SignOutEverywhere, SignOutSession};
use wire::open::Open;
use wire::path::{NoParams, Place};
use wire::session::Role;

use super::range::TimeRange;
use crate::api::{answers, send, use_connection};
use crate::components::button::IconButton;
use crate::components::icon::{Icon, icon};
use crate::components::menu::{Menu, MenuItem};
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, scope_name, use_address};
use crate::state::act::{Act, complain_of};
use crate::state::platforms::{Keep, keep_key};
use crate::state::preference::{Theme, use_preferences};
use crate::state::rights::role_at;
use crate::state::session::use_session;
use crate::state::tree::use_tree;

/// The top bar.
#[component]
pub fn Top(drawer: RwSignal<bool>) -> impl IntoView {
    let tree = use_tree();
    let simulated = memo(move || tree.is_simulated());
    view! {
        <header class="top">
            <div class="narrow">
                <IconButton label="Menu" glyph=Icon::Menu on_click=move |()| drawer.set(true) />
            </div>
            <Crumbs />
            <span class="grow"></span>
            <When is=move || simulated.get()>
                <span
                    class="chip warn simulated"
                    title="No containers run: this engine gives plausible life for a look around."
                >
                    "Simulated engine"
                </span>
            </When>
            <TimeRange />
            <Zone />
            <ThemeSwitch />
            <PersonMenu />
        </header>
    }
}

/// One step of the way to the page: its words and where it leads.
fn crumbs(address: &Address) -> Vec<(String, Address)> {
    let mut crumbs = Vec::new();
    if let (Some(org), false) = (address.org(), is_workspace(address)) {
        let org = org.to_owned();
        crumbs.push((org.clone(), Address::Org { org: org.clone() }));
        if let Some(project) = address.project() {
            let project = project.to_owned();
            crumbs.push((project.clone(), Address::Project { org, project }));
        }
    }
    if let Some(scope) = address.scope() {
        let name = scope_name(&scope);
        let words = if is_workspace(address) {
            name.project
        } else {
            name.environment
        };
        crumbs.push((words, Address::Services(scope)));
    }
    match address {
        Address::Overview(_) => crumbs.push(("Overview".to_owned(), address.clone())),
        Address::Deployments(_) => crumbs.push(("Deployments".to_owned(), address.clone())),
        Address::NewService(_) => crumbs.push(("New service".to_owned(), address.clone())),
        Address::Service(params, _) => crumbs.push((params.service.clone(), address.clone())),
        Address::Config(_) => crumbs.push(("Config".to_owned(), address.clone())),
        Address::Home => crumbs.push(("Organisations".to_owned(), Address::Home)),
        Address::Nodes => crumbs.push(("Nodes".to_owned(), Address::Nodes)),
        _ => {}
    }
    crumbs
}

fn is_workspace(address: &Address) -> bool {
    matches!(address.scope(), Some(wire::path::Scope::Workspace { .. }))
}

#[component]
fn Crumbs() -> impl IntoView {
    let address = use_address();
    let steps = move || {
        let steps = address
            .get()
            .map(|address| crumbs(&address))
            .unwrap_or_default();
        let last = steps.len().saturating_sub(1);
        steps
            .into_iter()
            .enumerate()
            .map(|(place, (words, address))| {
                let current = (place == last).then_some("page");
                view! {
                    <li>
                        <a href=address.path() aria-current=current>
                            {words}
                        </a>
                    </li>
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>{dynamic(steps)}</ol>
        </nav>
    }
}

#[component]
fn Zone() -> impl IntoView {
    let preferences = use_preferences();
    let utc = preferences.utc;
    let label = move || match utc.get() {
        true => "Times are UTC. Show local time",
        false => "Times are local. Show UTC",
    };
    view! {
        <button
            type="button"
            class="btn quiet wide"
            aria-label=label
            title=label
            on:click=move |_| preferences.set_utc(!utc.get_untracked())
        >
            {move || if utc.get() { "UTC" } else { "Local" }}
        </button>
    }
}

#[component]
fn ThemeSwitch() -> impl IntoView {
    let preferences = use_preferences();
    let theme = preferences.theme;
    let next = move |theme: Theme| match theme {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    };
    let glyph = move || match theme.get() {
        Theme::System => Icon::Screen,
        Theme::Light => Icon::Sun,
        Theme::Dark => Icon::Moon,
    };
    view! {
        <IconButton
            label=Signal::derive(move || format!("Theme: {}", theme.get().label()))
            glyph=Signal::derive(glyph)
            on_click=move |()| preferences.set_theme(next(theme.get_untracked()))
        />
    }
}

#[component]
fn PersonMenu() -> impl IntoView {
    let session = use_session();
    let preferences = use_preferences();
    let connection = use_connection();
    let sign_out = Act::new(
        move |&(): &()| {
            let connection = connection.clone();
            async move { send::<SignOutSession>(&connection, &NoParams {}, &NoQuery, &NoBody).await }
        },
        move |_| session.end(),
    );
    let everywhere = {
        let connection = use_connection();
        Act::new(
            move |&(): &()| {
                let connection = connection.clone();
                async move {
                    send::<SignOutEverywhere>(&connection, &NoParams {}, &NoQuery, &NoBody).await
                }
            },
            move |_| session.end(),
        )
    };
    // A key makes no session: it is given back by forgetting it.
    let connection = use_connection();
    let has_sessions = connection.is_same_origin();
    let leave = move |()| match has_sessions {
        true => sign_out.go(()),
        false => {
            let platform = connection.platform();
            keep_key(&platform.name, None, Keep::Tab);
            platform.key.set(None);
            session.end();
        }
    };
    complain_of(sign_out);
    complain_of(everywhere);
    let tells_roles = answers::<GetSession>();
    let who = move || {
        session.who.get().map(|who| {
            let role = match &who.role {
                _ if !tells_roles => "by a key".to_owned(),
                Open::Known(role) => role.to_string(),
                Open::Unknown(role) => role.clone(),
            };
            view! {
                <p class="about">
                    <b>{who.name}</b>
                    <span class="faint sm">{role}</span>
                </p>
            }
        })
    };
    let zone = move || match preferences.utc.get() {
        true => "Show local times".to_owned(),
        false => "Show times in UTC".to_owned(),
    };
    let has_nodes = answers::<ListNodes>();
    let nodes = move || {
        let may = session.who.with(|who| {
            let role = role_at(who.as_ref()?, Place::default());
            role.filter(|role| role.admits(Role::Viewer))
        });
        (has_nodes && may.is_some()).then(|| {
            view! {
                <a class="item" href=Address::Nodes.path()>
                    {icon(Icon::Box)}
                    "Nodes"
                </a>
            }
        })
    };
    view! {
        <Menu label="Account" glyph=Icon::Person>
            {dynamic(move || who().into_any())}
            <MenuItem
                label=Signal::derive(zone)
                glyph=Icon::Clock
                on_click=move |()| preferences.set_utc(!preferences.utc.get_untracked())
            />
            {dynamic(move || nodes().into_any())}
            <a class="item" href=Address::Connect.path()>
                {icon(Icon::Link)}
                "Platforms"
            </a>
            <MenuItem label="Sign out" glyph=Icon::Out on_click=leave />
            <When is=move || has_sessions>
                <MenuItem
                    label="Sign out everywhere"
                    glyph=Icon::Out
                    on_click=move |()| everywhere.go(())
                />
            </When>
        </Menu>
    }
}
