//! A process in the Swarm's terms.

use std::collections::{BTreeSet, HashMap};

use bollard::models::{
    EndpointPortConfig, EndpointPortConfigProtocolEnum, EndpointPortConfigPublishModeEnum,
    EndpointSpec, EndpointSpecModeEnum, HealthConfig, Mount, MountType, MountVolumeOptions,
    NetworkAttachmentConfig, Platform, ServiceSpec, ServiceSpecMode, ServiceSpecModeReplicated,
    ServiceSpecRollbackConfig, ServiceSpecRollbackConfigFailureActionEnum,
    ServiceSpecRollbackConfigOrderEnum, ServiceSpecUpdateConfig,
    ServiceSpecUpdateConfigFailureActionEnum, ServiceSpecUpdateConfigOrderEnum, TaskSpec,
    TaskSpecContainerSpec, TaskSpecContainerSpecConfigs, TaskSpecContainerSpecFile1,
    TaskSpecPlacement, TaskSpecRestartPolicy, TaskSpecRestartPolicyConditionEnum,
};
use sha2::{Digest as _, Sha256};

use super::probe::{self, Probe};
use crate::engine::containers::describe::{
    self, GENERATION, INSTALLATION, ORDINAL, PROCESS, RELEASE,
};
use crate::engine::{HealthCheck, ProcessSpec, Slot};

/// The label that tells one specification from another.
pub(super) const DIGEST: &str = "pilothouse.digest";

/// The Swarm's figures are nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// The pause before an instance that ended is replaced, in seconds.
const RESTART_PAUSE: i64 = 2;
/// How long an instance may take to end, in seconds.
const STOP_GRACE: i64 = 10;
/// How long a new instance is watched before the next is replaced, in seconds.
const MONITOR: i64 = 5;

/// One service of the Swarm: all instances of a process, or the one of an ordinal that has a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The ordinal whose disk it uses.
    pub(super) ordinal: Option<u32>,
    pub(super) replicas: u32,
}

/// The services that a process is: what has volumes is one for each ordinal, since an ordinal stays
/// with its disk. Those that are `kept` and not wanted now have no replica: which node their disk is on is
/// known when they are wanted again.
pub(super) fn units(spec: &ProcessSpec, kept: &BTreeSet<u32>) -> Vec<Unit> {
    if spec.instance.volumes.is_empty() {
        let replicas = spec.replicas;
        return vec![Unit {
            ordinal: None,
            replicas,
        }];
    }
    let mut ordinals = kept.clone();
    // Without any there would be nothing to tell what was asked for.
    ordinals.extend(0..spec.replicas.max(1));
    let unit = |ordinal| Unit {
        ordinal: Some(ordinal),
        replicas: u32::from(ordinal < spec.replicas),
    };
    ordinals.into_iter().map(unit).collect()
}

/// Tells one specification from another.
pub(super) fn digest(spec: &ProcessSpec, probe: &Probe) -> String {
    let mut hash = Sha256::new();
    // The derived form names every field; it never leaves this process but as this hash.
    hash.update(format!("{spec:?} {}", probe.id));
    let hash = hash.finalize();
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The name of a unit's service.
pub(super) fn service_name(installation: &str, spec: &ProcessSpec, unit: Unit) -> String {
    let slot = &spec.instance.slot;
    let name = describe::process_name(installation, &slot.service_id, &slot.process);
    match unit.ordinal {
        None => name,
        Some(ordinal) => format!("{name}-{ordinal}"),
    }
}

/// Where instances may be.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The platforms that their image is for; none: it is not known.
    pub(super) platforms: Vec<Platform>,
    /// The one node that they stay on.
    pub(super) node: Option<String>,
}

/// A unit as a service of the Swarm.
pub(super) fn service(
    installation: &str,
    spec: &ProcessSpec,
    unit: Unit,
    probe: &Probe,
    places: &Places,
) -> ServiceSpec {
    let instance = &spec.instance;
    let mut labels = process_labels(installation, &instance.slot, unit);
    labels.insert(DIGEST.to_owned(), digest(spec, probe));
    let port = EndpointPortConfig {
        protocol: Some(EndpointPortConfigProtocolEnum::TCP),
        target_port: instance.port.map(i64::from),
        // None is named: each instance gets a free one of its node.
        publish_mode: Some(EndpointPortConfigPublishModeEnum::HOST),
        ..EndpointPortConfig::default()
    };
    ServiceSpec {
        name: Some(service_name(installation, spec, unit)),
        labels: Some(labels),
        task_template: Some(task(installation, spec, unit, probe, places)),
        mode: Some(ServiceSpecMode {
            replicated: Some(ServiceSpecModeReplicated {
                replicas: Some(i64::from(unit.replicas)),
            }),
            ..ServiceSpecMode::default()
        }),
        update_config: Some(update_config(spec)),
        rollback_config: Some(rollback_config(spec)),
        endpoint_spec: Some(EndpointSpec {
            mode: Some(EndpointSpecModeEnum::DNSRR),
            ports: instance.port.map(|_| vec![port]),
        }),
        ..ServiceSpec::default()
    }
}

fn process_labels(installation: &str, slot: &Slot, unit: Unit) -> HashMap<String, String> {
    let mut labels = describe::labels(installation, slot);
    match unit.ordinal {
        Some(ordinal) => labels.insert(ORDINAL.to_owned(), ordinal.to_string()),
        None => labels.remove(ORDINAL),
    };
    labels
}

fn task(
    installation: &str,
    spec: &ProcessSpec,
    unit: Unit,
    probe: &Probe,
    places: &Places,
) -> TaskSpec {
    let instance = &spec.instance;
    let mut labels = process_labels(installation, &instance.slot, unit);
    labels.insert(RELEASE.to_owned(), instance.release_version.to_string());
    labels.insert(GENERATION.to_owned(), instance.generation.to_string());
    let command = instance.command.as_deref();
    let is_probed = instance.port.is_some();
    let container = TaskSpecContainerSpec {
        image: Some(instance.image.clone()),
        labels: Some(labels),
        command: command.map(|command| command.iter().take(1).cloned().collect()),
        args: command.map(|command| command.iter().skip(1).cloned().collect()),
        hostname: Some(host_name(spec, unit)),
        env: Some(describe::env(instance)),
        mounts: unit
            .ordinal
            .map(|ordinal| mounts(installation, spec, ordinal)),
        stop_grace_period: Some(STOP_GRACE * SECOND),
        health_check: is_probed.then(|| health_check(spec)),
        configs: is_probed.then(|| vec![probe_file(probe)]),
        ..TaskSpecContainerSpec::default()
    };
    TaskSpec {
        container_spec: Some(container),
        restart_policy: Some(TaskSpecRestartPolicy {
            condition: Some(TaskSpecRestartPolicyConditionEnum::ANY),
            delay: Some(RESTART_PAUSE * SECOND),
            ..TaskSpecRestartPolicy::default()
        }),
        placement: Some(TaskSpecPlacement {
            constraints: places.node.as_deref().map(|node| vec![on_node(node)]),
            platforms: Some(places.platforms.clone()).filter(|some| !some.is_empty()),
            ..TaskSpecPlacement::default()
        }),
        force_update: Some(u64::from(instance.generation)),
        networks: Some(vec![NetworkAttachmentConfig {
            target: Some(describe::network_name(installation, &instance.network)),
            aliases: Some(vec![describe::alias(instance)]),
            ..NetworkAttachmentConfig::default()
        }]),
        ..TaskSpec::default()
    }
}

/// The constraint that keeps a task on a node.
fn on_node(id: &str) -> String {
    format!("node.id=={id}")
}

/// The node on which a service is kept, where it is.
pub(super) fn kept_on(spec: &ServiceSpec) -> Option<&str> {
    stays_on(spec.task_template.as_ref()?)
}

/// The node on which a task is kept, where it is.
pub(super) fn stays_on(task: &TaskSpec) -> Option<&str> {
    let placement = task.placement.as_ref()?;
    let constraints = placement.constraints.as_ref()?;
    constraints
        .iter()
        .find_map(|constraint| constraint.strip_prefix("node.id=="))
}

fn host_name(spec: &ProcessSpec, unit: Unit) -> String {
    let instance = &spec.instance;
    match unit.ordinal {
        Some(ordinal) => {
            let mut instance = instance.clone();
            instance.slot.ordinal = ordinal;
            describe::host_name(&instance)
        }
        // The Swarm counts its slots from 1.
        None => format!(
            "{}-{}-{{{{.Task.Slot}}}}",
            instance.slug, instance.slot.process
        ),
    }
}

fn mounts(installation: &str, spec: &ProcessSpec, ordinal: u32) -> Vec<Mount> {
    let slot = Slot {
        ordinal,
        ..spec.instance.slot.clone()
    };
    let mount = |(volume, path): &(String, String)| Mount {
        source: Some(describe::volume_name(installation, &slot, volume)),
        target: Some(path.clone()),
        typ: Some(MountType::VOLUME),
        volume_options: Some(MountVolumeOptions {
            labels: Some(describe::labels(installation, &slot)),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    };
    spec.instance.volumes.iter().map(mount).collect()
}

/// The engine runs the probe once a second, and the probe stays for as long as all is well: see
/// `crates/probe`.
fn health_check(spec: &ProcessSpec) -> HealthConfig {
    let instance = &spec.instance;
    let mut test = vec!["CMD".to_owned(), probe::PATH.to_owned()];
    test.push(instance.port.unwrap_or_default().to_string());
    if let HealthCheck::Http { path, host } = &spec.check {
        test.push(path.clone());
        test.extend(host.clone());
    }
    let ready_within = i64::try_from(spec.ready_within.as_nanos()).unwrap_or(i64::MAX);
    HealthConfig {
        test: Some(test),
        interval: Some(SECOND),
        timeout: Some(probe::STAYS_AT_MOST * SECOND),
        // The probe itself tells one bad moment from a bad state.
        retries: Some(1),
        start_period: Some(ready_within),
        ..HealthConfig::default()
    }
}

fn probe_file(probe: &Probe) -> TaskSpecContainerSpecConfigs {
    TaskSpecContainerSpecConfigs {
        file: Some(TaskSpecContainerSpecFile1 {
            name: Some(probe::PATH.to_owned()),
            uid: Some("0".to_owned()),
            gid: Some("0".to_owned()),
            mode: Some(0o555),
        }),
        config_id: Some(probe.id.clone()),
        config_name: Some(probe.name.clone()),
        ..TaskSpecContainerSpecConfigs::default()
    }
}

/// One after the other; what shares no disk starts before what it replaces ends.
fn update_config(spec: &ProcessSpec) -> ServiceSpecUpdateConfig {
    ServiceSpecUpdateConfig {
        parallelism: Some(1),
        delay: Some(0),
        failure_action: Some(match spec.goes_back {
            true => ServiceSpecUpdateConfigFailureActionEnum::ROLLBACK,
            false => ServiceSpecUpdateConfigFailureActionEnum::PAUSE,
        }),
        monitor: Some(MONITOR * SECOND),
        max_failure_ratio: Some(0.0),
        order: Some(match spec.instance.volumes.is_empty() {
            true => ServiceSpecUpdateConfigOrderEnum::START_FIRST,
            false => ServiceSpecUpdateConfigOrderEnum::STOP_FIRST,
        }),
    }
}

fn rollback_config(spec: &ProcessSpec) -> ServiceSpecRollbackConfig {
    ServiceSpecRollbackConfig {
        parallelism: Some(1),
        delay: Some(0),
        failure_action: Some(ServiceSpecRollbackConfigFailureActionEnum::PAUSE),
        monitor: Some(MONITOR * SECOND),
        max_failure_ratio: Some(0.0),
        order: Some(match spec.instance.volumes.is_empty() {
            true => ServiceSpecRollbackConfigOrderEnum::START_FIRST,
            false => ServiceSpecRollbackConfigOrderEnum::STOP_FIRST,
        }),
    }
}

/// Whether a service of the Swarm belongs to an installation.
pub(super) fn is_ours(spec: &ServiceSpec, installation: &str) -> bool {
    let labels = spec.labels.as_ref();
    labels.is_some_and(|labels| describe::is_ours(labels, installation, None))
}

/// A label of a service.
pub(super) fn label<'a>(spec: &'a ServiceSpec, name: &str) -> Option<&'a str> {
    spec.labels.as_ref()?.get(name).map(String::as_str)
}

/// The process that a service of the Swarm is.
pub(super) fn process(spec: &ServiceSpec) -> Option<&str> {
    label(spec, PROCESS)
}

/// The ordinal that a service of the Swarm is for, where it is for one.
pub(super) fn ordinal(spec: &ServiceSpec) -> Option<u32> {
    label(spec, ORDINAL)?.parse().ok()
}

/// The label that says which installation a thing belongs to.
pub(super) const OWNER: &str = INSTALLATION;
