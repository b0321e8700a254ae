//! Containers over the Docker Engine API, as Docker and Podman speak it.

mod builds;
mod describe;
mod failure;
mod group;
mod images;
mod layers;
mod leftovers;
mod logs;
mod probe;
mod usage;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::errors::Error as ApiError;
use bollard::models::{
    ContainerStateStatusEnum, ContainerSummary, Mount, MountType, NetworkCreateRequest,
    VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptions, ListContainersOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    StopContainerOptionsBuilder,
};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::meta::EngineKind;
use tokio::sync::Semaphore;

use self::describe::{INSTALLATION, SERVICE};
use self::failure::{is_garbled, refused, status, unavailable};
use self::leftovers::Leftovers;
use super::{
    BuildLog, BuildSpec, Engine, EngineError, EngineInstance, EngineLine, EngineResult,
    FetchProgress, HealthCheck, ImageFacts, InstanceSpec, RunState, Slot, Usage,
};

/// How long the engine may take to answer, in seconds.
const TIMEOUT_SECONDS: u64 = 60;
/// How long an engine may take to say that it is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
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
    host: String,
    installation: String,
    leftovers: Arc<Leftovers>,
    pulls: Semaphore,
    starts: Semaphore,
}

impl Containers {
    /// Connects to `unix://…`, `tcp://…` or `http://…` and checks that an engine answers.
    pub(super) async fn connect(host: &str, installation: &str) -> EngineResult<Self> {
        let docker = tokio::time::timeout(CONNECT_TIMEOUT, greet(host))
            .await
            .map_err(|_| {
                EngineError::Unavailable(format!(
                    "no answer within {} s",
                    CONNECT_TIMEOUT.as_secs()
                ))
            })??;
        Ok(Self {
            leftovers: Leftovers::new(docker.clone(), installation),
            docker,
            host: host.to_owned(),
            installation: installation.to_owned(),
            pulls: Semaphore::new(PULLS_AT_ONCE),
            starts: Semaphore::new(STARTS_AT_ONCE),
        })
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

    async fn ensure_network(&self, name: &str) -> EngineResult<()> {
        if self.docker.inspect_network(name, None).await.is_ok() {
            return Ok(());
        }
        let labels = HashMap::from([(INSTALLATION.to_owned(), self.installation.clone())]);
        let created = self
            .docker
            .create_network(NetworkCreateRequest {
                name: name.to_owned(),
                labels: Some(labels),
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

    /// The slot's own volume, made when it is not there yet.
    async fn ensure_volume(&self, slot: &Slot, volume: &str) -> EngineResult<String> {
        let name = describe::volume_name(&self.installation, slot, volume);
        if self.docker.inspect_volume(&name).await.is_err() {
            self.docker
                .create_volume(VolumeCreateRequest {
                    name: Some(name.clone()),
                    labels: Some(describe::labels(&self.installation, slot)),
                    ..VolumeCreateRequest::default()
                })
                .await
                .map_err(|error| refused(format!("creating the volume {volume}"), error))?;
        }
        Ok(name)
    }

    async fn mounts(&self, spec: &InstanceSpec) -> EngineResult<Vec<Mount>> {
        let mut mounts = Vec::new();
        for (volume, path) in &spec.volumes {
            mounts.push(Mount {
                source: Some(self.ensure_volume(&spec.slot, volume).await?),
                target: Some(path.clone()),
                typ: Some(MountType::VOLUME),
                ..Mount::default()
            });
        }
        Ok(mounts)
    }

    /// Creates the container, or finds the one that a start which was cut short has made.
    async fn create(&self, name: &str, spec: &InstanceSpec) -> EngineResult<()> {
        let mounts = self.mounts(spec).await?;
        self.ensure_network(&describe::network_name(&self.installation, &spec.network))
            .await?;
        let body = describe::container(&self.installation, spec, mounts);
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        match self.docker.create_container(Some(options), body).await {
            Err(error) if name_is_taken(&error) => Ok(()),
            Err(error) => Err(refused(format!("creating {}", spec.slot.label()), error)),
            Ok(_) => Ok(()),
        }
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

async fn greet(host: &str) -> EngineResult<Docker> {
    let version = bollard::API_DEFAULT_VERSION;
    let docker = match host.split_once("://") {
        Some(("unix", path)) => Docker::connect_with_unix(path, TIMEOUT_SECONDS, version),
        Some(("tcp" | "http", address)) if !is_this_machine(address) => {
            let why = "it is on another machine, where this platform could not reach what it runs: name an engine of this machine";
            return Err(EngineError::Unavailable(why.to_owned()));
        }
        Some(("tcp" | "http", _)) => Docker::connect_with_http(host, TIMEOUT_SECONDS, version),
        _ => {
            let why = "its address must begin with unix://, tcp:// or http://";
            return Err(EngineError::Unavailable(why.to_owned()));
        }
    }
    .map_err(unavailable)?
    // Podman speaks an older version of the API than Docker's newest.
    .negotiate_version()
    .await
    .map_err(unavailable)?;
    docker.ping().await.map_err(unavailable)?;
    Ok(docker)
}

/// Whether `host:port` is reached without leaving this machine. Instances publish their ports on its
/// loopback address alone.
fn is_this_machine(address: &str) -> bool {
    let host = address.trim_end_matches('/');
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Containers {
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

/// Docker answers 409, Podman 500.
fn name_is_taken(error: &ApiError) -> bool {
    match status(error) {
        Some(409) => true,
        Some(500) => error.to_string().contains("already in use"),
        _ => false,
    }
}

#[async_trait]
impl Engine for Containers {
    fn kind(&self) -> EngineKind {
        EngineKind::Containers
    }

    async fn detail(&self) -> EngineResult<String> {
        let version = self.docker.version().await.map_err(unavailable)?;
        let components = version.components.unwrap_or_default();
        let product = components
            .first()
            .map_or("Docker Engine", |component| &component.name);
        Ok(format!("{product} {}", version.version.unwrap_or_default()))
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
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
            let built = builds::build(&self.host, spec, &parent, making, log).await;
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
        let instances = self.instances(None, false).await?;
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

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn engines_of_other_machines_are_told_apart() {
        for here in ["127.0.0.1:2375", "localhost:2375", "[::1]:2375/"] {
            assert!(is_this_machine(here), "{here}");
        }
        for away in ["10.0.0.1:2375", "docker:2375", "[fe80::1]:2375", ""] {
            assert!(!is_this_machine(away), "{away}");
        }
    }
}
