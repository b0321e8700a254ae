//! Deployments to a protected environment that wait for another admin.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::ApproveDeployment;
use wire::path::{DeploymentParams, Level};
use wire::release::Deployment;

use super::Here;
use super::actions::act;
use super::cancel::CancelRollout;
use super::follow::use_deployments;
use crate::api::call;
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::icon::Icon;
use crate::reactive::{dynamic, effect, memo};
use crate::routes::Address;
use crate::state::notices::use_notices;
use crate::state::rights::{self, use_right};

/// A strip for each that waits, the newest first. The list is read only while the newest one waits.
#[component]
pub fn Approvals(here: Here) -> impl IntoView {
    let waits = memo(move || {
        let newest = here.deployment.get();
        newest.is_some_and(|newest| newest.needs_approval)
    });
    dynamic(move || match waits.get() {
        true => view! { <Waiting here /> }.into_any(),
        false => ().into_any(),
    })
}

#[component]
fn Waiting(here: Here) -> impl IntoView {
    let deployments = use_deployments(move || Some(here.params.get()));
    let waiting = memo(move || {
        let all = deployments.get().unwrap_or_default();
        let waiting = all.iter().filter(|one| one.needs_approval);
        waiting.cloned().collect::<Vec<_>>()
    });
    let refresh = move || {
        here.refresh();
        deployments.refresh();
    };
    let notices = use_notices();
    let approve = act(
        here,
        |at, service, deployment: &Arc<Deployment>| {
            let params = DeploymentParams {
                service: service.clone(),
                deployment: deployment.id.clone(),
            };
            call::<ApproveDeployment>(at, &params, &NoQuery, &NoBody)
        },
        move |_, approved: Deployment| {
            notices.say(format!("Release v{} may begin.", approved.release));
            refresh();
        },
    );
    let failed = approve.failed();
    effect(move || {
        if let Some(words) = failed.get() {
            notices.complain(words);
        }
    });
    let level = move || Some(Level::Service(here.params.get()));
    let barrier = use_right::<ApproveDeployment>(level, rights::here);
    let strip = move |deployment: Deployment| {
        let words = words(&deployment);
        let this = Arc::new(deployment);
        let deployment = Arc::clone(&this);
        let path = Address::release(&here.params.get_untracked(), deployment.release);
        view! {
            <Note>
                <span class="grow">
                    <a class="link mono" href=path>
                        {format!("v{}", deployment.release)}
                    </a>
                    {words}
                </span>
                <span class="actions">
                    <CancelRollout
                        here
                        deployment=Signal::stored(deployment.id.clone())
                        label="Cancel"
                    />
                    <Button
                        label="Approve"
                        kind=Kind::Primary
                        glyph=Icon::Check
                        barrier
                        pending=approve.pending()
                        on_click=move |()| approve.go(Arc::clone(&this))
                    />
                </span>
            </Note>
        }
    };
    dynamic(move || {
        waiting
            .get()
            .into_iter()
            .map(strip)
            .collect_view()
            .into_any()
    })
}

/// ` waits for another admin than Ada to approve it: hotfix`
fn words(deployment: &Deployment) -> String {
    let than = deployment.by.as_ref();
    let than = than.map(|by| format!(" than {by}, who asked for it,"));
    let why = deployment.message.as_ref();
    let why = why.map(|why| format!(" “{why}”"));
    format!(
        " waits for another admin{} to approve it.{}",
        than.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_and_why_is_told() {
        let mut deployment = Deployment {
            by: Some("Ada".into()),
            message: Some("hotfix".into()),
            ..Deployment::default()
        };
        let told = " waits for another admin than Ada, who asked for it, to approve it. “hotfix”";
        assert_eq!(words(&deployment), told);
        (deployment.by, deployment.message) = (None, None);
        assert_eq!(
            words(&deployment),
            " waits for another admin to approve it."
        );
    }
}
