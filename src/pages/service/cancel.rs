//! What ends a build or a deployment that is under way: a button for each, pending by itself.

use leptos::prelude::*;
use wire::build::Image;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CancelDeployment, CancelImage};
use wire::path::{DeploymentParams, VersionParams};
use wire::release::Deployment;

use super::Here;
use super::actions::act;
use super::follow::use_deployments;
use crate::api::call;
use crate::components::button::{Barrier, Button, Kind};
use crate::components::curl::CopyCurl;
use crate::components::icon::Icon;
use crate::reactive::{dynamic, memo};
use crate::routes::Address;
use crate::state::act::{Act, complain_of};
use crate::state::notices::use_notices;
use crate::state::rights::{self, use_right};

/// What ends the work on an image. One that a deployment fetches ends with that deployment, and not
/// by itself.
#[component]
pub fn CancelImageWork(
    here: Here,
    #[prop(into)] version: Signal<u32>,
    work: Memo<Work>,
    /// On the button that ends a build.
    label: &'static str,
    /// The deployment that has its own button beside this.
    #[prop(optional, into)]
    beside: Signal<Option<String>>,
) -> impl IntoView {
    dynamic(move || match work.get() {
        Work::None => ().into_any(),
        Work::Build => view! { <CancelBuild here version label /> }.into_any(),
        Work::Fetch(releases) => view! { <CancelFetch here releases beside /> }.into_any(),
    })
}

/// Which work on an image goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// None.
    #[default]
    None,
    /// A build, or a fetch that somebody asked for.
    Build,
    /// A deployment of one of these releases fetches it.
    Fetch(Vec<u32>),
}

impl Work {
    /// A release holds an image that is not there yet only where its own deployment fetches it.
    pub fn on(image: &Image) -> Self {
        let releases = &image.image_metadata.releases;
        match (image.is_under_way(), releases.is_empty()) {
            (false, _) => Self::None,
            (true, true) => Self::Build,
            (true, false) => Self::Fetch(releases.clone()),
        }
    }
}

/// Ends the deployment that fetches an image, and names it.
#[component]
fn CancelFetch(here: Here, releases: Vec<u32>, beside: Signal<Option<String>>) -> impl IntoView {
    let deployments = use_deployments(move || Some(here.params.get()));
    let fetching = memo(move || {
        let deployments = deployments.get()?;
        let found = fetching(&deployments, &releases)?;
        Some((found.id.clone(), found.release))
    });
    dynamic(move || {
        let found = fetching.get().map(|(id, release)| {
            let path = Address::release(&here.params.get_untracked(), release);
            let is_beside = beside.with(|beside| beside.as_ref() == Some(&id));
            let button = (!is_beside).then(|| {
                view! { <CancelRollout here deployment=Signal::stored(id) label="Cancel deployment" /> }
            });
            view! {
                <span class="actions">
                    <span class="dim sm">
                        "fetched by the deployment of " <a class="link mono" href=path>
                            {format!("v{release}")}
                        </a>
                    </span>
                    {button}
                </span>
            }
        });
        found.into_any()
    })
}

/// The deployment that fetches the image of these releases. Of several it is the first: the others
/// wait for it.
fn fetching<'a>(deployments: &'a [Deployment], releases: &[u32]) -> Option<&'a Deployment> {
    let mut oldest_first = deployments.iter().rev();
    oldest_first.find(|one| one.is_under_way() && releases.contains(&one.release))
}

/// Ends the build of an image.
#[component]
fn CancelBuild(
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
    let barrier = use_right::<CancelImage>(here.level(), rights::here);
    cancel_button(label, barrier, cancel, move || version.get_untracked())
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
    let barrier = use_right::<CancelDeployment>(here.level(), rights::here);
    cancel_button(label, barrier, cancel, move || deployment.get_untracked())
}

/// Without a dialog: a failure is told as a notice.
fn cancel_button<I: 'static>(
    label: &'static str,
    barrier: Barrier,
    cancel: Act<I>,
    what: impl Fn() -> I + Copy + Send + Sync + 'static,
) -> impl IntoView {
    complain_of(cancel);
    view! {
        <span class="actions">
            <Button
                label
                kind=Kind::Quiet
                glyph=Icon::Cross
                barrier
                pending=cancel.pending()
                on_click=move |()| cancel.go(what())
            />
            <CopyCurl commands=cancel.commands(move || Some(what())) small=true />
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::build::{ImageMetadata, ImageState};
    use wire::open::Open;
    use wire::release::DeploymentState;

    #[test]
    fn an_image_that_a_release_waits_for_ends_with_its_deployment() {
        let image = |state, releases: &[u32]| Image {
            state: Some(Open::Known(state)),
            image_metadata: ImageMetadata {
                releases: releases.to_vec(),
                ..ImageMetadata::default()
            },
            ..Image::default()
        };
        assert_eq!(Work::on(&image(ImageState::Building, &[])), Work::Build);
        assert_eq!(Work::on(&image(ImageState::Queued, &[])), Work::Build);
        let fetched = image(ImageState::Building, &[3, 2]);
        assert_eq!(Work::on(&fetched), Work::Fetch(vec![3, 2]));
        assert_eq!(Work::on(&image(ImageState::Built, &[2])), Work::None);
    }

    #[test]
    fn of_several_deployments_the_first_under_way_fetches() {
        let deployment = |release, state| Deployment {
            id: format!("of v{release}"),
            release,
            state: Some(Open::Known(state)),
            ..Deployment::default()
        };
        let deployments = [
            deployment(4, DeploymentState::Pending),
            deployment(3, DeploymentState::Pending),
            deployment(2, DeploymentState::Running),
            deployment(1, DeploymentState::Error),
        ];
        let id = |releases: &[u32]| fetching(&deployments, releases).map(|one| &*one.id);
        assert_eq!(id(&[3, 2, 1]), Some("of v2"));
        assert_eq!(id(&[3]), Some("of v3"));
        assert_eq!(id(&[1]), None);
    }
}
