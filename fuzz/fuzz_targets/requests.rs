//! Whole requests of the API, through its real router: any method, path, header and body is answered,
//! and never with a fault of the platform.
#![no_main]

use std::sync::OnceLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderName, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use pilothouse::app::{App, Parts, app};
use pilothouse::build::BuildSettings;
use pilothouse::engine::EngineChoice;
use pilothouse::logs::Retention;
use pilothouse_wire::session::Role;
use tokio::runtime::Runtime;
use tower::ServiceExt;

struct Platform {
    runtime: Runtime,
    router: Router,
    key: String,
    _app: App,
    _folder: tempfile::TempDir,
}

fn platform() -> &'static Platform {
    static PLATFORM: OnceLock<Platform> = OnceLock::new();
    PLATFORM.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts {
            data_dir: folder.path().to_owned(),
            engine: EngineChoice::Simulated,
            ingress_url: String::new(),
            behind_proxy: true,
            tls: false,
            logs: Retention::default(),
            builds: BuildSettings::default(),
            console: None,
        };
        let app = runtime.block_on(app(parts)).unwrap();
        let key = runtime
            .block_on(app.create_key("fuzz", Role::Admin))
            .unwrap();
        let router = app.router();
        for (path, body) in [
            ("/api/v1/orgs/", r#"{"name": "acme"}"#),
            ("/api/v1/orgs/acme/projects/", r#"{"name": "shop"}"#),
        ] {
            let request = Request::post(path)
                .header("x-api-key", &key)
                .header("content-type", "application/json")
                .body(Body::from(body))
                .unwrap();
            let answer = runtime.block_on(router.clone().oneshot(request)).unwrap();
            assert_eq!(answer.status(), 201);
        }
        Platform {
            runtime,
            router,
            key,
            _app: app,
            _folder: folder,
        }
    })
}

/// `METHOD /path?query`, a header a line, an empty line, the body.
fn request(data: &[u8], key: &str) -> Option<Request<Body>> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Body::from(body.to_vec()))
        .ok()?;
    let headers = request.headers_mut();
    headers.insert("x-api-key", HeaderValue::from_str(key).ok()?);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for line in lines.take(20) {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (
            HeaderName::from_bytes(&line[..at]),
            HeaderValue::from_bytes(line[at + 1..].trim_ascii()),
        );
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    Some(request)
}

fuzz_target!(|data: &[u8]| {
    let platform = platform();
    let Some(request) = request(data, &platform.key) else {
        return;
    };
    let is_api = request.uri().path().starts_with("/api/v1/");
    let is_head = request.method() == "HEAD";
    platform.runtime.block_on(async {
        let answer = platform.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        assert!(!status.is_server_error(), "{status}");
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        if is_api && !is_head {
            assert!(
                serde_json::from_slice::<serde_json::Value>(&body).is_ok(),
                "{status}: {body:?}"
            );
        }
    });
});
