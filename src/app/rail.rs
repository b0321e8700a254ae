//! The rail: the org in use, and the way to each project and environment.

use leptos::prelude::*;
use wire::path::Scope;

use crate::api::{is_whole, use_connection};
use crate::components::button::IconButton;
use crate::components::icon::{Icon, icon};
use crate::components::menu::Menu;
use crate::reactive::{When, dynamic, effect, memo};
use crate::routes::{Address, use_address};
use crate::state::preference::last_org;
use crate::state::preference::remember_org;
use crate::state::tree::{Tree, use_tree};

/// The rail; on a phone a drawer.
#[component]
pub fn Rail(open: RwSignal<bool>) -> impl IntoView {
    let tree = use_tree();
    let address = use_address();
    let is_whole = is_whole();
    effect(move || {
        let org = address
            .get()
            .and_then(|address| address.org().map(str::to_owned));
        if org.is_some() {
            remember_org(org.as_deref());
        }
    });
    view! {
        <div class="veil" class:open=open on:click=move |_| open.set(false)></div>
        <aside class="rail" class:open=open>
            <div class="brand">
                {icon(Icon::Wheel)} <a class="grow" href=Address::Home.path()>
                    "Pilothouse"
                </a> <span class="narrow">
                    <IconButton
                        label="Close menu"
                        glyph=Icon::Cross
                        on_click=move |()| open.set(false)
                    />
                </span>
            </div>
            <When is=move || is_whole>
                <OrgSwitch tree />
            </When>
            <nav class="nav" aria-label="Projects and environments">
                {match is_whole {
                    true => view! { <ProjectTree tree /> }.into_any(),
                    false => view! { <Places /> }.into_any(),
                }}
            </nav>
        </aside>
    }
}

/// The places of a platform that tells nothing above its services.
#[component]
fn Places() -> impl IntoView {
    let connection = use_connection();
    let address = use_address();
    let rows = connection
        .platform()
        .places
        .iter()
        .cloned()
        .map(|scope| {
            let here = scope.clone();
            let current = move || {
                let scope = address.get().and_then(|address| address.scope());
                (scope.as_ref() == Some(&here)).then_some("page")
            };
            let words = match &scope {
                Scope::Workspace { workspace, project } => format!("{workspace} / {project}"),
                Scope::Environment {
                    project,
                    environment,
                    ..
                } => format!("{project} / {environment}"),
            };
            view! {
                <a href=Address::Services(scope).path() aria-current=current>
                    {icon(Icon::Folder)}
                    <span class="cut">{words}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <span class="label">"Services of"</span>
        {rows}
    }
}

#[component]
fn OrgSwitch(tree: Tree) -> impl IntoView {
    let address = use_address();
    let current = memo(move || {
        let address = address.get()?;
        let last = matches!(address, Address::Nodes).then(last_org).flatten();
        let org = address.org().or(last.as_deref())?;
        let name = tree.orgs.get().and_then(|orgs| {
            let known = orgs
                .iter()
                .find(|known| known.slug == org || known.id == org);
            known.map(|known| known.name.clone())
        });
        Some(name.unwrap_or_else(|| org.to_owned()))
    });
    let words = move || {
        Some(
            current
                .get()
                .unwrap_or_else(|| "Choose an organisation".to_owned()),
        )
    };
    let orgs = move || {
        let orgs = tree.orgs.get();
        orgs.iter()
            .flat_map(|orgs| orgs.iter())
            .map(|org| {
                let address = Address::Org {
                    org: org.slug.clone(),
                };
                view! {
                    <a class="item" href=address.path()>
                        {icon(Icon::People)}
                        {org.name.clone()}
                    </a>
                }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <div class="scope">
            <Menu label="Organisation" glyph=Icon::People words=Signal::derive(words)>
                {dynamic(orgs)}
                <a class="item" href=Address::all_orgs()>
                    {icon(Icon::Plus)}
                    "All organisations"
                </a>
            </Menu>
        </div>
    }
}

#[component]
fn ProjectTree(tree: Tree) -> impl IntoView {
    let address = use_address();
    let projects = move || {
        let projects = tree.projects.get()?;
        let here = address.get()?;
        let org = here.org().map(str::to_owned).or_else(last_org)?;
        let rows = projects
            .iter()
            .map(|project| project_row(tree, &here, &org, &project.slug, &project.name))
            .collect_view();
        Some(view! {
            <span class="label">"Projects"</span>
            {rows}
        })
    };
    dynamic(move || projects().into_any())
}

fn project_row(tree: Tree, here: &Address, org: &str, slug: &str, name: &str) -> AnyView {
    let workspace = matches!(here.scope(), Some(Scope::Workspace { .. }));
    let address = if workspace {
        Address::Services(Scope::Workspace {
            workspace: org.to_owned(),
            project: slug.to_owned(),
        })
    } else {
        Address::Project {
            org: org.to_owned(),
            project: slug.to_owned(),
        }
    };
    let is_here = here.project() == Some(slug);
    let current = (is_here && (workspace || here.scope().is_none())).then_some("page");
    let below = (is_here && !workspace).then(|| environment_rows(tree, here, org, slug));
    view! {
        <a href=address.path() aria-current=current>
            {icon(Icon::Folder)}
            <span class="cut">{name.to_owned()}</span>
        </a>
        {below}
    }
    .into_any()
}

fn environment_rows(tree: Tree, here: &Address, org: &str, project: &str) -> impl IntoView + use<> {
    let environments = tree.environments.get();
    environments
        .iter()
        .flat_map(|environments| environments.iter())
        .map(|environment| {
            let scope = Scope::Environment {
                org: org.to_owned(),
                project: project.to_owned(),
                environment: environment.slug.clone(),
            };
            let is_here = here.scope().as_ref() == Some(&scope);
            let overview = Address::overview(&scope).filter(|_| is_here);
            let is_overview = overview.as_ref() == Some(here);
            let overview = overview.map(|overview| {
                view! {
                    <a
                        class="sub deep"
                        href=overview.path()
                        aria-current=is_overview.then_some("page")
                    >
                        "Overview"
                    </a>
                }
            });
            let current = (is_here && !is_overview).then_some("page");
            view! {
                <a class="sub" href=Address::Services(scope).path() aria-current=current>
                    <span class="cut">{environment.name.clone()}</span>
                </a>
                {overview}
            }
        })
        .collect_view()
}
