//! The console's files, and the page for its own addresses.

use std::fs;
use std::path::Path;

use crate::client::Api;

const WASM: &str = "console-0123456789abcdef_bg.wasm";

fn build(folder: &Path) {
    fs::create_dir_all(folder.join("icons")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html><title>Console</title>"),
        ("config.json", "{}"),
        ("icons/mark.svg", "<svg/>"),
        (WASM, "wasm"),
    ] {
        fs::write(folder.join(name), content).unwrap();
    }
    fs::write(folder.join(format!("{WASM}.br")), "brotli").unwrap();
    fs::write(folder.join(format!("{WASM}.gz")), "gzip").unwrap();
    fs::write(folder.join("../secret"), "secret").unwrap();
}

async fn served() -> Api {
    Api::start_with(|parts| {
        let folder = parts.data_dir.join("dist");
        build(&folder);
        parts.console = Some(folder);
    })
    .await
}

pub(crate) async fn serves_files_as_they_are_built() {
    let api = served().await;
    let wasm = format!("//{WASM}");
    let plain = api.anonymous("GET", &wasm).send().await.is(200);
    assert_eq!(plain.header("content-type"), "application/wasm");
    assert_eq!(
        plain.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(plain.text, "wasm");
    for (accepted, sent) in [("gzip, br", "br"), ("gzip", "gzip")] {
        let call = api
            .anonymous("GET", &wasm)
            .header("accept-encoding", accepted);
        let got = call.send().await.is(200);
        assert_eq!(got.header("content-encoding"), sent);
        assert_eq!(got.header("content-type"), "application/wasm");
        assert_eq!(got.header("vary"), "accept-encoding");
    }
    let config = api.anonymous("GET", "//config.json").send().await.is(200);
    assert_eq!(config.header("cache-control"), "no-cache");
    let tag = config.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = api
        .anonymous("GET", "//config.json")
        .header("if-none-match", &tag);
    again.send().await.is(304);
    let icon = api
        .anonymous("GET", "//icons/mark.svg")
        .send()
        .await
        .is(200);
    assert_eq!(icon.header("content-type"), "image/svg+xml");
    assert_eq!(icon.header("x-content-type-options"), "nosniff");
}

pub(crate) async fn answers_deep_links_with_the_page() {
    let api = served().await;
    for path in [
        "//",
        "//connect",
        "//o/acme/p/shop/e/production/s/api",
        "//w/acme",
        "//icons",
        "//o/v1.2",
        "//index.html",
    ] {
        let got = api.anonymous("GET", path).send().await.is(200);
        assert!(got.text.contains("Console"), "{path}");
        assert!(
            got.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert_eq!(got.header("cache-control"), "no-cache");
        assert!(
            got.header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
    }
    let tag = api.anonymous("GET", "//o/acme").send().await;
    let again = api.anonymous("GET", "//o/acme");
    let again = again.header("if-none-match", tag.header("etag"));
    again.send().await.is(304);
    for path in [
        "//missing-0123456789abcdef.js",
        "//o/x.wasm",
        "//nothing.css",
    ] {
        let got = api.anonymous("GET", path).send().await.is(404);
        assert!(!got.text.contains("Console"), "{path}");
    }
}

pub(crate) async fn keeps_to_its_folder() {
    let api = served().await;
    for path in [
        "//../secret",
        "//%2e%2e/secret",
        "//icons/../../secret",
        "//..%2fsecret",
        "//icons/%2e%2e/%2e%2e/pilothouse.db",
    ] {
        let got = api.anonymous("GET", path).send().await;
        assert!(
            !got.text.contains("secret") && !got.text.contains("SQLite"),
            "{path}"
        );
    }
}

pub(crate) async fn says_how_to_build_it() {
    let api = Api::start().await;
    let got = api.anonymous("GET", "//o/acme").send().await.is(200);
    assert!(got.text.contains("trunk build"));
    api.anonymous("GET", "//console.js").send().await.is(404);
}
