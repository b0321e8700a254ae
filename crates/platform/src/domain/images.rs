//! Images: asked for, built, told of.

use chrono::Utc;
use pilothouse_wire::action::Reason;
use pilothouse_wire::build::{
    BuildRequest, BuildStarted, Image, ImageMetadata, ImagePage, ImageState, LogStatus, PageQuery,
    Pagination, WorkLog, WorkLogQuery,
};
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::{ServiceParams, VersionParams};
use pilothouse_wire::release::DeploymentKind;

use super::deploys::Choice;
use super::{Error, Platform, Result, audit};
use crate::store::{Cause, ImageRow, ImageSource, NewImage, ServiceRow, ThenDeploy};

/// Where the next image of a service comes from; of a repository at this branch, tag or commit.
pub(super) fn build_source(row: &ServiceRow, reference: Option<String>) -> Result<ImageSource> {
    match (&row.spec.github_repository, &row.spec.image) {
        (Some(name), _) => Ok(ImageSource::Repository {
            name: name.clone(),
            subdirectory: row.spec.subdirectory.clone(),
            reference: reference.or_else(|| row.spec.auto_deploy_branch.clone()),
        }),
        (None, Some(image)) => Ok(ImageSource::Reference(image.clone())),
        (None, None) => Err(Error::WrongState(Reason::NO_IMAGE)),
    }
}

impl Platform {
    pub(crate) async fn list_images(
        &self,
        at: &ServiceParams,
        page: PageQuery,
    ) -> Result<ImagePage> {
        let row = self.find_service(at).await?;
        let (images, total) = self.store.images(&row.id, page).await?;
        let releases = self.store.releases_of_images(&row.id).await?;
        let tell = |image: ImageRow| {
            let of_image = releases.get(&image.version).cloned().unwrap_or_default();
            self.tell_image(image, of_image)
        };
        Ok(ImagePage {
            items: images.into_iter().map(tell).collect(),
            pagination: Pagination::of(page, total),
        })
    }

    /// Removes from the engine what an image alone needs. What was made on this machine goes with its
    /// last name, so whoever else needs it gets a name of its own first; what a registry has is
    /// shared.
    pub(crate) async fn remove_image(&self, image: &ImageRow) -> Result<()> {
        let reference = &image.built.reference;
        if reference.is_empty() {
            return Ok(());
        }
        let sharers = self.store.sharers(image).await?;
        // What no registry has is known by its content alone.
        if !reference.starts_with("sha256:") {
            if sharers.is_empty() {
                self.engine.remove_image(reference).await?;
            }
            return Ok(());
        }
        if !sharers.is_empty() && self.engine.has_image(reference).await? {
            for sharer in &sharers {
                self.engine.tag_image(reference, &sharer.tag()).await?;
            }
        }
        Ok(self.engine.remove_image(&image.tag()).await?)
    }

    pub(crate) async fn get_image(&self, at: &VersionParams) -> Result<Image> {
        let (row, image) = self.find_image(at).await?;
        let mut releases = self.store.releases_of_images(&row.id).await?;
        let releases = releases.remove(&image.version).unwrap_or_default();
        Ok(self.tell_image(image, releases))
    }

    pub(crate) async fn image_log(
        &self,
        at: &VersionParams,
        query: WorkLogQuery,
    ) -> Result<WorkLog> {
        let (_, image) = self.find_image(at).await?;
        let part = self.read_journal(&image.id, query).await?;
        Ok(WorkLog {
            status: Open::Known(match image.state {
                ImageState::Queued => LogStatus::Pending,
                ImageState::Building => LogStatus::Running,
                ImageState::Built => LogStatus::Success,
                ImageState::Failed => LogStatus::Error,
                ImageState::Cancelled => LogStatus::Cancelled,
            }),
            version: image.version,
            log_text: part.text,
            error: image.error,
            error_detail: image.error_detail,
            build_step: image.step,
            next_offset: Some(part.next_offset),
        })
    }

    pub(crate) async fn build_image(
        &self,
        at: &ServiceParams,
        request: BuildRequest,
        by: &str,
    ) -> Result<BuildStarted> {
        let row = self.find_service(at).await?;
        let reference = request.reference.map(Into::into);
        self.queue_build(&row, reference, None, by).await
    }

    /// Queues a build of a service, and what follows it.
    pub(super) async fn queue_build(
        &self,
        row: &ServiceRow,
        reference: Option<String>,
        then_deploy: Option<&ThenDeploy>,
        by: &str,
    ) -> Result<BuildStarted> {
        let source = build_source(row, reference)?;
        let new = NewImage {
            service_id: &row.id,
            source: &source,
            fetched: false,
            then_deploy,
            by,
        };
        let (image_id, version) = self.store.queue_image(new).await?;
        audit::note("image", None, Some(format!("v{version}")));
        self.builds.wake();
        Ok(BuildStarted {
            ok: true,
            image_id,
            version,
        })
    }

    pub(crate) async fn cancel_image(&self, at: &VersionParams, by: &str) -> Result<()> {
        let (_, image) = self.find_image(at).await?;
        if image.fetched && image.state.is_under_way() {
            return Err(Error::WrongState(Reason::FETCHED_BY_ROLLOUT));
        }
        let why = format!("{by} cancelled it.");
        let ended = self
            .store
            .end_image(&image, ImageState::Cancelled, &why, None)
            .await?;
        if !ended {
            return Err(Error::WrongState(Reason::BUILD_ENDED));
        }
        self.builds.cancel(&image.id);
        self.builds.wake();
        Ok(())
    }

    /// Deploys what was built, where that was asked for. Where it can't be, the image says why.
    pub(crate) async fn image_was_built(&self, id: &str) {
        let _changing = self.changing.lock().await;
        let Err(error) = self.deploy_built(id).await else {
            return;
        };
        tracing::warn!(image = %id, %error, "a build can't be deployed");
        let why = format!("It is built, and was not deployed: {}", whole(&error));
        self.journals.note(id, &why);
        if let Err(error) = self.store.deploy_failed(id, &why).await {
            // At the next start it is tried again.
            tracing::error!(%error, "it can't be noted that a build was not deployed");
        }
    }

    async fn deploy_built(&self, id: &str) -> Result<()> {
        let Some(image) = self.store.image_by_id(id).await? else {
            return Ok(());
        };
        let Some(then) = &image.then_deploy else {
            return Ok(());
        };
        let row = self.store.service_by_id(&image.service_id).await?;
        let Some(row) = row.filter(|row| !row.deleted) else {
            return Ok(());
        };
        if !row.spec.comes_from(&image.source) {
            return Err(Error::WrongState(Reason::OTHER_SOURCE));
        }
        let cause = Cause {
            kind: DeploymentKind::from_word(&then.kind).unwrap_or(DeploymentKind::Deploy),
            by: &then.by,
            message: then.message.as_deref(),
            waits: then.waits,
        };
        self.roll_out_of(&row, Choice::built(image.clone()), cause)
            .await?;
        Ok(())
    }

    async fn find_image(&self, at: &VersionParams) -> Result<(ServiceRow, ImageRow)> {
        let row = self.find_service(&at.service).await?;
        let image = match at.number() {
            Some(version) => self.store.image(&row.id, version).await?,
            None => None,
        };
        let image = image.ok_or_else(|| Error::NotFound {
            what: "image",
            reference: at.version.chars().take(64).collect(),
        })?;
        Ok((row, image))
    }

    /// An image as the API tells it.
    fn tell_image(&self, image: ImageRow, releases: Vec<u32>) -> Image {
        let end = match image.state.is_under_way() {
            true => Utc::now(),
            false => image.updated,
        };
        let duration = image.started.map(|started| end - started);
        let grew = || self.journals.grew(&image.id);
        let progressed = match image.state {
            ImageState::Building => grew().or(image.started),
            _ => None,
        };
        let (repository_name, build_ref) = match &image.source {
            ImageSource::Repository {
                name, reference, ..
            } => (name.clone(), reference.clone()),
            ImageSource::Reference(reference) => (reference.clone(), None),
            ImageSource::Promoted {
                reference, from, ..
            } => (reference.clone(), Some(from.clone())),
        };
        let built = image.built;
        Image {
            id: image.id,
            version: image.version,
            state: Some(Open::Known(image.state)),
            repository_name: Some(repository_name),
            image_id: built.digest,
            built: image.state == ImageState::Built,
            error: image.error,
            error_detail: image.error_detail,
            build_ref,
            commit_sha: built.commit_sha,
            dockerfile: built.dockerfile,
            processes: built.processes,
            image_metadata: ImageMetadata {
                size: built.size,
                duration_ms: duration
                    .and_then(|duration| u64::try_from(duration.num_milliseconds()).ok()),
                exposed_ports: built.exposed_ports,
                by: Some(image.created_by),
                started: image.started,
                progressed,
                releases,
            },
            created: Some(image.created),
            updated: Some(image.updated),
        }
    }
}

/// An error in words where nobody sees the fields that it speaks of.
fn whole(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            let words = fields.iter().flat_map(|(_, words)| words.iter().cloned());
            words.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
