//! Whether the platform elsewhere can be asked.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::uri::PathAndQuery;
use serde_json::json;

use super::forward::Forwarder;
use crate::http::{Failure, json};

/// What every platform answers, and to anybody.
const ASKED: &str = "/api/v1/meta";

/// `GET /readyz`: the platform elsewhere answers, whatever it says, so requests can be passed on.
pub(super) async fn readyz(State(forwarder): State<Forwarder>) -> Response {
    let upstream = &forwarder.upstream;
    let message = match ask(&forwarder).await {
        Ok(status) if status < 500 => return json(200, r#"{"ok":true}"#),
        Ok(status) => format!("The platform at {upstream} answers with {status}."),
        Err(failure) => failure.message().to_owned(),
    };
    json(503, json!({"ok": false, "message": message}).to_string())
}

/// The status of an answer to somebody without a key.
async fn ask(forwarder: &Forwarder) -> Result<u16, Failure> {
    let path = PathAndQuery::from_static(ASKED);
    let request = forwarder.request(path, Bytes::new())?;
    let answer = forwarder.ask(request, forwarder.patience()).await?;
    Ok(answer.status().as_u16())
}
