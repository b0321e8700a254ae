//! What it costs to know who calls and what they may do. Prints `name: figure`, and the bar beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use pilothouse::app::{Parts, app};
use pilothouse_wire::session::Role;
use tempfile::TempDir;
use tower::ServiceExt;

const TIMES: usize = 5_000;
const SESSIONS: usize = 1_000;
/// A change that only an admin may make, at a place three levels deep.
const CHANGE: &str = "/orgs/acme/projects/shop/envs/production/services/api";

async fn ask(router: &Router, method: &str, path: &str, key: Option<&str>, body: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("content-type", "application/json");
    let request = match key {
        Some(key) => request.header("x-api-key", key),
        None => request,
    };
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    answer.status().as_u16()
}

async fn timed(router: &Router, key: Option<&str>, status: StatusCode) -> Duration {
    let begun = Instant::now();
    assert_eq!(
        ask(router, "DELETE", CHANGE, key, "").await,
        status.as_u16()
    );
    begun.elapsed()
}

/// Memory that the process holds, in bytes.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096.0
}

#[tokio::main]
async fn main() {
    let folder = TempDir::new().unwrap();
    let parts = Parts::simulated(folder.path().to_owned(), NonZeroU16::MIN);
    let app = app(parts).await.unwrap();
    let router = app.router();
    let admin = app.create_key("admin", Role::Admin).await.unwrap();
    let viewer = app.create_key("viewer", Role::Viewer).await.unwrap();
    for (path, body) in [
        ("/orgs/", r#"{"name": "Acme"}"#),
        ("/orgs/acme/projects/", r#"{"name": "Shop"}"#),
    ] {
        assert_eq!(ask(&router, "POST", path, Some(&admin), body).await, 201);
    }

    // A refusal is all of the way to the handler, and nothing of it; without a key not even that. By
    // turns, so that what disturbs one disturbs the other.
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        known.push(timed(&router, Some(&viewer), StatusCode::FORBIDDEN).await);
        unknown.push(timed(&router, None, StatusCode::UNAUTHORIZED).await);
    }
    known.sort();
    unknown.sort();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let overhead = micros(known[TIMES / 2]) - micros(unknown[TIMES / 2]);
    println!("authorised_request_overhead_us: {overhead:.1} (wanted: at most 100)");

    let key = format!(r#"{{"key": "{admin}"}}"#);
    for _ in 0..SESSIONS / 10 {
        assert_eq!(ask(&router, "POST", "/auth/session", None, &key).await, 201);
    }
    let before = resident();
    for _ in 0..SESSIONS {
        assert_eq!(ask(&router, "POST", "/auth/session", None, &key).await, 201);
    }
    let held = (resident() - before).max(0.0) / 1e6;
    println!("idle_1000_sessions_resident_mb: {held:.2} (wanted: at most 5)");
    app.close().await;
}
