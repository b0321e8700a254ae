//! A trickle of visitors, through ingress as everybody comes.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{HOST, USER_AGENT};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rand::seq::IndexedRandom;
use tokio_util::sync::CancellationToken;

/// The pause between two visitors, in milliseconds, at random within.
const PAUSE: std::ops::Range<u64> = 500..1_500;
/// How long a visitor waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where visitors go, the front page most often. A few meet a slow or failing page, so that charts
/// and logs have something to show.
const VISITS: &[(&str, &str)] = &[
    ("storefront.localhost", "/"),
    ("storefront.localhost", "/"),
    ("storefront.localhost", "/"),
    ("storefront.localhost", "/"),
    ("storefront.localhost", "/slow?ms=300"),
    ("storefront.localhost", "/missing"),
    ("api.shop.localhost", "/"),
    ("api.shop.localhost", "/"),
    ("api.shop.localhost", "/"),
    ("api.shop.localhost", "/spin?ms=40"),
    ("api.shop.localhost", "/fail?status=500"),
    ("storefront.staging.localhost", "/"),
];

/// Sends visitors until asked to stop. That a service does not answer is its own affair.
pub(super) async fn send(ingress: SocketAddr, stop: CancellationToken) {
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    loop {
        let pause = Duration::from_millis(rand::random_range(PAUSE));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
        let visit = VISITS.choose(&mut rand::rng());
        let Some(request) = visit.and_then(|(host, path)| request(ingress, host, path)) else {
            continue;
        };
        let visited = async {
            if let Ok(response) = client.request(request).await {
                let _ = response.into_body().collect().await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, visited).await;
    }
}

fn request(ingress: SocketAddr, host: &str, path: &str) -> Option<Request<Empty<Bytes>>> {
    Request::get(format!("http://{ingress}{path}"))
        .header(HOST, host)
        .header(USER_AGENT, "pilothouse-sample-visitor")
        .body(Empty::new())
        .ok()
}
