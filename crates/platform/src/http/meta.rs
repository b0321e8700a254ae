//! What the platform is, and whether it works.

use axum::extract::State;
use axum::response::Response;
use pilothouse_wire::endpoints::GetMeta;
use serde_json::json;

use super::Context;
use super::answer::{Answer, json as json_response};
use super::call::Call;

/// `GET /meta`
pub(super) async fn get(call: Call<GetMeta>) -> Answer<GetMeta> {
    Ok(call.platform().meta().await.into())
}

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> Response {
    json_response(200, r#"{"ok":true}"#)
}

/// `GET /readyz`: the database can be read and written, so requests can be served. An engine that is away is no
/// reason to send nobody here: what runs goes on.
pub(super) async fn readyz(State(context): State<Context>) -> Response {
    match context.platform.store.check().await {
        Ok(()) => json_response(200, r#"{"ok":true}"#),
        Err(error) => {
            let body = json!({"ok": false, "message": error.to_string()});
            json_response(503, body.to_string())
        }
    }
}
