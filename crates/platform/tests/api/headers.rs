//! What a browser is told to keep to.

use std::fs;

use crate::client::{Api, Got};

const PAGE: &str = "<!doctype html><title>Console</title><script>alert(1)</script>\
    <script type=module>import '/console.js'</script><style>b{}</style>";

async fn served() -> Api {
    Api::start_with(|parts| {
        let folder = parts.data_dir.join("dist");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("index.html"), PAGE).unwrap();
        fs::write(folder.join("console.js"), "1").unwrap();
        parts.console = Some(folder);
    })
    .await
}

async fn get(api: &Api, path: &str) -> Got {
    api.anonymous("GET", path).send().await
}

fn policy(got: &Got) -> &str {
    got.header("content-security-policy")
}

pub(crate) async fn are_on_every_answer() {
    let api = served().await;
    for path in [
        "//",
        "//o/acme",
        "//console.js",
        "//missing.js",
        "/meta",
        "/orgs/",
        "/nothing",
        "//healthz",
        "//metrics",
    ] {
        let got = get(&api, path).await;
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("referrer-policy"), "no-referrer", "{path}");
        let opener = got.header("cross-origin-opener-policy");
        assert_eq!(opener, "same-origin", "{path}");
        let permissions = got.header("permissions-policy");
        assert!(permissions.contains("clipboard-write=(self)"), "{path}");
        assert!(permissions.contains("camera=()"), "{path}");
        assert_eq!(got.header("strict-transport-security"), "", "{path}");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "object-src 'none'",
            "form-action 'self'",
        ] {
            assert!(policy(&got).contains(part), "{path}: {}", policy(&got));
        }
    }
}

pub(crate) async fn name_all_that_the_page_may_run() {
    let api = served().await;
    for path in ["//", "//o/acme", "//index.html"] {
        let got = get(&api, path).await.is(200);
        let policy = policy(&got);
        // Of `alert(1)`.
        let script = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert!(policy.contains(script), "{policy}");
        assert_eq!(policy.matches("'sha256-").count(), 3, "{policy}");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' 'sha256-"));
        assert!(policy.contains("connect-src 'self' http: https:"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        let tag = got.header("etag").to_owned();
        let again = api.anonymous("GET", path).header("if-none-match", &tag);
        let again = again.send().await.is(304);
        assert_eq!(again.header("content-security-policy"), policy);
    }
    let page = api.folder.path().join("dist/index.html");
    fs::write(page, "<!doctype html><script>built_anew()</script>").unwrap();
    let got = get(&api, "//").await.is(200);
    assert_eq!(policy(&got).matches("'sha256-").count(), 1);
    assert!(!policy(&got).contains("bhHHL3z2"));
    let script = get(&api, "//console.js").await.is(200);
    assert!(!policy(&script).contains("script-src"));
}

pub(crate) async fn keep_to_tls_where_it_is() {
    let api = Api::start_with(|parts| parts.behind_proxy = true).await;
    for path in ["//", "/meta"] {
        let got = get(&api, path).await.is(200);
        let kept = got.header("strict-transport-security");
        assert!(kept.starts_with("max-age="), "{kept}");
        assert!(!kept.contains("includeSubDomains"), "{kept}");
    }
}
