//! An org: how it does, its projects and their environments.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::NoQuery;
use wire::endpoints::{CreateProject, ListPeople};
use wire::org::Named;
use wire::overview::{Cell, Overview};
use wire::path::{Level, OrgParams};
use wire::project::Project;

use super::overview::attention::AttentionPanel;
use super::overview::grid::GridPanel;
use super::overview::happened::LastEvents;
use super::overview::{bones_of, told, use_overview};
use super::parts::{loaded_into, open_asked};
use super::typed::{Typed, use_typed};
use crate::api::{call, use_connection};
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::components::field::SearchBox;
use crate::components::icon::Icon;
use crate::components::page::Head;
use crate::forms::named::NamedForm;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{AccessPage, Address, use_go, use_kept};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::rights::{self, dialog, use_right};
use crate::state::title::use_title;
use crate::state::tree::use_tree;

/// More projects than this are filtered by name.
const MANY: usize = 10;

/// How an org does, and the way to each of its projects.
#[component]
pub fn OrgPage() -> impl IntoView {
    let org = use_kept(|address| address.org().map(str::to_owned), String::new);
    let tree = use_tree();
    let level = memo(move || Level::Org(OrgParams { org: org.get() }));
    let overview = use_overview(level);
    let name = memo(move || {
        let slug = org.get();
        let orgs = tree.orgs.get();
        let known = orgs
            .as_ref()
            .and_then(|orgs| orgs.iter().find(|org| org.slug == slug));
        known.map(|org| org.name.clone()).unwrap_or(slug)
    });
    use_title(move || name.get());
    let filter = use_typed("q");
    let creating = RwSignal::new(false);
    let barrier = use_right::<CreateProject>(move || Some(level.get()), dialog("new"));
    open_asked("new", creating, barrier);
    let create = use_create(org, creating);

    let body = move |shown: Signal<Arc<Overview>>| {
        let projects = memo(move || shown.with(|overview| count_projects(&overview.cells)));
        let is_empty = memo(move || projects.get() == 0);
        dynamic(move || match is_empty.get() {
            true => no_project(),
            false => view! {
                <AttentionPanel level overview shown />
                <When is=move || { projects.get() > MANY }>{project_filter(filter)}</When>
                <GridPanel org shown filter />
                <LastEvents level />
            }
            .into_any(),
        })
    };
    let config = move || Address::config(level.get()).path();
    let people = move || {
        let (org, page) = (org.get(), AccessPage::People);
        Address::Access { org, page }.path()
    };
    let admin = use_right::<ListPeople>(move || Some(level.get()), rights::here);
    let may_see = memo(move || admin.against.with(Option::is_none));
    view! {
        <Head title=name about=move || told(overview)>
            <ButtonLink label="Config" href=Signal::derive(config) glyph=Icon::Sliders />
            <When is=move || may_see.get()>
                <ButtonLink label="People" href=Signal::derive(people) glyph=Icon::People />
            </When>
            <Button
                label="New project"
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier
                on_click=move |()| creating.set(true)
            />
        </Head>
        {loaded_into(overview, bones, body)}
        <NamedForm title="New project" verb="Create project" open=creating act=create />
    }
}

fn bones() -> AnyView {
    view! {
        {bones_of("Needs attention", 2)}
        {bones_of("Projects and environments", 4)}
        {bones_of("Last events", 6)}
    }
    .into_any()
}

/// The cells of a project stand together.
fn count_projects(cells: &[Cell]) -> usize {
    cells
        .chunk_by(|one, next| one.project == next.project)
        .count()
}

fn no_project() -> AnyView {
    view! {
        <section class="panel">
            <Empty
                title="No project yet"
                words="Create one with New project above: it holds the services of one product, in environments like production and staging."
            />
        </section>
    }
    .into_any()
}

fn project_filter(filter: Typed) -> AnyView {
    view! {
        <div class="bar">
            <SearchBox
                label="Filter projects"
                placeholder="Filter projects"
                node=NodeRef::new()
                value=filter.text
                on_input=move |text| filter.set(text)
            />
        </div>
    }
    .into_any()
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
