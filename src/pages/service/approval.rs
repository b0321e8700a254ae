//! Deployments to a protected environment that wait for another admin.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::ApproveDeployment;
use wire::path::DeploymentParams;
use wire::release::Deployment;
use wire::service::{AwaitedApproval, Service};

use super::Here;
use super::actions::act;
use super::cancel::CancelRollout;
use super::follow::use_deployments;
use crate::api::call;
use crate::components::button::{Button, Kind};
use crate::components::feedback::Note;
use crate::components::icon::Icon;
use crate::reactive::{dynamic, memo};
use crate::routes::Address;
use crate::state::act::complain_of;
use crate::state::notices::use_notices;
use crate::state::rights::{self, use_right};

/// A deployment that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    id: String,
    release: u32,
    about: AwaitedApproval,
}

/// Those that wait: the newest, which the service itself tells of, and the others as soon as they are
/// read.
fn waiting(service: &Service, all: Option<&[Deployment]>) -> Vec<Waiting> {
    let newest = service.latest_deployment.as_ref();
    let newest = newest.and_then(|newest| {
        Some(Waiting {
            id: newest.id.clone(),
            release: newest.version,
            about: newest.awaits_approval.clone()?,
        })
    });
    let Some(newest) = newest else {
        return Vec::new();
    };
    let others = all.unwrap_or_default().iter();
    let others = others.filter(|one| one.needs_approval && one.id != newest.id);
    let others = others.map(|one| Waiting {
        id: one.id.clone(),
        release: one.release,
        about: AwaitedApproval {
            by: one.by.clone(),
            message: one.message.clone(),
        },
    });
    std::iter::once(newest.clone()).chain(others).collect()
}

/// A strip for each that waits, the newest first.
#[component]
pub fn Approvals(here: Here, service: Signal<Arc<Service>>) -> impl IntoView {
    let waits = memo(move || service.with(|service| !waiting(service, None).is_empty()));
    let deployments = use_deployments(move || waits.get().then(|| here.params.get()));
    let waiting = memo(move || {
        let all = deployments.get();
        service.with(|service| waiting(service, all.as_ref().map(|all| all.as_slice())))
    });
    let refresh = move || {
        here.refresh();
        deployments.refresh();
    };
    let notices = use_notices();
    let approve = act(
        here,
        |at, service, deployment: &String| {
            let params = DeploymentParams {
                service: service.clone(),
                deployment: deployment.clone(),
            };
            call::<ApproveDeployment>(at, &params, &NoQuery, &NoBody)
        },
        move |_, approved: Deployment| {
            notices.say(format!("Release v{} may begin.", approved.release));
            refresh();
        },
    );
    complain_of(approve);
    let barrier = use_right::<ApproveDeployment>(here.level(), rights::here);
    let strip = move |one: Waiting| {
        let path = Address::release(&here.params.get_untracked(), one.release);
        let (id, words) = (one.id.clone(), words(&one.about));
        view! {
            <Note>
                <span class="grow">
                    <a class="link mono" href=path>
                        {format!("v{}", one.release)}
                    </a>
                    {words}
                </span>
                <span class="actions">
                    <CancelRollout here deployment=Signal::stored(one.id) label="Cancel" />
                    <Button
                        label="Approve"
                        kind=Kind::Primary
                        glyph=Icon::Check
                        barrier
                        pending=approve.pending()
                        on_click=move |()| approve.go(id.clone())
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

/// ` waits for another admin than Ada, who asked for it, to approve it. “hotfix”`
fn words(awaited: &AwaitedApproval) -> String {
    let than = awaited.by.as_ref();
    let than = than.map(|by| format!(" than {by}, who asked for it,"));
    let why = awaited.message.as_ref();
    let why = why.map(|why| format!(" “{why}”"));
    format!(
        " waits for another admin{} to approve it.{}",
        than.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use wire::service::VersionSummary;

    use super::*;

    fn awaited() -> AwaitedApproval {
        AwaitedApproval {
            by: Some("Ada".into()),
            message: Some("hotfix".into()),
        }
    }

    #[test]
    fn who_asked_and_why_is_told() {
        let told = " waits for another admin than Ada, who asked for it, to approve it. “hotfix”";
        assert_eq!(words(&awaited()), told);
        let told = " waits for another admin to approve it.";
        assert_eq!(words(&AwaitedApproval::default()), told);
    }

    #[test]
    fn the_newest_is_told_before_the_others_are_read() {
        let mut service = Service::default();
        assert!(waiting(&service, None).is_empty());
        service.latest_deployment = Some(VersionSummary {
            id: "b".into(),
            version: 2,
            state: None,
            error: None,
            created: None,
            awaits_approval: Some(awaited()),
        });
        let ids = |all: Option<&[Deployment]>| {
            let waiting = waiting(&service, all).into_iter();
            waiting.map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None), ["b"]);
        let all = ["c", "b", "a"].map(|id| Deployment {
            id: id.into(),
            needs_approval: id != "c",
            ..Deployment::default()
        });
        assert_eq!(ids(Some(&all)), ["b", "a"]);
    }
}
