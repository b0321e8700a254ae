//! Samples over time: rolled up, pruned, merged, read back.

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

async fn open() -> (tempfile::TempDir, Samples) {
    let folder = tempfile::tempdir().unwrap();
    let samples = Samples::open(folder.path(), Gone::default()).await.unwrap();
    (folder, samples)
}

async fn insert(samples: &Samples, at: i64, sample: Sample) {
    let one = HashMap::from([("shop".to_owned(), sample)]);
    samples.insert(at, one).await.unwrap();
}

async fn count(samples: &Samples, query: &'static str) -> i64 {
    let counted = sqlx::query_scalar(query).fetch_one(&samples.writer);
    counted.await.unwrap()
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
    let (_folder, samples) = open().await;
    for tick in 0..24 {
        let slow = if tick % 6 == 5 { 2.0 } else { 0.1 };
        insert(&samples, NOON + tick * 5, busy(10, slow)).await;
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
    let (_folder, samples) = open().await;
    for at in [0, 5, 50, 60] {
        insert(&samples, NOON + at, busy(5, 0.1)).await;
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
    let (_folder, samples) = open().await;
    // Ahead by a year, and rolled up by that clock.
    let ahead = NOON + 365 * 86_400;
    insert(&samples, ahead, busy(5, 0.1)).await;
    samples.roll(ahead + 60).await.unwrap();
    insert(&samples, NOON, busy(5, 0.1)).await;
    samples.roll(NOON + 60).await.unwrap();
    let by_minute = values(
        &samples,
        Metric::RequestRate,
        NOON - 90_000,
        NOON + 60,
        NOON + 61,
    );
    assert_eq!(by_minute.await, [1.0]);
    samples.prune(NOON + KEEP_SAMPLES + 61).await.unwrap();
    let left: Vec<i64> = sqlx::query_scalar("SELECT at FROM samples")
        .fetch_all(&samples.writer)
        .await
        .unwrap();
    assert_eq!(left, [ahead]);
    let minutes = "SELECT count(*) FROM minutes";
    assert_eq!(count(&samples, minutes).await, 2);
    samples.prune(NOON + KEEP_MINUTES + 61).await.unwrap();
    assert_eq!(count(&samples, minutes).await, 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_adds_to_what_is_there() {
    let (_folder, samples) = open().await;
    for _ in 0..2 {
        for tick in 0..13 {
            insert(&samples, NOON + tick * 5, busy(10, 0.1)).await;
        }
        samples.roll(NOON + 65).await.unwrap();
    }
    for (from, now) in [(NOON, NOON + 65), (NOON, NOON + KEEP_SAMPLES + 3_600)] {
        let rates = values(&samples, Metric::RequestRate, from, NOON + 60, now).await;
        assert!(
            !rates.is_empty() && rates.iter().all(|rate| *rate == 2.0),
            "{rates:?}"
        );
        let bytes = values(&samples, Metric::MemoryUsage, from, NOON + 60, now).await;
        assert!(bytes.iter().all(|bytes| *bytes == 100.0), "{bytes:?}");
    }
    let counted = "SELECT requests FROM minutes";
    assert_eq!(count(&samples, counted).await, 2 * 12 * 10);
}

#[tokio::test]
async fn of_a_deleted_service_nothing_is_left_and_nothing_comes_back() {
    let (_folder, samples) = open().await;
    insert(&samples, NOON, busy(5, 0.1)).await;
    samples.roll(NOON + 60).await.unwrap();
    samples.gone.add("shop");
    samples.remove("shop").await.unwrap();
    insert(&samples, NOON + 5, busy(5, 0.1)).await;
    for table in [
        "SELECT count(*) FROM samples",
        "SELECT count(*) FROM minutes",
    ] {
        assert_eq!(count(&samples, table).await, 0, "{table}");
    }
}
