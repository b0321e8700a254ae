//! What edges told, as far as it is stored.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Store, StoreResult};

/// How long an edge is remembered that tells nothing any more.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

impl Store {
    /// The last batch of an edge that is stored; none where none is.
    pub(crate) async fn edge_sequence(&self, id: &str) -> StoreResult<Option<u64>> {
        let sequence: Option<i64> = sqlx::query_scalar("SELECT sequence FROM edges WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.reader)
            .await?;
        Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
    }

    /// Notes that a batch of an edge is stored, and forgets edges that are long gone.
    pub(crate) async fn note_edge(
        &self,
        id: &str,
        sequence: u64,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO edges (id, sequence, seen) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, seen = excluded.seen",
        )
        .bind(id)
        .bind(i64::try_from(sequence).unwrap_or(i64::MAX))
        .bind(now)
        .execute(&mut *change)
        .await?;
        sqlx::query("DELETE FROM edges WHERE seen < ?")
            .bind(now - REMEMBERED)
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        Ok(())
    }
}
