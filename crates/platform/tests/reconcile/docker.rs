//! An engine that answers as Docker's does where it has no BuildKit: its builds know no secrets.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::bench::{Bench, Setup, text};

const ID: &str = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/// The engine, on a port of its own for as long as it is held.
struct Docker {
    host: String,
    state: Arc<State>,
    _runtime: Runtime,
}

#[derive(Default)]
struct State {
    /// The contexts of the builds that were asked for.
    builds: Mutex<Vec<Bytes>>,
    /// What the first build fails with.
    first: Option<&'static str>,
}

impl Docker {
    fn start(first: Option<&'static str>) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            first,
            ..State::default()
        });
        let pages = Router::new().fallback(page).with_state(Arc::clone(&state));
        runtime.spawn(async move { axum::serve(listener, pages).await.unwrap() });
        Self {
            host,
            state,
            _runtime: runtime,
        }
    }

    fn builds(&self) -> usize {
        self.state.builds.lock().unwrap().len()
    }
}

/// The answers of Docker 27, as far as they are asked for.
async fn page(
    extract::State(state): extract::State<Arc<State>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let path = uri.path();
    let path = path.strip_prefix("/v1.").map_or(path, |rest| {
        rest.find('/').map_or(path, |from| &rest[from..])
    });
    match (&method, path) {
        (_, "/_ping") => "OK".into_response(),
        (_, "/version") => Json(json!({
            "Platform": {"Name": "Docker Engine - Community"},
            "Components": [{"Name": "Engine", "Version": "27.3.1"}],
            "Version": "27.3.1", "ApiVersion": "1.47", "MinAPIVersion": "1.24",
        }))
        .into_response(),
        (_, "/info") => Json(json!({"CgroupDriver": "cgroupfs"})).into_response(),
        (_, "/containers/json") => Json(json!([])).into_response(),
        (_, "/volumes") => Json(json!({"Volumes": []})).into_response(),
        (&Method::POST, "/build") => {
            let mut builds = state.builds.lock().unwrap();
            builds.push(body);
            if let Some(why) = state.first.filter(|_| builds.len() == 1) {
                return Body::from(json!({"error": why}).to_string()).into_response();
            }
            let lines = [
                json!({"stream": "Step 1/1 : FROM scratch\n"}),
                json!({"aux": {"ID": ID}}),
                json!({"stream": "Successfully built 5f70bf18a086\n"}),
            ];
            Body::from(lines.map(|line| format!("{line}\r\n")).concat()).into_response()
        }
        (&Method::GET, path) if path.starts_with("/images/") => {
            Json(json!({"Id": ID, "Size": 1, "RepoTags": [], "Config": {}})).into_response()
        }
        _ => {
            let words = json!({"message": "page not found"});
            (StatusCode::NOT_FOUND, Json(words)).into_response()
        }
    }
}

#[test]
fn secrets_are_not_sent_to_an_engine_that_would_keep_them() {
    let docker = Docker::start(None);
    let mut bench = Bench::set_up(Setup {
        own_engine: Some(docker.host.clone()),
        ..Setup::default()
    });
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", "FROM scratch\n")]);
    let set = |name: &str, value: &str, secret: bool| {
        let body = json!({"name": name, "value": value, "secret": secret, "buildtime": true});
        assert_eq!(bench.service("POST", "web/config", &body).0, 200);
    };
    set("NPM_TOKEN", "t0p-s3cret-value", true);
    set("PIP_TOKEN", "t0p-s3cret-other", true);
    set("PLAIN", "plain", false);
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    let why = text(&image["error"]);
    assert!(
        why.contains("NPM_TOKEN, PIP_TOKEN") && !why.contains("PLAIN"),
        "{why}"
    );
    assert!(why.contains("use Podman, or make them plain"), "{why}");
    assert!(text(&bench.log("images/1")["log_text"]).contains(&why));
    assert_eq!(docker.builds(), 0, "nothing was sent");

    // The way on that the words name.
    for name in ["NPM_TOKEN", "PIP_TOKEN"] {
        set(name, "no secret after all", false);
    }
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/2"));
    assert_eq!(image["image_id"], ID);
    assert_eq!(docker.builds(), 1);
}

#[test]
fn a_build_that_an_image_was_taken_away_from_begins_again() {
    let why = "checking if cached image exists from a previous build: getting top layer info: layer not known";
    let engine = Docker::start(Some(why));
    let mut bench = Bench::set_up(Setup {
        own_engine: Some(engine.host.clone()),
        ..Setup::default()
    });
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", "FROM scratch\n")]);
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    assert_eq!(engine.builds(), 2);
    let log = text(&bench.log("images/1")["log_text"]);
    assert!(log.contains("the build begins again"), "{log}");
}
