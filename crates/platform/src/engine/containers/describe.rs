//! An instance in the engine's terms, and a container in the platform's.

use std::collections::HashMap;
use std::net::SocketAddr;

use bollard::models::{
    ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, EndpointSettings, HostConfig,
    Mount, NetworkingConfig, PortBinding,
};
use chrono::{DateTime, Utc};

use crate::engine::{EngineInstance, InstanceSpec, RunState, Slot};

/// The label that says which installation a thing belongs to.
pub(in crate::engine) const INSTALLATION: &str = "pilothouse.installation";
/// The label that says which service it belongs to.
pub(in crate::engine) const SERVICE: &str = "pilothouse.service";
/// The label that says which process of the service it is.
pub(in crate::engine) const PROCESS: &str = "pilothouse.process";
/// The label that says which of the process's instances it is.
pub(in crate::engine) const ORDINAL: &str = "pilothouse.ordinal";
/// The label that says which release it runs.
pub(in crate::engine) const RELEASE: &str = "pilothouse.release";
/// The label that says which restart it belongs to.
pub(in crate::engine) const GENERATION: &str = "pilothouse.generation";

/// A host name has no longer part.
const MAX_HOST_NAME: usize = 63;

/// The name of an instance's container: the same for the same release and restart of a slot, so
/// that a start that was cut short is found again.
pub(super) fn container_name(installation: &str, spec: &InstanceSpec) -> String {
    format!(
        "{}-v{}-{}",
        slot_name(installation, &spec.slot),
        spec.release_version,
        spec.generation
    )
}

/// The name of a slot's own volume.
pub(in crate::engine) fn volume_name(installation: &str, slot: &Slot, volume: &str) -> String {
    format!("{}-{volume}", slot_name(installation, slot))
}

/// The name of an environment's network.
pub(in crate::engine) fn network_name(installation: &str, network: &str) -> String {
    format!("ph-{}-{}", short(installation), short(network))
}

fn slot_name(installation: &str, slot: &Slot) -> String {
    let process = process_name(installation, &slot.service_id, &slot.process);
    format!("{process}-{}", slot.ordinal)
}

/// The name of all that belongs to a process.
pub(in crate::engine) fn process_name(
    installation: &str,
    service_id: &str,
    process: &str,
) -> String {
    format!("ph-{}-{}-{process}", short(installation), short(service_id))
}

/// Enough of a UUID to be unique on one machine, and short enough for a container's name.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// The labels of all that belongs to a slot.
pub(in crate::engine) fn labels(installation: &str, slot: &Slot) -> HashMap<String, String> {
    [
        (INSTALLATION, installation.to_owned()),
        (SERVICE, slot.service_id.clone()),
        (PROCESS, slot.process.clone()),
        (ORDINAL, slot.ordinal.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Whether what has these labels belongs to the installation, or to one service of it.
pub(in crate::engine) fn is_ours(
    labels: &HashMap<String, String>,
    installation: &str,
    service_id: Option<&str>,
) -> bool {
    let says = |label: &str, value: &str| labels.get(label).is_some_and(|found| found == value);
    says(INSTALLATION, installation) && service_id.is_none_or(|id| says(SERVICE, id))
}

/// The container of an instance. The engine itself never restarts it: how long to wait, and when to
/// give up, is the reconciler's to decide.
pub(super) fn container(
    installation: &str,
    spec: &InstanceSpec,
    mounts: Vec<Mount>,
) -> ContainerCreateBody {
    let network = network_name(installation, &spec.network);
    let mut labels = labels(installation, &spec.slot);
    labels.insert(RELEASE.to_owned(), spec.release_version.to_string());
    labels.insert(GENERATION.to_owned(), spec.generation.to_string());
    let port = spec.port.map(|port| format!("{port}/tcp"));
    // An empty host port is a free one of the engine's choice.
    let binding = PortBinding {
        host_ip: Some("127.0.0.1".to_owned()),
        host_port: Some(String::new()),
    };
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        // A program in place of the image's own entry point; its arguments in place of CMD.
        entrypoint: spec.command.as_ref().map(|command| head(command)),
        cmd: spec.command.as_ref().map(|command| rest(command)),
        env: Some(env(spec)),
        labels: Some(labels),
        hostname: Some(host_name(spec)),
        exposed_ports: port.clone().map(|port| vec![port]),
        host_config: Some(HostConfig {
            mounts: Some(mounts),
            network_mode: Some(network.clone()),
            port_bindings: port.map(|port| HashMap::from([(port, Some(vec![binding]))])),
            ..HostConfig::default()
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(
                network,
                EndpointSettings {
                    aliases: Some(vec![alias(spec)]),
                    ..EndpointSettings::default()
                },
            )])),
        }),
        ..ContainerCreateBody::default()
    }
}

fn head(command: &[String]) -> Vec<String> {
    command.iter().take(1).cloned().collect()
}

fn rest(command: &[String]) -> Vec<String> {
    command.iter().skip(1).cloned().collect()
}

pub(in crate::engine) fn env(spec: &InstanceSpec) -> Vec<String> {
    let port = spec.port.filter(|_| !spec.env.contains_key("PORT"));
    spec.env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .chain(port.map(|port| format!("PORT={port}")))
        .collect()
}

pub(in crate::engine) fn host_name(spec: &InstanceSpec) -> String {
    let name = format!("{}-{}-{}", spec.slug, spec.slot.process, spec.slot.ordinal);
    let surplus = name.len().saturating_sub(MAX_HOST_NAME);
    name.get(surplus..)
        .unwrap_or(&name)
        .trim_start_matches('-')
        .to_owned()
}

/// What answers requests has the service's own name; a worker must not, or its neighbours' calls
/// would land where nobody listens.
pub(in crate::engine) fn alias(spec: &InstanceSpec) -> String {
    if spec.port.is_some() {
        spec.slug.clone()
    } else {
        format!("{}-{}", spec.slug, spec.slot.process)
    }
}

/// A container as an instance, with no reason yet where it has ended. `None`: it is none of ours.
pub(super) fn instance(summary: ContainerSummary) -> Option<EngineInstance> {
    let labels = summary.labels.unwrap_or_default();
    let number = |label: &str| labels.get(label)?.parse::<u32>().ok();
    let slot = Slot {
        service_id: labels.get(SERVICE)?.clone(),
        process: labels.get(PROCESS)?.clone(),
        ordinal: number(ORDINAL)?,
    };
    let published = summary.ports.unwrap_or_default();
    let endpoint = published
        .iter()
        .find_map(|port| port.public_port)
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    Some(EngineInstance {
        id: summary.id?,
        slot,
        release_version: number(RELEASE)?,
        generation: number(GENERATION)?,
        state: state(summary.state),
        created: DateTime::from_timestamp(summary.created?, 0).unwrap_or_else(Utc::now),
        endpoint,
        node: None,
    })
}

fn state(state: Option<ContainerSummaryStateEnum>) -> RunState {
    use ContainerSummaryStateEnum as State;
    match state {
        Some(State::RUNNING | State::PAUSED | State::RESTARTING | State::STOPPING) => {
            RunState::Running
        }
        // Starting is one operation, so one that is only created was cut short.
        Some(State::CREATED) => RunState::Exited {
            code: NEVER_RAN,
            reason: "its start was interrupted".to_owned(),
        },
        _ => RunState::Exited {
            code: NEVER_RAN,
            reason: "it ended".to_owned(),
        },
    }
}

/// The exit code of what has none.
pub(super) const NEVER_RAN: i64 = -1;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn spec(slug: &str, process: &str, port: Option<u16>) -> InstanceSpec {
        InstanceSpec {
            slot: Slot {
                service_id: "0123456789".to_owned(),
                process: process.to_owned(),
                ordinal: 3,
            },
            slug: slug.to_owned(),
            network: "net".to_owned(),
            release_version: 2,
            generation: 1,
            image: "shop:1".to_owned(),
            command: None,
            port,
            env: BTreeMap::new(),
            volumes: Vec::new(),
        }
    }

    #[test]
    fn a_name_tells_slot_release_and_restart() {
        let spec = spec("shop", "web", None);
        assert_eq!(
            container_name("abcdefghij", &spec),
            "ph-abcdefgh-01234567-web-3-v2-1"
        );
    }

    #[test]
    fn a_host_name_is_never_too_long() {
        let long = host_name(&spec(&"s".repeat(63), "web", None));
        assert!(long.len() <= MAX_HOST_NAME && long.ends_with("-web-3"));
        assert_eq!(host_name(&spec("shop", "web", None)), "shop-web-3");
    }

    #[test]
    fn only_what_listens_answers_for_the_service() {
        assert_eq!(alias(&spec("shop", "web", Some(80))), "shop");
        assert_eq!(alias(&spec("shop", "worker", None)), "shop-worker");
    }

    #[test]
    fn the_port_is_told_unless_the_service_says_its_own() {
        let mut spec = spec("shop", "web", Some(80));
        assert_eq!(env(&spec), ["PORT=80"]);
        spec.env.insert("PORT".to_owned(), "81".to_owned());
        assert_eq!(env(&spec), ["PORT=81"]);
    }
}
