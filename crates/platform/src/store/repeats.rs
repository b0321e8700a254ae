//! What was answered to changes that may be asked for again, and which of them were made without an
//! answer.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Row, SqliteConnection};

use super::{Store, StoreResult};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::days(1);

/// The status of a change that was made and not answered.
const UNANSWERED: u16 = 0;

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenAnswer {
    pub(crate) fingerprint: Vec<u8>,
    /// The status and the sealed body; nothing where the process ended before.
    pub(crate) answer: Option<(u16, Vec<u8>)>,
}

/// A change that is being made under a key.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    pub(crate) caller: String,
    pub(crate) key: String,
    pub(crate) fingerprint: Vec<u8>,
}

tokio::task_local! {
    /// What the call that runs in this task makes.
    static MAKING: Making;
}

/// Runs a call. That its change was made is stored with the change itself, so that it is known also
/// where the process ends before the answer.
pub(crate) async fn making<T>(made: Making, call: impl Future<Output = T>) -> T {
    MAKING.scope(made, call).await
}

/// Notes in a change which call makes it, if one with a key does.
pub(super) async fn note_making(change: &mut SqliteConnection) -> StoreResult<()> {
    // Elsewhere nobody could ask for it again.
    let Ok(made) = MAKING.try_with(Clone::clone) else {
        return Ok(());
    };
    write(change, &made, (UNANSWERED, &[]), Utc::now()).await
}

async fn write(
    change: &mut SqliteConnection,
    made: &Making,
    (status, answer): (u16, &[u8]),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT OR REPLACE INTO repeats (caller, key, fingerprint, status, answer, at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(&made.caller)
    .bind(&made.key)
    .bind(&made.fingerprint)
    .bind(status)
    .bind(answer)
    .bind(now.timestamp())
    .execute(change)
    .await?;
    Ok(())
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
        Ok(row.map(|row| {
            let status = row.get("status");
            GivenAnswer {
                fingerprint: row.get("fingerprint"),
                answer: (status != UNANSWERED).then(|| (status, row.get("answer"))),
            }
        }))
    }

    /// Keeps an answer, and forgets those that are too old.
    pub(crate) async fn keep_answer(
        &self,
        made: &Making,
        status: u16,
        answer: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM repeats WHERE at <= ?")
            .bind((now - KEPT).timestamp())
            .execute(&mut *change)
            .await?;
        write(&mut change, made, (status, answer), now).await?;
        Ok(change.commit().await?)
    }

    /// Forgets that a change was made, of which all failed in the end.
    pub(crate) async fn forget_making(&self, made: &Making) -> StoreResult<()> {
        sqlx::query("DELETE FROM repeats WHERE caller = ? AND key = ? AND status = ?")
            .bind(&made.caller)
            .bind(&made.key)
            .bind(UNANSWERED)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(key: &str) -> Making {
        Making {
            caller: "somebody".to_owned(),
            key: key.to_owned(),
            fingerprint: vec![1, 2, 3],
        }
    }

    async fn given(store: &Store, key: &str) -> Option<Option<(u16, Vec<u8>)>> {
        let given = store.given_answer("somebody", key, Utc::now()).await;
        given.unwrap().map(|given| given.answer)
    }

    #[tokio::test]
    async fn that_a_change_was_made_is_known_with_the_change() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let change = || async { store.begin().await.unwrap() };
        drop(making(made("dropped"), change()).await);
        assert_eq!(given(&store, "dropped").await, None);
        making(made("made"), change()).await.commit().await.unwrap();
        change().await.commit().await.unwrap();
        // As after a kill: nothing but the file is left.
        store.close().await;
        let store = Store::open(folder.path()).await.unwrap();
        assert_eq!(given(&store, "made").await, Some(None));
        let (known, answer) = (made("made"), b"sealed");
        let kept = store.keep_answer(&known, 201, answer, Utc::now());
        kept.await.unwrap();
        assert_eq!(
            given(&store, "made").await,
            Some(Some((201, answer.to_vec())))
        );
        // What was answered stays so; what failed may be tried again.
        store.forget_making(&made("made")).await.unwrap();
        assert!(given(&store, "made").await.is_some());
        making(made("failed"), async { store.begin().await.unwrap() })
            .await
            .commit()
            .await
            .unwrap();
        store.forget_making(&made("failed")).await.unwrap();
        assert_eq!(given(&store, "failed").await, None);
    }
}
