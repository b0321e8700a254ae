//! How fast lines are stored, how fast one of a million is found, and how fast 100,000 of them are
//! answered. Prints `name: figure`, and the bar beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chrono::Utc;
use pilothouse::app::{Parts, app};
use pilothouse::logs::{LogStore, Retention, StoredLine};
use pilothouse_wire::logs::{LogQuery, LogStream};
use pilothouse_wire::session::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

const LINES: u32 = 1_000_000;
const INSTANCES: u32 = 10;
/// The rarest line: one in so many holds what is searched for.
const RARE: u32 = 100_000;
const SEARCHES: usize = 9;

/// The most lines of one answer.
const REPLY: usize = 100_000;

fn line(service_id: &str, number: u32) -> StoredLine {
    let instance = number % INSTANCES;
    let rare = if number.is_multiple_of(RARE) {
        " needle"
    } else {
        ""
    };
    StoredLine {
        service_id: service_id.to_owned(),
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
    let store = LogStore::open(folder.path(), Retention::default()).unwrap();
    let started = Instant::now();
    for number in 0..LINES {
        store.append(line("service", number)).await;
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
    let store = LogStore::open(folder.path(), Retention::default()).unwrap();
    store
        .cursor("service", "container-3")
        .await
        .unwrap()
        .unwrap();
    println!("log_reopen_ms: {}", started.elapsed().as_millis());
    drop(store);
    reply().await;
}

/// Asks the API for as many lines as it gives at once, of a service with a million.
async fn reply() {
    let folder = TempDir::new().unwrap();
    let parts = Parts::simulated(folder.path().to_owned(), NonZeroU16::MIN);
    let app = app(parts).await.unwrap();
    let (router, key) = (
        app.router(),
        app.create_key("bench", Role::Admin).await.unwrap(),
    );
    let call = async |method: &str, path: &str, body: Value| {
        let (status, bytes) = call(&router, &key, method, path, &body).await;
        assert!(status.is_success(), "{}", String::from_utf8_lossy(&bytes));
        bytes
    };
    call("POST", "/orgs/", json!({"name": "Acme"})).await;
    call("POST", "/orgs/acme/projects/", json!({"name": "Shop"})).await;
    let services = "/orgs/acme/projects/shop/envs/production/services";
    // It is never deployed, so that nothing but this writes its log.
    let service = json!({"name": "api", "platform": "wind", "image": "shop/api:1"});
    let made = call("POST", services, service).await;
    let made: Value = serde_json::from_slice(&made).unwrap();
    let store = LogStore::open(&folder.path().join("logs"), Retention::default()).unwrap();
    for number in 0..LINES {
        store
            .append(line(made["id"].as_str().unwrap(), number))
            .await;
    }
    store.flush().await;
    let mut took = Vec::new();
    for _ in 0..SEARCHES {
        let started = Instant::now();
        let logs = format!("{services}/api/logs?limit={REPLY}");
        let bytes = call("GET", &logs, Value::Null).await;
        took.push(started.elapsed());
        let lines = memchr::memmem::find_iter(&bytes, b"\"timestamp\":").count();
        assert_eq!(lines, REPLY);
    }
    println!("log_reply_100k_first_ms: {}", took[0].as_millis());
    took.sort();
    let took = took[SEARCHES / 2].as_millis();
    println!("log_reply_100k_ms: {took} (wanted: at most 500)");
    app.close().await;
}

async fn call(
    router: &Router,
    key: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> (StatusCode, Vec<u8>) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("x-api-key", key)
        .header("content-type", "application/json")
        .body(match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        })
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, bytes.to_vec())
}
