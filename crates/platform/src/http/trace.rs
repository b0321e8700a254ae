//! Gives each request an id, which its response, its error and the log carry, and counts it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::HeaderName;

use super::figures::Figures;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Identifies one request in the platform's log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    fn generate() -> Self {
        Self(uuid::Uuid::now_v7().to_string().into())
    }

    /// The id that [`trace`] gave the request.
    pub(crate) fn of(request: &http::request::Parts) -> Self {
        let id = request.extensions.get::<Self>();
        id.cloned().unwrap_or_else(Self::generate)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The outermost layer: an id for the request and one line in the log. Queries are not logged, as
/// they may hold what people searched for.
pub(crate) async fn trace(
    State(figures): State<Figures>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::generate();
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        // One that another platform gave is the one that its answer names.
        response.headers_mut().entry(HEADER).or_insert(value);
    }
    let route = route.as_ref().map(MatchedPath::as_str);
    let took = started.elapsed();
    figures.count(&method, route, response.status(), took);
    tracing::debug!(
        request_id = %id, %method, path, status = response.status().as_u16(),
        milliseconds = took.as_millis(), "answered"
    );
    response
}
