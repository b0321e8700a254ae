//! Docker Swarm, over the API of one of its managers. The Swarm places instances, replaces what ends
//! and rolls out; the platform says what is to run, watches, and routes to what is ready.

mod connect;
mod describe;
mod edges;
mod logs;
mod nodes;
mod probe;
mod registry;
mod tasks;
mod usage;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::{
    NetworkCreateRequest, Service, ServiceUpdateStatusStateEnum, Task, TaskState,
};
use bollard::query_parameters::{
    ListServicesOptionsBuilder, ListTasksOptionsBuilder, UpdateServiceOptionsBuilder,
};
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use pilothouse_wire::meta::EngineKind;
use pilothouse_wire::node::NodeAvailability;
use tokio::time::Instant;

use self::describe::{DIGEST, OWNER, Unit};
use self::nodes::{Nodes, Places};
use self::probe::Probe;
use self::usage::Seen;
use super::containers::Containers;
use super::containers::describe::{SERVICE, network_name};
use super::containers::failure::{refused, status, unavailable, within};
use super::{
    BuildLog, BuildSpec, Conducted, Conductor, EdgeSpec, Engine, EngineError, EngineInstance,
    EngineLine, EngineNode, EngineResult, FetchProgress, HealthCheck, ImageFacts, InstanceSpec,
    NodeReading, ProcessSpec, Rollout, RunState, Score, Usage,
};

pub use registry::{Credentials, Registry};

/// How long a manager may take to tell what runs.
const LIST_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to say what it is: somebody looks at a page meanwhile.
const DETAIL_WITHIN: Duration = Duration::from_secs(3);

/// What a Swarm needs besides a manager.
#[derive(Clone, Debug)]
pub struct SwarmSettings {
    /// Through which the nodes get images that are made here.
    pub registry: Registry,
    /// The health probe's file; beside the executable where none is named.
    pub probe: Option<PathBuf>,
}

/// A connection to a manager.
pub(super) struct Swarm {
    docker: Docker,
    /// The manager's own engine, on which images are made.
    builder: Containers,
    installation: String,
    probe: Probe,
    registry: Registry,
    nodes: Nodes,
    seen: Seen,
}

impl Swarm {
    /// Connects to a manager, and takes up its Swarm for this installation.
    pub(super) async fn connect(
        host: &str,
        installation: &str,
        settings: &SwarmSettings,
    ) -> EngineResult<Self> {
        let docker = connect::greet(host).await?;
        settings.registry.check(&docker).await?;
        connect::claim(&docker, installation).await?;
        let probe = Probe::ensure(&docker, installation, settings.probe.as_deref()).await?;
        Ok(Self {
            builder: Containers::over(docker.clone(), host, installation),
            docker,
            installation: installation.to_owned(),
            probe,
            registry: settings.registry.clone(),
            nodes: Nodes::default(),
            seen: Seen::default(),
        })
    }

    /// The services of the Swarm that are for a service, or for all.
    async fn services(&self, service_id: Option<&str>) -> EngineResult<Vec<Service>> {
        let mut label = vec![format!("{OWNER}={}", self.installation)];
        label.extend(service_id.map(|id| format!("{SERVICE}={id}")));
        let filters = HashMap::from([("label", label)]);
        let options = ListServicesOptionsBuilder::new().filters(&filters).build();
        let found = self.docker.list_services(Some(options)).await;
        let found = found.map_err(|error| refused("listing the Swarm's services", error))?;
        let is_ours = |service: &Service| {
            let spec = service.spec.as_ref();
            spec.is_some_and(|spec| describe::is_ours(spec, &self.installation))
        };
        Ok(found.into_iter().filter(is_ours).collect())
    }

    /// The tasks of services of the Swarm, the ended ones too.
    async fn tasks(&self, services: Option<&[Service]>) -> EngineResult<Vec<Task>> {
        let mut filters = HashMap::new();
        if let Some(services) = services {
            let ids: Vec<String> = services.iter().filter_map(|one| one.id.clone()).collect();
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            filters.insert("service", ids);
        }
        let options = ListTasksOptionsBuilder::new().filters(&filters).build();
        let found = self.docker.list_tasks(Some(options)).await;
        found.map_err(|error| refused("listing the Swarm's tasks", error))
    }

    async fn listed(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let places = self.nodes.places(&self.docker).await?;
        let tasks = match service_id {
            None => self.tasks(None).await?,
            Some(id) => {
                let services = self.services(Some(id)).await?;
                self.tasks(Some(&services)).await?
            }
        };
        let ours = tasks
            .iter()
            .filter(|task| tasks::is_ours(task, &self.installation, service_id));
        Ok(ours
            .filter_map(|task| tasks::instance(task, &places))
            .collect())
    }

    async fn ensure_network(&self, network: &str) -> EngineResult<()> {
        let name = network_name(&self.installation, network);
        if self.docker.inspect_network(&name, None).await.is_ok() {
            return Ok(());
        }
        let created = self
            .docker
            .create_network(NetworkCreateRequest {
                name: name.clone(),
                driver: Some("overlay".to_owned()),
                labels: Some(HashMap::from([(
                    OWNER.to_owned(),
                    self.installation.clone(),
                )])),
                ..NetworkCreateRequest::default()
            })
            .await;
        match created {
            // Another service of the environment was quicker.
            Err(error) if status(&error) == Some(409) => Ok(()),
            Err(error) => Err(refused(format!("creating the network {name}"), error)),
            Ok(_) => Ok(()),
        }
    }

    /// Makes a service of the Swarm be as specified; what is so already is left alone.
    async fn ensure(
        &self,
        spec: &ProcessSpec,
        unit: Unit,
        before: Option<&Service>,
    ) -> EngineResult<()> {
        let what = || format!("conducting {}", spec.instance.slot.process);
        let credentials = self.registry.credentials();
        let Some(before) = before else {
            let service = describe::service(&self.installation, spec, unit, &self.probe, None);
            let created = self.docker.create_service(service, credentials).await;
            return match created {
                // An attempt before this one has made it, and its answer was lost.
                Err(error) if status(&error) == Some(409) => Ok(()),
                Err(error) => Err(refused(what(), error)),
                Ok(_) => Ok(()),
            };
        };
        let node = self.keeps_on(unit, before).await?;
        let known = before.spec.as_ref();
        let digest = known.and_then(|known| describe::label(known, DIGEST));
        let kept = known.and_then(describe::kept_on);
        if digest == Some(&describe::digest(spec, &self.probe)) && kept == node.as_deref() {
            return Ok(());
        }
        let service =
            describe::service(&self.installation, spec, unit, &self.probe, node.as_deref());
        let (id, version) = identity(before);
        let options = UpdateServiceOptionsBuilder::new().version(version).build();
        let updated = self
            .docker
            .update_service(&id, service, options, credentials)
            .await;
        updated.map(|_| ()).map_err(|error| refused(what(), error))
    }

    /// The node on which a unit's disk is: where its task was placed first.
    async fn keeps_on(&self, unit: Unit, service: &Service) -> EngineResult<Option<String>> {
        if unit.ordinal.is_none() {
            return Ok(None);
        }
        if let Some(node) = service.spec.as_ref().and_then(describe::kept_on) {
            return Ok(Some(node.to_owned()));
        }
        let tasks = self.tasks(Some(std::slice::from_ref(service))).await?;
        Ok(tasks.iter().find_map(placed))
    }

    /// What is known of a process, from the services of the Swarm that are for it.
    fn conducted(&self, process: &str, services: &[&Service], tasks: &[Task]) -> Conducted {
        let specs = services.iter().filter_map(|service| service.spec.as_ref());
        let mut digests: Vec<&str> = specs
            .map(|spec| describe::label(spec, DIGEST).unwrap_or_default())
            .collect();
        digests.dedup();
        let is_unkept = |service: &&&Service| {
            let spec = service.spec.as_ref();
            let needs = spec.is_some_and(|spec| {
                describe::ordinal(spec).is_some() && describe::kept_on(spec).is_none()
            });
            needs
                && tasks
                    .iter()
                    .any(|task| task.service_id == service.id && placed(task).is_some())
        };
        Conducted {
            process: process.to_owned(),
            digest: match digests.as_slice() {
                // A disk that came to be on a node is still to be kept there.
                [one] if !services.iter().any(|service| is_unkept(&service)) => (*one).to_owned(),
                _ => String::new(),
            },
            rollout: services
                .iter()
                .map(|service| rollout(service))
                .max_by_key(weight)
                .unwrap_or(Rollout::Steady),
        }
    }
}

/// The node on which a task's disk came to be.
fn placed(task: &Task) -> Option<String> {
    let state = task.status.as_ref()?.state?;
    let has_begun = state >= TaskState::STARTING && state != TaskState::REJECTED;
    task.node_id.clone().filter(|_| has_begun)
}

fn rollout(service: &Service) -> Rollout {
    use ServiceUpdateStatusStateEnum as State;
    let update = service.update_status.as_ref();
    match update.and_then(|update| update.state) {
        Some(State::UPDATING) => Rollout::Rolling,
        Some(State::PAUSED) => Rollout::Stopped,
        Some(State::ROLLBACK_STARTED | State::ROLLBACK_COMPLETED | State::ROLLBACK_PAUSED) => {
            Rollout::WentBack
        }
        _ => Rollout::Steady,
    }
}

/// Of several, the one that matters most.
fn weight(rollout: &Rollout) -> u8 {
    match rollout {
        Rollout::Steady => 0,
        Rollout::Rolling => 1,
        Rollout::Stopped => 2,
        Rollout::WentBack => 3,
    }
}

/// What an update names: the id, and the version that it is made to.
fn identity(service: &Service) -> (String, i32) {
    let version = service.version.as_ref().and_then(|version| version.index);
    let version = i32::try_from(version.unwrap_or_default()).unwrap_or(i32::MAX);
    (service.id.clone().unwrap_or_default(), version)
}

#[async_trait]
impl Conductor for Swarm {
    fn digest(&self, spec: &ProcessSpec) -> String {
        describe::digest(spec, &self.probe)
    }

    async fn score(&self, service_id: &str) -> EngineResult<Score> {
        let services = self.services(Some(service_id)).await?;
        let tasks = self.tasks(Some(&services)).await?;
        let places: Places = self.nodes.places(&self.docker).await?;
        let mut processes: HashMap<&str, Vec<&Service>> = HashMap::new();
        for service in &services {
            if let Some(process) = service.spec.as_ref().and_then(describe::process) {
                processes.entry(process).or_default().push(service);
            }
        }
        let processes = processes
            .iter()
            .map(|(process, services)| self.conducted(process, services, &tasks))
            .collect();
        let mut fallen: Vec<_> = tasks
            .iter()
            .filter_map(|task| tasks::fallen(task, &places))
            .collect();
        fallen.sort_by_key(|fallen| fallen.at);
        Ok(Score { processes, fallen })
    }

    async fn conduct(&self, spec: &ProcessSpec) -> EngineResult<()> {
        self.ensure_network(&spec.instance.network).await?;
        let slot = &spec.instance.slot;
        let known = self.services(Some(&slot.service_id)).await?;
        let units = describe::units(spec);
        for unit in &units {
            let name = describe::service_name(&self.installation, spec, *unit);
            let before = known.iter().find(|service| named(service, &name));
            self.ensure(spec, *unit, before).await?;
        }
        // Ordinals that are no longer wanted, and what ran before it had a disk.
        for service in &known {
            let Some(spec_now) = service.spec.as_ref() else {
                continue;
            };
            let is_of_process = describe::process(spec_now) == Some(&slot.process);
            let is_wanted = units
                .iter()
                .any(|unit| unit.ordinal == describe::ordinal(spec_now));
            if is_of_process && !is_wanted {
                self.delete(service).await?;
            }
        }
        Ok(())
    }

    async fn set_edges(&self, edges: Option<&EdgeSpec>) -> EngineResult<()> {
        match edges {
            Some(edges) => self.edges(edges).await,
            None => self.end_edges().await,
        }
    }

    fn note_usage(&self, node: &str, readings: Vec<NodeReading>) {
        self.seen.note(node, readings);
    }

    async fn dismiss(&self, service_id: &str, process: &str) -> EngineResult<()> {
        for service in self.services(Some(service_id)).await? {
            if service.spec.as_ref().and_then(describe::process) == Some(process) {
                self.delete(&service).await?;
            }
        }
        Ok(())
    }
}

fn named(service: &Service, name: &str) -> bool {
    let spec = service.spec.as_ref();
    spec.is_some_and(|spec| spec.name.as_deref() == Some(name))
}

impl Swarm {
    async fn delete(&self, service: &Service) -> EngineResult<()> {
        let (id, _) = identity(service);
        match self.docker.delete_service(&id).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(refused(format!("ending the Swarm's service {id}"), error)),
            Ok(()) => Ok(()),
        }
    }
}

#[async_trait]
impl Engine for Swarm {
    fn kind(&self) -> EngineKind {
        EngineKind::Swarm
    }

    fn conductor(&self) -> Option<&dyn Conductor> {
        Some(self)
    }

    async fn detail(&self) -> EngineResult<String> {
        let told = async { self.docker.info().await.map_err(unavailable) };
        let info = within(DETAIL_WITHIN, told).await?;
        let nodes = info.swarm.unwrap_or_default().nodes.unwrap_or_default();
        let nodes = match nodes {
            1 => "one node".to_owned(),
            nodes => format!("{nodes} nodes"),
        };
        let version = info.server_version.unwrap_or_default();
        Ok(format!("Docker Swarm {version}, {nodes}"))
    }

    async fn nodes(&self) -> EngineResult<Vec<EngineNode>> {
        within(DETAIL_WITHIN, nodes::told(&self.docker)).await
    }

    async fn set_availability(&self, id: &str, availability: NodeAvailability) -> EngineResult<()> {
        nodes::set_availability(&self.docker, id, availability).await
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        within(LIST_WITHIN, self.listed(service_id)).await
    }

    async fn has_image(&self, reference: &str) -> EngineResult<bool> {
        self.builder.has_image(reference).await
    }

    async fn fetch_image(&self, reference: &str, progress: &FetchProgress) -> EngineResult<()> {
        self.builder.fetch_image(reference, progress).await
    }

    /// What only the manager has is pushed first: the nodes could not run it.
    async fn image_facts(&self, reference: &str) -> EngineResult<ImageFacts> {
        let facts = self.builder.image_facts(reference).await?;
        if facts.pinned.is_some() {
            return Ok(facts);
        }
        let known = self.registry.pinned(&self.docker, reference).await?;
        let pinned = match known {
            Some(pinned) => pinned,
            None => self.registry.push(&self.docker, reference).await?,
        };
        Ok(ImageFacts {
            pinned: Some(pinned),
            ..facts
        })
    }

    async fn takes_build_secrets(&self) -> EngineResult<bool> {
        self.builder.takes_build_secrets().await
    }

    async fn end_build(&self, group: &str, since: DateTime<Utc>, log: &str) -> EngineResult<()> {
        self.builder.end_build(group, since, log).await
    }

    async fn build_image(&self, spec: &BuildSpec, log: &BuildLog) -> EngineResult<()> {
        self.builder.build_image(spec, log).await?;
        let pinned = self.registry.push(&self.docker, &spec.tag).await?;
        // Whoever wanted the log may have stopped reading.
        let _ = log.send(format!("Pushed {pinned}\n")).await;
        Ok(())
    }

    async fn tag_image(&self, reference: &str, tag: &str) -> EngineResult<()> {
        self.builder.tag_image(reference, tag).await
    }

    async fn remove_image(&self, reference: &str) -> EngineResult<()> {
        self.builder.remove_image(reference).await
    }

    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()> {
        Err(conducts(format!("starting {}", spec.slot.label())))
    }

    async fn stop(&self, id: &str, _grace: Duration) -> EngineResult<()> {
        Err(conducts(format!("stopping {id}")))
    }

    async fn remove(&self, id: &str) -> EngineResult<()> {
        Err(conducts(format!("removing {id}")))
    }

    async fn remove_volumes(&self, service_id: &str) -> EngineResult<()> {
        self.builder.remove_volumes(service_id).await
    }

    async fn remove_network(&self, network: &str) -> EngineResult<()> {
        self.builder.remove_network(network).await
    }

    /// The Swarm asks for the health itself, from within each instance.
    async fn probe(&self, instance: &EngineInstance, _check: &HealthCheck) -> Result<(), String> {
        match &instance.state {
            RunState::Running => Ok(()),
            RunState::Pending { what } => Err(what.clone()),
            RunState::Leaving => Err("it is on its way out".to_owned()),
            RunState::Exited { reason, .. } => Err(reason.clone()),
        }
    }

    /// As the nodes last told; where one is silent its instances have no figures.
    async fn usage(&self) -> EngineResult<Vec<Usage>> {
        let places = self.nodes.places(&self.docker).await?;
        let tasks = self.tasks(None).await?;
        let ours = tasks
            .iter()
            .filter(|task| tasks::is_ours(task, &self.installation, None));
        let instances = ours.filter_map(|task| {
            let one = tasks::instance(task, &places)?;
            Some((one, task.node_id.as_deref()?, tasks::container(task)?))
        });
        Ok(self.seen.of(instances, Instant::now()))
    }

    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
        Ok(logs::follow(&self.docker, id, since))
    }
}

fn conducts(what: String) -> EngineError {
    EngineError::Refused {
        what,
        why: "the Swarm starts and ends its instances itself".to_owned(),
    }
}
