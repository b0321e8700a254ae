//! Stored samples: a database of their own, since they are many and may be lost.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::gone::Gone;
use super::latency::Latency;
use super::recent;
use super::sample::Sample;
use super::series::{KEEP_MINUTES, KEEP_SAMPLES, MINUTE, Plan, Steps};
use crate::store::{self, StoreResult};

const FILE: &str = "metrics.db";
/// Connections that read side by side.
const READERS: u32 = 4;

/// Samples that are kept.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    writer: SqlitePool,
    reader: SqlitePool,
    gone: Gone,
}

/// Where rows of a length are kept.
#[derive(Clone, Copy)]
enum Table {
    Samples,
    Minutes,
}

impl Table {
    fn select(self) -> &'static str {
        match self {
            Self::Samples => "SELECT * FROM samples WHERE service = ? AND at >= ? AND at < ?",
            Self::Minutes => "SELECT * FROM minutes WHERE service = ? AND at >= ? AND at < ?",
        }
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Samples => "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            Self::Minutes => "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        }
    }
}

impl Samples {
    pub(super) async fn open(data_dir: &Path, gone: Gone) -> StoreResult<Self> {
        let options = SqliteConnectOptions::new()
            .filename(data_dir.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may cost the last seconds: no sample was promised to anybody.
            .synchronous(SqliteSynchronous::Normal);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("./migrations_metrics").run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true));
        Ok(Self {
            writer,
            reader,
            gone,
        })
    }

    /// Stores what was measured of each service from an instant on. Where there is something of that
    /// instant already, as after a clock that was set back, it is added to that.
    pub(super) async fn insert(
        &self,
        at: i64,
        samples: HashMap<String, Sample>,
    ) -> StoreResult<()> {
        let mut change = self.writer.begin().await?;
        let mut stored = merged(&mut change, at..at + 1).await?;
        for (service_id, sample) in samples {
            if self.gone.holds(&service_id) {
                continue;
            }
            let whole = match stored.remove(&service_id) {
                Some(mut whole) => {
                    whole.merge(&sample);
                    whole
                }
                None => sample,
            };
            put(&mut change, Table::Samples, &service_id, at, &whole).await?;
        }
        Ok(change.commit().await?)
    }

    /// What was measured of a service in each step of a plan.
    pub(super) async fn read(&self, service_id: &str, plan: &Plan) -> StoreResult<Steps> {
        let mut steps = Steps::new();
        let mut from = plan.start;
        if plan.takes_minutes() {
            let rolled = self.rolled_until(service_id, plan.end).await?;
            let until = rolled.clamp(plan.start, plan.end.max(plan.start));
            self.add(Table::Minutes, service_id, from..until, plan, &mut steps)
                .await?;
            from = until;
        }
        self.add(Table::Samples, service_id, from..plan.end, plan, &mut steps)
            .await?;
        Ok(steps)
    }

    async fn add(
        &self,
        table: Table,
        service_id: &str,
        window: Range<i64>,
        plan: &Plan,
        steps: &mut Steps,
    ) -> StoreResult<()> {
        let rows = sqlx::query(table.select())
            .bind(service_id)
            .bind(window.start)
            .bind(window.end)
            .fetch_all(&self.reader)
            .await?;
        for row in &rows {
            plan.add(steps, row.try_get("at")?, &sample(row)?);
        }
        Ok(())
    }

    /// What was counted of every service lately: service, instant, requests, errors.
    pub(super) async fn lately(&self, now: i64) -> StoreResult<Vec<(String, i64, u64, u64)>> {
        let begin = recent::begin(now);
        let rolled: Option<i64> = sqlx::query_scalar("SELECT max(at) FROM minutes WHERE at < ?")
            .bind(now)
            .fetch_one(&self.reader)
            .await?;
        let from = rolled.map_or(begin, |rolled| (rolled + MINUTE).max(begin));
        let rows = sqlx::query(
            "SELECT service, at, requests, errors FROM minutes WHERE at >= ?1 AND at < ?2 AND requests > 0
             UNION ALL
             SELECT service, at, requests, errors FROM samples WHERE at >= ?2 AND at < ?3 AND requests > 0",
        )
        .bind(begin)
        .bind(from)
        .bind(now)
        .fetch_all(&self.reader)
        .await?;
        let counted = |row: &SqliteRow| {
            let (requests, errors) = (count(row, "requests")?, count(row, "errors")?);
            Ok((
                row.try_get("service")?,
                row.try_get("at")?,
                requests,
                errors,
            ))
        };
        let counted: sqlx::Result<Vec<_>> = rows.iter().map(counted).collect();
        Ok(counted?)
    }

    /// Where the rows of a minute of a service end that begin before an instant.
    async fn rolled_until(&self, service_id: &str, before: i64) -> StoreResult<i64> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(at) FROM minutes WHERE service = ? AND at < ?")
                .bind(service_id)
                .bind(before)
                .fetch_one(&self.reader)
                .await?;
        Ok(last.map_or(i64::MIN, |last| last + MINUTE))
    }

    /// Rolls up every minute that has ended and was not rolled up; the last one in any case, as a
    /// clock that was set back may have added to it.
    pub(super) async fn roll(&self, now: i64) -> StoreResult<()> {
        let ended = now.div_euclid(MINUTE) * MINUTE;
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(at) FROM minutes WHERE at < ?")
            .bind(ended)
            .fetch_one(&self.writer)
            .await?;
        let from = newest.map_or(now - KEEP_SAMPLES, |newest| newest + MINUTE);
        let minutes: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT at / 60 * 60 FROM samples WHERE at >= ? AND at < ? ORDER BY 1",
        )
        .bind(from.min(ended - MINUTE))
        .bind(ended)
        .fetch_all(&self.writer)
        .await?;
        for minute in minutes {
            let mut change = self.writer.begin().await?;
            for (service_id, whole) in merged(&mut change, minute..minute + MINUTE).await? {
                put(&mut change, Table::Minutes, &service_id, minute, &whole).await?;
            }
            change.commit().await?;
        }
        Ok(())
    }

    /// Drops what is too old.
    pub(super) async fn prune(&self, now: i64) -> StoreResult<()> {
        for (delete, keep) in [
            ("DELETE FROM samples WHERE at < ?", KEEP_SAMPLES),
            ("DELETE FROM minutes WHERE at < ?", KEEP_MINUTES),
        ] {
            sqlx::query(delete)
                .bind(now - keep)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    /// Drops what was measured of a service.
    pub(super) async fn remove(&self, service_id: &str) -> StoreResult<()> {
        for delete in [
            "DELETE FROM samples WHERE service = ?",
            "DELETE FROM minutes WHERE service = ?",
        ] {
            sqlx::query(delete)
                .bind(service_id)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    /// Bytes of the database.
    pub(super) async fn size(&self) -> StoreResult<u64> {
        store::size(&self.reader).await
    }

    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// All samples of a window, one a service.
async fn merged(
    change: &mut SqliteConnection,
    window: Range<i64>,
) -> StoreResult<HashMap<String, Sample>> {
    let rows = sqlx::query("SELECT * FROM samples WHERE at >= ? AND at < ?")
        .bind(window.start)
        .bind(window.end)
        .fetch_all(change)
        .await?;
    let mut merged = HashMap::<String, Sample>::new();
    for row in &rows {
        let service_id = row.try_get("service")?;
        merged.entry(service_id).or_default().merge(&sample(row)?);
    }
    Ok(merged)
}

async fn put(
    change: &mut SqliteConnection,
    table: Table,
    service_id: &str,
    at: i64,
    sample: &Sample,
) -> StoreResult<()> {
    sqlx::query(table.insert())
        .bind(service_id)
        .bind(at)
        .bind(sample.cpu)
        .bind(sample.cpu_samples)
        .bind(sample.memory)
        .bind(sample.memory_samples)
        .bind(sample.traffic_seconds)
        .bind(i64::try_from(sample.requests).unwrap_or(i64::MAX))
        .bind(i64::try_from(sample.errors).unwrap_or(i64::MAX))
        .bind(sample.latency.as_ref().and_then(Latency::to_bytes))
        .execute(change)
        .await?;
    Ok(())
}

fn count(row: &SqliteRow, column: &str) -> sqlx::Result<u64> {
    let count: i64 = row.try_get(column)?;
    Ok(count.max(0) as u64)
}

fn sample(row: &SqliteRow) -> sqlx::Result<Sample> {
    let latency: Option<Vec<u8>> = row.try_get("latency")?;
    Ok(Sample {
        cpu: row.try_get("cpu")?,
        cpu_samples: row.try_get("cpu_samples")?,
        memory: row.try_get("memory")?,
        memory_samples: row.try_get("memory_samples")?,
        traffic_seconds: row.try_get("traffic_seconds")?,
        requests: count(row, "requests")?,
        errors: count(row, "errors")?,
        latency: latency.and_then(|bytes| Latency::from_bytes(&bytes)),
    })
}

#[cfg(test)]
mod tests;
