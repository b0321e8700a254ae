//! A container before it starts, with the network and the volumes that it needs.

use std::collections::HashMap;

use bollard::errors::Error as ApiError;
use bollard::models::{Mount, MountType, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::Containers;
use super::describe::{self, INSTALLATION};
use super::failure::{refused, status};
use crate::engine::{EngineResult, InstanceSpec, Slot};

impl Containers {
    /// Makes a network where it is not there yet, by a driver where another than the engine's own is
    /// wanted.
    pub(in crate::engine) async fn ensure_network(
        &self,
        name: &str,
        driver: Option<&str>,
    ) -> EngineResult<()> {
        if self.docker.inspect_network(name, None).await.is_ok() {
            return Ok(());
        }
        let labels = HashMap::from([(INSTALLATION.to_owned(), self.installation.clone())]);
        let created = self
            .docker
            .create_network(NetworkCreateRequest {
                name: name.to_owned(),
                driver: driver.map(str::to_owned),
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
    pub(super) async fn create(&self, name: &str, spec: &InstanceSpec) -> EngineResult<()> {
        let mounts = self.mounts(spec).await?;
        self.ensure_network(
            &describe::network_name(&self.installation, &spec.network),
            None,
        )
        .await?;
        let body = describe::container(&self.installation, spec, mounts);
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        match self.docker.create_container(Some(options), body).await {
            Err(error) if name_is_taken(&error) => Ok(()),
            Err(error) => Err(refused(format!("creating {}", spec.slot.label()), error)),
            Ok(_) => Ok(()),
        }
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
