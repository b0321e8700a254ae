//! Releases that are to run: each is asked for with a deployment, which begins, takes the place of the
//! one under way, or waits for it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pilothouse_wire::open::Words;
use pilothouse_wire::release::{DeploymentKind, DeploymentState};
use sqlx::SqliteConnection;

use super::deployments::{After, Attached, deployment};
use super::events::note;
use super::images::{self, NewImage};
use super::turns::begin;
use super::{Built, ImageSource, NewEvent, Store, StoreResult, unfinished};
use crate::domain::ReleaseDocument;

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
    /// Whether it waits for an approval.
    pub(crate) needs_approval: bool,
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
        // The deploy that was to follow its build is this one.
        sqlx::query("UPDATE images SET then_deploy = NULL WHERE service_id = ? AND version = ? AND state = 'built'")
            .bind(service_id)
            .bind(image_version)
            .execute(&mut *change)
            .await?;
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

    /// Lets a release that is there be the one that should run. The scale of its processes, domains
    /// and volumes stay.
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

/// Inserts a deployment, which begins at once, takes the place of the one under way, waits for it, or
/// for an approval.
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
    let needs_approval = is_protected(change, service_id).await?;
    let waits = needs_approval || (cause.waits && busy.is_some());
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
        "INSERT INTO deployments (id, service_id, release_version, state, kind, created_by, message,
                                  after, created, updated, needs_approval)
         VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?)",
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
    .bind(needs_approval)
    .execute(&mut *change)
    .await?;
    if !waits {
        begin(change, service_id, &id, before).await?;
    }
    drop_unwanted_fetches(change, service_id).await?;
    unfinished::finish(change, service_id).await?;
    Ok(Rollout {
        release_id,
        release_version: version,
        deployment_id: id,
        replaced: busy.filter(|_| !waits).map(|busy| busy.id),
        waits,
        needs_approval,
    })
}

/// Whether what is deployed to a service's environment has to be approved.
async fn is_protected(change: &mut SqliteConnection, service_id: &str) -> StoreResult<bool> {
    let protected: Option<bool> = sqlx::query_scalar(
        "SELECT protected FROM environments
         WHERE id = (SELECT environment_id FROM services WHERE id = ?)",
    )
    .bind(service_id)
    .fetch_optional(change)
    .await?;
    Ok(protected.unwrap_or(false))
}

/// An image that a rollout should have fetched is not fetched any more when no rollout wants it.
pub(super) async fn drop_unwanted_fetches(
    change: &mut SqliteConnection,
    service_id: &str,
) -> StoreResult<()> {
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
