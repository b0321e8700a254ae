//! The console's built files, and the page for every address that is the page's own.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use super::policy::Policy;

/// The page's file.
const PAGE: &str = "index.html";

/// Names with a hash never change what they stand for.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept, but asked for again each time, which costs a 304.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// How long hashes in file names are, in hexadecimal digits: 64 bits, and Trunk leaves out zeros
/// that lead.
const HASH_DIGITS: RangeInclusive<usize> = 12..=16;

const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<title>Pilothouse</title><body><h1>The console is not built yet</h1>\
<p>The platform and its API run. To build the console, run <code>make run</code> in the \
repository, or <code>trunk build --release</code> and start again with \
<code>--console dist</code>.</p></body></html>";

/// Serves the console's build from a folder; without one, a page that says how to make it.
pub(crate) fn console(folder: Option<PathBuf>) -> Router {
    match folder {
        Some(folder) => {
            let page = Page {
                policy: Policy::of(folder.join(PAGE)),
                folder,
            };
            Router::new().fallback(get(file)).with_state(page)
        }
        None => Router::new().fallback(get(unbuilt)),
    }
}

/// The console's build.
#[derive(Clone)]
struct Page {
    folder: PathBuf,
    policy: Policy,
}

async fn unbuilt(request: Request) -> Response {
    if !is_page(&request) {
        return missing();
    }
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [(CONTENT_TYPE, html), (CACHE_CONTROL, ASK_AGAIN)];
    (headers, UNBUILT).into_response()
}

async fn file(State(page): State<Page>, request: Request) -> Response {
    let asks_page = is_page(&request);
    let (kept, asked) = (is_hashed(request.uri().path()), Asked::of(&request));
    if !matches!(request.uri().path(), "/" | "/index.html") {
        let files = ServeDir::new(&page.folder)
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip();
        let response = infallible(files.oneshot(request).await);
        if response.status() != StatusCode::NOT_FOUND {
            return keep(response, if kept { FOR_EVER } else { ASK_AGAIN });
        }
    }
    if asks_page {
        return index(&page, asked).await;
    }
    missing()
}

/// The page itself, which then shows what its address says.
async fn index(page: &Page, asked: Asked) -> Response {
    let file = ServeFile::new(page.folder.join(PAGE))
        .precompressed_br()
        .precompressed_gzip();
    let response = infallible(file.oneshot(asked.request()).await);
    if response.status() == StatusCode::NOT_FOUND {
        return missing();
    }
    let mut response = keep(response, ASK_AGAIN);
    let policy = page.policy.header().await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// The headers of a request that decide in which form a file is sent.
struct Asked(HeaderMap);

impl Asked {
    fn of(request: &Request) -> Self {
        let names = [ACCEPT_ENCODING, IF_NONE_MATCH, IF_MODIFIED_SINCE];
        let headers = names.into_iter().filter_map(|name| {
            let value = request.headers().get(&name)?.clone();
            Some((name, value))
        });
        Self(headers.collect())
    }

    fn request(self) -> Request {
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = self.0;
        request
    }
}

fn infallible<B>(served: Result<http::Response<B>, std::convert::Infallible>) -> Response
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    match served {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

fn keep(mut response: Response, how_long: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, how_long);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn missing() -> Response {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = [(CONTENT_TYPE, plain), (CACHE_CONTROL, ASK_AGAIN)];
    let body = "There is no such file.";
    (StatusCode::NOT_FOUND, headers, body).into_response()
}

/// Whether an address is one of the page's own: its last part is no file name. A reference such as
/// `v1.2` in an address still is one, as browsers ask for pages with `Accept: text/html`.
fn is_page(request: &Request) -> bool {
    let path = request.uri().path();
    let last = path.rsplit('/').next().unwrap_or_default();
    let known_kind = [
        ".js",
        ".wasm",
        ".css",
        ".svg",
        ".png",
        ".ico",
        ".json",
        ".map",
        ".br",
        ".gz",
        ".txt",
        ".webmanifest",
        ".woff2",
    ];
    !known_kind.iter().any(|kind| last.ends_with(kind))
}

/// Whether a file's name holds the hash of its content, as Trunk writes it:
/// `console-0123456789abcdef_bg.wasm`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.']).any(|part| {
        HASH_DIGITS.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("/console-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("/part-form-fedcba9876543210.wasm"));
        assert!(is_hashed("/console-7040c57e6cf53f8.js"));
        assert!(!is_hashed("/index.html"));
        assert!(!is_hashed("/config.json"));
        assert!(!is_hashed("/0123456789abcdef0.css"));
    }
}
