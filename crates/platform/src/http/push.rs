//! `POST /api/v1/webhooks/github`: pushes, in GitHub's format and with its signature.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::ErrorCode;
use serde_json::json;

use super::Context;
use super::answer::{self, Failure};
use super::trace::RequestId;

/// The largest body, in bytes: what GitHub sends at most is 25 MB, a push of it far less.
const MAX_BODY: usize = 5 * 1024 * 1024;

/// Takes a push. The signature is over the body as it was sent, so it is not read before.
pub(super) async fn take(State(context): State<Context>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts);
    let taken = try_take(&context, &parts.headers, body, &id).await;
    taken.unwrap_or_else(|failure| failure.response(Dialect::Environment, &id))
}

async fn try_take(
    context: &Context,
    headers: &HeaderMap,
    body: Body,
    id: &RequestId,
) -> Result<Response, Failure> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        Failure::new(
            ErrorCode::TooLarge,
            "The body is larger than 5 MiB, or broke off.",
        )
    })?;
    let platform = &context.platform;
    if !platform.is_signed(&body, header("x-hub-signature-256")) {
        return Err(Failure::new(
            ErrorCode::Unauthorized,
            "The signature is missing or wrong. Give the webhook the secret that `pilothouse webhook-secret` prints.",
        ));
    }
    let taken = platform
        .take_push(header("x-github-event"), &body)
        .await
        .map_err(|error| Failure::of(error, id))?;
    let (status, reply) = match taken.ignored {
        Some(why) => (200, json!({"ok": true, "ignored": why})),
        None => (202, json!({"ok": true, "building": taken.building})),
    };
    Ok(answer::json(status, reply.to_string()))
}
