//! How a deployment begins, and how it ends: what it sets, what is undone, and whose turn is next.

use std::collections::BTreeMap;

use chrono::Utc;
use pilothouse_wire::open::Words;
use pilothouse_wire::release::DeploymentState;
use sqlx::{Row, SqliteConnection};

use super::deployments::{After, Before, Deployment, deployment};
use super::events::note;
use super::rollouts::drop_unwanted_fetches;
use super::{NewEvent, Store, StoreResult};
use crate::domain::ReleaseDocument;

impl Store {
    /// Notes that every instance of a release is ready, and lets the deployment begin that waits.
    pub(crate) async fn complete_rollout(&self, service_id: &str, version: u32) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("UPDATE services SET good_version = ?2 WHERE id = ?1 AND release_version = ?2")
            .bind(service_id)
            .bind(version)
            .execute(&mut *change)
            .await?;
        let now = Utc::now();
        let done = sqlx::query(
            "UPDATE deployments SET state = 'complete', updated = ?
             WHERE service_id = ? AND release_version = ? AND state = 'running'
             RETURNING *",
        )
        .bind(now)
        .bind(service_id)
        .bind(version)
        .fetch_all(&mut *change)
        .await?;
        for row in &done {
            let event = NewEvent::deployed(&deployment(row)?);
            note(&mut change, service_id, &event, now).await?;
        }
        begin_next(&mut change, service_id).await?;
        self.commit(change, service_id).await
    }

    /// Notes who approved a deployment, which begins unless another is under way. `false`: it does not
    /// wait for that, or not any more.
    pub(crate) async fn approve_deployment(
        &self,
        service_id: &str,
        id: &str,
        by: &str,
    ) -> StoreResult<bool> {
        let mut change = self.begin().await?;
        let approved = sqlx::query(
            "UPDATE deployments SET needs_approval = 0, approved_by = ?, updated = ?
             WHERE service_id = ? AND id = ? AND state = 'pending' AND needs_approval",
        )
        .bind(by)
        .bind(Utc::now())
        .bind(service_id)
        .bind(id)
        .execute(&mut *change)
        .await?;
        if approved.rows_affected() == 0 {
            return Ok(false);
        }
        let is_busy: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM deployments WHERE service_id = ? AND state = 'running')",
        )
        .bind(service_id)
        .fetch_one(&mut *change)
        .await?;
        if !is_busy {
            begin_next(&mut change, service_id).await?;
        }
        self.commit(change, service_id).await?;
        Ok(true)
    }

    /// Ends a deployment without success. What was good before should run again; where nothing was,
    /// a failed release is tried on and a cancelled one goes. `false`: it had ended already.
    pub(crate) async fn end_deployment(
        &self,
        service_id: &str,
        id: &str,
        state: DeploymentState,
        error: &str,
        detail: Option<&str>,
    ) -> StoreResult<bool> {
        let mut change = self.begin().await?;
        let Some(row) = sqlx::query(
            "SELECT * FROM deployments WHERE service_id = ? AND id = ? AND state IN ('pending', 'running')",
        )
        .bind(service_id)
        .bind(id)
        .fetch_optional(&mut *change)
        .await?
        else {
            return Ok(false);
        };
        let ended = deployment(&row)?;
        let now = Utc::now();
        sqlx::query(
            "UPDATE deployments SET state = ?, error = ?, error_detail = ?, updated = ? WHERE id = ?",
        )
        .bind(state.word())
        .bind(error)
        .bind(detail)
        .bind(now)
        .bind(id)
        .execute(&mut *change)
        .await?;
        let good = good_version(&mut change, service_id).await?;
        let event = NewEvent::not_deployed(&ended, state, error, good);
        note(&mut change, service_id, &event, now).await?;
        if ended.state == DeploymentState::Running {
            undo(&mut change, service_id, &ended, state).await?;
            begin_next(&mut change, service_id).await?;
        }
        drop_unwanted_fetches(&mut change, service_id).await?;
        self.commit(change, service_id).await?;
        Ok(true)
    }
}

/// Lets the deployment begin that waits longest.
async fn begin_next(change: &mut SqliteConnection, service_id: &str) -> StoreResult<()> {
    let next: Option<String> = sqlx::query_scalar(
        "SELECT id FROM deployments
         WHERE service_id = ? AND state = 'pending' AND NOT needs_approval
         ORDER BY created, rowid LIMIT 1",
    )
    .bind(service_id)
    .fetch_optional(&mut *change)
    .await?;
    match next {
        Some(id) => begin(change, service_id, &id, None).await,
        None => Ok(()),
    }
}

pub(super) async fn begin(
    change: &mut SqliteConnection,
    service_id: &str,
    id: &str,
    before: Option<Before>,
) -> StoreResult<()> {
    let before = match before {
        Some(before) => before,
        None => now_wanted(change, service_id).await?,
    };
    let row = sqlx::query("SELECT release_version, after FROM deployments WHERE id = ?")
        .bind(id)
        .fetch_one(&mut *change)
        .await?;
    let after: After = serde_json::from_str(row.get("after"))?;
    let now = Utc::now();
    sqlx::query(
        "UPDATE deployments SET state = 'running', started = ?, updated = ?, before = ? WHERE id = ?",
    )
    .bind(now)
    .bind(now)
    .bind(serde_json::to_string(&before)?)
    .bind(id)
    .execute(&mut *change)
    .await?;
    let version = row.get::<u32, _>("release_version");
    let counts = match after.process_counts {
        Some(counts) => counts,
        None => counts_again(change, service_id, version).await?,
    };
    let attached = after
        .attached
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    sqlx::query(
        "UPDATE services SET release_version = ?, process_counts = ?,
             attached = COALESCE(?, attached)
         WHERE id = ?",
    )
    .bind(version)
    .bind(serde_json::to_string(&counts)?)
    .bind(&attached)
    .bind(service_id)
    .execute(&mut *change)
    .await?;
    if let Some(attached) = &after.attached {
        keep_domains(change, service_id, &attached.domains).await?;
    }
    Ok(())
}

/// How many instances of each process of a release run when it is deployed again now.
async fn counts_again(
    change: &mut SqliteConnection,
    service_id: &str,
    version: u32,
) -> StoreResult<BTreeMap<String, u32>> {
    let (now, document): (String, String) = sqlx::query_as(
        "SELECT process_counts, document FROM services JOIN releases ON service_id = services.id
         WHERE services.id = ? AND version = ?",
    )
    .bind(service_id)
    .bind(version)
    .fetch_one(change)
    .await?;
    let document: ReleaseDocument = serde_json::from_str(&document)?;
    Ok(document.counts_again(&serde_json::from_str(&now)?))
}

/// Frees the domains of a service but these.
async fn keep_domains(
    change: &mut SqliteConnection,
    service_id: &str,
    domains: &[String],
) -> StoreResult<()> {
    sqlx::query(
        "DELETE FROM service_domains WHERE service_id = ?
         AND domain NOT IN (SELECT lower(value) FROM json_each(?))",
    )
    .bind(service_id)
    .bind(serde_json::to_string(domains)?)
    .execute(change)
    .await?;
    Ok(())
}

async fn now_wanted(change: &mut SqliteConnection, service_id: &str) -> StoreResult<Before> {
    let row = sqlx::query(
        "SELECT good_version, release_version, process_counts, attached FROM services WHERE id = ?",
    )
    .bind(service_id)
    .fetch_one(change)
    .await?;
    Ok(Before {
        release_version: row.get("release_version"),
        process_counts: serde_json::from_str(row.get("process_counts"))?,
        attached: serde_json::from_str(row.get("attached"))?,
    })
}

/// The last release whose every instance was ready.
async fn good_version(change: &mut SqliteConnection, service_id: &str) -> StoreResult<Option<u32>> {
    Ok(
        sqlx::query_scalar("SELECT good_version FROM services WHERE id = ?")
            .bind(service_id)
            .fetch_one(change)
            .await?,
    )
}

async fn undo(
    change: &mut SqliteConnection,
    service_id: &str,
    ended: &Deployment,
    state: DeploymentState,
) -> StoreResult<()> {
    if good_version(change, service_id).await?.is_none() {
        if state == DeploymentState::Cancelled {
            sqlx::query("UPDATE services SET release_version = NULL WHERE id = ?")
                .bind(service_id)
                .execute(change)
                .await?;
        }
        return Ok(());
    }
    // Counts that were changed meanwhile stay; processes that the release dropped come back.
    sqlx::query(
        "UPDATE services SET release_version = good_version, attached = ?,
             process_counts = json_patch(?, process_counts)
         WHERE id = ? AND release_version = ?",
    )
    .bind(serde_json::to_string(&ended.before.attached)?)
    .bind(serde_json::to_string(&ended.before.process_counts)?)
    .bind(service_id)
    .bind(ended.release_version)
    .execute(&mut *change)
    .await?;
    for domain in &ended.before.attached.domains {
        // One that another service took meanwhile is its own now.
        sqlx::query("INSERT OR IGNORE INTO service_domains (domain, service_id) VALUES (?, ?)")
            .bind(domain.to_ascii_lowercase())
            .bind(service_id)
            .execute(&mut *change)
            .await?;
    }
    Ok(())
}
