//! What is answered to requests that no endpoint takes.

use axum::extract::Request;
use axum::response::Response;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::ErrorCode;

use super::answer::Failure;
use super::trace::RequestId;

/// The error body that fits an address, by the dialect its beginning belongs to.
pub(crate) fn dialect_of(path: &str) -> Dialect {
    if path.starts_with("/api/v1/workspaces") {
        Dialect::Workspace
    } else {
        Dialect::Environment
    }
}

/// No such route below the API.
pub(crate) async fn not_found(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    Failure::new(
        ErrorCode::NotFound,
        "There is no such route. /api/v1/openapi.json lists every one.",
    )
    .response(dialect_of(parts.uri.path()), &RequestId::of(&parts))
}

/// The route exists, with other methods.
pub(super) async fn method_not_allowed(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    Failure::new(
        ErrorCode::MethodNotAllowed,
        format!("This route does not take {}.", parts.method),
    )
    .response(dialect_of(parts.uri.path()), &RequestId::of(&parts))
}
