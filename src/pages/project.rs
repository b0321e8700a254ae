//! A project: how it does, its environments side by side.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::NoQuery;
use wire::endpoints::{CreateEnvironment, GetEnvironment, UpdateEnvironment};
use wire::environment::{Environment, EnvironmentCreate, EnvironmentPatch};
use wire::overview::Overview;
use wire::path::{EnvironmentParams, Level, ProjectParams, Scope};

use super::overview::attention::AttentionPanel;
use super::overview::card::Cards;
use super::overview::happened::LastEvents;
use super::overview::{bones_of, told, use_overview};
use super::parts::{loaded_into, open_asked};
use crate::api::{call, use_connection};
use crate::components::button::{Button, ButtonLink};
use crate::components::icon::Icon;
use crate::components::page::Head;
use crate::forms::environment::{EnvironmentForm, EnvironmentSettings, is_made};
use crate::reactive::memo;
use crate::routes::{Address, use_go, use_kept};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::revised::{Read, use_reading, use_revision};
use crate::state::rights::{dialog, use_right};
use crate::state::title::use_title;
use crate::state::tree::use_tree;

/// The environments of a project.
#[component]
pub fn ProjectPage() -> impl IntoView {
    let place = use_kept(
        |address| Some((address.org()?.to_owned(), address.project()?.to_owned())),
        Default::default,
    );
    let tree = use_tree();
    let level = memo(move || {
        let (org, project) = place.get();
        Level::Project(ProjectParams { org, project })
    });
    let overview = use_overview(level);
    let name = memo(move || {
        let (_, slug) = place.get();
        let projects = tree.projects.get();
        let known = projects
            .iter()
            .flat_map(|list| list.iter())
            .find(|p| p.slug == slug);
        known.map(|project| project.name.clone()).unwrap_or(slug)
    });
    use_title(move || name.get());
    let creating = RwSignal::new(false);
    let barrier = use_right::<CreateEnvironment>(move || Some(level.get()), dialog("new"));
    open_asked("new", creating, barrier);
    let create = use_create(place, creating);

    let about = RwSignal::new(None);
    let read = use_reading::<GetEnvironment>(about);
    let settings = Callback::new(move |slug: String| read.go(params_of(place, slug)));
    let change = use_change(place, about, overview);

    let org = memo(move || place.get().0);
    let body = move |shown: Signal<Arc<Overview>>| {
        view! {
            <AttentionPanel level overview shown />
            <Cards org shown settings />
            <LastEvents level />
        }
        .into_any()
    };
    let config = move || Address::config(level.get()).path();
    view! {
        <Head title=name about=move || told(overview)>
            <ButtonLink label="Config" href=Signal::derive(config) glyph=Icon::Sliders />
            <Button
                label="New environment"
                glyph=Icon::Plus
                barrier
                on_click=move |()| creating.set(true)
            />
        </Head>
        {loaded_into(overview, bones, body)}
        <EnvironmentForm open=creating act=create />
        <EnvironmentSettings about act=change />
    }
}

fn params_of(place: Memo<(String, String)>, environment: String) -> EnvironmentParams {
    let (org, project) = place.get_untracked();
    EnvironmentParams {
        org,
        project,
        environment,
    }
}

fn use_change(
    place: Memo<(String, String)>,
    about: RwSignal<Option<Read<Environment>>>,
    overview: Remote<Overview>,
) -> Act<EnvironmentPatch> {
    let (notices, environments) = (use_notices(), use_tree().environments);
    let at = move |environment: &Environment| params_of(place, environment.slug.clone());
    use_revision::<GetEnvironment, UpdateEnvironment>(about, at, is_made, move |changed| {
        notices.say(format!("{} is changed.", changed.name));
        environments.refresh();
        overview.refresh();
    })
}

fn bones() -> AnyView {
    view! {
        {bones_of("Needs attention", 2)}
        <div class="grid2">{bones_of("Production", 3)}</div>
        {bones_of("Last events", 6)}
    }
    .into_any()
}

fn use_create(place: Memo<(String, String)>, creating: RwSignal<bool>) -> Act<EnvironmentCreate> {
    let connection = use_connection();
    let (go, notices, environments) = (use_go(), use_notices(), use_tree().environments);
    let params = move || {
        let (org, project) = place.get_untracked();
        ProjectParams { org, project }
    };
    Act::of_call(
        move |request: &EnvironmentCreate| {
            call::<CreateEnvironment>(&connection, &params(), &NoQuery, request)
        },
        move |_, made: Environment| {
            let params = params();
            creating.set(false);
            notices.say(format!("{} is made.", made.name));
            environments.refresh();
            go.run(Address::Services(Scope::Environment {
                org: params.org,
                project: params.project,
                environment: made.slug,
            }));
        },
    )
}
