//! What ends a build or a deployment that is under way: a button for each, pending by itself.

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CancelDeployment, CancelImage};
use wire::path::{DeploymentParams, VersionParams};

use super::Here;
use super::actions::act;
use crate::api::call;
use crate::components::button::{Button, Kind};
use crate::components::curl::CopyCurl;
use crate::components::icon::Icon;
use crate::reactive::effect;
use crate::state::act::Act;
use crate::state::notices::use_notices;

/// Ends the build of an image.
#[component]
pub fn CancelBuild(
    here: Here,
    #[prop(into)] version: Signal<u32>,
    label: &'static str,
) -> impl IntoView {
    let notices = use_notices();
    let cancel = act(
        here,
        |at, service, version: &u32| {
            let params = VersionParams {
                service: service.clone(),
                version: version.to_string(),
            };
            call::<CancelImage>(at, &params, &NoQuery, &NoBody)
        },
        move |version, _| {
            notices.say(format!("The build of v{version} is being cancelled."));
            here.refresh();
        },
    );
    cancel_button(label, cancel, move || version.get_untracked())
}

/// Ends a deployment.
#[component]
pub fn CancelRollout(
    here: Here,
    #[prop(into)] deployment: Signal<String>,
    label: &'static str,
) -> impl IntoView {
    let notices = use_notices();
    let cancel = act(
        here,
        |at, service, deployment: &String| {
            let params = DeploymentParams {
                service: service.clone(),
                deployment: deployment.clone(),
            };
            call::<CancelDeployment>(at, &params, &NoQuery, &NoBody)
        },
        move |_, _| {
            notices.say("The deployment is being cancelled.".to_owned());
            here.refresh();
        },
    );
    cancel_button(label, cancel, move || deployment.get_untracked())
}

/// Without a dialog: a failure is told as a notice.
fn cancel_button<I: 'static>(
    label: &'static str,
    cancel: Act<I>,
    what: impl Fn() -> I + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let notices = use_notices();
    let failed = cancel.failed();
    effect(move || {
        if let Some(words) = failed.get() {
            notices.complain(words);
        }
    });
    view! {
        <span class="actions">
            <Button
                label
                kind=Kind::Quiet
                glyph=Icon::Cross
                pending=cancel.pending()
                on_click=move |()| cancel.go(what())
            />
            <CopyCurl commands=cancel.commands(move || Some(what())) small=true />
        </span>
    }
}
