//! Containers over the Docker Engine API, as Docker and Podman speak it.

mod builds;
mod create;
pub(super) mod describe;
pub(super) mod failure;
mod group;
mod images;
mod layers;
mod leftovers;
pub(super) mod logs;
mod probe;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::models::{ContainerStateStatusEnum, ContainerSummary};
use bollard::query_parameters::{
    ListContainersOptions, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, StopContainerOptionsBuilder,
};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::meta::EngineKind;
use tokio::sync::Semaphore;

use self::describe::{INSTALLATION, SERVICE};
use self::failure::{is_garbled, refused, status, unavailable, within};
use self::leftovers::Leftovers;
use super::channel::Channel;
use super::{
    BuildLog, BuildSpec, Engine, EngineError, EngineInstance, EngineLine, EngineNode, EngineResult,
    FetchProgress, HealthCheck, ImageFacts, InstanceSpec, RunState, Usage,
};
#[cfg(fuzzing)]
pub(crate) use logs::lines_of;

/// How long an engine may take to say that it is there.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to say what it is: somebody looks at a page meanwhile.
const DETAIL_WITHIN: Duration = Duration::from_secs(3);
/// How long it may take to tell what runs.
const LIST_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to do something with one instance.
const ACT_WITHIN: Duration = Duration::from_secs(120);
/// A list that came garbled is asked for again so often, after this pause.
const LIST_ATTEMPTS: u32 = 10;
const LIST_PAUSE: Duration = Duration::from_millis(100);

/// Images that are fetched, and instances that are started, at once: a machine that takes up a
/// hundred services again must stay usable meanwhile.
const PULLS_AT_ONCE: usize = 3;
const STARTS_AT_ONCE: usize = 6;

/// How often a build is begun that an image was taken away from.
const BUILD_ATTEMPTS: u32 = 5;

/// Instances whose counters are read at once.
const READ_AT_ONCE: usize = 4;

/// A connection to Docker or Podman.
pub(super) struct Containers {
    docker: Docker,
    channel: Channel,
    installation: String,
    leftovers: Arc<Leftovers>,
    pulls: Semaphore,
    starts: Semaphore,
}

impl Containers {
    /// Checks that an engine of this machine answers, and connects to it. Instances publish their
    /// ports on its loopback address alone.
    pub(super) async fn connect(channel: Channel, installation: &str) -> EngineResult<Self> {
        if !channel.is_of_this_machine() {
            let why = "it is on another machine, where this platform could not reach what it runs: name an engine of this machine";
            return Err(EngineError::Unavailable(why.to_owned()));
        }
        let docker = within(CONNECT_WITHIN, channel.greet()).await?;
        Ok(Self::over(docker, channel, installation))
    }

    /// The engine at the other end of a connection.
    pub(super) fn over(docker: Docker, channel: Channel, installation: &str) -> Self {
        Self {
            leftovers: Leftovers::new(docker.clone(), installation),
            docker,
            channel,
            installation: installation.to_owned(),
            pulls: Semaphore::new(PULLS_AT_ONCE),
            starts: Semaphore::new(STARTS_AT_ONCE),
        }
    }

    /// The label filter for what belongs to this installation, or to one service of it. It narrows
    /// a list; what may be removed is decided by [`describe::is_ours`].
    fn ours(&self, service_id: Option<&str>) -> HashMap<&'static str, Vec<String>> {
        let mut label = vec![format!("{INSTALLATION}={}", self.installation)];
        label.extend(service_id.map(|id| format!("{SERVICE}={id}")));
        HashMap::from([("label", label)])
    }

    /// How the engine names control groups.
    async fn uses_systemd(&self) -> EngineResult<bool> {
        let info = self.docker.info().await.map_err(unavailable)?;
        let driver = info.cgroup_driver.map(|driver| driver.to_string());
        Ok(driver.as_deref() == Some("systemd"))
    }

    async fn summaries(
        &self,
        options: ListContainersOptions,
    ) -> EngineResult<Vec<ContainerSummary>> {
        let mut attempt = 1;
        loop {
            match self.docker.list_containers(Some(options.clone())).await {
                Err(error) if is_garbled(&error) && attempt < LIST_ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(LIST_PAUSE).await;
                }
                Err(error) => return Err(refused("listing instances", error)),
                Ok(summaries) => return Ok(summaries),
            }
        }
    }

    /// Why an instance ended; `None` where its list entry already says all there is.
    async fn exit_of(&self, id: &str) -> Option<RunState> {
        let state = self.docker.inspect_container(id, None).await.ok()?.state?;
        if state.status == Some(ContainerStateStatusEnum::CREATED) {
            return None;
        }
        let code = state.exit_code?;
        let reason = match state.error.filter(|error| !error.is_empty()) {
            _ if state.oom_killed == Some(true) => {
                format!("it ran out of memory (exit code {code})")
            }
            Some(error) => format!("it could not run: {error}"),
            None => format!("it ended with exit code {code}"),
        };
        Some(RunState::Exited { code, reason })
    }
}

impl Containers {
    /// The instances of one service, or of all, with why those ended that did.
    async fn listed(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let mut instances = self.instances(service_id, true).await?;
        for instance in &mut instances {
            if matches!(instance.state, RunState::Exited { .. })
                && let Some(exit) = self.exit_of(&instance.id).await
            {
                instance.state = exit;
            }
        }
        Ok(instances)
    }

    /// Creates an instance, unless it is there, and starts it.
    async fn started(&self, spec: &InstanceSpec) -> EngineResult<()> {
        let name = describe::container_name(&self.installation, spec);
        self.create(&name, spec).await?;
        match self.docker.start_container(&name, None).await {
            Err(error) if status(&error) == Some(304) => Ok(()),
            Err(error) => {
                let error = refused(format!("starting {}", spec.slot.label()), error);
                if matches!(error, EngineError::Refused { .. }) {
                    self.remove(&name).await?;
                }
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// The instances of one service, or of all: those that run, or the ended ones too.
    async fn instances(
        &self,
        service_id: Option<&str>,
        ended_too: bool,
    ) -> EngineResult<Vec<EngineInstance>> {
        let options = ListContainersOptionsBuilder::new()
            .all(ended_too)
            .filters(&self.ours(service_id))
            .build();
        let is_ours = |summary: &ContainerSummary| {
            let labels = summary.labels.as_ref();
            labels.is_some_and(|labels| describe::is_ours(labels, &self.installation, service_id))
        };
        Ok(self
            .summaries(options)
            .await?
            .into_iter()
            .filter(is_ours)
            .filter_map(describe::instance)
            .collect())
    }
}

#[async_trait]
impl Engine for Containers {
    fn kind(&self) -> EngineKind {
        EngineKind::Containers
    }

    async fn nodes(&self) -> EngineResult<Vec<EngineNode>> {
        let told = async { self.docker.info().await.map_err(unavailable) };
        let info = within(DETAIL_WITHIN, told).await?;
        let mut node = EngineNode::alone(info.name.unwrap_or_else(|| "this machine".to_owned()));
        node.version = info.server_version;
        node.platform = info
            .os_type
            .zip(info.architecture)
            .map(|(system, processor)| format!("{system}/{processor}"));
        node.cpus = info.ncpu.map(|count| count as f64);
        node.memory = info.mem_total.and_then(|bytes| u64::try_from(bytes).ok());
        Ok(vec![node])
    }

    async fn detail(&self) -> EngineResult<String> {
        let version = async { self.docker.version().await.map_err(unavailable) };
        let version = within(DETAIL_WITHIN, version).await?;
        let components = version.components.unwrap_or_default();
        let product = components
            .first()
            .map_or("Docker Engine", |component| &component.name);
        Ok(format!("{product} {}", version.version.unwrap_or_default()))
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        within(LIST_WITHIN, self.listed(service_id)).await
    }

    async fn has_image(&self, reference: &str) -> EngineResult<bool> {
        images::is_there(&self.docker, reference).await
    }

    async fn fetch_image(&self, reference: &str, progress: &FetchProgress) -> EngineResult<()> {
        // Never closed; one that were would only let more go at once.
        let _turn = self.pulls.acquire().await;
        images::fetch(&self.docker, reference, progress).await
    }

    async fn image_facts(&self, reference: &str) -> EngineResult<ImageFacts> {
        images::facts(&self.docker, reference).await
    }

    async fn takes_build_secrets(&self) -> EngineResult<bool> {
        // Docker takes them over BuildKit's own protocol alone.
        Ok(self.detail().await?.starts_with("Podman"))
    }

    async fn end_build(&self, group: &str, since: DateTime<Utc>, log: &str) -> EngineResult<()> {
        let parent = group::parent(group, self.uses_systemd().await?);
        let mut making = self.leftovers.begin().await.since(since);
        making.hears(log);
        tokio::spawn(async move {
            group::end(&parent).await;
            making.end(false).await;
        });
        Ok(())
    }

    async fn build_image(&self, spec: &BuildSpec, log: &BuildLog) -> EngineResult<()> {
        let parent = group::parent(&spec.group, self.uses_systemd().await?);
        let mut ending = group::Ending::of(parent.clone());
        let mut attempt = 1;
        let built = loop {
            let making = self.leftovers.begin().await;
            let built = builds::build(&self.channel, spec, &parent, making, log).await;
            if attempt == BUILD_ATTEMPTS || !built.as_ref().is_err_and(builds::lost_an_image) {
                break built;
            }
            attempt += 1;
            // Whoever wanted the log may have stopped reading.
            let _ = log.send(builds::AGAIN.to_owned()).await;
        };
        ending.is_over = true;
        built
    }

    async fn tag_image(&self, reference: &str, tag: &str) -> EngineResult<()> {
        images::tag(&self.docker, reference, tag).await
    }

    async fn remove_image(&self, reference: &str) -> EngineResult<()> {
        images::remove(&self.docker, reference).await
    }

    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()> {
        let _turn = self.starts.acquire().await;
        within(ACT_WITHIN, self.started(spec)).await
    }

    async fn stop(&self, id: &str, grace: Duration) -> EngineResult<()> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        match self.docker.stop_container(id, Some(options)).await {
            Err(error) if matches!(status(&error), Some(304 | 404)) => Ok(()),
            Err(error) => Err(refused("stopping an instance", error)),
            Ok(()) => Ok(()),
        }
    }

    async fn remove(&self, id: &str) -> EngineResult<()> {
        // With it go the nameless volumes that its image asked for, but never those of the slot.
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        match self.docker.remove_container(id, Some(options)).await {
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(refused("removing an instance", error)),
            Ok(()) => Ok(()),
        }
    }

    async fn remove_volumes(&self, service_id: &str) -> EngineResult<()> {
        let options = ListVolumesOptionsBuilder::new()
            .filters(&self.ours(Some(service_id)))
            .build();
        let found = self.docker.list_volumes(Some(options)).await;
        let found = found.map_err(|error| refused("listing volumes", error))?;
        for volume in found.volumes.unwrap_or_default() {
            // Podman lists what has any of the labels that were asked for, not all of them.
            if !describe::is_ours(&volume.labels, &self.installation, Some(service_id)) {
                continue;
            }
            match self
                .docker
                .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
                .await
            {
                Err(error) if status(&error) != Some(404) => {
                    return Err(refused(
                        format!("removing the volume {}", volume.name),
                        error,
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn remove_network(&self, network: &str) -> EngineResult<()> {
        let name = describe::network_name(&self.installation, network);
        match self.docker.remove_network(&name).await {
            // Gone already, or still in use by another service.
            Err(error) if matches!(status(&error), Some(403 | 404 | 409 | 500)) => Ok(()),
            Err(error) => Err(refused(format!("removing the network {name}"), error)),
            Ok(()) => Ok(()),
        }
    }

    async fn probe(&self, instance: &EngineInstance, check: &HealthCheck) -> Result<(), String> {
        probe::probe(instance.endpoint, check).await
    }

    async fn usage(&self) -> EngineResult<Vec<Usage>> {
        let instances = within(LIST_WITHIN, self.instances(None, false)).await?;
        let read = stream::iter(instances)
            .map(|instance| usage::read(&self.docker, instance))
            .buffer_unordered(READ_AT_ONCE)
            .collect()
            .await;
        usage::whole(read)
    }

    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
        Ok(logs::follow(&self.docker, id, since))
    }
}
