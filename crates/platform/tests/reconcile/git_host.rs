//! A host of repositories over HTTP, as GitHub is one: the `git` of this machine behind a server that
//! asks for a token.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::Runtime;

use crate::workshop::running;

/// A host on a port of its own, for as long as it is held.
pub(crate) struct GitHost {
    /// `http://127.0.0.1:port`
    pub(crate) base: String,
    site: Arc<Site>,
    _runtime: Runtime,
}

/// What a host does with requests.
#[derive(Default)]
pub(crate) struct Site {
    /// The folder of its repositories.
    pub(crate) folder: PathBuf,
    /// What opens them, if they are not public.
    pub(crate) token: Option<&'static str>,
    /// Repositories that are elsewhere now: the beginning of their address, and of the new one.
    pub(crate) moved: Vec<(&'static str, String)>,
    pub(crate) seen: Mutex<Vec<Seen>>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// All of its headers.
    pub(crate) head: String,
    /// The command lines of git's processes meanwhile.
    pub(crate) processes: Vec<String>,
}

impl GitHost {
    pub(crate) fn start(site: Site) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let site = Arc::new(site);
        let pages = Router::new().fallback(page).with_state(Arc::clone(&site));
        runtime.spawn(async move { axum::serve(listener, pages).await.unwrap() });
        Self {
            base,
            site,
            _runtime: runtime,
        }
    }

    /// The requests that came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.site.seen.lock().unwrap().clone()
    }
}

/// What a token is sent as: RFC 7617, with the name that GitHub wants.
pub(crate) fn credentials(token: &str) -> String {
    STANDARD.encode(format!("x-access-token:{token}"))
}

async fn page(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    site.seen.lock().unwrap().push(Seen {
        head: format!("{headers:?}"),
        processes: running("git"),
    });
    let moved = site.moved.iter();
    let moved =
        moved.filter_map(|(old, new)| Some(format!("{new}{}", uri.path().strip_prefix(old)?)));
    if let Some(place) = moved.last() {
        let query = uri.query().unwrap_or_default();
        let place = [(LOCATION, format!("{place}?{query}"))];
        return (StatusCode::MOVED_PERMANENTLY, place).into_response();
    }
    let says = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    if let Some(token) = site.token
        && says(AUTHORIZATION) != format!("Basic {}", credentials(token))
    {
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"Git\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    let mut backend = Command::new("git");
    backend
        .arg("http-backend")
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_PROJECT_ROOT", &site.folder)
        .env("PATH_INFO", uri.path().replacen(".git/", "/", 1))
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", method.as_str())
        .env("CONTENT_TYPE", says(CONTENT_TYPE))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", says(CONTENT_ENCODING))
        .env("GIT_PROTOCOL", says("git-protocol".parse().unwrap()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What is not there is what some tests ask for.
        .stderr(Stdio::null());
    let mut backend = backend.spawn().unwrap();
    let mut input = backend.stdin.take().unwrap();
    let sending = tokio::spawn(async move { input.write_all(&body).await });
    let output = backend.wait_with_output().await.unwrap().stdout;
    // What it did not want to read is no fault.
    let _ = sending.await;
    answer(&output)
}

/// The answer of a CGI program: its header, an empty line, the body.
fn answer(output: &[u8]) -> Response {
    let end = memchr::memmem::find(output, b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = match name {
            "Status" => response.status(value.split(' ').next().unwrap()),
            name => response.header(name, value),
        };
    }
    response
        .body(Body::from(output[end + 4..].to_vec()))
        .unwrap()
}
