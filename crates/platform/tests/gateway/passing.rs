//! What passes, and with what.

use crate::gate::{Gate, KEY};
use crate::upstream::Upstream;

#[tokio::test]
async fn the_key_is_added_and_who_asks_stays_behind() {
    let upstream = Upstream::says("200 OK", "Content-Type: application/json\n", "[1]").await;
    let gate = Gate::to(upstream.address).await;
    let got = gate
        .ask(
            "GET /api/v1/orgs/?limit=5",
            "Authorization: Bearer of-the-browser\nX-API-Key: of-the-browser\n\
             Cookie: pilothouse_session=of-the-browser\nProxy-Authorization: of-the-browser\n\
             X-Forwarded-For: 1.2.3.4\nX-HTTP-Method-Override: DELETE\nReferer: http://else/\n\
             Accept: application/json\nIf-None-Match: \"1\"\n",
        )
        .await
        .is(200);
    assert_eq!(got.body, "[1]");
    let sent = upstream.one();
    assert!(
        sent.starts_with("get /api/v1/orgs/?limit=5 http/1.1\r\n"),
        "{sent}"
    );
    for (name, value) in [
        ("authorization", format!("bearer {KEY}")),
        ("x-api-key", KEY.to_owned()),
        ("host", upstream.address.to_string()),
        ("accept", "application/json".to_owned()),
        ("if-none-match", "\"1\"".to_owned()),
    ] {
        let line = format!("\r\n{name}: {value}\r\n");
        assert_eq!(sent.matches(&line).count(), 1, "{name}: {sent}");
        let named = format!("\r\n{name}:");
        assert_eq!(sent.matches(&named).count(), 1, "{name}: {sent}");
    }
    for gone in ["of-the-browser", "cookie", "1.2.3.4", "override", "referer"] {
        assert!(!sent.contains(gone), "{gone}: {sent}");
    }
    assert!(!got.head.contains(KEY), "{got:?}");
}

#[tokio::test]
async fn what_speaks_of_one_connection_stays_on_it() {
    let answered = "Connection: x-inner\nX-Inner: 1\nKeep-Alive: timeout=5\nUpgrade: h2c\n\
         Proxy-Authenticate: Basic\nTrailer: x-end\nETag: \"2\"\nX-Request-Id: of-the-platform\n";
    let upstream = Upstream::says("200 OK", answered, "{}").await;
    let gate = Gate::to(upstream.address).await;
    let got = gate
        .ask(
            "GET /api/v1/orgs/",
            "Connection: if-match, keep-alive\nIf-Match: \"1\"\nKeep-Alive: timeout=9\n\
             TE: trailers\nUpgrade: websocket\nProxy-Connection: keep-alive\n",
        )
        .await
        .is(200);
    let sent = upstream.one();
    for gone in [
        "if-match",
        "keep-alive",
        "\r\nte:",
        "upgrade",
        "proxy-connection",
    ] {
        assert!(!sent.contains(gone), "{gone}: {sent}");
    }
    for gone in [
        "x-inner",
        "timeout=5",
        "upgrade",
        "proxy-authenticate",
        "trailer",
    ] {
        assert!(!got.head.contains(gone), "{gone}: {got:?}");
    }
    assert!(got.head.contains("\r\netag: \"2\""), "{got:?}");
    // The id that the platform's own log knows.
    assert!(got.head.contains("\r\nx-request-id: of-the-platform"));
}

#[tokio::test]
async fn nothing_is_set_in_the_browser_but_by_the_gateway() {
    let answered = "Set-Cookie: pilothouse_session=a; Path=/\nSet-Cookie: b=c\n\
         Access-Control-Allow-Origin: *\nContent-Security-Policy: default-src *\n\
         Strict-Transport-Security: max-age=1\nClear-Site-Data: \"*\"\nRefresh: 0; url=http://else/\n\
         Location: http://else/\nLink: <http://else/>; rel=preload\n";
    let upstream = Upstream::says("200 OK", answered, "{}").await;
    let gate = Gate::to(upstream.address).await;
    let got = gate
        .send(
            "POST /api/v1/auth/session",
            "Content-Type: application/json\n",
            "{}",
        )
        .await;
    let head = got.is(200).head;
    for gone in [
        "set-cookie",
        "access-control",
        "default-src *",
        "strict-transport",
        "clear-site-data",
        "refresh",
        "else",
    ] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    assert!(head.contains("content-security-policy: default-src 'none'"));
    assert!(head.contains("x-content-type-options: nosniff"));
    assert!(upstream.one().ends_with("\r\n\r\n{}"));
}

#[tokio::test]
async fn what_the_platform_refuses_is_told_as_it_says_it() {
    let body = r#"{"status":404,"code":"not_found","message":"There is no such org."}"#;
    let upstream = Upstream::says("404 Not Found", "", body).await;
    let gate = Gate::to(upstream.address).await;
    let got = gate.ask("DELETE /api/v1/orgs/x", "").await.is(404);
    assert_eq!(got.body, body);
    let got = gate.ask("HEAD /api/v1/orgs/x", "").await.is(404);
    assert_eq!(got.body, "");
}

#[tokio::test]
async fn nothing_but_the_api_is_passed_on() {
    let upstream = Upstream::says("200 OK", "", "{}").await;
    let gate = Gate::to(upstream.address).await;
    gate.ask("GET /healthz", "").await.is(200);
    for path in ["/api/v2/orgs", "/api", "/api/v1x"] {
        gate.ask(&format!("GET {path}"), "")
            .await
            .fails(404, "not_found");
    }
    let page = gate.ask("GET /o/acme", "").await.is(200);
    assert!(page.body.contains("trunk build"), "{page:?}");
    gate.ask("GET /metrics", "").await.is(200);
    assert_eq!(upstream.got(), Vec::<String>::new());
    gate.ask("GET /readyz", "").await.is(200);
    let asked = upstream.one();
    assert!(asked.starts_with("get /api/v1/meta ") && !asked.contains(KEY));
}
