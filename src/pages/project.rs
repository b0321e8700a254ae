//! A project: how it does, its environments side by side.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CreateEnvironment, GetEnvironment, UpdateEnvironment};
use wire::environment::{Environment, EnvironmentCreate, EnvironmentPatch};
use wire::overview::Overview;
use wire::path::{EnvironmentParams, Level, ProjectParams, Scope};

use super::overview::attention::AttentionPanel;
use super::overview::card::Cards;
use super::overview::happened::LastEvents;
use super::overview::{bones_of, told, use_overview};
use super::parts::{loaded_into, open_asked};
use crate::api::{Failure, call, use_connection};
use crate::components::button::{Button, ButtonLink};
use crate::components::icon::Icon;
use crate::components::page::Head;
use crate::forms::environment::{EnvironmentForm, EnvironmentSettings, Read, is_made};
use crate::reactive::memo;
use crate::routes::{Address, use_go, use_kept};
use crate::state::act::{Act, complain_of};
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
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
    let read = use_environment(place, about);
    let settings = Callback::new(move |slug: String| read.go(slug));
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

type ReadCall = std::pin::Pin<Box<dyn Future<Output = Result<Read, Failure>>>>;

/// Reads an environment with its revision.
fn reader(place: Memo<(String, String)>) -> impl Fn(String) -> ReadCall + Clone {
    let connection = use_connection();
    move |slug| {
        let params = params_of(place, slug);
        let call = call::<GetEnvironment>(&connection, &params, &NoQuery, &NoBody);
        Box::pin(async move {
            let answer = call.request.send().await?;
            Ok((answer.read()?, answer.revision()))
        })
    }
}

/// Reads an environment before it is changed.
fn use_environment(place: Memo<(String, String)>, about: RwSignal<Option<Read>>) -> Act<String> {
    let read = reader(place);
    let act = Act::new(
        move |slug: &String| read(slug.clone()),
        move |read| about.set(Some(read)),
    );
    complain_of(act);
    act
}

/// Changes the environment `about`. When others changed it first, it is read again; and when it already
/// is as it is to be, the answer to this very change was lost.
fn use_change(
    place: Memo<(String, String)>,
    about: RwSignal<Option<Read>>,
    overview: Remote<Overview>,
) -> Act<EnvironmentPatch> {
    let connection = use_connection();
    let (notices, environments) = (use_notices(), use_tree().environments);
    let read = reader(place);
    let change = move |patch: &EnvironmentPatch| {
        let (one, revision) = about.get_untracked()?;
        let params = params_of(place, one.slug);
        let call = call::<UpdateEnvironment>(&connection, &params, &NoQuery, patch);
        Some(call.if_revision(revision))
    };
    let asks = change.clone();
    let run = move |patch: &EnvironmentPatch| {
        let (call, patch, read) = (change(patch), patch.clone(), read.clone());
        async move {
            let Some(call) = call else { return Ok(None) };
            let failure = match call.send().await {
                Err(failure) if failure.is_stale() => failure,
                answer => return answer.map(Some),
            };
            let slug =
                about.with_untracked(|about| about.as_ref().map(|(one, _)| one.slug.clone()));
            let Some(slug) = slug else {
                return Err(failure);
            };
            let (now, revision) = read(slug).await?;
            if is_made(&patch, &now) {
                return Ok(Some(now));
            }
            about.set(Some((now, revision)));
            Err(failure)
        }
    };
    let done = move |changed: Option<Environment>| {
        about.set(None);
        let Some(changed) = changed else { return };
        notices.say(format!("{} is changed.", changed.name));
        environments.refresh();
        overview.refresh();
    };
    Act::new(run, done)
        .asking(move |patch| asks(patch).into_iter().map(|call| call.request).collect())
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
