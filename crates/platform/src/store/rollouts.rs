//! Releases and the deployments that roll them out.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreResult};
use crate::domain::ReleaseDocument;

/// What instances are started from, frozen when it was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Release {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) document: ReleaseDocument,
    pub(crate) created: DateTime<Utc>,
}

/// How the rollout of a release stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) release_version: u32,
    /// `running`, `complete`, `error` or `cancelled`.
    pub(crate) state: String,
    pub(crate) error: Option<String>,
    pub(crate) created: DateTime<Utc>,
}

/// A release that was just made, and the deployment that rolls it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rollout {
    pub(crate) release_id: String,
    pub(crate) release_version: u32,
    pub(crate) deployment_id: String,
}

fn deployment(row: &SqliteRow) -> Deployment {
    Deployment {
        id: row.get("id"),
        release_version: row.get("release_version"),
        state: row.get("state"),
        error: row.get("error"),
        created: row.get("created"),
    }
}

impl Store {
    /// Makes a release and lets it be the one that should run, with the counts of the description, in
    /// one change. A rollout that is still running is cancelled by it.
    pub(crate) async fn roll_out(
        &self,
        service_id: &str,
        document: &ReleaseDocument,
        message: Option<&str>,
        by: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<Rollout> {
        let mut change = self.begin().await?;
        let version: u32 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM releases WHERE service_id = ?",
        )
        .bind(service_id)
        .fetch_one(&mut *change)
        .await?;
        let rollout = Rollout {
            release_id: uuid::Uuid::new_v4().to_string(),
            release_version: version,
            deployment_id: uuid::Uuid::new_v4().to_string(),
        };
        sqlx::query(
            "INSERT INTO releases (id, service_id, version, document, message, created_by, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&rollout.release_id)
        .bind(service_id)
        .bind(version)
        .bind(serde_json::to_string(document)?)
        .bind(message)
        .bind(by)
        .bind(now)
        .execute(&mut *change)
        .await?;
        sqlx::query("UPDATE deployments SET state = 'cancelled', updated = ? WHERE service_id = ? AND state = 'running'")
            .bind(now)
            .bind(service_id)
            .execute(&mut *change)
            .await?;
        sqlx::query(
            "INSERT INTO deployments (id, service_id, release_version, state, created, updated) VALUES (?, ?, ?, 'running', ?, ?)",
        )
        .bind(&rollout.deployment_id)
        .bind(service_id)
        .bind(version)
        .bind(now)
        .bind(now)
        .execute(&mut *change)
        .await?;
        sqlx::query(
            "UPDATE services SET release_version = ?, process_counts = json_extract(spec, '$.process_counts')
             WHERE id = ?",
        )
        .bind(version)
        .bind(service_id)
        .execute(&mut *change)
        .await?;
        // What the release before was routed is free now.
        sqlx::query(
            "DELETE FROM service_domains WHERE service_id = ?
             AND domain NOT IN (SELECT lower(value) FROM json_each(?))",
        )
        .bind(service_id)
        .bind(serde_json::to_string(&document.domains)?)
        .execute(&mut *change)
        .await?;
        self.commit(change, service_id).await?;
        Ok(rollout)
    }

    /// One release of a service.
    pub(crate) async fn release(
        &self,
        service_id: &str,
        version: u32,
    ) -> StoreResult<Option<Release>> {
        let row = sqlx::query("SELECT * FROM releases WHERE service_id = ? AND version = ?")
            .bind(service_id)
            .bind(version)
            .fetch_optional(&self.reader)
            .await?;
        row.map(|row| {
            Ok(Release {
                id: row.get("id"),
                version: row.get("version"),
                document: serde_json::from_str(row.get("document"))?,
                created: row.get("created"),
            })
        })
        .transpose()
    }

    /// The release that each service should run, by service id.
    pub(super) async fn current_releases(&self) -> StoreResult<Vec<(String, Release)>> {
        let rows = sqlx::query(
            "SELECT releases.* FROM releases JOIN services
             ON services.id = releases.service_id AND services.release_version = releases.version
             WHERE services.deleted = 0",
        )
        .fetch_all(&self.reader)
        .await?;
        rows.iter()
            .map(|row| {
                let release = Release {
                    id: row.get("id"),
                    version: row.get("version"),
                    document: serde_json::from_str(row.get("document"))?,
                    created: row.get("created"),
                };
                Ok((row.get("service_id"), release))
            })
            .collect()
    }

    /// The newest deployment of a service.
    pub(crate) async fn latest_deployment(
        &self,
        service_id: &str,
    ) -> StoreResult<Option<Deployment>> {
        let row = sqlx::query(
            "SELECT * FROM deployments WHERE service_id = ? ORDER BY created DESC, release_version DESC LIMIT 1",
        )
        .bind(service_id)
        .fetch_optional(&self.reader)
        .await?;
        Ok(row.as_ref().map(deployment))
    }

    /// Notes that every instance of a release is ready.
    pub(crate) async fn complete_rollout(
        &self,
        service_id: &str,
        version: u32,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("UPDATE services SET good_version = ? WHERE id = ? AND release_version = ?")
            .bind(version)
            .bind(service_id)
            .bind(version)
            .execute(&mut *change)
            .await?;
        end_deployment(&mut change, service_id, version, "complete", None, now).await?;
        self.commit(change, service_id).await
    }

    /// Notes that a release never became healthy. Where an earlier one did, it should run again.
    pub(crate) async fn fail_rollout(
        &self,
        service_id: &str,
        version: u32,
        why: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "UPDATE services SET release_version = COALESCE(good_version, release_version)
             WHERE id = ? AND release_version = ?",
        )
        .bind(service_id)
        .bind(version)
        .execute(&mut *change)
        .await?;
        end_deployment(&mut change, service_id, version, "error", Some(why), now).await?;
        self.commit(change, service_id).await
    }
}

async fn end_deployment(
    change: &mut sqlx::SqliteConnection,
    service_id: &str,
    version: u32,
    state: &str,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE deployments SET state = ?, error = ?, updated = ?
         WHERE service_id = ? AND release_version = ? AND state = 'running'",
    )
    .bind(state)
    .bind(why)
    .bind(now)
    .bind(service_id)
    .bind(version)
    .execute(change)
    .await?;
    Ok(())
}
