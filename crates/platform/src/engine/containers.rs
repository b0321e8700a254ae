//! Containers over the Docker Engine API, as Docker and Podman speak it.

mod logs;
mod probe;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::errors::Error as ApiError;
use bollard::models::{
    ContainerCreateBody, ContainerSummary, ContainerSummaryStateEnum, EndpointSettings, HostConfig,
    Mount, MountType, NetworkCreateRequest, NetworkingConfig, PortBinding, VolumeCreateRequest,
};
use bollard::query_parameters::{
    BuildImageOptionsBuilder, CreateContainerOptionsBuilder, CreateImageOptionsBuilder,
    ListContainersOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use pilothouse_wire::meta::EngineKind;

use super::{
    Engine, EngineError, EngineInstance, EngineLine, EngineResult, HealthCheck, InstanceSpec,
    RunState, Slot,
};

/// The label that says which installation a thing belongs to.
const INSTALLATION: &str = "pilothouse.installation";
const SERVICE: &str = "pilothouse.service";
const PROCESS: &str = "pilothouse.process";
const ORDINAL: &str = "pilothouse.ordinal";
const RELEASE: &str = "pilothouse.release";
const GENERATION: &str = "pilothouse.generation";

/// How long the engine may take to answer.
const TIMEOUT_SECONDS: u64 = 60;

/// A connection to Docker or Podman.
pub(super) struct Containers {
    docker: Docker,
    installation: String,
}

impl Containers {
    /// Connects to `unix://…`, `tcp://…` or `http://…` and checks that an engine answers.
    pub(super) async fn connect(host: &str, installation: &str) -> EngineResult<Self> {
        let unavailable = |error: ApiError| EngineError::Unavailable(error.to_string());
        let version = bollard::API_DEFAULT_VERSION;
        let docker = match host.strip_prefix("unix://") {
            Some(path) => Docker::connect_with_unix(path, TIMEOUT_SECONDS, version),
            None => Docker::connect_with_http(host, TIMEOUT_SECONDS, version),
        }
        .map_err(unavailable)?
        // Podman speaks an older version of the API than Docker's newest.
        .negotiate_version()
        .await
        .map_err(unavailable)?;
        docker.ping().await.map_err(unavailable)?;
        Ok(Self {
            docker,
            installation: installation.to_owned(),
        })
    }

    fn name(&self, spec: &InstanceSpec) -> String {
        format!(
            "ph-{}-{}-{}-{}-v{}-{}",
            short(&self.installation),
            short(&spec.slot.service_id),
            spec.slot.process,
            spec.slot.ordinal,
            spec.release_version,
            spec.generation,
        )
    }

    fn network(&self, network: &str) -> String {
        format!("ph-{}-{}", short(&self.installation), short(network))
    }

    fn labels(&self, slot: &Slot) -> HashMap<String, String> {
        [
            (INSTALLATION, self.installation.clone()),
            (SERVICE, slot.service_id.clone()),
            (PROCESS, slot.process.clone()),
            (ORDINAL, slot.ordinal.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
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
        let name = format!(
            "ph-{}-{}-{}-{}-{volume}",
            short(&self.installation),
            short(&slot.service_id),
            slot.process,
            slot.ordinal
        );
        if self.docker.inspect_volume(&name).await.is_err() {
            self.docker
                .create_volume(VolumeCreateRequest {
                    name: Some(name.clone()),
                    labels: Some(self.labels(slot)),
                    ..VolumeCreateRequest::default()
                })
                .await
                .map_err(|error| refused(format!("creating the volume {volume}"), error))?;
        }
        Ok(name)
    }

    async fn create_body(&self, spec: &InstanceSpec) -> EngineResult<ContainerCreateBody> {
        let network = self.network(&spec.network);
        self.ensure_network(&network).await?;
        let mut mounts = Vec::new();
        for (volume, path) in &spec.volumes {
            mounts.push(Mount {
                source: Some(self.ensure_volume(&spec.slot, volume).await?),
                target: Some(path.clone()),
                typ: Some(MountType::VOLUME),
                ..Mount::default()
            });
        }
        let mut labels = self.labels(&spec.slot);
        labels.insert(RELEASE.to_owned(), spec.release_version.to_string());
        labels.insert(GENERATION.to_owned(), spec.generation.to_string());
        let port = spec.port.map(|port| format!("{port}/tcp"));
        // An empty host port is a free one of the engine's choice.
        let binding = PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: Some(String::new()),
        };
        let mut env: Vec<String> = spec.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if let Some(port) = spec.port.filter(|_| !spec.env.contains_key("PORT")) {
            env.push(format!("PORT={port}"));
        }
        Ok(ContainerCreateBody {
            image: Some(spec.image.clone()),
            env: Some(env),
            labels: Some(labels),
            hostname: Some(format!("{}-{}-{}", spec.slug, spec.slot.process, spec.slot.ordinal).chars().take(63).collect()),
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
                        aliases: Some(vec![spec.slug.clone()]),
                        ..EndpointSettings::default()
                    },
                )])),
            }),
            ..ContainerCreateBody::default()
        })
    }

    async fn exit_of(&self, id: &str) -> (i64, String) {
        let state = match self.docker.inspect_container(id, None).await {
            Ok(inspected) => inspected.state.unwrap_or_default(),
            Err(_) => return (-1, "it ended".to_owned()),
        };
        let code = state.exit_code.unwrap_or(-1);
        let reason = match (state.oom_killed, state.error.filter(|error| !error.is_empty())) {
            (Some(true), _) => format!("it ran out of memory (exit code {code})"),
            (_, Some(error)) => format!("it could not run: {error}"),
            _ => format!("it ended with exit code {code}"),
        };
        (code, reason)
    }

    async fn instance(&self, summary: ContainerSummary) -> Option<EngineInstance> {
        let labels = summary.labels.unwrap_or_default();
        let number = |label: &str| labels.get(label)?.parse::<u32>().ok();
        let slot = Slot {
            service_id: labels.get(SERVICE)?.clone(),
            process: labels.get(PROCESS)?.clone(),
            ordinal: number(ORDINAL)?,
        };
        let id = summary.id?;
        let state = match summary.state {
            Some(ContainerSummaryStateEnum::RUNNING) => RunState::Running,
            Some(ContainerSummaryStateEnum::CREATED) => RunState::Created,
            // Podman's own words for what is between created and running.
            None | Some(ContainerSummaryStateEnum::EMPTY) => RunState::Created,
            _ => {
                let (code, reason) = self.exit_of(&id).await;
                RunState::Exited { code, reason }
            }
        };
        let endpoint = summary
            .ports
            .unwrap_or_default()
            .iter()
            .find_map(|port| port.public_port)
            .map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        Some(EngineInstance {
            id,
            slot,
            release_version: number(RELEASE)?,
            generation: number(GENERATION)?,
            state,
            created: DateTime::from_timestamp(summary.created?, 0).unwrap_or_else(Utc::now),
            endpoint,
        })
    }
}

#[async_trait]
impl Engine for Containers {
    fn kind(&self) -> EngineKind {
        EngineKind::Containers
    }

    async fn detail(&self) -> EngineResult<String> {
        let version = self
            .docker
            .version()
            .await
            .map_err(|error| EngineError::Unavailable(error.to_string()))?;
        let engine = version
            .components
            .unwrap_or_default()
            .first()
            .map(|component| component.name.clone())
            .unwrap_or_default();
        Ok(format!("{engine} {}", version.version.unwrap_or_default()))
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let mut label = vec![format!("{INSTALLATION}={}", self.installation)];
        label.extend(service_id.map(|id| format!("{SERVICE}={id}")));
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&HashMap::from([("label", label)]))
            .build();
        let summaries = self
            .docker
            .list_containers(Some(options))
            .await
            .map_err(|error| refused("listing instances".to_owned(), error))?;
        let mut instances = Vec::new();
        for summary in summaries {
            instances.extend(self.instance(summary).await);
        }
        Ok(instances)
    }

    async fn ensure_image(&self, reference: &str) -> EngineResult<()> {
        if self.docker.inspect_image(reference).await.is_ok() {
            return Ok(());
        }
        let options = CreateImageOptionsBuilder::new().from_image(&with_tag(reference)).build();
        let mut pull = self.docker.create_image(Some(options), None, None);
        while let Some(step) = pull.next().await {
            let failure = match step {
                Ok(info) => info.error_detail.and_then(|detail| detail.message),
                Err(error) if is_unavailable(&error) => {
                    return Err(EngineError::Unavailable(error.to_string()));
                }
                Err(error) => Some(words(error)),
            };
            if let Some(why) = failure {
                return Err(EngineError::ImageNotFound {
                    reference: reference.to_owned(),
                    why,
                });
            }
        }
        Ok(())
    }

    async fn build_image(&self, tag: &str, context: Bytes) -> EngineResult<()> {
        let options = BuildImageOptionsBuilder::new().dockerfile("Dockerfile").t(tag).rm(true).build();
        let body = bollard::body_full(context);
        let mut build = self.docker.build_image(options, None, Some(body));
        while let Some(step) = build.next().await {
            let failure = match step {
                Ok(info) => info.error_detail.and_then(|detail| detail.message),
                Err(error) => Some(words(error)),
            };
            if let Some(why) = failure {
                return Err(EngineError::BuildFailed {
                    tag: tag.to_owned(),
                    why,
                });
            }
        }
        Ok(())
    }

    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()> {
        let name = self.name(spec);
        let body = self.create_body(spec).await?;
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        match self.docker.create_container(Some(options), body).await {
            Ok(_) => {}
            // A start that was cut short has made it already.
            Err(error) if status(&error) == Some(409) => {}
            Err(error) if status(&error) == Some(500) && error.to_string().contains("already in use") => {}
            Err(error) => return Err(refused(format!("creating {}", spec.slot.label()), error)),
        }
        match self.docker.start_container(&name, None).await {
            Err(error) if status(&error) == Some(304) => Ok(()),
            Err(error) => Err(refused(format!("starting {}", spec.slot.label()), error)),
            Ok(()) => Ok(()),
        }
    }

    async fn stop(&self, id: &str, grace: Duration) -> EngineResult<()> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        match self.docker.stop_container(id, Some(options)).await {
            Err(error) if matches!(status(&error), Some(304 | 404)) => Ok(()),
            Err(error) => Err(refused("stopping an instance".to_owned(), error)),
            Ok(()) => Ok(()),
        }
    }

    async fn remove(&self, id: &str) -> EngineResult<()> {
        let options = RemoveContainerOptionsBuilder::new().force(true).build();
        match self.docker.remove_container(id, Some(options)).await {
            Err(error) if matches!(status(&error), Some(404)) => Ok(()),
            Err(error) => Err(refused("removing an instance".to_owned(), error)),
            Ok(()) => Ok(()),
        }
    }

    async fn remove_volumes(&self, service_id: &str) -> EngineResult<()> {
        let label = vec![
            format!("{INSTALLATION}={}", self.installation),
            format!("{SERVICE}={service_id}"),
        ];
        let options = ListVolumesOptionsBuilder::new()
            .filters(&HashMap::from([("label", label)]))
            .build();
        let found = self
            .docker
            .list_volumes(Some(options))
            .await
            .map_err(|error| refused("listing volumes".to_owned(), error))?;
        for volume in found.volumes.unwrap_or_default() {
            match self.docker.remove_volume(&volume.name, None::<bollard::query_parameters::RemoveVolumeOptions>).await {
                Err(error) if status(&error) == Some(404) => {}
                outcome => outcome.map_err(|error| refused(format!("removing the volume {}", volume.name), error))?,
            }
        }
        Ok(())
    }

    async fn remove_network(&self, network: &str) -> EngineResult<()> {
        match self.docker.remove_network(&self.network(network)).await {
            // Gone already, or still in use by another service.
            Err(error) if matches!(status(&error), Some(403 | 404 | 409 | 500)) => Ok(()),
            Err(error) => Err(refused("removing a network".to_owned(), error)),
            Ok(()) => Ok(()),
        }
    }

    async fn probe(&self, instance: &EngineInstance, check: &HealthCheck) -> Result<(), String> {
        probe::probe(instance.endpoint, check).await
    }

    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
        Ok(logs::follow(&self.docker, id, since))
    }
}

/// Enough of a UUID to be unique on one machine, and short enough for a container's name.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// The engine pulls every tag of a reference that names none.
fn with_tag(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains([':', '@']) {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

fn is_unavailable(error: &ApiError) -> bool {
    status(error).is_none()
}

fn words(error: ApiError) -> String {
    match error {
        ApiError::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        ApiError::DockerStreamError { error } => error.trim().to_owned(),
        other => other.to_string(),
    }
}

fn refused(what: String, error: ApiError) -> EngineError {
    if is_unavailable(&error) {
        EngineError::Unavailable(error.to_string())
    } else {
        EngineError::Refused {
            what,
            why: words(error),
        }
    }
}
