//! Releases: frozen when they are made.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreResult};
use crate::domain::ReleaseDocument;

/// Releases that a list shows.
const LISTED: u32 = 50;

/// What instances are started from, frozen when it was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Release {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) document: ReleaseDocument,
    pub(crate) image_version: Option<u32>,
    pub(crate) message: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created: DateTime<Utc>,
}

pub(super) fn release(row: &SqliteRow) -> StoreResult<Release> {
    Ok(Release {
        id: row.get("id"),
        version: row.get("version"),
        document: serde_json::from_str(row.get("document"))?,
        image_version: row.get("image_version"),
        message: row.get("message"),
        created_by: row.get("created_by"),
        created: row.get("created"),
    })
}

impl Store {
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
        row.as_ref().map(release).transpose()
    }

    /// The release before one, if it is still kept.
    pub(crate) async fn release_before(
        &self,
        service_id: &str,
        version: u32,
    ) -> StoreResult<Option<Release>> {
        let row = sqlx::query(
            "SELECT * FROM releases WHERE service_id = ? AND version < ? ORDER BY version DESC LIMIT 1",
        )
        .bind(service_id)
        .bind(version)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(release).transpose()
    }

    /// The newest releases of a service, the newest first, and the one before them.
    pub(crate) async fn releases(&self, service_id: &str) -> StoreResult<Vec<Release>> {
        let rows = sqlx::query(
            "SELECT * FROM releases WHERE service_id = ? ORDER BY version DESC LIMIT ?",
        )
        .bind(service_id)
        .bind(LISTED + 1)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(release).collect()
    }

    /// The number that the next release of a service gets.
    pub(crate) async fn next_release(&self, service_id: &str) -> StoreResult<u32> {
        Ok(sqlx::query_scalar(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM releases WHERE service_id = ?",
        )
        .bind(service_id)
        .fetch_one(&self.reader)
        .await?)
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
            .map(|row| Ok((row.get("service_id"), release(row)?)))
            .collect()
    }
}

/// How many releases a list shows.
pub(crate) fn listed(releases: &[Release]) -> &[Release] {
    releases.get(..LISTED as usize).unwrap_or(releases)
}
