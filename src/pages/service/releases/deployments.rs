//! The deployments of one release: how each went, and its log.

use std::sync::Arc;

use leptos::prelude::*;
use wire::open::Open;
use wire::path::DeploymentParams;
use wire::release::{Deployment, DeploymentKind};

use crate::components::page::Panel;
use crate::components::status::{deployment_state, state_mark};
use crate::pages::parts::{freshness, instant_of, loaded};
use crate::pages::service::Here;
use crate::pages::service::cancel::CancelRollout;
use crate::pages::service::follow::{use_deployments, watch_newest};
use crate::pages::service::progress::{Progress, use_length, use_silence};
use crate::pages::service::work_log::{Source, WorkLogPanel};
use crate::reactive::{When, dynamic, memo};
use crate::routes::{QueryText, query_text};

/// The deployments of a release.
#[component]
pub fn Deployments(here: Here, version: u32) -> impl IntoView {
    let deployments = use_deployments(move || Some(here.params.get()));
    watch_newest(here.deployment, move || deployments.refresh());
    let asked = query_text("deployment");
    let own = memo(move || {
        let deployments = deployments.get();
        let all = deployments.iter().flat_map(|all| all.iter());
        let own = all.filter(|deployment| deployment.release == version);
        own.cloned().collect::<Vec<_>>()
    });
    let ids = memo(move || {
        own.with(|own| {
            let ids = own.iter().map(|deployment| deployment.id.clone());
            ids.collect::<Vec<_>>()
        })
    });
    // The newest, where the address names none.
    let chosen = memo(move || {
        let ids = ids.get();
        let asked = asked.get.get();
        let known = ids.iter().find(|id| **id == asked).cloned();
        known.or_else(|| ids.into_iter().next())
    });
    let source = memo(move || {
        let params = DeploymentParams {
            service: here.params.get(),
            deployment: chosen.get()?,
        };
        Some(Source::Deployment(params))
    });
    let row = move |id: String| {
        let key = id.clone();
        let deployment = memo(move || {
            own.with(|own| {
                let found = own.iter().find(|deployment| deployment.id == key);
                found.cloned().unwrap_or_default()
            })
        });
        row(here, id, deployment, chosen, asked)
    };
    let list = move |_: Signal<Arc<Vec<Deployment>>>| {
        dynamic(move || match ids.with(Vec::is_empty) {
            true => {
                let words = "It was not deployed, or so long ago that the deployment is no longer \
                             listed.";
                view! { <p class="dim pad">{words}</p> }.into_any()
            }
            false => view! {
                <ul class="plain deployments">
                    <For each=move || ids.get() key=Clone::clone children=row />
                </ul>
            }
            .into_any(),
        })
    };
    let ended = move |()| {
        deployments.refresh();
        here.refresh();
    };
    view! {
        <Panel title="Deployments" aside=move || freshness(deployments.held()) flush=true>
            {loaded(deployments, 2, list)}
        </Panel>
        <When is=move || chosen.get().is_some()>
            <WorkLogPanel title="Deployment log" source on_end=ended />
        </When>
    }
}

fn row(
    here: Here,
    id: String,
    deployment: Memo<Deployment>,
    chosen: Memo<Option<String>>,
    asked: QueryText,
) -> impl IntoView {
    let state = memo(move || deployment_state(&deployment.with(Deployment::state)));
    let progress = memo(move || deployment.with(Progress::of_deployment));
    let length = use_length(move || progress.get());
    let silence = use_silence(move || progress.get());
    let created = memo(move || deployment.with(|deployment| deployment.created));
    let about = memo(move || deployment.with(about));
    let error = memo(move || deployment.with(|deployment| deployment.error.clone()));
    let (this, other, cancelled) = (id.clone(), id.clone(), id);
    let is_chosen = memo(move || chosen.with(|chosen| chosen.as_deref() == Some(&*this)));
    view! {
        <li>
            <div class="state-line">
                {dynamic(move || state_mark(state.get()).into_any())}
                <span class="dim">{about}</span> <span class="dim">{instant_of(created)}</span>
                <span class="dim">{length}</span> <span class="faint">{silence}</span>
            </div>
            {move || error.get().map(|error| view! { <p class="dim">{error}</p> })}
            <div class="actions">
                <button
                    type="button"
                    class="btn quiet"
                    aria-pressed=move || if is_chosen.get() { "true" } else { "false" }
                    on:click=move |_| asked.set(other.clone())
                >
                    "Log"
                </button>
                <When is=move || progress.get().is_under_way>
                    <CancelRollout
                        here
                        deployment=Signal::stored(cancelled.clone())
                        label="Cancel"
                    />
                </When>
            </div>
        </li>
    }
}

/// What set it off, by whom, and why: `Rolled back by ann: “too slow”`.
fn about(deployment: &Deployment) -> String {
    let kind = match &deployment.kind {
        Some(Open::Known(DeploymentKind::Deploy)) | None => "Deployed",
        Some(Open::Known(DeploymentKind::Change)) => "Changed",
        Some(Open::Known(DeploymentKind::Rollback)) => "Deployed again",
        Some(Open::Known(DeploymentKind::Push)) => "Pushed",
        Some(Open::Known(DeploymentKind::Promotion)) => "Promoted",
        Some(Open::Unknown(word)) => word,
    };
    let mut words = kind.to_owned();
    if let Some(previous) = deployment.previous_release {
        words.push_str(&format!(" after v{previous}"));
    }
    if let Some(by) = &deployment.by {
        words.push_str(&format!(" by {by}"));
    }
    if let Some(message) = &deployment.message {
        words.push_str(&format!(": “{message}”"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_tells_what_set_it_off() {
        let deployment = Deployment {
            kind: Some(Open::Known(DeploymentKind::Rollback)),
            previous_release: Some(13),
            by: Some("ann".into()),
            message: Some("too slow".into()),
            ..Deployment::default()
        };
        assert_eq!(
            about(&deployment),
            "Deployed again after v13 by ann: “too slow”"
        );
        assert_eq!(about(&Deployment::default()), "Deployed");
    }
}
