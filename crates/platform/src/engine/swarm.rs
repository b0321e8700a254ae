//! Docker Swarm, over the API of one of its managers. The Swarm places instances, replaces what ends
//! and rolls out; the platform says what is to run, watches, and routes to what is ready.

mod conductor;
mod connect;
mod describe;
mod edges;
mod endpoints;
mod logs;
mod nodes;
mod probe;
mod registry;
mod seen;
mod tasks;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::{Service, Task};
use bollard::query_parameters::{ListServicesOptionsBuilder, ListTasksOptionsBuilder};
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use pilothouse_wire::meta::EngineKind;
use pilothouse_wire::node::NodeAvailability;
use tokio::time::Instant;

use self::describe::OWNER;
use self::endpoints::Endpoints;
use self::nodes::{Nodes, Places};
use self::probe::Probe;
use self::seen::Seen;
use super::channel::Channel;
use super::containers::Containers;
use super::containers::describe::SERVICE;
use super::containers::failure::{leaderless, refused, tells_of_no_leader, unavailable, within};
use super::{
    BuildLog, BuildSpec, Conductor, Disk, Engine, EngineError, EngineInstance, EngineLine,
    EngineNode, EngineResult, FetchProgress, HealthCheck, ImageFacts, InstanceSpec, RunState,
    Usage,
};

pub use registry::{Credentials, Registry};

/// How long a manager may take to tell what runs. One that has lost the others says so after 20 s.
const LIST_WITHIN: Duration = Duration::from_secs(25);
/// How long it may take to say what it is: somebody looks at a page meanwhile.
const DETAIL_WITHIN: Duration = Duration::from_secs(3);

/// What is said of a node whose disk is full.
const FULL: &str = "Its disk is full, whatever its engine says: it takes no image, may lose lines of logs, and what is placed there may never begin. Drain it; make room, start its engine again, and activate it.";

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
    endpoints: Endpoints,
    seen: Seen,
}

impl Swarm {
    /// Connects to a manager, and takes up its Swarm for this installation.
    pub(super) async fn connect(
        channel: Channel,
        installation: &str,
        settings: &SwarmSettings,
    ) -> EngineResult<Self> {
        let docker = channel.greet().await?;
        settings.registry.check(&docker).await?;
        connect::claim(&docker, installation).await?;
        let probe = Probe::ensure(&docker, installation, settings.probe.as_deref()).await?;
        Ok(Self {
            builder: Containers::over(docker.clone(), channel, installation),
            docker,
            installation: installation.to_owned(),
            probe,
            registry: settings.registry.clone(),
            nodes: Nodes::default(),
            endpoints: Endpoints::default(),
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

    /// The nodes that tasks run on, with what they told themselves.
    async fn places(&self) -> EngineResult<Places> {
        let mut places = self.nodes.places(&self.docker).await?;
        for (id, place) in &mut places {
            place.is_full = self.seen.disk(id).is_some_and(Disk::is_full);
        }
        Ok(places)
    }

    async fn listed(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let places = self.places().await?;
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
        let mut instances: Vec<_> = ours
            .filter_map(|task| tasks::instance(task, &places))
            .collect();
        self.endpoints.complete(&mut instances);
        if service_id.is_none() {
            self.endpoints.keep(&instances);
        }
        Ok(instances)
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
        let swarm = info.swarm.unwrap_or_default();
        let fault = swarm.error.filter(|fault| tells_of_no_leader(fault));
        if let Some(fault) = fault {
            return Err(leaderless(&fault));
        }
        let nodes = match swarm.nodes.unwrap_or_default() {
            1 => "one node".to_owned(),
            nodes => format!("{nodes} nodes"),
        };
        let version = info.server_version.unwrap_or_default();
        Ok(format!("Docker Swarm {version}, {nodes}"))
    }

    async fn nodes(&self) -> EngineResult<Vec<EngineNode>> {
        let mut nodes = within(DETAIL_WITHIN, nodes::told(&self.docker)).await?;
        for node in &mut nodes {
            node.disk = self.seen.disk(&node.id);
            let of_disk = node
                .disk
                .filter(|disk| disk.is_full())
                .map(|_| FULL.to_owned());
            let said = node.message.take();
            node.message = said.or(of_disk).or_else(|| self.seen.clock(&node.id));
        }
        Ok(nodes)
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
        let places = self.places().await?;
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
        logs::follow(&self.docker, id, since).await
    }
}

fn conducts(what: String) -> EngineError {
    EngineError::Refused {
        what,
        why: "the Swarm starts and ends its instances itself".to_owned(),
    }
}
