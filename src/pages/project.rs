//! A project: its environments side by side, each with what runs there.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CreateEnvironment, ListServices};
use wire::environment::{Environment, EnvironmentCreate};
use wire::open::Open;
use wire::path::{Level, ProjectParams, Scope};
use wire::service::Service;
use wire::status::ServiceState;

use super::parts::{freshness, loaded};
use super::services::summary::summary;
use crate::api::{call, use_connection};
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Head, Panel};
use crate::components::status::{service_state, state_mark};
use crate::forms::environment::EnvironmentForm;
use crate::reactive::memo;
use crate::routes::{Address, Tab, use_go, use_kept};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
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
    let create = use_create(place, creating);
    let environments = tree.environments;

    let cards = move |environments: Signal<Arc<Vec<Environment>>>| {
        view! {
            <div class="grid2">
                <For
                    each=move || environments.get().to_vec()
                    key=|environment| (environment.id.clone(), environment.updated)
                    let(environment)
                >
                    <EnvironmentCard place environment />
                </For>
            </div>
        }
        .into_any()
    };
    let about = move || "Environments side by side";
    let config = move || {
        let (org, project) = place.get();
        Address::config(Level::Project(ProjectParams { org, project })).path()
    };
    view! {
        <Head title=name about=about>
            <ButtonLink label="Config" href=Signal::derive(config) glyph=Icon::Sliders />
            <Button
                label="New environment"
                glyph=Icon::Plus
                on_click=move |()| creating.set(true)
            />
        </Head>
        {loaded(environments, 6, cards)}
        <EnvironmentForm open=creating act=create />
    }
}

#[component]
fn EnvironmentCard(place: Memo<(String, String)>, environment: Environment) -> impl IntoView {
    let (org, project) = place.get_untracked();
    let scope = Scope::Environment {
        org,
        project,
        environment: environment.slug.clone(),
    };
    let services = use_services(scope.clone());
    let kind = environment
        .env_type
        .as_ref()
        .map(|kind| kind.word().to_owned());
    let chips = view! {
        {kind.map(|kind| view! { <span class="chip outline">{kind}</span> })}
        {environment.protected.then(|| view! { <span class="chip outline">"protected"</span> })}
    };
    let here = scope.clone();
    let show = move |services: Signal<Arc<Vec<Service>>>| {
        let here = here.clone();
        let content = move || environment_content(&here, &services.get());
        content.into_any()
    };
    view! {
        <Panel title=environment.name aside=move || freshness(services.held())>
            <p class="chips">{chips}</p>
            {loaded(services, 3, show)}
            <p class="chips">
                <ButtonLink label="Open" href=Address::Services(scope).path() kind=Kind::Plain />
            </p>
        </Panel>
    }
}

fn environment_content(scope: &Scope, services: &[Service]) -> AnyView {
    if services.is_empty() {
        let new = Address::NewService(scope.clone()).path();
        return view! {
            <Empty
                title="Nothing runs here yet"
                words="Create the first service from a container image."
            >
                <ButtonLink label="New service" href=new kind=Kind::Primary glyph=Icon::Plus />
            </Empty>
        }
        .into_any();
    }
    let needy = services
        .iter()
        .filter(|service| needs_attention(service))
        .take(5);
    let rows = needy
        .map(|service| {
            let address = Address::service(scope, &service.slug, Tab::Overview);
            let status = service.status.clone();
            let message = status.as_ref().and_then(|status| status.message.clone());
            view! {
                <li>
                    {status.map(|status| state_mark(service_state(&status.state)))}
                    <a class="name" href=address.path()>
                        {service.name.clone()}
                    </a> <span class="dim cut">{message}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <p>{summary(services.iter())}</p>
        <ul class="plain">{rows}</ul>
    }
    .into_any()
}

fn needs_attention(service: &Service) -> bool {
    let state = service.status.as_ref().map(|status| &status.state);
    matches!(
        state,
        Some(Open::Known(ServiceState::Down | ServiceState::Degraded))
    )
}

/// The services of one place, for their counts.
fn use_services(scope: Scope) -> Remote<Vec<Service>> {
    let connection = use_connection();
    Remote::new(
        move || Some(call::<ListServices>(&connection, &scope, &NoQuery, &NoBody)),
        |_| Some(10_000),
    )
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
