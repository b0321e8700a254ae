//! Deployments: the attempts to let a release run. At most one of a service is running; others wait.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pilothouse_wire::open::Words;
use pilothouse_wire::release::DeploymentState;
use pilothouse_wire::service::Volume;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreResult};

/// Deployments that a list shows.
const LISTED: u32 = 50;

/// What runs of a service beside its release: as last deployed, not as described.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attached {
    pub(crate) domains: Vec<String>,
    pub(crate) volumes: Vec<Volume>,
}

/// What a deployment found, so that it can be undone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Before {
    pub(crate) release_version: Option<u32>,
    pub(super) process_counts: BTreeMap<String, u32>,
    pub(super) attached: Attached,
}

/// What a deployment sets beside the release. Nothing: an older release is deployed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct After {
    pub(super) process_counts: Option<BTreeMap<String, u32>>,
    pub(super) attached: Option<Attached>,
}

/// A stored deployment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) release_version: u32,
    pub(crate) state: DeploymentState,
    pub(crate) kind: String,
    pub(crate) error: Option<String>,
    pub(crate) error_detail: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) created_by: String,
    /// Whether another admin has to approve it before it begins.
    pub(crate) needs_approval: bool,
    pub(crate) approved_by: Option<String>,
    pub(crate) before: Before,
    after: After,
    pub(crate) created: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) updated: DateTime<Utc>,
}

#[cfg(test)]
impl Deployment {
    /// One that was asked for, began and ended at these instants.
    pub(crate) fn of_release(
        release_version: u32,
        state: DeploymentState,
        (created, started, updated): (DateTime<Utc>, Option<DateTime<Utc>>, DateTime<Utc>),
    ) -> Self {
        Self {
            id: String::new(),
            release_version,
            state,
            kind: String::new(),
            error: None,
            error_detail: None,
            message: None,
            created_by: String::new(),
            needs_approval: false,
            approved_by: None,
            before: Before::default(),
            after: After::default(),
            created,
            started,
            updated,
        }
    }
}

impl Deployment {
    /// Whether it brings another count of instances than there was before.
    pub(crate) fn scales(&self) -> bool {
        let counts = self.after.process_counts.as_ref();
        counts.is_some_and(|counts| *counts != self.before.process_counts)
    }
}

pub(super) fn deployment(row: &SqliteRow) -> StoreResult<Deployment> {
    let state: String = row.get("state");
    Ok(Deployment {
        id: row.get("id"),
        release_version: row.get("release_version"),
        // Only words of this list are ever written.
        state: DeploymentState::from_word(&state).unwrap_or(DeploymentState::Error),
        kind: row.get("kind"),
        error: row.get("error"),
        error_detail: row.get("error_detail"),
        message: row.get("message"),
        created_by: row.get("created_by"),
        needs_approval: row.get("needs_approval"),
        approved_by: row.get("approved_by"),
        before: serde_json::from_str(row.get("before"))?,
        after: serde_json::from_str(row.get("after"))?,
        created: row.get("created"),
        started: row.get("started"),
        updated: row.get("updated"),
    })
}

impl Store {
    /// The newest deployments of a service, the newest first.
    pub(crate) async fn deployments(&self, service_id: &str) -> StoreResult<Vec<Deployment>> {
        let rows = sqlx::query(
            "SELECT * FROM deployments WHERE service_id = ? ORDER BY created DESC, rowid DESC LIMIT ?",
        )
        .bind(service_id)
        .bind(LISTED)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(deployment).collect()
    }

    pub(crate) async fn deployment(
        &self,
        service_id: &str,
        id: &str,
    ) -> StoreResult<Option<Deployment>> {
        let row = sqlx::query("SELECT * FROM deployments WHERE service_id = ? AND id = ?")
            .bind(service_id)
            .bind(id)
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(deployment).transpose()
    }

    /// The newest deployment of a service.
    pub(crate) async fn latest_deployment(
        &self,
        service_id: &str,
    ) -> StoreResult<Option<Deployment>> {
        let row = sqlx::query(
            "SELECT * FROM deployments WHERE service_id = ? ORDER BY created DESC, rowid DESC LIMIT 1",
        )
        .bind(service_id)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(deployment).transpose()
    }

    /// The newest deployment of every service, by service id.
    pub(super) async fn latest_deployments(&self) -> StoreResult<HashMap<String, Deployment>> {
        // Of the other columns, SQLite gives those of the row that holds the maximum.
        let rows = sqlx::query("SELECT *, MAX(rowid) FROM deployments GROUP BY service_id")
            .fetch_all(&self.reader)
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("service_id"), deployment(row)?)))
            .collect()
    }

    /// The deployment of a service that is under way.
    pub(crate) async fn running_deployment(
        &self,
        service_id: &str,
    ) -> StoreResult<Option<Deployment>> {
        let row =
            sqlx::query("SELECT * FROM deployments WHERE service_id = ? AND state = 'running'")
                .bind(service_id)
                .fetch_optional(&self.reader)
                .await?;
        row.as_ref().map(deployment).transpose()
    }

    /// The last release before the one that should run whose every instance was ready.
    pub(crate) async fn last_healthy_release(&self, service_id: &str) -> StoreResult<Option<u32>> {
        Ok(sqlx::query_scalar(
            "SELECT deployments.release_version FROM deployments JOIN services ON services.id = service_id
             WHERE service_id = ? AND state = 'complete'
                   AND deployments.release_version IS NOT services.release_version
             ORDER BY deployments.updated DESC, deployments.rowid DESC LIMIT 1",
        )
        .bind(service_id)
        .fetch_optional(&self.reader)
        .await?)
    }
}
