//! What resolving config and opening a long log cost. Prints `name: figure`, and the bar beside it.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that can't go on has no figure"
)]

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use pilothouse::app::{Parts, app};
use pilothouse_wire::session::Role;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// How often each thing is asked for.
const TIMES: usize = 100;
const VARIABLES: usize = 500;
const LOG_BYTES: usize = 50 * 1024 * 1024;
const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";

struct Client {
    router: Router,
    key: String,
}

impl Client {
    async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = self.bytes(method, path, body).await;
        serde_json::from_slice(&bytes).unwrap()
    }

    async fn bytes(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        assert!(
            status.is_success() || status == StatusCode::CREATED,
            "{path}: {}",
            String::from_utf8_lossy(&bytes)
        );
        bytes.to_vec()
    }

    /// The median and the worst time that a reply takes, in milliseconds.
    async fn timed(&self, name: &str, path: &str, at_most: u32) {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let begun = Instant::now();
            self.bytes("GET", path, &Value::Null).await;
            times.push(begun.elapsed());
        }
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let median = ms(times[TIMES / 2]);
        println!("{name}_p50_ms: {median:.1} (wanted: at most {at_most})");
        println!("{name}_worst_ms: {:.1}", ms(times[TIMES - 1]));
    }
}

#[tokio::main]
async fn main() {
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
    let environment = "/orgs/acme/projects/shop/envs/production";
    let body = json!({"name": "api", "platform": "wind", "image": "shop/api:1"});
    client
        .call("POST", &format!("{environment}/services"), &body)
        .await;
    for level in [
        "/orgs/acme",
        "/orgs/acme/projects/shop",
        environment,
        SERVICE,
    ] {
        let variables: Map<String, Value> = (0..VARIABLES)
            .map(|number| {
                (
                    format!("VARIABLE_{number}"),
                    json!(format!("{level}/{number}")),
                )
            })
            .collect();
        let body = json!({"variables": variables});
        client
            .call("POST", &format!("{level}/config/bulk"), &body)
            .await;
    }
    client
        .timed(
            "config_resolved_500",
            &format!("{SERVICE}/config/resolved"),
            20,
        )
        .await;

    let begun = client
        .call("POST", &format!("{SERVICE}/images/build"), &json!({}))
        .await;
    let id = begun["image_id"].as_str().unwrap();
    let line = "a line of a build that prints as much as it can, and then some more of it\n";
    let text = line.repeat(LOG_BYTES / line.len());
    std::fs::write(folder.path().join(format!("work/{id}.log")), text).unwrap();
    let log = format!("{SERVICE}/images/1/log?tail=262144");
    client.timed("log_50_mb_tail", &log, 300).await;
    app.close().await;
}
