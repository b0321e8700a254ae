//! Metrics and access logs, under both scopes: what ingress answers is what they tell.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::client::Api;

const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";
const HOST: &str = "api.example.com";

/// An ingress of a platform on a free port, until this is dropped.
pub(crate) struct Visits {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Visits {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Visits {
    pub(crate) async fn open(api: &Api) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(api.app.ingress(listener, stop.clone()).unwrap());
        Self { address, stop }
    }

    pub(crate) async fn send(&self, method: &str, path: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Waits until the service is known to ingress. No simulated instance answers by itself, so
    /// that every request gets a 503.
    pub(crate) async fn known(&self) {
        while self.send("GET", "/warm-up").await == 404 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) async fn with_domain() -> (Api, Visits) {
    let api = Api::with_shop().await;
    let service = json!({"name": "Api", "image": "shop:1", "port": 80, "domains": [HOST]});
    api.post(W, service).await.is(201);
    let visits = Visits::open(&api).await;
    visits.known().await;
    (api, visits)
}

fn rows(logs: &Value) -> &Vec<Value> {
    logs["rows"].as_array().unwrap()
}

pub(crate) async fn every_request_is_one_row() {
    let (api, visits) = with_domain().await;
    for number in 0..6 {
        let method = if number % 3 == 0 { "POST" } else { "GET" };
        assert_eq!(
            visits.send(method, &format!("/v1/items?n={number}")).await,
            503
        );
    }
    for at in [W, E] {
        let logs = format!("{at}/api/access-logs");
        let get = async |query: &str| api.get(&format!("{logs}?{query}")).await.is(200).data();
        let all = get("path_contains=/v1/&since=600").await;
        let paths: Vec<_> = rows(&all).iter().map(|row| row["path"].clone()).collect();
        let expected: Vec<_> = (0..6)
            .rev()
            .map(|n| json!(format!("/v1/items?n={n}")))
            .collect();
        assert_eq!((paths, &all["truncated"]), (expected, &json!(false)));
        let row = &rows(&all)[0];
        assert_eq!((&row["host"], &row["status"]), (&json!(HOST), &json!(503)));
        assert_eq!(
            (&row["client"], &row["instance"]),
            (&json!("127.0.0.1"), &json!(""))
        );
        assert!(
            row["duration_ms"].as_f64().unwrap() >= 0.0 && row["bytes_out"].as_u64().unwrap() > 0
        );

        let posts = get("method=POST,PUT&path_contains=/v1/").await;
        assert_eq!(rows(&posts).len(), 2);
        assert_eq!(
            rows(&get("status=200,404&path_contains=/v1/").await).len(),
            0
        );
        assert_eq!(rows(&get("status=5xx&path_contains=/v1/").await).len(), 6);
        let newest = get("limit=2&path_contains=/v1/").await;
        assert_eq!(
            (rows(&newest).len(), &newest["truncated"]),
            (2, &json!(true))
        );
        let oldest = rows(&all)[5]["timestamp"].as_str().unwrap();
        let before = get(&format!("end={oldest}&path_contains=/v1/")).await;
        assert_eq!(rows(&before).len(), 0);
    }
    api.app.close().await;
}

/// The sum of a rate over its steps: how many there were.
fn total(metrics: &Value, name: &str) -> f64 {
    let series = &metrics[name];
    assert_eq!(series["status"], "success", "{series}");
    let points = series["points"].as_array().unwrap();
    let rates = points.iter().map(|point| point[1].as_f64().unwrap());
    rates.sum::<f64>() * series["step"].as_f64().unwrap()
}

/// How far a count may be from what was sent: a rate counts over a step, of which the clock's own
/// unrest makes now more and now less.
const COUNTED: Range<f64> = 0.7..1.4;

pub(crate) async fn rates_count_every_request() {
    let (api, visits) = with_domain().await;
    let rates = |at: &str| format!("{at}/api/metrics?names=request_rate,error_rate,latency_p95");
    // The first sample may be much shorter than its step.
    let is_sampled = |metrics: &Value| {
        let points = metrics["request_rate"]["points"].as_array();
        points.is_some_and(|points| !points.is_empty())
    };
    let before = total(&api.until(&rates(W), is_sampled).await, "request_rate");
    let sent = 40;
    for _ in 0..sent {
        visits.send("GET", "/").await;
    }
    let counted = |metrics: &Value| (total(metrics, "request_rate") - before) / f64::from(sent);
    for at in [W, E] {
        let is_counted = |metrics: &Value| counted(metrics) > COUNTED.start;
        let metrics = api.until(&rates(at), is_counted).await;
        assert!(counted(&metrics) < COUNTED.end, "{}", counted(&metrics));
        assert_eq!(
            total(&metrics, "error_rate"),
            total(&metrics, "request_rate")
        );
        let p95 = metrics["latency_p95"]["points"][0][1].as_f64().unwrap();
        assert!(p95 > 0.0 && p95 < 1.0, "{p95}");
        assert_eq!(metrics["latency_p95"]["unit"], "seconds");
    }
    api.app.close().await;
}

pub(crate) async fn instances_are_measured_and_each_metric_has_its_own_outcome() {
    let api = Api::with_shop().await;
    let service = json!({"name": "Api", "image": "shop:1", "port": 80, "instances": 2});
    api.post(W, service).await.is(201);
    for at in [W, E] {
        let metrics = format!("{at}/api/metrics");
        let measured = |metrics: &Value| {
            let points = metrics["cpu_usage"]["points"].as_array();
            points.is_some_and(|points| !points.is_empty())
        };
        let all = api.until(&metrics, measured).await;
        let names: Vec<&String> = all.as_object().unwrap().keys().collect();
        let expected = [
            "cpu_usage",
            "error_rate",
            "latency_p95",
            "memory_usage",
            "request_rate",
        ];
        assert_eq!(names, expected);
        let cores = all["cpu_usage"]["points"][0][1].as_f64().unwrap();
        assert!(cores > 0.0 && cores < 1.0, "{cores}");
        let bytes = all["memory_usage"]["points"][0][1].as_f64().unwrap();
        assert!(bytes > 20_000_000.0, "{bytes}");
        // Without a domain nothing is counted, not even that there was nothing.
        assert_eq!(all["request_rate"]["points"], json!([]));

        let some = api
            .get(&format!("{metrics}?names=cpu_usage,disk_usage"))
            .await
            .is(200)
            .data();
        assert_eq!(some["cpu_usage"]["status"], "success");
        assert_eq!(some["disk_usage"]["status"], "error");
        assert!(
            some["disk_usage"]["message"]
                .as_str()
                .unwrap()
                .contains("latency_p95")
        );
    }
    api.app.close().await;
}

pub(crate) async fn windows_of_any_kind_have_an_outcome() {
    let api = Api::with_shop().await;
    api.post(W, json!({"name": "Api", "image": "shop:1"}))
        .await
        .is(201);
    let long = "x".repeat(10_240);
    let (path, names) = (
        &format!("access-logs?path_contains={long}"),
        &format!("metrics?names={long}"),
    );
    for at in [W, E] {
        let fine = [
            ("metrics?since=31536000", "step", json!(1800)),
            (
                "metrics?start=2999-01-01T00:00:00Z&end=2999-01-02T00:00:00Z",
                "step",
                json!(60),
            ),
            ("metrics?since=3600&step=7", "step", json!(10)),
        ];
        for (query, name, expected) in fine {
            let got = api.get(&format!("{at}/api/{query}")).await.is(200).data();
            assert_eq!(got["cpu_usage"][name], expected, "{query}");
        }
        let empty = [
            "access-logs?since=31536000",
            "access-logs?start=2999-01-01T00:00:00Z",
            "access-logs?start=1999-01-01T00:00:00Z&end=2000-01-01T00:00:00Z&status=2xx,404",
        ];
        for query in empty {
            let got = api.get(&format!("{at}/api/{query}")).await.is(200).data();
            assert_eq!(got, json!({"rows": [], "truncated": false}), "{query}");
        }
        let refused = [
            (
                "metrics?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
                "start",
            ),
            ("metrics?step=0", "step"),
            ("metrics?nonsense=1", "nonsense"),
            (
                "access-logs?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
                "start",
            ),
            ("access-logs?status=20", "status"),
            ("access-logs?method=G+T", "method"),
            ("access-logs?limit=0", "limit"),
            (path, "path_contains"),
            (names, "names"),
        ];
        for (query, field) in refused {
            let got = api.get(&format!("{at}/api/{query}")).await;
            assert!(got.is(422).fault(field).len() > 10, "{query}");
        }
        for path in ["metrics", "access-logs"] {
            api.get(&format!("{at}/nobody/{path}")).await.is(404);
        }
    }
    api.app.close().await;
}

pub(crate) async fn a_deleted_service_leaves_nothing_behind() {
    let (api, visits) = with_domain().await;
    api.get(&format!("{E}/api/access-logs")).await.is(200);
    let service = api.get(&format!("{E}/api")).await.data();
    let folder = api
        .folder
        .path()
        .join("access")
        .join(service["id"].as_str().unwrap());
    assert!(folder.exists());
    api.delete(&format!("{E}/api")).await.is(200);
    while folder.exists() || visits.send("GET", "/").await != 404 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    api.app.close().await;
}
