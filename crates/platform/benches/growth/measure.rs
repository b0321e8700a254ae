//! One size: a platform that starts over so many stored services.

use std::fs;
use std::num::NonZeroU16;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use pilothouse::app::{App, Parts, app};
use pilothouse_wire::session::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::Figures;

const SERVICES: &str = "/workspaces/acme/projects/shop/services";
/// Replies of each kind of which the median counts.
const REPLIES: usize = 201;
const LONG_REPLIES: usize = 11;
/// Looks at everything of which the mean counts: the next comes 5 s after the last.
const LOOKS: f64 = 4.0;
/// How long a platform rests before it is looked at.
const REST: Duration = Duration::from_secs(12);
/// The kernel counts time in hundredths of a second, for every program on Linux.
const MS_PER_TICK: f64 = 10.0;

/// Measures one size.
pub(crate) fn measure(services: u32, nodes: u16) -> Figures {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measured(services, NonZeroU16::new(nodes).unwrap()))
}

async fn measured(services: u32, nodes: NonZeroU16) -> Figures {
    let folder = TempDir::new().unwrap();
    let client = Client::start(folder.path(), nodes).await;
    client.create(services).await;
    client.wait_ready(services).await;
    let Client { app, key, .. } = client;
    app.close().await;

    // What ran on the simulated engine is forgotten with it.
    let (begun, used) = (Instant::now(), processor_ms());
    let client = Client::start_with(folder.path(), nodes, Some(key)).await;
    client.wait_ready(services).await;
    let (settled, settled_cpu) = (begun.elapsed(), processor_ms() - used);
    // What settling left to do is no part of a look at rest.
    tokio::time::sleep(REST).await;
    let before = client.looks().await;
    let mut looks = before;
    while looks.1 < before.1 + LOOKS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        looks = client.looks().await;
    }
    let figures = Figures {
        services,
        nodes: nodes.get(),
        settled_ms: millis(settled),
        settled_cpu_ms: settled_cpu,
        look_ms: (looks.0 - before.0) / (looks.1 - before.1) * 1e3,
        memory_mb: resident_mb(),
        status_ms: client
            .median(REPLIES, &format!("{SERVICES}/s7/status"))
            .await,
        list_ms: client.median(LONG_REPLIES, SERVICES).await,
        nodes_ms: client.median(LONG_REPLIES, "/nodes").await,
    };
    client.app.close().await;
    figures
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The processor time that this process has used, in milliseconds.
fn processor_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let ticks = after.split(' ').skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().unwrap())
        .sum::<f64>()
        * MS_PER_TICK
}

fn resident_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let kilobytes = lines.find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = kilobytes.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<f64>().unwrap() * 1024.0 / 1e6
}

struct Client {
    app: App,
    router: Router,
    key: String,
}

impl Client {
    async fn start(folder: &Path, nodes: NonZeroU16) -> Self {
        Self::start_with(folder, nodes, None).await
    }

    async fn start_with(folder: &Path, nodes: NonZeroU16, key: Option<String>) -> Self {
        let parts = Parts::simulated(folder.to_owned(), nodes);
        let app = app(parts).await.unwrap();
        let key = match key {
            Some(key) => key,
            None => app.create_key("bench", Role::Admin).await.unwrap(),
        };
        Self {
            router: app.router(),
            app,
            key,
        }
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> String {
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.into()).unwrap();
        assert!(status < StatusCode::MULTIPLE_CHOICES, "{path}: {text}");
        text
    }

    async fn create(&self, services: u32) {
        let post =
            async |path: &str, body| self.call("POST", &format!("/api/v1{path}"), &body).await;
        post("/orgs/", json!({"name": "Acme"})).await;
        post("/orgs/acme/projects/", json!({"name": "Shop"})).await;
        for number in 0..services {
            let body = json!({"name": format!("s{number}"), "image": "shop:1", "port": 8080});
            post(SERVICES, body).await;
        }
    }

    async fn wait_ready(&self, services: u32) {
        while self.figure("pilothouse_instances_ready").await < f64::from(services) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A figure of `/metrics`.
    async fn figure(&self, name: &str) -> f64 {
        let text = self.call("GET", "/metrics", &Value::Null).await;
        let mut lines = text.lines();
        let figure = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        figure.map_or(0.0, |figure| figure.parse().unwrap())
    }

    /// The seconds that looks at everything took together, and how many they were.
    async fn looks(&self) -> (f64, f64) {
        let sum = self.figure("pilothouse_reconcile_look_seconds_sum").await;
        (
            sum,
            self.figure("pilothouse_reconcile_look_seconds_count").await,
        )
    }

    /// The median of the times that replies take, in milliseconds.
    async fn median(&self, replies: usize, path: &str) -> f64 {
        let path = format!("/api/v1{path}");
        let mut times = Vec::with_capacity(replies);
        for _ in 0..replies {
            let begun = Instant::now();
            self.call("GET", &path, &Value::Null).await;
            times.push(begun.elapsed());
        }
        times.sort();
        millis(times[replies / 2])
    }
}
