//! Images of services.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pilothouse_wire::build::{ImageState, PageQuery};
use pilothouse_wire::open::Words;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::events::note;
use super::{NewEvent, Store, StoreResult};

/// Where an image comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImageSource {
    /// A commit of a repository.
    Repository {
        /// `owner/name`.
        name: String,
        /// The folder that is built.
        subdirectory: Option<String>,
        /// The branch, tag or commit; nothing: the repository's default branch.
        reference: Option<String>,
    },
    /// A registry, under this reference.
    Reference(String),
    /// Another service's image, under the reference that it runs by.
    Promoted {
        /// What instances are started from.
        reference: String,
        /// The environment and the version that it comes from, in words.
        from: String,
    },
}

/// The deploy that follows a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ThenDeploy {
    pub(crate) by: String,
    pub(crate) message: Option<String>,
    /// A word of `DeploymentKind`.
    pub(crate) kind: String,
}

/// What is known of an image that can be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) reference: String,
    pub(crate) digest: Option<String>,
    pub(crate) commit_sha: Option<String>,
    pub(crate) dockerfile: Option<String>,
    pub(crate) processes: BTreeMap<String, String>,
    pub(crate) exposed_ports: Vec<u16>,
    /// In bytes.
    pub(crate) size: Option<u64>,
}

/// A stored image.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ImageRow {
    pub(crate) id: String,
    pub(crate) service_id: String,
    pub(crate) version: u32,
    pub(crate) state: ImageState,
    pub(crate) source: ImageSource,
    /// Whether a rollout fetches it, and not a build.
    pub(crate) fetched: bool,
    /// What can be run; without a reference as long as it is not built.
    pub(crate) built: Built,
    pub(crate) error: Option<String>,
    pub(crate) error_detail: Option<String>,
    pub(crate) step: Option<String>,
    pub(crate) then_deploy: Option<ThenDeploy>,
    pub(crate) created_by: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) updated: DateTime<Utc>,
}

impl ImageRow {
    /// The name by which the engine keeps it, where it was made on this machine.
    pub(crate) fn tag(&self) -> String {
        format!("localhost/pilothouse/{}:v{}", self.service_id, self.version)
    }
}

fn image(row: &SqliteRow) -> StoreResult<ImageRow> {
    let state: String = row.get("state");
    let size: Option<i64> = row.get("size");
    let then_deploy: Option<String> = row.get("then_deploy");
    Ok(ImageRow {
        id: row.get("id"),
        service_id: row.get("service_id"),
        version: row.get("version"),
        // Only words of this list are ever written.
        state: ImageState::from_word(&state).unwrap_or(ImageState::Failed),
        source: serde_json::from_str(row.get("source"))?,
        fetched: row.get("fetched"),
        built: Built {
            reference: row
                .get::<Option<String>, _>("reference")
                .unwrap_or_default(),
            digest: row.get("digest"),
            commit_sha: row.get("commit_sha"),
            dockerfile: row.get("dockerfile"),
            processes: serde_json::from_str(row.get("processes"))?,
            exposed_ports: serde_json::from_str(row.get("exposed_ports"))?,
            size: size.and_then(|size| u64::try_from(size).ok()),
        },
        error: row.get("error"),
        error_detail: row.get("error_detail"),
        step: row.get("step"),
        then_deploy: then_deploy
            .map(|text| serde_json::from_str(&text))
            .transpose()?,
        created_by: row.get("created_by"),
        created: row.get("created"),
        started: row.get("started"),
        updated: row.get("updated"),
    })
}

/// The newest image of a service that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewestImage {
    pub(crate) version: u32,
    pub(crate) source: ImageSource,
}

/// An image that is asked for.
pub(crate) struct NewImage<'a> {
    pub(crate) service_id: &'a str,
    pub(crate) source: &'a ImageSource,
    pub(crate) fetched: bool,
    pub(crate) then_deploy: Option<&'a ThenDeploy>,
    pub(crate) by: &'a str,
}

/// Inserts an image in the state that its maker finds it in, and gives its id and version.
pub(super) async fn insert(
    change: &mut sqlx::SqliteConnection,
    new: NewImage<'_>,
    now: DateTime<Utc>,
) -> StoreResult<(String, u32)> {
    let version: u32 =
        sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) + 1 FROM images WHERE service_id = ?")
            .bind(new.service_id)
            .fetch_one(&mut *change)
            .await?;
    let id = uuid::Uuid::new_v4().to_string();
    let (state, started) = match new.fetched {
        true => (ImageState::Building, Some(now)),
        false => (ImageState::Queued, None),
    };
    let then_deploy = new.then_deploy.map(serde_json::to_string).transpose()?;
    sqlx::query(
        "INSERT INTO images (id, service_id, version, state, source, fetched, then_deploy, created_by, created, started, updated)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&id)
    .bind(new.service_id)
    .bind(version)
    .bind(state.word())
    .bind(serde_json::to_string(new.source)?)
    .bind(new.fetched)
    .bind(then_deploy)
    .bind(new.by)
    .bind(now)
    .bind(started)
    .bind(now)
    .execute(change)
    .await?;
    Ok((id, version))
}

/// Notes that an image can be run. `false`: its work had ended otherwise already.
pub(super) async fn mark_built(
    change: &mut sqlx::SqliteConnection,
    id: &str,
    built: &Built,
) -> StoreResult<bool> {
    let done = sqlx::query(
        "UPDATE images SET state = 'built', reference = ?, digest = ?, commit_sha = ?, dockerfile = ?,
             processes = ?, exposed_ports = ?, size = ?, step = NULL, error = NULL,
             error_detail = NULL, updated = ?
         WHERE id = ? AND (state = 'building' OR fetched AND state IN ('failed', 'cancelled'))",
    )
    .bind(&built.reference)
    .bind(&built.digest)
    .bind(&built.commit_sha)
    .bind(&built.dockerfile)
    .bind(serde_json::to_string(&built.processes)?)
    .bind(serde_json::to_string(&built.exposed_ports)?)
    .bind(built.size.map(u64_to_i64))
    .bind(Utc::now())
    .bind(id)
    .execute(change)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The newest image from a source that is there, or that a rollout already fetches.
pub(super) async fn fitting(
    change: &mut sqlx::SqliteConnection,
    service_id: &str,
    source: &ImageSource,
) -> StoreResult<Option<u32>> {
    Ok(sqlx::query_scalar(
        "SELECT version FROM images
         WHERE service_id = ? AND source = ? AND (state = 'built' OR fetched AND state = 'building')
         ORDER BY version DESC LIMIT 1",
    )
    .bind(service_id)
    .bind(serde_json::to_string(source)?)
    .fetch_optional(change)
    .await?)
}

impl Store {
    /// Asks for an image; gives its id and version.
    pub(crate) async fn queue_image(&self, new: NewImage<'_>) -> StoreResult<(String, u32)> {
        let service_id = new.service_id.to_owned();
        let mut change = self.begin().await?;
        let made = insert(&mut change, new, Utc::now()).await?;
        self.commit(change, &service_id).await?;
        Ok(made)
    }

    /// A page of a service's images, the newest first, and how many there are.
    pub(crate) async fn images(
        &self,
        service_id: &str,
        page: PageQuery,
    ) -> StoreResult<(Vec<ImageRow>, u32)> {
        let rows = sqlx::query(
            "SELECT * FROM images WHERE service_id = ? ORDER BY version DESC LIMIT ? OFFSET ?",
        )
        .bind(service_id)
        .bind(page.per_page)
        .bind(u64_to_i64(
            u64::from(page.page - 1) * u64::from(page.per_page),
        ))
        .fetch_all(&self.reader)
        .await?;
        let total = sqlx::query_scalar("SELECT COUNT(*) FROM images WHERE service_id = ?")
            .bind(service_id)
            .fetch_one(&self.reader)
            .await?;
        let images: StoreResult<Vec<_>> = rows.iter().map(image).collect();
        Ok((images?, total))
    }

    pub(crate) async fn image(
        &self,
        service_id: &str,
        version: u32,
    ) -> StoreResult<Option<ImageRow>> {
        let row = sqlx::query("SELECT * FROM images WHERE service_id = ? AND version = ?")
            .bind(service_id)
            .bind(version)
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(image).transpose()
    }

    /// The newest image of a service that can be run, in short.
    pub(crate) async fn newest_image(&self, service_id: &str) -> StoreResult<Option<NewestImage>> {
        let built = self.latest_built(service_id).await?;
        Ok(built.map(|built| NewestImage {
            version: built.version,
            source: built.source,
        }))
    }

    /// The newest image of every service that can be run, by service id.
    pub(super) async fn newest_images(&self) -> StoreResult<HashMap<String, NewestImage>> {
        // Of the other columns, SQLite gives those of the row that holds the maximum.
        let rows = sqlx::query(
            "SELECT service_id, MAX(version) AS version, source FROM images
             WHERE state = 'built' GROUP BY service_id",
        )
        .fetch_all(&self.reader)
        .await?;
        rows.iter()
            .map(|row| {
                let newest = NewestImage {
                    version: row.get("version"),
                    source: serde_json::from_str(row.get("source"))?,
                };
                Ok((row.get("service_id"), newest))
            })
            .collect()
    }

    /// Every image of a service.
    pub(crate) async fn all_images(&self, service_id: &str) -> StoreResult<Vec<ImageRow>> {
        let rows = sqlx::query("SELECT * FROM images WHERE service_id = ?")
            .bind(service_id)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(image).collect()
    }

    /// The newest image of a service, in whatever state.
    pub(crate) async fn latest_image(&self, service_id: &str) -> StoreResult<Option<ImageRow>> {
        let row =
            sqlx::query("SELECT * FROM images WHERE service_id = ? ORDER BY version DESC LIMIT 1")
                .bind(service_id)
                .fetch_optional(&self.reader)
                .await?;
        row.as_ref().map(image).transpose()
    }

    /// The newest image of a service that can be run.
    pub(crate) async fn latest_built(&self, service_id: &str) -> StoreResult<Option<ImageRow>> {
        let row = sqlx::query(
            "SELECT * FROM images WHERE service_id = ? AND state = 'built' ORDER BY version DESC LIMIT 1",
        )
        .bind(service_id)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(image).transpose()
    }

    /// Every build that waits, the oldest first, but for services of which one is under way.
    pub(crate) async fn queued_images(&self) -> StoreResult<Vec<ImageRow>> {
        let rows = sqlx::query(
            "SELECT * FROM images
             WHERE state = 'queued' AND service_id NOT IN (
                 SELECT service_id FROM images WHERE state = 'building' AND NOT fetched)
             GROUP BY service_id HAVING version = MIN(version)
             ORDER BY created",
        )
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(image).collect()
    }

    /// Notes that work on an image begins. `false`: it was cancelled meanwhile.
    pub(crate) async fn begin_image(&self, id: &str) -> StoreResult<bool> {
        let now = Utc::now();
        let done = sqlx::query(
            "UPDATE images SET state = 'building', started = ?, updated = ? WHERE id = ? AND state = 'queued'",
        )
        .bind(now)
        .bind(now)
        .bind(id)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes what an image is at.
    pub(crate) async fn image_step(&self, id: &str, step: &str) -> StoreResult<()> {
        sqlx::query("UPDATE images SET step = ?, updated = ? WHERE id = ?")
            .bind(step)
            .bind(Utc::now())
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Notes the commit that is being built.
    pub(crate) async fn image_commit(&self, id: &str, commit: &str) -> StoreResult<()> {
        sqlx::query("UPDATE images SET commit_sha = ? WHERE id = ?")
            .bind(commit)
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Notes that an image can be run. `false`: its work had ended otherwise already.
    pub(crate) async fn image_built(&self, row: &ImageRow, built: &Built) -> StoreResult<bool> {
        let mut change = self.begin().await?;
        let is_new = mark_built(&mut change, &row.id, built).await?;
        // What a rollout fetches is told by its deployment.
        if is_new && !row.fetched {
            let event = NewEvent::image_built(row, built.commit_sha.as_deref());
            note(&mut change, &row.service_id, &event, Utc::now()).await?;
        }
        self.commit(change, &row.service_id).await?;
        Ok(is_new)
    }

    /// Ends the work on an image. `false`: it had ended already.
    pub(crate) async fn end_image(
        &self,
        row: &ImageRow,
        state: ImageState,
        error: &str,
        detail: Option<&str>,
    ) -> StoreResult<bool> {
        let mut change = self.begin().await?;
        let done = sqlx::query(
            "UPDATE images SET state = ?, error = ?, error_detail = ?, updated = ?
             WHERE id = ? AND state IN ('queued', 'building')",
        )
        .bind(state.word())
        .bind(error)
        .bind(detail)
        .bind(Utc::now())
        .bind(&row.id)
        .execute(&mut *change)
        .await?;
        let is_new = done.rows_affected() > 0;
        if is_new && !row.fetched && state == ImageState::Failed {
            let event = NewEvent::build_failed(row, error);
            note(&mut change, &row.service_id, &event, Utc::now()).await?;
        }
        self.commit(change, &row.service_id).await?;
        Ok(is_new)
    }

    /// The images that can be run and whose deploy has not followed yet.
    pub(crate) async fn undeployed_images(&self) -> StoreResult<Vec<ImageRow>> {
        let rows =
            sqlx::query("SELECT * FROM images WHERE state = 'built' AND then_deploy IS NOT NULL")
                .fetch_all(&self.reader)
                .await?;
        rows.iter().map(image).collect()
    }

    /// Notes that the deploy of an image has followed.
    pub(crate) async fn deploy_followed(&self, id: &str) -> StoreResult<()> {
        sqlx::query("UPDATE images SET then_deploy = NULL WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The builds that a process before this one left half done.
    pub(crate) async fn interrupted_images(&self) -> StoreResult<Vec<ImageRow>> {
        let rows = sqlx::query("SELECT * FROM images WHERE state = 'building' AND NOT fetched")
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(image).collect()
    }

    /// The newest releases that hold each of these images, the newest first.
    pub(crate) async fn releases_of_images(
        &self,
        service_id: &str,
    ) -> StoreResult<BTreeMap<u32, Vec<u32>>> {
        let rows: Vec<(u32, u32)> = sqlx::query_as(
            "SELECT image_version, version FROM releases
             WHERE service_id = ? AND image_version IS NOT NULL ORDER BY version DESC LIMIT 500",
        )
        .bind(service_id)
        .fetch_all(&self.reader)
        .await?;
        let mut releases: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (image, release) in rows {
            releases.entry(image).or_default().push(release);
        }
        Ok(releases)
    }
}

/// SQLite's integers have a sign; sizes and offsets stay far below what it costs.
fn u64_to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
