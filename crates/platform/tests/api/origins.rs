//! Pages of other origins: let in by name, with a key, and never with a cookie.

use crate::client::{Api, Got};

const CONSOLE: &str = "https://console.example";

async fn asked(api: &Api, method: &str, path: &str, origin: &str) -> Got {
    let call = api.call(method, path).header("origin", origin);
    let call = match method {
        "OPTIONS" => call.header("access-control-request-method", "POST").header(
            "access-control-request-headers",
            "x-api-key,idempotency-key,if-match",
        ),
        _ => call,
    };
    call.send().await
}

pub(crate) async fn are_told_to_browsers_by_name() {
    let api = Api::start().await.with_key().await.letting_in(CONSOLE);
    let got = asked(&api, "GET", "/orgs/", CONSOLE).await.is(200);
    assert_eq!(got.header("access-control-allow-origin"), CONSOLE);
    assert_eq!(got.header("access-control-allow-credentials"), "");
    for name in ["etag", "retry-after", "date"] {
        assert!(
            got.header("access-control-expose-headers").contains(name),
            "{name}"
        );
    }
    let before = asked(&api, "OPTIONS", "/orgs/", CONSOLE).await.is(200);
    assert_eq!(before.header("access-control-allow-origin"), CONSOLE);
    for name in [
        "x-api-key",
        "authorization",
        "idempotency-key",
        "if-match",
        "content-type",
    ] {
        assert!(
            before.header("access-control-allow-headers").contains(name),
            "{name}"
        );
    }
    // What was refused is read as well, so that the page can say why.
    let refused = asked(&api, "GET", "/orgs/nothing", CONSOLE).await.is(404);
    assert_eq!(refused.header("access-control-allow-origin"), CONSOLE);
}

pub(crate) async fn are_told_nothing_where_they_are_others() {
    let api = Api::start().await.with_key().await.letting_in(CONSOLE);
    for origin in ["https://evil.example", "http://console.example", "null"] {
        for method in ["GET", "OPTIONS"] {
            let got = asked(&api, method, "/orgs/", origin).await;
            assert_eq!(
                got.header("access-control-allow-origin"),
                "",
                "{method} {origin}"
            );
        }
    }
    let closed = Api::start().await.with_key().await;
    let got = asked(&closed, "GET", "/orgs/", CONSOLE).await.is(200);
    assert_eq!(got.header("access-control-allow-origin"), "");
    // Its own page and its probes are nobody else's.
    let page = asked(&api, "GET", "//healthz", CONSOLE).await;
    assert_eq!(page.header("access-control-allow-origin"), "");
}
