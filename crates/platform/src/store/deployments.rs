//! Deployments: the attempts to let a release run. At most one of a service is running; others wait.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pilothouse_wire::open::Words;
use pilothouse_wire::release::{DeploymentKind, DeploymentState};
use pilothouse_wire::service::Volume;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::events::note;
use super::images::{self, NewImage};
use super::{Built, ImageSource, NewEvent, Store, StoreResult};
use crate::domain::ReleaseDocument;

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
    process_counts: BTreeMap<String, u32>,
    attached: Attached,
}

/// What a deployment sets beside the release. Nothing: an older release is deployed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct After {
    process_counts: Option<BTreeMap<String, u32>>,
    attached: Option<Attached>,
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

fn deployment(row: &SqliteRow) -> StoreResult<Deployment> {
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
        before: serde_json::from_str(row.get("before"))?,
        after: serde_json::from_str(row.get("after"))?,
        created: row.get("created"),
        started: row.get("started"),
        updated: row.get("updated"),
    })
}

/// Which image a release gets.
#[derive(Clone, Debug)]
pub(crate) enum ReleaseImage {
    /// One that is there.
    Version(u32),
    /// The newest from this source, or one that the rollout fetches.
    Fetched(ImageSource),
    /// One of another service, with what is known of it.
    Promoted(ImageSource, Built),
}

/// Why and by whom something is deployed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    pub(crate) kind: DeploymentKind,
    pub(crate) by: &'a str,
    pub(crate) message: Option<&'a str>,
    /// Whether it waits for a deployment that is under way, instead of taking its place.
    pub(crate) waits: bool,
}

/// A release that is to run, and the deployment that rolls it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rollout {
    pub(crate) release_id: String,
    pub(crate) release_version: u32,
    pub(crate) deployment_id: String,
    /// The deployment whose place it took.
    pub(crate) replaced: Option<String>,
    /// Whether it waits for one that is under way.
    pub(crate) waits: bool,
}

impl Store {
    /// Makes a release and lets it be the one that should run, with the counts, domains and volumes
    /// of the description, in one change.
    pub(crate) async fn roll_out(
        &self,
        service_id: &str,
        document: &ReleaseDocument,
        counts: &BTreeMap<String, u32>,
        image: &ReleaseImage,
        cause: Cause<'_>,
    ) -> StoreResult<Rollout> {
        let now = Utc::now();
        let mut change = self.begin().await?;
        let image_version = image_version(&mut change, service_id, image, cause.by, now).await?;
        let version: u32 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM releases WHERE service_id = ?",
        )
        .bind(service_id)
        .fetch_one(&mut *change)
        .await?;
        let release_id = uuid::Uuid::new_v4().to_string();
        sqlx::query(
            "INSERT INTO releases (id, service_id, version, document, image_version, message, created_by, created)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&release_id)
        .bind(service_id)
        .bind(version)
        .bind(serde_json::to_string(document)?)
        .bind(image_version)
        .bind(cause.message)
        .bind(cause.by)
        .bind(now)
        .execute(&mut *change)
        .await?;
        let after = After {
            process_counts: Some(counts.clone()),
            attached: Some(Attached {
                domains: document.domains.clone(),
                volumes: document.volumes.clone(),
            }),
        };
        let rollout = deploy(
            &mut change,
            service_id,
            (release_id, version),
            &after,
            cause,
        )
        .await?;
        self.commit(change, service_id).await?;
        Ok(rollout)
    }

    /// Lets a release that is there be the one that should run. Scale, domains and volumes stay.
    pub(crate) async fn roll_out_again(
        &self,
        service_id: &str,
        release: (String, u32),
        cause: Cause<'_>,
    ) -> StoreResult<Rollout> {
        let mut change = self.begin().await?;
        let rollout = deploy(&mut change, service_id, release, &After::default(), cause).await?;
        self.commit(change, service_id).await?;
        Ok(rollout)
    }

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

async fn image_version(
    change: &mut SqliteConnection,
    service_id: &str,
    image: &ReleaseImage,
    by: &str,
    now: DateTime<Utc>,
) -> StoreResult<u32> {
    let source = match image {
        ReleaseImage::Version(version) => return Ok(*version),
        ReleaseImage::Fetched(source) | ReleaseImage::Promoted(source, _) => source,
    };
    if let Some(version) = images::fitting(change, service_id, source).await? {
        return Ok(version);
    }
    let new = NewImage {
        service_id,
        source,
        fetched: true,
        then_deploy: None,
        by,
    };
    let (id, version) = images::insert(change, new, now).await?;
    if let ReleaseImage::Promoted(_, built) = image
        && !built.reference.is_empty()
    {
        images::mark_built(change, &id, built).await?;
    }
    Ok(version)
}

/// Inserts a deployment, which begins at once, takes the place of the one under way, or waits for it.
async fn deploy(
    change: &mut SqliteConnection,
    service_id: &str,
    (release_id, version): (String, u32),
    after: &After,
    cause: Cause<'_>,
) -> StoreResult<Rollout> {
    let now = Utc::now();
    let busy = sqlx::query("SELECT * FROM deployments WHERE service_id = ? AND state = 'running'")
        .bind(service_id)
        .fetch_optional(&mut *change)
        .await?;
    let busy = busy.as_ref().map(deployment).transpose()?;
    let waits = cause.waits && busy.is_some();
    let mut before = None;
    if !waits {
        let why = format!("Release v{version} took its place");
        let ended = sqlx::query(
            "UPDATE deployments SET state = 'cancelled', error = ?, updated = ?
             WHERE service_id = ? AND state IN ('pending', 'running')
             RETURNING *",
        )
        .bind(&why)
        .bind(now)
        .bind(service_id)
        .fetch_all(&mut *change)
        .await?;
        for row in &ended {
            let cancelled = DeploymentState::Cancelled;
            let event = NewEvent::not_deployed(&deployment(row)?, cancelled, &why, None);
            note(change, service_id, &event, now).await?;
        }
        // What it would have undone is what this one undoes.
        before = busy.as_ref().map(|busy| busy.before.clone());
    }
    let id = uuid::Uuid::new_v4().to_string();
    sqlx::query(
        "INSERT INTO deployments (id, service_id, release_version, state, kind, created_by, message, after, created, updated)
         VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?)",
    )
    .bind(&id)
    .bind(service_id)
    .bind(version)
    .bind(cause.kind.word())
    .bind(cause.by)
    .bind(cause.message)
    .bind(serde_json::to_string(after)?)
    .bind(now)
    .bind(now)
    .execute(&mut *change)
    .await?;
    if !waits {
        begin(change, service_id, &id, before).await?;
    }
    drop_unwanted_fetches(change, service_id).await?;
    Ok(Rollout {
        release_id,
        release_version: version,
        deployment_id: id,
        replaced: busy.filter(|_| !waits).map(|busy| busy.id),
        waits,
    })
}

/// Lets the deployment begin that waits longest.
async fn begin_next(change: &mut SqliteConnection, service_id: &str) -> StoreResult<()> {
    let next: Option<String> = sqlx::query_scalar(
        "SELECT id FROM deployments WHERE service_id = ? AND state = 'pending' ORDER BY created, rowid LIMIT 1",
    )
    .bind(service_id)
    .fetch_optional(&mut *change)
    .await?;
    match next {
        Some(id) => begin(change, service_id, &id, None).await,
        None => Ok(()),
    }
}

async fn begin(
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
    let counts = after
        .process_counts
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    let attached = after
        .attached
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    sqlx::query(
        "UPDATE services SET release_version = ?, process_counts = COALESCE(?, process_counts),
             attached = COALESCE(?, attached)
         WHERE id = ?",
    )
    .bind(row.get::<u32, _>("release_version"))
    .bind(counts)
    .bind(&attached)
    .bind(service_id)
    .execute(&mut *change)
    .await?;
    if let Some(attached) = &after.attached {
        keep_domains(change, service_id, &attached.domains).await?;
    }
    Ok(())
}

/// An image that a rollout should have fetched is not fetched any more when no rollout wants it.
async fn drop_unwanted_fetches(change: &mut SqliteConnection, service_id: &str) -> StoreResult<()> {
    sqlx::query(
        "UPDATE images SET state = 'cancelled', error = 'No deployment needs it any more', updated = ?2
         WHERE service_id = ?1 AND fetched AND state = 'building' AND version NOT IN (
             SELECT image_version FROM releases
             WHERE releases.service_id = ?1 AND image_version IS NOT NULL AND (
                 version IN (SELECT release_version FROM services WHERE id = ?1)
                 OR version IN (
                     SELECT release_version FROM deployments
                     WHERE service_id = ?1 AND state IN ('pending', 'running'))))",
    )
    .bind(service_id)
    .bind(Utc::now())
    .execute(change)
    .await?;
    Ok(())
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
