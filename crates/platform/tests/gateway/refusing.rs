//! What does not pass.

use pilothouse::gateway::Hosts;

use crate::gate::{Gate, KEY};
use crate::upstream::Upstream;

#[tokio::test]
async fn no_other_origin_is_ever_asked() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let other = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::with(upstream.address, KEY, |parts| parts.hosts = Hosts::Any).await;
    let else_where = other.address;
    for (line, headers) in [
        (
            format!("GET http://{else_where}/api/v1/orgs"),
            String::new(),
        ),
        (
            "GET /api/v1/orgs".to_owned(),
            format!("Host: {else_where}\n"),
        ),
        (
            "GET /api/v1/orgs".to_owned(),
            format!("X-Forwarded-Host: {else_where}\nForwarded: host={else_where}\n"),
        ),
        (format!("GET /api/v1/@{else_where}/"), String::new()),
        (format!("GET /api/v1/http:%3a{else_where}"), String::new()),
        (format!("GET /api/v1//{else_where}/orgs"), String::new()),
        ("GET /api/v1/../metrics".to_owned(), String::new()),
        ("GET /api/v1/%2e%2e/metrics".to_owned(), String::new()),
        ("GET /api/v1/..%2fmetrics".to_owned(), String::new()),
        (
            "GET /api/v1/a%2F..%2F..%2Fmetrics".to_owned(),
            String::new(),
        ),
        ("GET /api/v1/..%5cmetrics".to_owned(), String::new()),
        (format!("CONNECT {else_where}"), String::new()),
        (format!("GET //{else_where}/api/v1/orgs"), String::new()),
    ] {
        gate.ask(&line, &headers).await;
    }
    assert_eq!(other.got(), Vec::<String>::new());
    for asked in upstream.got() {
        let asked = asked.to_lowercase();
        let line = asked.lines().next().unwrap();
        let path = line.split(' ').nth(1).unwrap();
        assert!(path.starts_with("/api/v1/"), "{line}");
        assert!(!path.contains("..") && !path.contains("%2"), "{line}");
        let host = format!("\r\nhost: {}\r\n", upstream.address);
        assert!(asked.contains(&host), "{asked}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_neither_changes_nor_reads() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::to(upstream.address).await;
    let own = format!("Origin: http://{}\n", gate.address);
    for foreign in [
        "Sec-Fetch-Site: cross-site\n".to_owned(),
        "Sec-Fetch-Site: same-site\n".to_owned(),
        format!("Sec-Fetch-Site: cross-site\n{own}"),
        "Origin: http://evil.example\n".to_owned(),
        "Origin: null\n".to_owned(),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let got = gate.ask(&format!("{method} /api/v1/orgs/"), &foreign).await;
            assert_eq!(got.status, 403, "{method} {foreign}");
        }
        let got = gate.ask("GET /api/v1/orgs/", &foreign).await;
        got.fails(403, "forbidden");
    }
    assert_eq!(upstream.got(), Vec::<String>::new());
    for fine in [
        "Sec-Fetch-Site: same-origin\n",
        "Sec-Fetch-Site: none\n",
        &own,
        "",
    ] {
        gate.ask("POST /api/v1/orgs/", fine).await.is(200);
    }
    assert_eq!(upstream.got().len(), 4);
}

/// A name of another site that suddenly leads to this machine.
#[tokio::test]
async fn a_name_of_another_site_is_not_this_machine() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::to(upstream.address).await;
    let rebound =
        "Host: evil.example:7070\nOrigin: http://evil.example:7070\nSec-Fetch-Site: same-origin\n";
    let got = gate.ask("GET /api/v1/orgs/", rebound).await;
    got.fails(403, "forbidden");
    assert_eq!(upstream.got(), Vec::<String>::new());
    gate.ask("GET /api/v1/orgs/", "Host: localhost:9\n")
        .await
        .is(200);
}

#[tokio::test]
async fn methods_that_the_api_does_not_know_are_refused() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::to(upstream.address).await;
    for method in ["TRACE", "OPTIONS", "PROPFIND"] {
        let got = gate.ask(&format!("{method} /api/v1/orgs/"), "").await;
        got.fails(405, "method_not_allowed");
    }
    assert_eq!(upstream.got(), Vec::<String>::new());
}

#[tokio::test]
async fn long_bodies_are_refused_however_they_come() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::to(upstream.address).await;
    let most = "x".repeat(1024 * 1024);
    gate.send("POST /api/v1/orgs/", "", &most).await.is(200);
    let announced = format!("Content-Length: {}\n", most.len() + 1);
    let got = gate.ask("POST /api/v1/orgs/", &announced).await;
    got.fails(413, "too_large");
    let chunked = format!("{:x}\r\n{most}\r\n1\r\nx\r\n0\r\n\r\n", most.len());
    let head = format!(
        "POST /api/v1/workspaces/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        gate.address
    );
    let got = gate.raw(format!("{head}{chunked}").as_bytes()).await;
    assert_eq!(got.status, 413, "{got:?}");
    assert_eq!(upstream.got().len(), 1);
}
