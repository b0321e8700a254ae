//! Stored samples: a database of their own, since they are many and may be lost.

use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqlitePool};

use super::latency::Latency;
use super::recent;
use super::sample::Sample;
use super::series::{KEEP_MINUTES, KEEP_SAMPLES, MINUTE, Plan, Steps};
use crate::store::StoreResult;

const FILE: &str = "metrics.db";
/// Connections that read side by side.
const READERS: u32 = 4;

/// Samples that are kept.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    writer: SqlitePool,
    reader: SqlitePool,
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
    pub(super) async fn open(data_dir: &Path) -> StoreResult<Self> {
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
        Ok(Self { writer, reader })
    }

    /// Stores what was measured of each service from an instant on. Of two samples of the same
    /// instant, as after a clock that was set back, the later one stays.
    pub(super) async fn insert(&self, at: i64, samples: &[(String, Sample)]) -> StoreResult<()> {
        self.insert_into(Table::Samples, at, samples).await
    }

    async fn insert_into(
        &self,
        table: Table,
        at: i64,
        samples: &[(String, Sample)],
    ) -> StoreResult<()> {
        let mut change = self.writer.begin().await?;
        for (service_id, sample) in samples {
            let latency = sample.latency.as_ref().and_then(Latency::to_bytes);
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
                .bind(latency)
                .execute(&mut *change)
                .await?;
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
        window: std::ops::Range<i64>,
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

    /// Rolls up every minute that has ended and was not rolled up, and drops what is too old.
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
        .bind(from)
        .bind(ended)
        .fetch_all(&self.writer)
        .await?;
        for minute in minutes {
            self.roll_minute(minute).await?;
        }
        for (table, keep) in [("samples", KEEP_SAMPLES), ("minutes", KEEP_MINUTES)] {
            let delete = match table {
                "samples" => "DELETE FROM samples WHERE at < ?",
                _ => "DELETE FROM minutes WHERE at < ?",
            };
            sqlx::query(delete)
                .bind(now - keep)
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    async fn roll_minute(&self, minute: i64) -> StoreResult<()> {
        let rows = sqlx::query("SELECT * FROM samples WHERE at >= ? AND at < ?")
            .bind(minute)
            .bind(minute + MINUTE)
            .fetch_all(&self.writer)
            .await?;
        let mut rolled = std::collections::HashMap::<String, Sample>::new();
        for row in &rows {
            let service_id = row.try_get("service")?;
            rolled.entry(service_id).or_default().merge(&sample(row)?);
        }
        let rolled: Vec<_> = rolled.into_iter().collect();
        self.insert_into(Table::Minutes, minute, &rolled).await
    }

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

    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
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
mod tests {
    use chrono::DateTime;
    use pilothouse_wire::metrics::{Metric, MetricsQuery, Series};
    use pilothouse_wire::window::Window;

    use super::*;

    const NOON: i64 = 1_800_000_000 / 86_400 * 86_400;

    fn busy(requests: u64, seconds: f64) -> Sample {
        let mut latency = Latency::default();
        for _ in 0..requests {
            latency.add(seconds);
        }
        Sample {
            cpu: 0.5,
            cpu_samples: 1,
            memory: 100.0,
            memory_samples: 1,
            traffic_seconds: 5.0,
            requests,
            errors: 1,
            latency: Some(latency),
        }
    }

    async fn values(samples: &Samples, metric: Metric, from: i64, to: i64, now: i64) -> Vec<f64> {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let query = MetricsQuery::of(Window::between(at(from), at(to)));
        let plan = Plan::of(&query, at(now));
        let steps = samples.read("shop", &plan).await.unwrap();
        match plan.series(metric, &steps) {
            Series::Success { points, .. } => points.iter().map(|point| point.1).collect(),
            Series::Error { message } => panic!("{message}"),
        }
    }

    #[tokio::test]
    async fn minutes_tell_the_same_as_what_they_were_rolled_up_from() {
        let folder = tempfile::tempdir().unwrap();
        let samples = Samples::open(folder.path()).await.unwrap();
        for tick in 0..24 {
            let slow = if tick % 6 == 5 { 2.0 } else { 0.1 };
            let sample = vec![("shop".to_owned(), busy(10, slow))];
            samples.insert(NOON + tick * 5, &sample).await.unwrap();
        }
        // Long after: the window is read by the minute.
        let later = NOON + KEEP_SAMPLES;
        let read = |metric| values(&samples, metric, NOON, NOON + 120, later + 3_600);
        let before = [
            read(Metric::RequestRate).await,
            read(Metric::LatencyP95).await,
        ];
        assert_eq!(before[0], [2.0, 2.0]);
        samples.roll(NOON + 125).await.unwrap();
        sqlx::query("DELETE FROM samples")
            .execute(&samples.writer)
            .await
            .unwrap();
        assert_eq!(
            [
                read(Metric::RequestRate).await,
                read(Metric::LatencyP95).await
            ],
            before
        );
        // One in six requests is slow, so that the 95th percentile is too; the mean of the
        // percentiles would say much less.
        assert!(
            before[1].iter().all(|p95| (p95 - 2.0).abs() <= 0.02),
            "{before:?}"
        );
        assert_eq!(read(Metric::MemoryUsage).await, [100.0, 100.0]);
    }

    #[tokio::test]
    async fn what_was_not_measured_is_a_gap_and_a_minute_under_way_is_told_by_its_samples() {
        let folder = tempfile::tempdir().unwrap();
        let samples = Samples::open(folder.path()).await.unwrap();
        for at in [0, 5, 50, 60] {
            let sample = vec![("shop".to_owned(), busy(5, 0.1))];
            samples.insert(NOON + at, &sample).await.unwrap();
        }
        samples.roll(NOON + 65).await.unwrap();
        let raw = values(&samples, Metric::RequestRate, NOON, NOON + 65, NOON + 66).await;
        assert_eq!(raw.len(), 4);
        let day = values(
            &samples,
            Metric::RequestRate,
            NOON - 80_000,
            NOON + 65,
            NOON + 66,
        )
        .await;
        assert_eq!(day, [1.0, 1.0]);
    }

    #[tokio::test]
    async fn what_is_old_goes_and_a_clock_that_was_ahead_spoils_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let samples = Samples::open(folder.path()).await.unwrap();
        let one = vec![("shop".to_owned(), busy(5, 0.1))];
        // Ahead by a year, and rolled up by that clock.
        let ahead = NOON + 365 * 86_400;
        samples.insert(ahead, &one).await.unwrap();
        samples.roll(ahead + 60).await.unwrap();
        samples.insert(NOON, &one).await.unwrap();
        samples.roll(NOON + 60).await.unwrap();
        let by_minute = values(
            &samples,
            Metric::RequestRate,
            NOON - 90_000,
            NOON + 60,
            NOON + 61,
        );
        assert_eq!(by_minute.await, [1.0]);
        samples.roll(NOON + KEEP_SAMPLES + 61).await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM samples WHERE at < ?")
            .bind(ahead)
            .fetch_one(&samples.writer)
            .await
            .unwrap();
        assert_eq!(left, 0);
        samples.remove("shop").await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM minutes")
            .fetch_one(&samples.writer)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
