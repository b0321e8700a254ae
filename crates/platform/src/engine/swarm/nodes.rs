//! The nodes of the Swarm: what is told of each, and where its tasks are reached.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{
    Node, NodeSpec, NodeSpecAvailabilityEnum, NodeSpecRoleEnum, NodeState as DockerState,
    Reachability,
};
use bollard::query_parameters::{ListNodesOptions, UpdateNodeOptionsBuilder};
use pilothouse_wire::node::{NodeAvailability, NodeRole, NodeState};
use tokio::sync::Mutex;

use crate::engine::containers::failure::refused;
use crate::engine::{EngineNode, EngineResult};

/// How long what is known of the nodes counts.
const FRESH: Duration = Duration::from_secs(2);

/// What is known of a node that tasks run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What people call it.
    pub(super) name: String,
    /// Where it is reached.
    pub(super) address: Option<IpAddr>,
    /// Whether the managers do not hear of it.
    pub(super) is_down: bool,
    /// Whether it is not to run anything.
    pub(super) is_drained: bool,
    /// Whether its disk is, as far as it told.
    pub(super) is_full: bool,
}

/// The nodes of the Swarm, by id.
pub(super) type Places = HashMap<String, Place>;

/// What was last known of the nodes, looked up again when that is old.
#[derive(Default)]
pub(super) struct Nodes(Mutex<Option<(Instant, Places)>>);

impl Nodes {
    /// The nodes, as of a moment ago at most.
    pub(super) async fn places(&self, docker: &Docker) -> EngineResult<Places> {
        let mut known = self.0.lock().await;
        if let Some((at, places)) = known.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(places.clone());
        }
        let nodes = all(docker).await?;
        let places: Places = nodes
            .iter()
            .zip(names(&nodes))
            .filter_map(|(node, name)| Some((node.id.clone()?, place(node, name))))
            .collect();
        *known = Some((Instant::now(), places.clone()));
        Ok(places)
    }
}

async fn all(docker: &Docker) -> EngineResult<Vec<Node>> {
    let nodes = docker.list_nodes(None::<ListNodesOptions>).await;
    nodes.map_err(|error| refused("listing the Swarm's nodes", error))
}

/// Every node as it is told.
pub(super) async fn told(docker: &Docker) -> EngineResult<Vec<EngineNode>> {
    let nodes = all(docker).await?;
    let leader = nodes.iter().find(|node| is_leader(node)).and_then(version);
    let names = names(&nodes);
    let mut told: Vec<EngineNode> = nodes
        .iter()
        .zip(names)
        .filter_map(|(node, name)| tell(node, name, leader.as_deref()))
        .collect();
    told.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(told)
}

/// Sets whether a node is to run instances.
pub(super) async fn set_availability(
    docker: &Docker,
    id: &str,
    availability: NodeAvailability,
) -> EngineResult<()> {
    let node = docker.inspect_node(id).await;
    let node = node.map_err(|error| refused(format!("reading the node {id}"), error))?;
    let version = node.version.and_then(|version| version.index);
    let options = UpdateNodeOptionsBuilder::new()
        .version(i64::try_from(version.unwrap_or_default()).unwrap_or_default())
        .build();
    let spec = NodeSpec {
        availability: Some(match availability {
            NodeAvailability::Active => NodeSpecAvailabilityEnum::ACTIVE,
            NodeAvailability::Paused => NodeSpecAvailabilityEnum::PAUSE,
            NodeAvailability::Drained => NodeSpecAvailabilityEnum::DRAIN,
        }),
        ..node.spec.unwrap_or_default()
    };
    let updated = docker.update_node(id, spec, options).await;
    updated.map_err(|error| refused(format!("changing the node {id}"), error))
}

fn host_name(node: &Node) -> Option<&str> {
    node.description.as_ref()?.hostname.as_deref()
}

/// What people call the nodes: their host names, with a part of the id where several have the same.
fn names(nodes: &[Node]) -> Vec<String> {
    let (mut seen, mut several) = (HashSet::new(), HashSet::new());
    for host in nodes.iter().filter_map(host_name) {
        if !seen.insert(host) {
            several.insert(host);
        }
    }
    let name = |node: &Node| {
        let id = node.id.as_deref().unwrap_or_default();
        let short = id.get(..5).unwrap_or(id);
        match host_name(node) {
            Some(host) if several.contains(host) => format!("{host}-{short}"),
            Some(host) => host.to_owned(),
            None => id.to_owned(),
        }
    };
    nodes.iter().map(name).collect()
}

fn address(node: &Node) -> Option<IpAddr> {
    let told = node.status.as_ref()?.addr.as_deref();
    // A manager may know itself by no address of its own.
    let told = told.and_then(|told| told.parse::<IpAddr>().ok());
    let told = told.filter(|address| !address.is_unspecified());
    let manager = node.manager_status.as_ref();
    let listens = manager.and_then(|manager| manager.addr.as_deref()?.parse::<SocketAddr>().ok());
    told.or_else(|| listens.map(|listens| listens.ip()))
}

fn place(node: &Node, name: String) -> Place {
    let state = node.status.as_ref().and_then(|status| status.state);
    Place {
        name,
        address: address(node),
        is_down: state == Some(DockerState::DOWN),
        is_drained: availability(node) == Some(NodeSpecAvailabilityEnum::DRAIN),
        is_full: false,
    }
}

fn availability(node: &Node) -> Option<NodeSpecAvailabilityEnum> {
    node.spec.as_ref()?.availability
}

fn is_leader(node: &Node) -> bool {
    let manager = node.manager_status.as_ref();
    manager.and_then(|manager| manager.leader) == Some(true)
}

fn version(node: &Node) -> Option<String> {
    let engine = node.description.as_ref()?.engine.as_ref()?;
    engine.engine_version.clone()
}

fn tell(node: &Node, name: String, leader: Option<&str>) -> Option<EngineNode> {
    let spec = node.spec.as_ref();
    let description = node.description.as_ref();
    let status = node.status.as_ref();
    let resources = description.and_then(|description| description.resources.as_ref());
    let platform = description.and_then(|description| description.platform.as_ref());
    Some(EngineNode {
        id: node.id.clone()?,
        name,
        role: match spec.and_then(|spec| spec.role) {
            Some(NodeSpecRoleEnum::MANAGER) => NodeRole::Manager,
            _ => NodeRole::Worker,
        },
        leader: is_leader(node),
        state: match status.and_then(|status| status.state) {
            Some(DockerState::READY) => NodeState::Ready,
            Some(DockerState::DOWN) => NodeState::Down,
            Some(DockerState::DISCONNECTED) => NodeState::Disconnected,
            _ => NodeState::Unknown,
        },
        changed: node.updated_at,
        message: message(node, leader),
        availability: match availability(node) {
            Some(NodeSpecAvailabilityEnum::DRAIN) => NodeAvailability::Drained,
            Some(NodeSpecAvailabilityEnum::PAUSE) => NodeAvailability::Paused,
            _ => NodeAvailability::Active,
        },
        version: version(node),
        platform: platform.and_then(|platform| {
            let (system, processor) = (platform.os.as_ref()?, platform.architecture.as_ref()?);
            Some(format!("{system}/{processor}"))
        }),
        address: address(node).map(|address| address.to_string()),
        cpus: resources
            .and_then(|resources| resources.nano_cpus)
            .map(|nanos| nanos as f64 / 1e9),
        memory: resources
            .and_then(|resources| resources.memory_bytes)
            .and_then(|bytes| u64::try_from(bytes).ok()),
        disk: None,
    })
}

/// What is to be known of a node: why it is away, that it is out of step.
fn message(node: &Node, leader: Option<&str>) -> Option<String> {
    let said = node
        .status
        .as_ref()
        .and_then(|status| status.message.clone());
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        return Some(said);
    }
    let manager = node.manager_status.as_ref();
    if manager.and_then(|manager| manager.reachability) == Some(Reachability::UNREACHABLE) {
        return Some("The other managers do not reach it.".to_owned());
    }
    let (own, leader) = (version(node)?, leader?);
    is_older(&own, leader).then(|| {
        format!("Its engine {own} is older than {leader} of the leader: it may lack what the others can.")
    })
}

/// Whether an engine's version is older than another, by its numbers.
fn is_older(own: &str, other: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        let plain = version.split(['+', '-', '~']).next().unwrap_or_default();
        plain
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect()
    };
    let (own, other) = (numbers(own), numbers(other));
    !own.is_empty() && own < other
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(value: serde_json::Value) -> Node {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn nodes_of_the_same_name_are_told_apart() {
        let one = |id: &str, host: &str| node(json!({"ID": id, "Description": {"Hostname": host}}));
        let nodes = [
            one("aaaaaaaa", "vm"),
            one("bbbbbbbb", "vm"),
            one("cccccccc", "db"),
        ];
        assert_eq!(names(&nodes), ["vm-aaaaa", "vm-bbbbb", "db"]);
    }

    #[test]
    fn a_manager_is_reached_where_it_listens() {
        let manager = node(json!({
            "Status": {"Addr": "0.0.0.0"},
            "ManagerStatus": {"Addr": "10.0.0.1:2377"},
        }));
        assert_eq!(address(&manager), Some([10, 0, 0, 1].into()));
        let worker = node(json!({"Status": {"Addr": "10.0.0.2"}}));
        assert_eq!(address(&worker), Some([10, 0, 0, 2].into()));
        assert_eq!(address(&node(json!({}))), None);
    }

    #[test]
    fn an_older_engine_is_said() {
        for (own, other) in [
            ("20.10.5", "20.10.24+dfsg1"),
            ("19.3.1", "20.10.1"),
            ("9.0", "10.0"),
        ] {
            assert!(is_older(own, other), "{own} {other}");
            assert!(!is_older(other, own), "{other} {own}");
        }
        assert!(!is_older("20.10.24+dfsg1", "20.10.24+dfsg1"));
        assert!(!is_older("dev", "20.10.24"));
    }
}
