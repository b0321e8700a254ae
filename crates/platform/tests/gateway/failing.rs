//! What becomes of a request when the platform elsewhere fails.

use std::time::Duration;

use tokio::net::TcpListener;

use crate::gate::{Gate, KEY};
use crate::upstream::{Then, Upstream};

/// Long enough to be sure of what it is not, short enough to wait for it.
const SOON: Duration = Duration::from_millis(300);

#[tokio::test]
async fn one_that_is_away_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let gate = Gate::to(nobody).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await;
    let got = got.fails(503, "upstream_unavailable");
    assert!(got.body.contains(&nobody.to_string()), "{got:?}");
    assert!(got.head.contains("retry-after"), "{got:?}");
    let enveloped = gate.ask("GET /api/v1/workspaces/", "").await.is(503);
    let body: serde_json::Value = serde_json::from_str(&enveloped.body).unwrap();
    assert_eq!(body["status"], "error");
    assert!(body["data"].is_null() && body["code"] == "upstream_unavailable");
    let ready = gate.ask("GET /readyz", "").await.is(503);
    assert!(ready.body.contains("can't be reached"), "{ready:?}");
    gate.ask("GET /healthz", "").await.is(200);
}

#[tokio::test]
async fn one_that_does_not_answer_is_given_up() {
    let upstream = Upstream::start(Then::Silence(Vec::new())).await;
    let gate = Gate::with(upstream.address, KEY, |parts| parts.limits.head = SOON).await;
    gate.ask("GET /api/v1/orgs/", "")
        .await
        .fails(504, "timeout");
    gate.ask("POST /api/v1/workspaces/", "").await.is(504);
    assert_eq!(upstream.got().len(), 2, "nothing is sent twice");
}

#[tokio::test]
async fn one_that_breaks_off_or_speaks_otherwise_is_told() {
    for nonsense in [
        "",
        "HTTP/1.1 2",
        "SSH-2.0-other\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ] {
        let upstream = Upstream::start(Then::Answer(nonsense.into())).await;
        let gate = Gate::to(upstream.address).await;
        let got = gate.ask("POST /api/v1/orgs/", "").await;
        got.fails(502, "upstream_failed");
        assert_eq!(upstream.got().len(), 1, "nothing is sent twice");
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let other = Upstream::says("200 OK", "", "{}").await;
    let to = format!("Location: http://{}/api/v1/orgs/\n", other.address);
    for status in [
        "301 Moved",
        "302 Found",
        "303 See",
        "307 Temporary",
        "308 Permanent",
    ] {
        let upstream = Upstream::says(status, &to, "moved").await;
        let gate = Gate::to(upstream.address).await;
        let got = gate.ask("GET /api/v1/orgs/", "").await;
        let got = got.fails(502, "upstream_failed");
        assert!(!got.head.contains("\r\nlocation"), "{got:?}");
        assert!(!got.body.contains(&other.address.to_string()), "{got:?}");
    }
    assert_eq!(other.got(), Vec::<String>::new());
    let same = Upstream::start(Then::Answer(
        b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nConnection: close\r\n\r\n".into(),
    ))
    .await;
    let gate = Gate::to(same.address).await;
    gate.ask("GET /api/v1/orgs/", "").await.is(304);
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_the_gateways_matter() {
    let upstream = Upstream::says("401 Unauthorized", "WWW-Authenticate: Basic\n", "{}").await;
    let gate = Gate::to(upstream.address).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await;
    let got = got.fails(502, "upstream_failed");
    assert!(got.body.contains("does not accept the key"), "{got:?}");
    assert!(!got.head.contains("www-authenticate"), "{got:?}");
}

#[tokio::test]
async fn an_answer_has_an_end() {
    let limit = |parts: &mut pilothouse::gateway::Parts| parts.limits.answer = 1000;
    let announced = Upstream::says("200 OK", "", &"x".repeat(1001)).await;
    let gate = Gate::with(announced.address, KEY, limit).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await;
    got.fails(502, "upstream_failed");
    let just = Upstream::says("200 OK", "", &"x".repeat(1000)).await;
    let gate = Gate::with(just.address, KEY, limit).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await.is(200);
    assert_eq!(got.body.len(), 1000);
    // One that does not say how long it is.
    let part = format!("258\r\n{}\r\n", "x".repeat(600));
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        part.repeat(3)
    );
    let endless = Upstream::start(Then::Answer(endless.into_bytes())).await;
    let gate = Gate::with(endless.address, KEY, limit).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await.is(200);
    assert!(!got.body.ends_with("0\r\n\r\n"), "it was not broken off");
    assert!(got.body.matches('x').count() <= 1000);
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_is_broken_off() {
    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun";
    let upstream = Upstream::start(Then::Silence(begun.into())).await;
    let gate = Gate::with(upstream.address, KEY, |parts| parts.limits.silence = SOON).await;
    let got = gate.ask("GET /api/v1/orgs/", "").await.is(200);
    assert_eq!(got.body, "begun");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::with(upstream.address, KEY, |parts| parts.limits.sending = SOON).await;
    let got = gate.ask("POST /api/v1/orgs/", "Content-Length: 5\n").await;
    got.fails(504, "timeout");
    assert_eq!(upstream.got(), Vec::<String>::new());
}

#[tokio::test]
async fn one_request_too_many_is_told_so() {
    let upstream = Upstream::start(Then::Silence(Vec::new())).await;
    let gate = Gate::with(upstream.address, KEY, |parts| parts.limits.at_once = 1).await;
    let waiting = Gate {
        address: gate.address,
    };
    let waiting = tokio::spawn(async move { waiting.ask("GET /api/v1/orgs/", "").await.status });
    while upstream.got().is_empty() {
        tokio::task::yield_now().await;
    }
    let got = gate.ask("GET /api/v1/orgs/", "").await;
    got.fails(503, "upstream_unavailable");
    waiting.abort();
}
