//! The pipeline of a service at a glance, in one go, and from one environment to another.

use pilothouse_wire::action::Reason;
use pilothouse_wire::build::{BuildStarted, ImageState};
use pilothouse_wire::conceal::Conceal as _;
use pilothouse_wire::deploy::{Deployed, WhenBusy};
use pilothouse_wire::endpoint::Access;
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::open::Words;
use pilothouse_wire::path::{Params as _, Place, ProjectParams, Scope, ServiceParams};
use pilothouse_wire::pipeline::{
    PipelineQuery, PipelineRequest, PipelineStatus, Promotion, PromotionPreview, Stage,
};
use pilothouse_wire::release::{DeploymentKind, DeploymentState};
use pilothouse_wire::session::Role;

use super::deploys::{Choice, deployed};
use super::{Actor, Error, Platform, Result, diff, frozen};
use crate::store::{Cause, ImageSource, Release, ServiceRow, ThenDeploy};

/// The words of a stage, the same for builds and deployments.
mod status {
    pub(super) const PENDING: &str = "pending";
    pub(super) const RUNNING: &str = "running";
    pub(super) const SUCCESS: &str = "success";
    pub(super) const ERROR: &str = "error";
    pub(super) const CANCELLED: &str = "cancelled";
}

/// Both ends of a promotion.
struct Ends {
    source: ServiceRow,
    target: ServiceRow,
    release: Release,
    /// What its instances are started from.
    reference: String,
}

impl Platform {
    pub(crate) async fn pipeline_status(
        &self,
        at: &ProjectParams,
        query: &PipelineQuery,
    ) -> Result<PipelineStatus> {
        let row = self.find_in(at, &query.env, &query.service).await?;
        let build = self.store.latest_image(&row.id).await?.map(|image| Stage {
            status: match image.state {
                ImageState::Queued => status::PENDING,
                ImageState::Building => status::RUNNING,
                ImageState::Built => status::SUCCESS,
                ImageState::Failed => status::ERROR,
                ImageState::Cancelled => status::CANCELLED,
            }
            .to_owned(),
            id: image.id,
            version: image.version,
            error: image.error,
            by: Some(image.created_by),
            created: Some(image.created),
            updated: Some(image.updated),
        });
        let releases = self.store.releases(&row.id).await?;
        let release = releases.into_iter().next().map(|release| Stage {
            status: status::SUCCESS.to_owned(),
            id: release.id,
            version: release.version,
            error: None,
            by: Some(release.created_by),
            created: Some(release.created),
            updated: Some(release.created),
        });
        let deploy = self
            .store
            .latest_deployment(&row.id)
            .await?
            .map(|one| Stage {
                status: match one.state {
                    DeploymentState::Pending => status::PENDING,
                    DeploymentState::Running => status::RUNNING,
                    DeploymentState::Complete => status::SUCCESS,
                    DeploymentState::Error => status::ERROR,
                    DeploymentState::Cancelled => status::CANCELLED,
                }
                .to_owned(),
                id: one.id,
                version: one.release_version,
                error: one.error,
                by: Some(one.created_by),
                created: Some(one.created),
                updated: Some(one.updated),
            });
        Ok(PipelineStatus {
            build,
            release,
            deploy,
        })
    }

    /// Builds, releases and deploys in one go.
    pub(crate) async fn run_pipeline(
        &self,
        at: &ProjectParams,
        request: PipelineRequest,
        by: &str,
    ) -> Result<BuildStarted> {
        let row = self.find_in(at, &request.env, &request.service).await?;
        let then = ThenDeploy {
            by: by.to_owned(),
            message: request.message,
            kind: DeploymentKind::Deploy.word().to_owned(),
            waits: request.when_busy == Some(WhenBusy::Wait),
        };
        let reference = request.reference.map(Into::into);
        self.queue_build(&row, reference, Some(&then), by).await
    }

    /// Deploys the last release again that was healthy before the one that should run.
    pub(crate) async fn roll_back(
        &self,
        at: &ProjectParams,
        request: PipelineRequest,
        by: &str,
    ) -> Result<Deployed> {
        let _changing = self.changing.lock().await;
        let row = self.find_in(at, &request.env, &request.service).await?;
        let version = self.store.last_healthy_release(&row.id).await?;
        let version = version.ok_or(Error::WrongState(Reason::NOTHING_HEALTHY))?;
        let cause = Cause {
            kind: DeploymentKind::Rollback,
            by,
            message: request.message.as_deref(),
            waits: request.when_busy == Some(WhenBusy::Wait),
        };
        Ok(deployed(self.roll_out_again(&row, version, cause).await?))
    }

    /// What a promotion would carry over, and with which config it would run there.
    pub(crate) async fn preview_promotion(
        &self,
        at: &ProjectParams,
        promotion: &Promotion,
        actor: &Actor,
    ) -> Result<PromotionPreview> {
        let readable = self.may_take_from(at, promotion, actor).await?;
        let mut preview = PromotionPreview {
            source_env: promotion.source_env.clone(),
            target_env: promotion.target_env.clone(),
            ..PromotionPreview::default()
        };
        let ends = match self.find_ends(at, promotion).await {
            Ok(ends) => ends,
            Err(Error::WrongState(reason)) => {
                preview.obstacle = Some(reason.words().to_owned());
                return Ok(preview);
            }
            Err(error) => return Err(error),
        };
        let there = frozen(&self.levels_of(&ends.target.id).await?);
        preview.config_diff = diff(&ends.release.document.config(), &there);
        if !readable {
            preview.conceal();
        }
        preview.source_release_version = Some(ends.release.version);
        preview.target_release_version = ends.target.release_version;
        preview.image = Some(ends.reference);
        Ok(preview)
    }

    /// Deploys the image that runs in one environment in another, with that one's own config.
    pub(crate) async fn promote(
        &self,
        at: &ProjectParams,
        promotion: &Promotion,
        actor: &Actor,
    ) -> Result<Deployed> {
        self.may_take_from(at, promotion, actor).await?;
        let _changing = self.changing.lock().await;
        let ends = self.find_ends(at, promotion).await?;
        let from = format!("{} v{}", promotion.source_env, ends.release.version);
        let message = format!("Promoted from {from}");
        let image = match ends.release.image_version {
            Some(version) => self.store.image(&ends.source.id, version).await?,
            None => None,
        };
        let source = ImageSource::Promoted {
            reference: ends.reference,
            from,
            instead_of: Some(ends.target.spec.described_source()),
        };
        let choice = Choice::promoted(source, image, &ends.release.document);
        let cause = Cause {
            kind: DeploymentKind::Promotion,
            by: actor.name(),
            message: Some(&message),
            waits: promotion.when_busy == Some(WhenBusy::Wait),
        };
        let rollout = self.roll_out_of(&ends.target, choice, cause).await?;
        Ok(deployed(rollout))
    }

    /// Whether the caller may read the values of the environment that a promotion comes from.
    ///
    /// # Errors
    /// They may not even look at it.
    async fn may_take_from(
        &self,
        at: &ProjectParams,
        promotion: &Promotion,
        actor: &Actor,
    ) -> Result<bool> {
        let source = Place {
            environment: Some(&promotion.source_env),
            ..at.place()
        };
        let mut there = actor.clone();
        self.admit_at(&mut there, Access::Viewer, source).await?;
        Ok(there.may(Role::Member).is_ok())
    }

    async fn find_ends(&self, at: &ProjectParams, promotion: &Promotion) -> Result<Ends> {
        let source = self
            .find_in(at, &promotion.source_env, &promotion.service)
            .await?;
        let target = self
            .find_in(at, &promotion.target_env, &promotion.service)
            .await
            .map_err(|error| match error {
                Error::NotFound {
                    what: "service", ..
                } => Error::WrongState(Reason::NOWHERE_TO_PROMOTE),
                other => other,
            })?;
        if source.id == target.id {
            let words = "Choose another environment than the one it comes from.";
            return Err(Error::Invalid(FieldErrors::one("target_env", words)));
        }
        let nothing = || Error::WrongState(Reason::NOTHING_TO_PROMOTE);
        // What was healthy there, not what is being tried.
        let version = source.good_version.ok_or_else(nothing)?;
        let release = self.store.release(&source.id, version).await?;
        let release = release.ok_or_else(nothing)?;
        let view = self.view(&source, version).await?;
        let reference = view.map(|view| view.reference()).ok_or_else(nothing)?;
        Ok(Ends {
            source,
            target,
            release,
            reference,
        })
    }

    async fn find_in(&self, at: &ProjectParams, env: &str, service: &str) -> Result<ServiceRow> {
        self.find_service(&ServiceParams {
            scope: Scope::Environment {
                org: at.org.clone(),
                project: at.project.clone(),
                environment: env.to_owned(),
            },
            service: service.to_owned(),
        })
        .await
    }
}
