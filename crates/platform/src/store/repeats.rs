//! What was answered to changes that may be asked for again.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;

use super::{Store, StoreResult};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::days(1);

/// An answer that was given.
#[derive(Clone, Debug)]
pub(crate) struct GivenAnswer {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) status: u16,
    /// Sealed.
    pub(crate) answer: Vec<u8>,
}

impl Store {
    pub(crate) async fn given_answer(
        &self,
        caller: &str,
        key: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<Option<GivenAnswer>> {
        let row = sqlx::query(
            "SELECT fingerprint, status, answer FROM repeats
             WHERE caller = ? AND key = ? AND at > ?",
        )
        .bind(caller)
        .bind(key)
        .bind((now - KEPT).timestamp())
        .fetch_optional(&self.reader)
        .await?;
        Ok(row.map(|row| GivenAnswer {
            fingerprint: row.get("fingerprint"),
            status: row.get("status"),
            answer: row.get("answer"),
        }))
    }

    /// Keeps an answer, and forgets those that are too old.
    pub(crate) async fn keep_answer(
        &self,
        caller: &str,
        key: &str,
        given: &GivenAnswer,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM repeats WHERE at <= ?")
            .bind((now - KEPT).timestamp())
            .execute(&mut *change)
            .await?;
        sqlx::query(
            "INSERT INTO repeats (caller, key, fingerprint, status, answer, at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(caller)
        .bind(key)
        .bind(&given.fingerprint)
        .bind(given.status)
        .bind(&given.answer)
        .bind(now.timestamp())
        .execute(&mut *change)
        .await?;
        Ok(change.commit().await?)
    }
}
