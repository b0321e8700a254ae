//! Changes of a description that act at once, between its row and its release.

use sqlx::{Row, SqliteConnection};

use super::services::service;
use super::{ServiceRow, Store, StoreResult};

/// What is left to do of a change that acts at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// Who asked for it.
    pub(crate) by: String,
    /// Whether the described image runs, not the one that was built last.
    pub(crate) fetches: bool,
}

impl Store {
    /// Every change that has no release yet.
    pub(crate) async fn unfinished(&self) -> StoreResult<Vec<(ServiceRow, Unfinished)>> {
        let rows = sqlx::query(
            "SELECT described_services.*, unfinished.by, unfinished.fetches
             FROM unfinished JOIN described_services ON described_services.id = service_id
             WHERE deleted = 0",
        )
        .fetch_all(&self.reader)
        .await?;
        let unfinished = |row| {
            let left = Unfinished {
                by: Row::get(row, "by"),
                fetches: Row::get(row, "fetches"),
            };
            Ok((service(row)?, left))
        };
        rows.iter().map(unfinished).collect()
    }

    /// A change that can't take effect is not tried again.
    pub(crate) async fn forget_unfinished(&self, service_id: &str) -> StoreResult<()> {
        let mut change = self.begin().await?;
        finish(&mut change, service_id).await?;
        Ok(change.commit().await?)
    }
}

/// Notes what is left to do of a change, with the change.
pub(super) async fn begin(
    change: &mut SqliteConnection,
    service_id: &str,
    left: &Unfinished,
) -> StoreResult<()> {
    sqlx::query("INSERT OR REPLACE INTO unfinished (service_id, by, fetches) VALUES (?, ?, ?)")
        .bind(service_id)
        .bind(&left.by)
        .bind(left.fetches)
        .execute(change)
        .await?;
    Ok(())
}

/// Nothing is left to do, with the release.
pub(super) async fn finish(change: &mut SqliteConnection, service_id: &str) -> StoreResult<()> {
    sqlx::query("DELETE FROM unfinished WHERE service_id = ?")
        .bind(service_id)
        .execute(change)
        .await?;
    Ok(())
}
