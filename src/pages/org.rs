//! An org: its projects.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::NoQuery;
use wire::endpoints::CreateProject;
use wire::org::Named;
use wire::path::{Level, OrgParams};
use wire::project::Project;

use super::parts::{freshness, loaded, maybe_instant};
use crate::api::{call, use_connection};
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Head, Panel};
use crate::forms::named::NamedForm;
use crate::reactive::memo;
use crate::routes::{Address, use_go, use_kept};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::title::use_title;
use crate::state::tree::use_tree;
use crate::words::plural;

/// The projects of an org.
#[component]
pub fn OrgPage() -> impl IntoView {
    let org = use_kept(|address| address.org().map(str::to_owned), String::new);
    let tree = use_tree();
    let projects = tree.projects;
    let name = memo(move || {
        let slug = org.get();
        let orgs = tree.orgs.get();
        let known = orgs
            .as_ref()
            .and_then(|orgs| orgs.iter().find(|org| org.slug == slug));
        known.map(|org| org.name.clone()).unwrap_or(slug)
    });
    use_title(move || name.get());
    let creating = RwSignal::new(false);
    let create = use_create(org, creating);

    let rows = move |projects: Signal<Arc<Vec<Project>>>| {
        let table = move || {
            let projects = projects.get();
            if projects.is_empty() {
                return view! {
                    <Empty
                        title="No project yet"
                        words="A project holds the services of one product, in environments like production and staging."
                    >
                        <Button
                            label="New project"
                            kind=Kind::Primary
                            glyph=Icon::Plus
                            on_click=move |()| creating.set(true)
                        />
                    </Empty>
                }
                .into_any();
            }
            project_table(&org.get(), &projects).into_any()
        };
        table.into_any()
    };
    let about = move || {
        projects
            .get()
            .map(|projects| plural(projects.len(), "project"))
    };
    let config = move || Address::config(Level::Org(OrgParams { org: org.get() })).path();
    view! {
        <Head title=name about=about>
            <ButtonLink label="Config" href=Signal::derive(config) glyph=Icon::Sliders />
            <Button
                label="New project"
                kind=Kind::Primary
                glyph=Icon::Plus
                on_click=move |()| creating.set(true)
            />
        </Head>
        <Panel title="Projects" aside=move || freshness(projects.held()) flush=true>
            {loaded(projects, 4, rows)}
        </Panel>
        <NamedForm title="New project" verb="Create project" open=creating act=create />
    }
}

fn project_table(org: &str, projects: &[Project]) -> impl IntoView + use<> {
    let rows = projects
        .iter()
        .map(|project| {
            let address = Address::Project {
                org: org.to_owned(),
                project: project.slug.clone(),
            };
            view! {
                <tr>
                    <td class="name">
                        <a href=address.path()>{project.name.clone()}</a>
                    </td>
                    <td class="mono dim">{project.slug.clone()}</td>
                    <td class="num dim">{maybe_instant(project.created)}</td>
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

fn use_create(org: Memo<String>, creating: RwSignal<bool>) -> Act<Named> {
    let connection = use_connection();
    let (go, notices, projects) = (use_go(), use_notices(), use_tree().projects);
    Act::of_call(
        move |named: &Named| {
            let org = org.get_untracked();
            call::<CreateProject>(&connection, &OrgParams { org }, &NoQuery, named)
        },
        move |_, project: Project| {
            creating.set(false);
            notices.say(format!(
                "{} is made, with its environment production.",
                project.name
            ));
            projects.refresh();
            go.run(Address::Project {
                org: org.get_untracked(),
                project: project.slug,
            });
        },
    )
}
