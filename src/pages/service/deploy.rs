//! Before a deploy: what it would change, or, of an older release, what comes back and what stays.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::NoBody;
use wire::endpoints::PreviewDeploy;
use wire::path::ServiceParams;
use wire::release::{DeployPreview, Deployment, PreviewQuery};

use super::Here;
use super::actions::Actions;
use super::follow::use_deployments;
use crate::api::{answers, call, use_connection};
use crate::components::dialog::Dialog;
use crate::components::difference::{difference_list, of_config, of_fields, of_processes};
use crate::components::feedback::Note;
use crate::forms::deploy::DeployFields;
use crate::pages::parts::loaded;
use crate::reactive::{When, dynamic, memo};
use crate::state::remote::Remote;
use crate::words::short;

/// The dialog of a new release, and the rehearsal of an older one.
#[component]
pub fn DeployDialogs(here: Here, actions: Actions) -> impl IntoView {
    let open = actions.open;
    let again = move || match open.release.get() {
        Some(release) => format!("Deploy release v{release} again"),
        None => String::new(),
    };
    view! {
        <Dialog title="Deploy" open=open.deploy>
            <Rehearsal here actions release=None open=open.deploy />
        </Dialog>
        <Dialog title=Signal::derive(again) open=open.again>
            <Rehearsal here actions release=open.release.get_untracked() open=open.again />
        </Dialog>
    }
}

#[component]
fn Rehearsal(
    here: Here,
    actions: Actions,
    release: Option<u32>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let preview = use_preview(here, release);
    let busy = use_busy(move || Some(here.params.get()));
    let has_preview = answers::<PreviewDeploy>();
    let against = memo(move || match preview.get() {
        Some(preview) => preview.obstacle.clone().or_else(|| busy.against.get()),
        None if !has_preview => None,
        None => Some("What it would change is not known yet.".to_owned()),
    });
    let show = move |preview: Signal<Arc<DeployPreview>>| {
        dynamic(move || match release {
            Some(_) => comes_back(&preview.get()),
            None => changes(&preview.get()),
        })
    };
    view! {
        <DeployFields release open act=actions.deploy against busy=busy.releases>
            {loaded(preview, 3, show)}
            <When is=move || !has_preview>
                <p class="dim">
                    "A release is made of the latest image, and rolled out. This platform does not tell before what that changes."
                </p>
            </When>
        </DeployFields>
    }
}

/// What a deploy now would change.
pub fn use_preview(here: Here, release: Option<u32>) -> Remote<DeployPreview> {
    let connection = use_connection();
    Remote::new(
        move || {
            let (params, query) = (here.params.get(), PreviewQuery { release });
            Some(call::<PreviewDeploy>(&connection, &params, &query, &NoBody))
        },
        |_| None,
    )
}

/// What is under way of a service that something is to be deployed of.
#[derive(Clone, Copy)]
pub struct Busy {
    /// The releases whose deployments are under way, the oldest first.
    pub releases: Memo<Vec<u32>>,
    /// Why nothing can be deployed yet: whether something is under way is on its way to the page.
    pub against: Memo<Option<String>>,
}

/// Follows what is under way of a service.
pub fn use_busy(params: impl Fn() -> Option<ServiceParams> + Send + Sync + 'static) -> Busy {
    let deployments = use_deployments(params);
    let held = deployments.held();
    Busy {
        releases: memo(move || {
            let deployments = deployments.get();
            deployments.map_or_else(Vec::new, |deployments| under_way(&deployments))
        }),
        against: memo(move || {
            let is_known = held.is_there() || held.error.with(Option::is_some);
            (!is_known).then(|| "Whether a deployment is under way is not known yet.".to_owned())
        }),
    }
}

/// The releases whose deployments are under way, the oldest first.
fn under_way(deployments: &[Deployment]) -> Vec<u32> {
    let busy = deployments.iter().rev();
    busy.filter(|deployment| deployment.is_under_way())
        .map(|deployment| deployment.release)
        .collect()
}

fn changes(preview: &DeployPreview) -> AnyView {
    if let Some(obstacle) = obstacle(preview) {
        return obstacle;
    }
    let what = match preview.running_release {
        Some(running) => format!(
            "Release v{} takes the place of v{running}. Instances are replaced one at a time, each \
             once its successor is healthy.",
            preview.release
        ),
        None => format!("Release v{} is the first, and starts it.", preview.release),
    };
    let nothing = preview.is_empty().then(|| {
        view! {
            <p>
                <b>"Nothing would change. "</b>
                "What runs has this image, config and processes already."
            </p>
        }
    });
    view! {
        <p class="dim">{what}</p>
        {nothing}
        {difference_list("Image and runtime", of_fields(&preview.image, short))}
        {difference_list("Config", of_config(&preview.config))}
        {difference_list("Processes", of_processes(&preview.processes))}
    }
    .into_any()
}

fn comes_back(preview: &DeployPreview) -> AnyView {
    if let Some(obstacle) = obstacle(preview) {
        return obstacle;
    }
    let against = match preview.running_release {
        Some(running) => format!("Against v{running}, which runs now."),
        None => "Nothing runs now.".to_owned(),
    };
    let nothing = preview
        .is_empty()
        .then(|| view! { <p>"Nothing: what runs has its image, config and processes."</p> });
    view! {
        <section class="stack">
            <div>
                <h3>"What comes back"</h3>
                <p class="dim">{against}</p>
            </div>
            {nothing}
            {difference_list("Image and runtime", of_fields(&preview.image, short))}
            {difference_list("Config", of_config(&preview.config))}
            {difference_list("Processes", of_processes(&preview.processes))}
        </section>
        <section class="stack">
            <div>
                <h3>"What stays as it is now"</h3>
                <p class="dim">
                    "A release holds no data and no routes: volumes with all that is on them, domains and scale stay, whatever they were then."
                </p>
            </div>
            {difference_list("Was otherwise then", of_fields(&preview.stays, short))}
        </section>
    }
    .into_any()
}

fn obstacle(preview: &DeployPreview) -> Option<AnyView> {
    let obstacle = preview.obstacle.clone()?;
    Some(
        view! {
            <Note bad=true>
                <span class="grow">{obstacle}</span>
            </Note>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::open::Open;
    use wire::release::DeploymentState;

    #[test]
    fn what_is_under_way_is_told_oldest_first() {
        let deployment = |release, state| Deployment {
            release,
            state: Some(Open::Known(state)),
            ..Deployment::default()
        };
        let deployments = [
            deployment(13, DeploymentState::Pending),
            deployment(12, DeploymentState::Running),
            deployment(11, DeploymentState::Complete),
        ];
        assert_eq!(under_way(&deployments), [12, 13]);
    }
}
