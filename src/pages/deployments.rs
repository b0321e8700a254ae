//! What was deployed last of each service of a place, the newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::ListServices;
use wire::open::{Open, Words};
use wire::path::{Scope, ServiceParams};
use wire::release::DeploymentState;
use wire::service::{Service, VersionSummary};

use super::parts::{freshness, loaded, maybe_instant};
use super::services::use_scope;
use crate::api::{call, use_connection};
use crate::components::button::{ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Head, Panel};
use crate::components::status::{deployment_state, state_mark};
use crate::reactive::dynamic;
use crate::routes::{Address, scope_name};
use crate::state::remote::Remote;
use crate::state::title::use_title;

/// The most deployments that are listed.
const LISTED: usize = 100;

/// The deployments of a place.
#[component]
pub fn DeploymentsPage() -> impl IntoView {
    let scope = use_scope();
    let services = use_services(scope);
    use_title(move || format!("Deployments · {}", scope_name(&scope.get()).environment));

    let back = move || Address::Services(scope.get()).path();
    let list = move |services: Signal<Arc<Vec<Service>>>| {
        dynamic(move || deployments(&scope.get(), &services.get()))
    };
    view! {
        <Head title="Deployments" about=move || "The newest of each service">
            <ButtonLink label="Services" href=Signal::derive(back) glyph=Icon::Box />
        </Head>
        <Panel title="Newest first" aside=move || freshness(services.held()) flush=true>
            {loaded(services, 8, list)}
        </Panel>
    }
}

/// Followed closely while something rolls out.
fn use_services(scope: Memo<Scope>) -> Remote<Vec<Service>> {
    let connection = use_connection();
    Remote::new(
        move || {
            Some(call::<ListServices>(
                &connection,
                &scope.get(),
                &NoQuery,
                &NoBody,
            ))
        },
        |services| {
            let is_moving = services.iter().any(|service| {
                let deployment = service.latest_deployment.as_ref();
                let state = deployment.and_then(|deployment| state(deployment).known());
                state.is_some_and(DeploymentState::is_under_way)
            });
            Some(if is_moving { 2_000 } else { 10_000 })
        },
    )
}

fn state(deployment: &VersionSummary) -> Open<DeploymentState> {
    let word = deployment.state.clone().unwrap_or_default();
    match DeploymentState::from_word(&word) {
        Some(state) => Open::Known(state),
        None => Open::Unknown(word),
    }
}

/// The services that were ever deployed, the newest deployment first.
fn newest(services: &[Service]) -> Vec<(&Service, &VersionSummary)> {
    let mut deployed: Vec<_> = services
        .iter()
        .filter_map(|service| Some((service, service.latest_deployment.as_ref()?)))
        .collect();
    deployed.sort_by_key(|(_, deployment)| Reverse(deployment.created));
    deployed.truncate(LISTED);
    deployed
}

fn deployments(scope: &Scope, services: &[Service]) -> AnyView {
    let newest = newest(services);
    if newest.is_empty() {
        let services = Address::Services(scope.clone()).path();
        return view! {
            <Empty
                title="Nothing was deployed here yet"
                words="A deployment lets a release run. The first deploy of a service makes one."
            >
                <ButtonLink label="To the services" href=services kind=Kind::Primary />
            </Empty>
        }
        .into_any();
    }
    let rows = newest
        .into_iter()
        .map(|(service, deployment)| row(scope, service, deployment))
        .collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="Deployments" tabindex="0">
            <table class="table links">
                <thead>
                    <tr>
                        <th>"Service"</th>
                        <th>"State"</th>
                        <th class="num">"Release"</th>
                        <th class="num">"When"</th>
                        <th>"What failed"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(scope: &Scope, service: &Service, deployment: &VersionSummary) -> impl IntoView + use<> {
    let params = ServiceParams {
        scope: scope.clone(),
        service: service.slug.clone(),
    };
    let error = deployment.error.clone().unwrap_or_default();
    view! {
        <tr>
            <td class="name">
                <a href=Address::release(&params, deployment.version)>{service.name.clone()}</a>
            </td>
            <td>{state_mark(deployment_state(&state(deployment)))}</td>
            <td class="mono num">{format!("v{}", deployment.version)}</td>
            <td class="num dim">{maybe_instant(deployment.created)}</td>
            <td class="dim message" title=error.clone()>
                {error.clone()}
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn service(name: &str, deployed: Option<i64>) -> Service {
        Service {
            name: name.to_owned(),
            latest_deployment: deployed.map(|second| VersionSummary {
                id: name.to_owned(),
                version: 1,
                state: Some("complete".to_owned()),
                error: None,
                created: DateTime::from_timestamp(second, 0),
                awaits_approval: None,
            }),
            ..Service::default()
        }
    }

    #[test]
    fn the_newest_come_first_and_what_never_was_is_left_out() {
        let services = [
            service("old", Some(1)),
            service("never", None),
            service("new", Some(2)),
        ];
        let names: Vec<_> = newest(&services)
            .iter()
            .map(|(service, _)| service.name.as_str())
            .collect();
        assert_eq!(names, ["new", "old"]);
    }

    #[test]
    fn a_state_of_a_newer_platform_is_kept_as_text() {
        let mut deployment = service("a", Some(1)).latest_deployment.unwrap();
        assert_eq!(state(&deployment), Open::Known(DeploymentState::Complete));
        deployment.state = Some("paused".to_owned());
        assert_eq!(state(&deployment).word(), "paused");
    }
}
