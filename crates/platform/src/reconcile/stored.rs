//! What is stored of a service, as far as it decides what runs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::Want;
use crate::domain::{Platform, Result, WEB, argv};
use crate::engine::{HealthCheck, InstanceSpec, Slot};
use crate::store::{Deployment, ImageRow, Release, ServiceRow};

/// A release and the count of restarts: what tells one attempt to run a service from the next.
pub(super) type Attempt = (u32, u32);

/// What is stored of a service that should run.
pub(super) struct Stored {
    pub(super) row: ServiceRow,
    pub(super) release: Option<Release>,
    /// The image that the release runs, where one is kept.
    pub(super) image: Option<ImageRow>,
    /// The deployment that is under way.
    pub(super) deployment: Option<Deployment>,
    /// Why the newest release is not the one that should run, if so.
    pub(super) note: Option<String>,
}

impl Stored {
    /// Reads it. `None`: nothing is stored of such a service.
    pub(super) async fn read(platform: &Platform, service_id: &str) -> Result<Option<Self>> {
        let store = &platform.store;
        let Some(row) = store.service_by_id(service_id).await? else {
            return Ok(None);
        };
        let Some(version) = row.release_version else {
            return Ok(Some(Self {
                row,
                release: None,
                image: None,
                deployment: None,
                note: None,
            }));
        };
        let release = store.release(service_id, version).await?;
        let image = match release.as_ref().and_then(|release| release.image_version) {
            Some(version) => store.image(service_id, version).await?,
            None => None,
        };
        let deployment = store.running_deployment(service_id).await?;
        let newest = store.latest_deployment(service_id).await?;
        let note = newest
            .filter(|newest| newest.release_version != version)
            .and_then(|newest| newest.error)
            .map(|why| format!("{why}. Release v{version} goes on serving: change what is wrong, and deploy again"));
        Ok(Some(Self {
            row,
            release,
            image,
            deployment,
            note,
        }))
    }

    /// What instances of a release are started from: pinned, as soon as that is known.
    pub(super) fn reference<'a>(&'a self, release: &'a Release) -> &'a str {
        let pinned = self
            .image
            .as_ref()
            .map(|image| image.built.reference.as_str());
        pinned
            .filter(|reference| !reference.is_empty())
            .unwrap_or(&release.document.image)
    }

    pub(super) fn attempt(&self) -> Option<Attempt> {
        let release = self.release.as_ref()?;
        Some((release.version, self.row.generation))
    }

    /// What should run. With `hold`, no instance that serves is replaced.
    pub(super) fn want(&self, hold: bool) -> Option<Want> {
        let release = self.release.as_ref()?;
        Some(Want {
            counts: self.row.process_counts.clone(),
            release: release.version,
            generation: self.row.generation,
            stateful: !self.row.attached.volumes.is_empty(),
            hold,
        })
    }

    /// How long an instance may take to become ready.
    pub(super) fn timeout(&self) -> Duration {
        const DEFAULT_SECONDS: u32 = 180;
        let seconds = self.release.as_ref().map_or(DEFAULT_SECONDS, |release| {
            release.document.deployment_timeout
        });
        Duration::from_secs(u64::from(seconds.max(1)))
    }

    /// How an instance of `web` shows that it is ready.
    pub(super) fn health_check(&self) -> HealthCheck {
        let document = self.release.as_ref().map(|release| &release.document);
        match document.map(|document| (document.port, &document.health_check_path, document)) {
            Some((Some(_), Some(path), document)) => HealthCheck::Http {
                path: path.clone(),
                host: document.health_check_host.clone(),
            },
            Some((Some(_), None, _)) => HealthCheck::Port,
            _ => HealthCheck::Running,
        }
    }

    /// What an instance is started from.
    pub(super) fn instance(
        &self,
        slot: Slot,
        release: &Release,
        image: &str,
        env: &BTreeMap<String, String>,
    ) -> InstanceSpec {
        let document = &release.document;
        let is_web = slot.process == WEB;
        let command = document.commands.get(&slot.process);
        InstanceSpec {
            slot,
            slug: self.row.slug.clone(),
            network: self.row.environment_id.clone(),
            release_version: release.version,
            generation: self.row.generation,
            image: image.to_owned(),
            command: command.map(|command| argv(command)),
            port: document.port.filter(|_| is_web),
            env: env.clone(),
            volumes: self
                .row
                .attached
                .volumes
                .iter()
                .map(|volume| (volume.name.clone(), volume.mount_path.clone()))
                .collect(),
        }
    }
}
