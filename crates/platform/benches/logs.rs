//! How fast lines are stored, and how fast one of a million is found. Prints `name: figure`, and
//! the bar beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

use std::time::{Duration, Instant};

use chrono::Utc;
use pilothouse::logs::{DEFAULT_LIMIT, LogStore, StoredLine};
use pilothouse_wire::logs::{LogQuery, LogStream};
use tempfile::TempDir;

const LINES: u32 = 1_000_000;
const INSTANCES: u32 = 10;
/// The rarest line: one in so many holds what is searched for.
const RARE: u32 = 100_000;
const SEARCHES: usize = 9;

fn line(number: u32) -> StoredLine {
    let instance = number % INSTANCES;
    let rare = if number.is_multiple_of(RARE) {
        " needle"
    } else {
        ""
    };
    StoredLine {
        service_id: "service".to_owned(),
        engine_id: format!("container-{instance}"),
        instance: format!("web.{instance}"),
        nanos: Utc::now().timestamp_nanos_opt().unwrap(),
        stream: LogStream::Stdout,
        message: format!(
            "GET /v1/items?page={number} 200 12ms user=8841 request=5f3a9c{number:08x}{rare}"
        ),
    }
}

/// The median of several measurements of one query, which finds so many lines.
async fn search(store: &LogStore, query: &LogQuery, expected: usize) -> Duration {
    let mut took = Vec::new();
    for _ in 0..SEARCHES {
        let started = Instant::now();
        let found = store.read("service", query.clone()).await.unwrap();
        took.push(started.elapsed());
        assert_eq!(found.lines.len(), expected);
    }
    took.sort();
    took[SEARCHES / 2]
}

#[tokio::main]
async fn main() {
    let folder = TempDir::new().unwrap();
    let store = LogStore::open(folder.path(), DEFAULT_LIMIT).unwrap();
    let started = Instant::now();
    for number in 0..LINES {
        store.append(line(number)).await;
    }
    store.flush().await;
    let rate = f64::from(LINES) / started.elapsed().as_secs_f64();
    println!("log_intake_lines_per_second: {rate:.0} (wanted: at least 20000)");

    let rare = LogQuery {
        filter: Some("needle".to_owned()),
        ..LogQuery::default()
    };
    let took = search(&store, &rare, (LINES / RARE) as usize).await;
    let took = took.as_millis();
    println!("log_search_1m_lines_ms: {took} (wanted: at most 1000)");
    let took = search(&store, &LogQuery::default(), 1_000).await;
    println!("log_newest_1000_ms: {}", took.as_millis());

    let started = Instant::now();
    let store = LogStore::open(folder.path(), DEFAULT_LIMIT).unwrap();
    store
        .cursor("service", "container-3")
        .await
        .unwrap()
        .unwrap();
    println!("log_reopen_ms: {}", started.elapsed().as_millis());
}
