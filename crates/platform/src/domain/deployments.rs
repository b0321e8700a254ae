//! Deployments that were asked for: how they stand, what they wrote, and how they are approved or
//! ended.

use pilothouse_wire::action::Reason;
use pilothouse_wire::build::{LogStatus, WorkLog, WorkLogQuery};
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::{DeploymentParams, ServiceParams};
use pilothouse_wire::release::{Deployment, DeploymentKind, DeploymentState};

use super::{Actor, Error, Platform, Result, audit};
use crate::journal::Part;
use crate::store::{self, ServiceRow};

impl Platform {
    pub(crate) async fn list_deployments(&self, at: &ServiceParams) -> Result<Vec<Deployment>> {
        let row = self.find_service(at).await?;
        let deployments = self.store.deployments(&row.id).await?;
        Ok(deployments.into_iter().map(|one| self.told(one)).collect())
    }

    pub(crate) async fn get_deployment(&self, at: &DeploymentParams) -> Result<Deployment> {
        let (_, deployment) = self.find_deployment(at).await?;
        Ok(self.told(deployment))
    }

    pub(crate) async fn deployment_log(
        &self,
        at: &DeploymentParams,
        query: WorkLogQuery,
    ) -> Result<WorkLog> {
        let (_, deployment) = self.find_deployment(at).await?;
        let Part { text, next_offset } = self.read_journal(&deployment.id, query).await?;
        Ok(WorkLog {
            status: Open::Known(match deployment.state {
                DeploymentState::Pending => LogStatus::Pending,
                DeploymentState::Running => LogStatus::Running,
                DeploymentState::Complete => LogStatus::Success,
                DeploymentState::Error => LogStatus::Error,
                DeploymentState::Cancelled => LogStatus::Cancelled,
            }),
            version: deployment.release_version,
            log_text: text,
            error: deployment.error,
            error_detail: deployment.error_detail,
            build_step: None,
            next_offset: Some(next_offset),
        })
    }

    pub(crate) async fn cancel_deployment(&self, at: &DeploymentParams, by: &str) -> Result<()> {
        let _changing = self.changing.lock().await;
        let (row, deployment) = self.find_deployment(at).await?;
        let why = format!("{by} cancelled it");
        let ended = self
            .store
            .end_deployment(
                &row.id,
                &deployment.id,
                DeploymentState::Cancelled,
                &why,
                None,
            )
            .await?;
        if !ended {
            return Err(Error::WrongState(Reason::DEPLOYMENT_ENDED));
        }
        self.journals.note(
            &deployment.id,
            &format!("Cancelled by {by}. What ran before goes on."),
        );
        self.change_asked(&row.id);
        Ok(())
    }

    /// Lets a deployment to a protected environment begin, which somebody else asked for.
    pub(crate) async fn approve_deployment(
        &self,
        at: &DeploymentParams,
        actor: &Actor,
    ) -> Result<Deployment> {
        let _changing = self.changing.lock().await;
        let (row, deployment) = self.find_deployment(at).await?;
        if !deployment.needs_approval || deployment.state != DeploymentState::Pending {
            return Err(Error::WrongState(Reason::NEEDS_NO_APPROVAL));
        }
        if self.is_by(actor, &deployment.created_by).await? {
            return Err(Error::WrongState(Reason::OWN_DEPLOYMENT));
        }
        let by = actor.name();
        if !self
            .store
            .approve_deployment(&row.id, &deployment.id, by)
            .await?
        {
            return Err(Error::WrongState(Reason::NEEDS_NO_APPROVAL));
        }
        self.journals
            .note(&deployment.id, &format!("Approved by {by}."));
        audit::note("approved_by", None, Some(by.to_owned()));
        self.change_asked(&row.id);
        let (_, approved) = self.find_deployment(at).await?;
        Ok(self.told(approved))
    }

    async fn find_deployment(
        &self,
        at: &DeploymentParams,
    ) -> Result<(ServiceRow, store::Deployment)> {
        let row = self.find_service(&at.service).await?;
        let deployment = self.store.deployment(&row.id, &at.deployment).await?;
        let deployment = deployment.ok_or_else(|| Error::NotFound {
            what: "deployment",
            reference: at.deployment.chars().take(64).collect(),
        })?;
        Ok((row, deployment))
    }

    /// A deployment as the API tells it.
    fn told(&self, one: store::Deployment) -> Deployment {
        let is_running = one.state == DeploymentState::Running;
        Deployment {
            progressed: self.journals.grew(&one.id).filter(|_| is_running),
            id: one.id,
            release: one.release_version,
            state: Some(Open::Known(one.state)),
            complete: one.state == DeploymentState::Complete,
            error: one.error,
            error_detail: one.error_detail,
            kind: Some(
                DeploymentKind::from_word(&one.kind).map_or(Open::Unknown(one.kind), Open::Known),
            ),
            previous_release: one.before.release_version,
            by: Some(one.created_by).filter(|by| !by.is_empty()),
            needs_approval: one.needs_approval && one.state == DeploymentState::Pending,
            approved_by: one.approved_by,
            message: one.message,
            created: Some(one.created),
            started: one.started,
            updated: Some(one.updated),
        }
    }

    /// A part of a log, read off the threads that answer requests.
    pub(super) async fn read_journal(&self, id: &str, query: WorkLogQuery) -> Result<Part> {
        let (journals, id) = (self.journals.clone(), id.to_owned());
        let read = tokio::task::spawn_blocking(move || journals.read(&id, query)).await;
        Ok(read.map_err(std::io::Error::other).and_then(|read| read)?)
    }
}
