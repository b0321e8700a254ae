//! The audit: rows are only ever added.

use chrono::{DateTime, Utc};
use pilothouse_wire::audit::{Audit, AuditEntry, AuditOutcome, AuditQuery, CallerKind};
use pilothouse_wire::open::{Open, Words};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Store, StoreResult, unwritten};

/// A row that is to be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NewAudit {
    pub(crate) by: String,
    pub(crate) by_kind: CallerKind,
    pub(crate) by_id: Option<String>,
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) outcome: AuditOutcome,
    pub(crate) reason: Option<String>,
    pub(crate) subject: String,
    /// The org, project and environment, by id or slug.
    pub(crate) place: [Option<String>; 3],
    /// JSON.
    pub(crate) changes: String,
    pub(crate) request_id: String,
}

impl Store {
    /// Adds a row, and leaves nothing to tell of its request.
    pub(crate) async fn insert_audit(&self, row: &NewAudit, now: DateTime<Utc>) -> StoreResult<()> {
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert(&mut change, row, now).await?;
        Ok(change.commit().await?)
    }

    /// What was done or refused in an org, or on the whole platform; the newest first.
    pub(crate) async fn audit(
        &self,
        org_id: Option<&str>,
        query: &AuditQuery,
        now: DateTime<Utc>,
    ) -> StoreResult<Audit> {
        let limit = query.limit.unwrap_or_default().get();
        let micros = |at: DateTime<Utc>| at.timestamp_micros();
        let rows = sqlx::query(
            "SELECT * FROM audit
             WHERE (?1 IS NULL OR org_id = ?1) AND at >= ?2 AND at < ?3 AND id < ?4
                   AND (?5 IS NULL OR instr(lower(by), lower(?5)) > 0)
                   AND (?6 IS NULL OR instr(action, lower(?6)) > 0)
                   AND (?7 IS NULL OR outcome = ?7)
             ORDER BY id DESC LIMIT ?8",
        )
        .bind(org_id)
        .bind(query.window.start(now).map_or(i64::MIN, micros))
        .bind(query.window.end.map_or(i64::MAX, micros))
        .bind(
            query
                .before
                .map_or(i64::MAX, |id| id.try_into().unwrap_or(i64::MAX)),
        )
        .bind(&query.by)
        .bind(&query.action)
        .bind(query.outcome.map(Words::word))
        .bind(limit + 1)
        .fetch_all(&self.reader)
        .await?;
        let mut entries = rows.iter().map(entry).collect::<StoreResult<Vec<_>>>()?;
        let truncated = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        Ok(Audit { entries, truncated })
    }
}

/// Adds a row with the change that it tells of, or after it.
pub(super) async fn insert(
    change: &mut SqliteConnection,
    row: &NewAudit,
    at: DateTime<Utc>,
) -> StoreResult<()> {
    let [org, project, environment] = &row.place;
    sqlx::query(
        "WITH o AS (SELECT id, slug FROM orgs WHERE id = ?1 OR slug = ?1
                    ORDER BY id = ?1 DESC LIMIT 1),
              p AS (SELECT id, slug FROM projects WHERE org_id = (SELECT id FROM o)
                    AND (id = ?2 OR slug = ?2) ORDER BY id = ?2 DESC LIMIT 1),
              e AS (SELECT slug FROM environments WHERE project_id = (SELECT id FROM p)
                    AND (id = ?3 OR slug = ?3) ORDER BY id = ?3 DESC LIMIT 1)
         INSERT INTO audit (at, by, by_kind, by_id, address, action, outcome, reason, subject,
                            org_id, org, project, environment, changes, request_id)
         VALUES (?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, (SELECT id FROM o),
                 coalesce((SELECT slug FROM o), ?1), coalesce((SELECT slug FROM p), ?2),
                 coalesce((SELECT slug FROM e), ?3), ?13, ?14)",
    )
    .bind(org)
    .bind(project)
    .bind(environment)
    .bind(at.timestamp_micros())
    .bind(&row.by)
    .bind(row.by_kind.word())
    .bind(&row.by_id)
    .bind(&row.address)
    .bind(&row.action)
    .bind(row.outcome.word())
    .bind(&row.reason)
    .bind(&row.subject)
    .bind(&row.changes)
    .bind(&row.request_id)
    .execute(&mut *change)
    .await?;
    unwritten::forget(change, &row.request_id).await
}

fn entry(row: &SqliteRow) -> StoreResult<AuditEntry> {
    fn open<T: Words>(row: &SqliteRow, column: &str) -> Open<T> {
        let word: String = row.get(column);
        T::from_word(&word).map_or(Open::Unknown(word), Open::Known)
    }
    Ok(AuditEntry {
        id: row.get::<i64, _>("id").to_string(),
        at: DateTime::from_timestamp_micros(row.get("at")).unwrap_or_default(),
        by: row.get("by"),
        by_kind: open(row, "by_kind"),
        address: row.get("address"),
        action: row.get("action"),
        outcome: open(row, "outcome"),
        reason: row.get("reason"),
        subject: row.get("subject"),
        org: row.get("org"),
        project: row.get("project"),
        environment: row.get("environment"),
        changes: serde_json::from_str(row.get("changes"))?,
        request_id: row.get("request_id"),
    })
}
