//! The machines that instances run on.

pub mod availability;

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetNode, ListNodes, UpdateNode};
use wire::meta::EngineKind;
use wire::node::{Node, NodeAvailability, NodeInstance, NodeRole, NodeState};
use wire::open::Open;
use wire::path::{NoParams, NodeParams, Scope, ServiceParams};

use super::parts::{freshness, loaded, maybe_instant};
use crate::api::{call, use_connection};
use crate::components::button::{Barrier, Button};
use crate::components::page::{Head, Panel};
use crate::components::status::{node_state, state_mark};
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::act::Act;
use crate::state::remote::Remote;
use crate::state::revised::{use_reading, use_revision};
use crate::state::rights::{here, use_right};
use crate::state::title::use_title;
use crate::state::tree::use_tree;
use crate::words::{plural, size};

use availability::{AvailabilityDialog, is_made};

/// How often the list is fetched again, in milliseconds.
const AGAIN: u32 = 5_000;

/// Every node.
#[component]
pub fn NodesPage() -> impl IntoView {
    let connection = use_connection();
    let nodes = Remote::new(
        move || {
            Some(call::<ListNodes>(
                &connection,
                &NoParams {},
                &NoQuery,
                &NoBody,
            ))
        },
        |_| Some(AGAIN),
    );
    use_title(|| "Nodes".to_owned());

    let about = RwSignal::new(None);
    let read = use_reading::<GetNode>(about);
    let done = move |_: Node| nodes.refresh();
    let change = use_revision::<GetNode, UpdateNode>(about, at, is_made, done);
    let barrier = use_right::<UpdateNode>(|| None, here);

    let told = move || {
        nodes
            .get()
            .map(|nodes| sentence(&nodes))
            .unwrap_or_default()
    };
    let meta = use_tree().meta;
    let is_cluster = memo(move || {
        let kind = meta.get().and_then(|meta| meta.engine.kind.known());
        kind.is_some_and(|kind| kind != EngineKind::Containers)
    });
    let list = move |nodes: Signal<Arc<Vec<Node>>>| {
        dynamic(move || {
            // A machine that is alone gives its instances to no other.
            let change = is_cluster.get().then_some((read, barrier));
            table(&nodes.get(), change)
        })
    };
    view! {
        <Head title="Nodes" about=told />
        <Panel title="Cluster" aside=move || freshness(nodes.held()) flush=true>
            {loaded(nodes, 3, list)}
        </Panel>
        <AvailabilityDialog about act=change />
    }
}

fn at(node: &Node) -> NodeParams {
    NodeParams {
        node: node.id.clone(),
    }
}

/// `3 nodes: 2 ready, 1 away`
fn sentence(nodes: &[Node]) -> String {
    let ready = |node: &&Node| node.state == Open::Known(NodeState::Ready);
    let ready = nodes.iter().filter(ready).count();
    let all = plural(nodes.len(), "node");
    match nodes.len() - ready {
        0 => format!("{all}: {ready} ready"),
        away => format!("{all}: {ready} ready, {away} away"),
    }
}

/// What reads a node that is to be changed, and what stands against that.
type Change = (Act<NodeParams>, Barrier);

fn table(nodes: &[Node], change: Option<Change>) -> AnyView {
    let rows = nodes.iter().map(|node| row(node, change));
    view! {
        <div class="scrollx" role="group" aria-label="Nodes" tabindex="0">
            <table class="table nodes">
                <thead>
                    <tr>
                        <th>"Node"</th>
                        <th>"State"</th>
                        <th>"New instances"</th>
                        <th>"Engine"</th>
                        <th class="num">"In use"</th>
                        <th>"On it"</th>
                        <th>
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(node: &Node, change: Option<Change>) -> impl IntoView + use<> {
    let role = match &node.role {
        _ if change.is_none() => String::new(),
        Open::Known(NodeRole::Manager) if node.leader => "leading manager".to_owned(),
        role => role.to_string(),
    };
    let since = node.since.map(|since| {
        view! { <small class="dim">"since " {maybe_instant(Some(since))}</small> }
    });
    let message = node
        .message
        .clone()
        .map(|words| view! { <small class="dim words">{words}</small> });
    let engine = [node.version.clone(), node.platform.clone()];
    let engine: Vec<String> = engine.into_iter().flatten().collect();
    let is_active = node.availability == Open::Known(NodeAvailability::Active);
    let verb = match is_active {
        true => "Drain",
        false => "Activate",
    };
    let params = at(node);
    let button = change.map(|(read, barrier)| {
        view! { <Button label=verb barrier on_click=move |()| read.go(params.clone()) /> }
    });
    view! {
        <tr>
            <td class="name">
                {node.name.clone()} <small class="dim">{role}</small>
                <small class="mono dim">{node.address.clone()}</small>
            </td>
            <td>{state_mark(node_state(&node.state))} {since} {message}</td>
            <td>{availability(&node.availability)}</td>
            <td>{engine.first().cloned()} <small class="dim">{engine.get(1).cloned()}</small></td>
            <td class="num">
                {cores(node)} <small class="dim">{memory(node)}</small>
                <small class="dim">{disk(node)}</small>
            </td>
            <td>{instances(&node.instances)}</td>
            <td class="num tools">{button}</td>
        </tr>
    }
}

fn availability(availability: &Open<NodeAvailability>) -> String {
    match availability {
        Open::Known(NodeAvailability::Active) => "Takes them".to_owned(),
        Open::Known(NodeAvailability::Paused) => "Takes none, keeps its own".to_owned(),
        Open::Known(NodeAvailability::Drained) => "Takes none, is drained".to_owned(),
        Open::Unknown(word) => word.clone(),
    }
}

/// `0.2 of 2 cores`
fn cores(node: &Node) -> Option<String> {
    let all = node.cpus?;
    Some(match node.cpus_used {
        Some(used) => format!("{used:.1} of {all} cores"),
        None => format!("{all} cores"),
    })
}

/// `12 MB of 25 GB`
fn memory(node: &Node) -> Option<String> {
    let all = size(node.memory?);
    Some(match node.memory_used {
        Some(used) => format!("{} of {all}", size(used)),
        None => all,
    })
}

/// `80 GB of 200 GB on disk`
fn disk(node: &Node) -> Option<String> {
    let all = size(node.disk?);
    Some(match node.disk_used {
        Some(used) => format!("{} of {all} on disk", size(used)),
        None => format!("{all} of disk"),
    })
}

/// How many, and on demand which.
fn instances(on: &[NodeInstance]) -> AnyView {
    if on.is_empty() {
        return view! { <span class="dim">"Nothing"</span> }.into_any();
    }
    let items = on.iter().map(|one| view! { <li>{link(one)}</li> });
    view! {
        <details>
            <summary>{plural(on.len(), "instance")}</summary>
            <ul class="plain-list">{items.collect_view()}</ul>
        </details>
    }
    .into_any()
}

/// `storefront web.0`, which leads to the service.
fn link(one: &NodeInstance) -> impl IntoView + use<> {
    let params = ServiceParams {
        scope: Scope::Environment {
            org: one.org.clone(),
            project: one.project.clone(),
            environment: one.environment.clone(),
        },
        service: one.service.clone(),
    };
    let place = format!("{} / {}", one.project, one.environment);
    view! {
        <a class="link" href=Address::Service(params, Tab::Overview).path()>
            {one.service.clone()}
        </a>
        " "
        <span class="mono">{format!("{}.{}", one.process, one.ordinal)}</span>
        " "
        <span class="dim">{place}</span>
    }
}
