//! The newest deployment of a service, followed until it ends, whoever asked for it.

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetDeployment, ListDeployments};
use wire::path::{DeploymentParams, ServiceParams};
use wire::release::{Deployment, DeploymentState};
use wire::service::{Service, VersionSummary};

use crate::api::{call, use_connection};
use crate::reactive::memo;
use crate::state::notices::{Notices, use_notices};
use crate::state::remote::Remote;

/// The newest deployment. It is fetched when the service tells of another, or that this one stands
/// otherwise, and closely while it is under way.
pub fn use_deployment(params: Memo<ServiceParams>, service: Remote<Service>) -> Remote<Deployment> {
    let connection = use_connection();
    let newest = memo(move || {
        service
            .get()
            .and_then(|service| service.latest_deployment.clone())
    });
    let id = memo(move || newest.with(|newest| Some(newest.as_ref()?.id.clone())));
    let deployment = Remote::new(
        move || {
            let params = DeploymentParams {
                service: params.get(),
                deployment: id.get()?,
            };
            Some(call::<GetDeployment>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        |deployment| deployment.is_under_way().then_some(1_000),
    );
    refresh_with(newest, deployment);
    deployment
}

/// The last deployments of a service, the newest first: followed closely while one is under way.
pub fn use_deployments(
    params: impl Fn() -> Option<ServiceParams> + Send + Sync + 'static,
) -> Remote<Vec<Deployment>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let params = params()?;
            Some(call::<ListDeployments>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        |deployments| {
            let is_moving = deployments.iter().any(Deployment::is_under_way);
            Some(if is_moving { 1_000 } else { 15_000 })
        },
    )
}

/// Fetches something again when what the service tells of it in short has changed.
pub fn refresh_with<T: 'static>(summary: Memo<Option<VersionSummary>>, whole: Remote<T>) {
    Effect::watch(
        move || summary.get(),
        move |now, before, _| {
            let id = |summary: Option<&VersionSummary>| summary.map(|summary| summary.id.clone());
            // Another one is another question, which is asked by itself.
            if before.is_some_and(|before| id(before.as_ref()) == id(now.as_ref())) {
                whole.refresh();
            }
        },
        false,
    );
}

/// Calls back whenever another deployment is the newest, and when that one stands otherwise.
pub fn watch_newest(deployment: Remote<Deployment>, then: impl Fn() + 'static) {
    let newest = memo(move || {
        let newest = deployment.get()?;
        Some((newest.id.clone(), newest.state()))
    });
    Effect::watch(
        move || newest.get(),
        move |_, before, _| {
            if before.is_some_and(Option::is_some) {
                then();
            }
        },
        false,
    );
}

/// Tells how each deployment ends that was under way while the page was open.
pub fn tell_ends(deployment: Remote<Deployment>, then: impl Fn() + 'static) {
    let notices = use_notices();
    Effect::watch(
        move || deployment.get(),
        move |now, before, _| {
            let (Some(now), Some(Some(before))) = (now, before) else {
                return;
            };
            if before.id == now.id && before.is_under_way() && !now.is_under_way() {
                tell(notices, now);
                then();
            }
        },
        false,
    );
}

fn tell(notices: Notices, deployment: &Deployment) {
    let words = end(deployment);
    match deployment.state().known() {
        Some(DeploymentState::Complete) => notices.say(words),
        _ => notices.complain(words),
    }
}

/// How a deployment ended, in a sentence.
fn end(deployment: &Deployment) -> String {
    let release = format!("Release v{}", deployment.release);
    match deployment.state().known() {
        Some(DeploymentState::Complete) => format!("{release} is deployed."),
        Some(DeploymentState::Cancelled) => {
            format!("The deployment of v{} was cancelled.", deployment.release)
        }
        _ => {
            let error = deployment.error.as_deref();
            let why = error.unwrap_or("What ran before goes on.");
            format!("{release} was not deployed: {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::open::Open;

    #[test]
    fn every_end_has_a_sentence() {
        let ended = |state, error: Option<&str>| {
            end(&Deployment {
                release: 12,
                state: Some(Open::Known(state)),
                error: error.map(str::to_owned),
                ..Deployment::default()
            })
        };
        assert_eq!(
            ended(DeploymentState::Complete, None),
            "Release v12 is deployed."
        );
        assert_eq!(
            ended(DeploymentState::Cancelled, None),
            "The deployment of v12 was cancelled."
        );
        assert_eq!(
            ended(DeploymentState::Error, Some("web.0 never got healthy.")),
            "Release v12 was not deployed: web.0 never got healthy."
        );
    }
}
