//! What the audit has to tell of a change that is stored and not told of yet.

use chrono::{DateTime, Utc};
use sqlx::{Row, SqliteConnection};

use super::audit::{NewAudit, insert};
use super::{Store, StoreResult};

tokio::task_local! {
    /// What is to be told of the call that runs in this task.
    static TELLING: NewAudit;
}

/// Runs a call. What the audit has to tell of it is stored with its change, so that it is told also
/// where the process ends in between.
pub(crate) async fn telling<T>(row: NewAudit, call: impl Future<Output = T>) -> T {
    TELLING.scope(row, call).await
}

/// Notes in a change what is to be told of it, if somebody's call makes it.
pub(super) async fn note_telling(change: &mut SqliteConnection) -> StoreResult<()> {
    // What nobody has asked for is no change of anybody.
    let Ok(row) = TELLING.try_with(Clone::clone) else {
        return Ok(());
    };
    sqlx::query("INSERT OR IGNORE INTO unwritten (request_id, told, at) VALUES (?, ?, ?)")
        .bind(&row.request_id)
        .bind(serde_json::to_string(&row)?)
        .bind(Utc::now().timestamp_micros())
        .execute(change)
        .await?;
    Ok(())
}

/// Nothing is left to tell of a request, with the row that tells of it.
pub(super) async fn forget(change: &mut SqliteConnection, request_id: &str) -> StoreResult<()> {
    sqlx::query("DELETE FROM unwritten WHERE request_id = ?")
        .bind(request_id)
        .execute(change)
        .await?;
    Ok(())
}

impl Store {
    /// Whether a request has stored something that is not told of.
    pub(crate) async fn is_unwritten(&self, request_id: &str) -> StoreResult<bool> {
        let found =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM unwritten WHERE request_id = ?)")
                .bind(request_id);
        Ok(found.fetch_one(&self.reader).await?)
    }

    /// Leaves nothing to tell of a request that changed nothing.
    pub(crate) async fn forget_unwritten(&self, request_id: &str) -> StoreResult<()> {
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        forget(&mut change, request_id).await?;
        Ok(change.commit().await?)
    }

    /// Tells of what the process before this one has stored and not told of, each with this reason.
    pub(crate) async fn write_unwritten(&self, reason: &str) -> StoreResult<usize> {
        let mut change = self.begin().await?;
        let rows = sqlx::query("SELECT told, at FROM unwritten ORDER BY at")
            .fetch_all(&mut *change)
            .await?;
        for row in &rows {
            let told = NewAudit {
                reason: Some(reason.to_owned()),
                ..serde_json::from_str(row.get("told"))?
            };
            let at = DateTime::from_timestamp_micros(row.get("at")).unwrap_or_default();
            insert(&mut change, &told, at).await?;
        }
        change.commit().await?;
        Ok(rows.len())
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::audit::{AuditOutcome, AuditQuery, CallerKind};

    use super::*;

    fn row(request_id: &str) -> NewAudit {
        NewAudit {
            by: "Ada".to_owned(),
            by_kind: CallerKind::Person,
            by_id: None,
            address: "127.0.0.1".to_owned(),
            action: "org.create".to_owned(),
            outcome: AuditOutcome::Done,
            reason: None,
            subject: "/orgs/".to_owned(),
            place: [const { None }; 3],
            changes: "[]".to_owned(),
            request_id: request_id.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_change_is_told_of_once_whenever_the_process_ends() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let change = || async {
            let change = store.begin().await.unwrap();
            change.commit().await.unwrap();
        };
        telling(row("told"), change()).await;
        assert!(store.is_unwritten("told").await.unwrap());
        store.insert_audit(&row("told"), Utc::now()).await.unwrap();
        assert!(!store.is_unwritten("told").await.unwrap());
        drop(telling(row("given up"), store.begin()).await.unwrap());
        telling(row("killed"), change()).await;
        change().await;
        // As after a kill: nothing but the file is left.
        store.close().await;
        let store = Store::open(folder.path()).await.unwrap();
        assert_eq!(store.write_unwritten("Stopped.").await.unwrap(), 1);
        assert_eq!(store.write_unwritten("Stopped.").await.unwrap(), 0);
        let (all, later) = (
            AuditQuery::default(),
            Utc::now() + chrono::TimeDelta::days(1),
        );
        let log = store.audit(None, &all, later);
        let told = log.await.unwrap().entries.into_iter();
        let told: Vec<_> = told.map(|one| (one.request_id, one.reason)).collect();
        let expected = [("killed", Some("Stopped.")), ("told", None)];
        assert_eq!(
            told,
            expected.map(|(id, why)| (id.to_owned(), why.map(str::to_owned)))
        );
    }
}
