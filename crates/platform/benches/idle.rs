//! What services at rest cost, on the simulated engine. Prints `name: figure`, and the bar beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

use std::fs;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use pilothouse::app::{Parts, app};
use pilothouse_wire::session::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// How many services, and the processor's share in percent and the memory in MB that they may take.
const COUNTS: [(usize, Option<(u32, u32)>); 2] = [(20, Some((1, 40))), (10_000, None)];
const MEASURED: Duration = Duration::from_secs(30);
const SERVICES: &str = "/workspaces/acme/projects/shop/services";
/// The kernel counts time in hundredths of a second, for every program on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

struct Client {
    router: Router,
    key: String,
}

impl Client {
    async fn call(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn all_run(&self) -> bool {
        let (_, services) = self.call("GET", SERVICES, &Value::Null).await;
        let services = services["data"].as_array().unwrap().clone();
        services
            .iter()
            .all(|service| service["status"]["state"] == "running")
    }
}

/// Seconds of processor time that this process has used.
fn used() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let ticks = after
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

#[tokio::main]
async fn main() {
    for (count, bars) in COUNTS {
        measure(count, bars).await;
    }
}

async fn measure(count: usize, bars: Option<(u32, u32)>) {
    let folder = TempDir::new().unwrap();
    let parts = Parts::simulated(folder.path().to_owned(), NonZeroU16::MIN);
    let app = app(parts).await.unwrap();
    let client = Client {
        router: app.router(),
        key: app.create_key("bench", Role::Admin).await.unwrap(),
    };
    client
        .call("POST", "/orgs/", &json!({"name": "Acme"}))
        .await;
    client
        .call("POST", "/orgs/acme/projects/", &json!({"name": "Shop"}))
        .await;
    for number in 0..count {
        let body = json!({"name": format!("s{number}"), "image": "shop:1", "port": 8080});
        let (status, answer) = client.call("POST", SERVICES, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let begun = Instant::now();
    while !client.all_run().await {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!(
        "idle_{count}_services_settled_s: {:.0}",
        begun.elapsed().as_secs_f64()
    );
    // What settling left to do is not what rest costs.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = used();
    tokio::time::sleep(MEASURED).await;
    let share = (used() - before) / MEASURED.as_secs_f64() * 100.0;
    let wanted =
        |bar: Option<u32>| bar.map_or_else(String::new, |bar| format!(" (wanted: at most {bar})"));
    let (cpu, memory) = (
        wanted(bars.map(|bars| bars.0)),
        wanted(bars.map(|bars| bars.1)),
    );
    println!("idle_{count}_services_cpu_percent: {share:.2}{cpu}");
    println!(
        "idle_{count}_services_resident_mb: {}{memory}",
        resident_mb()
    );
    app.close().await;
}
