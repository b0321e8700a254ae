//! What of a service runs, how that came to be, and how it is described.

pub mod events;
pub mod newest;
pub mod next;
pub mod pipeline;

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoints::{GetImage, GetReleaseVerdict, GetServiceStatus};
use wire::endpoints::{ListServiceEvents, PreviewDeploy};
use wire::envelope::Dialect;
use wire::open::Open;
use wire::service::Service;
use wire::status::{Instance, ServiceState, ServiceStatus};

use super::Here;
use super::actions::Actions;
use crate::api::answers;
use crate::chart::ticks::Unit;
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::feedback::{CopyButton, Empty};
use crate::components::icon::Icon;
use crate::components::page::{Panel, fact};
use crate::components::status::{instance_state, state_mark};
use crate::pages::parts::{freshness, loaded, maybe_instant};
use crate::pages::service::verdict::RunningVerdict;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, Tab};
use crate::words::plural;
use events::LastEvents;
use next::NextDeploy;
use pipeline::Pipeline;
use wire::action::Action as Deed;

/// The overview.
#[component]
pub fn OverviewTab(here: Here, actions: Actions, service: Signal<Arc<Service>>) -> impl IntoView {
    // In W a change of the description acts at once: nothing waits for a deploy.
    let has_deploys = memo(move || here.params.get().scope.dialect() == Dialect::Environment);
    let was_deployed = memo(move || here.state() != Some(Open::Known(ServiceState::Undeployed)));
    let has_pipeline = answers::<GetImage>();
    let has_verdict = answers::<GetReleaseVerdict>();
    let has_preview = answers::<PreviewDeploy>();
    let has_instances = answers::<GetServiceStatus>();
    let has_events = answers::<ListServiceEvents>();
    let instances = move |status| instances(here, actions, status);
    view! {
        <When is=move || has_pipeline>
            <Pipeline here />
        </When>
        <When is=move || has_verdict>
            <RunningVerdict here />
        </When>
        <When is=move || has_preview && has_deploys.get() && was_deployed.get()>
            <NextDeploy here actions />
        </When>
        <div class="cols">
            <When is=move || has_instances>
                <Panel title="Instances" aside=move || freshness(here.status.held()) flush=true>
                    {loaded(here.status, 3, instances)}
                </Panel>
            </When>
            <Panel title="Description">{move || description(&service.get())}</Panel>
        </div>
        <When is=move || has_events>
            <LastEvents here />
        </When>
    }
}

fn instances(here: Here, actions: Actions, status: Signal<Arc<ServiceStatus>>) -> AnyView {
    let is_any = memo(move || !status.get().instances.is_empty());
    let none = memo(move || {
        let status = status.get();
        let state = status.state.as_ref().and_then(Open::known);
        // Not every platform tells of each instance.
        let counted = || format!("{} of {} ready", status.ready, status.total);
        let counts = (status.total > 0).then(counted);
        (state, status.message.clone(), counts)
    });
    dynamic(move || match is_any.get() {
        true => instance_table(status),
        false => dynamic(move || no_instance(here, actions, none.get())),
    })
}

/// Why nothing runs, and the way to change that.
fn no_instance(
    here: Here,
    actions: Actions,
    (state, message, counts): (Option<ServiceState>, Option<String>, Option<String>),
) -> AnyView {
    if let Some(title) = counts {
        let words = "The platform does not tell of each instance.";
        return view! { <Empty title words /> }.into_any();
    }
    match state {
        Some(ServiceState::Undeployed) => undeployed(here, actions),
        Some(ServiceState::Paused) => view! {
            <Empty title="Paused" words="No instance runs. Scale it up and it goes on.">
                <Button
                    label="Scale"
                    kind=Kind::Primary
                    glyph=Icon::Bars
                    barrier=here.barrier(Deed::Scale)
                    on_click=move |()| actions.open.scale.set(true)
                />
            </Empty>
        }
        .into_any(),
        _ => {
            let words = message.unwrap_or_else(|| "The first is on its way.".to_owned());
            view! { <Empty title="No instance yet" words /> }.into_any()
        }
    }
}

/// What is still to do before something runs: of a repository an image is built first.
fn undeployed(here: Here, actions: Actions) -> AnyView {
    let needs_image = memo(move || {
        let service = here.service.get();
        service.is_some_and(|service| service.image.is_none() && service.latest_image.is_none())
    });
    let images = move || Address::Service(here.params.get(), Tab::Images).path();
    dynamic(move || {
        match needs_image.get() {
        true => view! {
            <Empty
                title="Nothing built yet"
                words="It is described, and nothing of it runs. Build an image of its repository; a deploy then starts it."
            >
                <ButtonLink
                    label="Build an image"
                    href=Signal::derive(images)
                    kind=Kind::Primary
                    glyph=Icon::Box
                />
            </Empty>
        }
        .into_any(),
        false => view! {
            <Empty
                title="Never deployed"
                words="It is described, and nothing of it runs. Its first deploy starts it."
            >
                <Button
                    label="Deploy"
                    kind=Kind::Primary
                    glyph=Icon::Upload
                    against=here.against(Deed::Deploy)
                    barrier=here.barrier(Deed::Deploy)
                    on_click=move |()| actions.open.deploy.set(true)
                />
            </Empty>
        }
        .into_any(),
    }
    })
}

fn instance_table(status: Signal<Arc<ServiceStatus>>) -> AnyView {
    let rows = move || {
        let status = status.get();
        let rows = status.instances.iter().map(instance_row);
        rows.collect_view().into_any()
    };
    view! {
        <div class="scrollx" role="group" aria-label="Instances" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th>"Instance"</th>
                        <th>"State"</th>
                        <th class="num">"Release"</th>
                        <th class="num">"Started"</th>
                        <th class="num">"Restarts"</th>
                        <th class="num">"CPU"</th>
                        <th class="num">"Memory"</th>
                        <th>"Last message"</th>
                    </tr>
                </thead>
                <tbody>{dynamic(rows)}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn instance_row(instance: &Instance) -> impl IntoView + use<> {
    let release = instance
        .release_version
        .map(|version| format!("v{version}"));
    let message = instance.message.clone().unwrap_or_default();
    view! {
        <tr>
            <td class="mono" title=instance.id.clone()>
                {instance.label()}
                {instance.node.clone().map(|node| view! { <small class="dim">"on "{node}</small> })}
            </td>
            <td>{state_mark(instance_state(&instance.state))}</td>
            <td class="mono num">{release}</td>
            <td class="num dim">{maybe_instant(instance.started)}</td>
            <td class="num">{instance.restarts}</td>
            <td class="num">{used(Unit::Cores, instance.cpu)}</td>
            <td class="num">{used(Unit::Bytes, instance.memory.map(|bytes| bytes as f64))}</td>
            <td class="dim message" title=message.clone()>
                {message.clone()}
            </td>
        </tr>
    }
}

/// What an instance used lately; nothing where that is not known.
fn used(unit: Unit, value: Option<f64>) -> AnyView {
    match value {
        Some(value) => unit.words(value).into_any(),
        None => view! { <span class="faint">"–"</span> }.into_any(),
    }
}

/// The description at a glance.
fn description(service: &Service) -> impl IntoView + use<> {
    let code = |text: &str| view! { <span class="mono">{text.to_owned()}</span> };
    let none = || view! { <span class="faint">"none"</span> }.into_any();
    let maybe = |text: &Option<String>| match text {
        Some(text) => code(text).into_any(),
        None => none(),
    };
    let image = service.image.clone().map(|image| {
        fact(
            "Image",
            view! {
                {code(&image)}
                <CopyButton text=image.clone() label="Copy the image reference" />
            },
        )
    });
    let repository = service.github_repository.as_ref().map(|_| {
        let branch = service
            .auto_deploy_branch
            .as_ref()
            .map(|branch| format!(", {branch}"));
        let from = service.github_repository.clone().unwrap_or_default();
        fact("Repository", code(&(from + &branch.unwrap_or_default())))
    });
    let port = match (service.port, &service.github_repository) {
        (Some(port), _) => port.to_string(),
        (None, Some(_)) => "what its image exposes".to_owned(),
        (None, None) => "takes no traffic".to_owned(),
    };
    let health = match &service.health_check_path {
        Some(path) => {
            let seconds = service.deployment_timeout.unwrap_or(180);
            code(&format!("{path} in {seconds} s")).into_any()
        }
        None => view! { "an open port" }.into_any(),
    };
    let volumes = list(service.volumes.iter().map(|volume| {
        format!(
            "{} at {}, {} GB",
            volume.name, volume.mount_path, volume.size_gb
        )
    }));
    let variables = match service.env.len() {
        0 => none(),
        count => plural(count, "variable").into_any(),
    };
    let platform = service
        .platform
        .as_ref()
        .map(|platform| platform.word().to_owned());
    view! {
        <dl class="kv">
            {image} {repository} {fact("Port", port)} {fact("Processes", processes(service))}
            {fact("Health", health)} {fact("Platform", maybe(&platform))} {fact("Volumes", volumes)}
            {fact("Config", variables)} {fact("Changed", maybe_instant(service.updated))}
            {fact(
                "Id",
                view! {
                    <span class="mono cut">{service.id.clone()}</span>
                    <CopyButton text=service.id.clone() label="Copy the id" />
                },
            )}
        </dl>
    }
}

fn processes(service: &Service) -> String {
    if service.process_counts.is_empty() {
        return format!("web {}", service.web_instances());
    }
    let counts = service.process_counts.iter();
    let counts: Vec<String> = counts
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    counts.join(", ")
}

fn list(items: impl Iterator<Item = String>) -> AnyView {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return view! { <span class="faint">"none"</span> }.into_any();
    }
    let items = items
        .into_iter()
        .map(|item| view! { <div>{item}</div> })
        .collect_view();
    items.into_any()
}
