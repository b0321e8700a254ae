//! `Idempotency-Key`: what is asked for again is answered again, and done once.

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use pilothouse_wire::endpoint::{Endpoint, Method};
use pilothouse_wire::error::FieldErrors;
use sha2::{Digest, Sha256};

use super::answer::{Failure, json};
use super::call;
use super::trace::RequestId;
use crate::domain::{Actor, Keyed, Platform, Repeat};

/// What a change is known by when it is asked for again.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Whether an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in bytes.
const MAX_KEY: usize = 255;

/// What is to be done with a request.
pub(super) enum Turn {
    /// Do it. With a key, keep what is answered.
    Do(Body, Option<Keyed>),
    /// It was done: this was answered.
    Done(Response),
}

/// Whether a request was made before. Only changes that make or do something come with a key: what
/// names what it changes or removes can be asked for again as it is.
pub(super) async fn turn<E: Endpoint>(
    platform: &Platform,
    actor: Option<&Actor>,
    request: &Parts,
    body: Body,
    id: &RequestId,
) -> Result<Turn, Failure> {
    let (Some(key), Some(actor)) = (request.headers.get(KEY), actor) else {
        return Ok(Turn::Do(body, None));
    };
    if E::METHOD != Method::Post || !E::CHANGES {
        return Ok(Turn::Do(body, None));
    }
    let key = key.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > MAX_KEY {
        let words = "An Idempotency-Key has 1 to 255 visible ASCII characters.";
        return Err(Failure::invalid(FieldErrors::one("Idempotency-Key", words)));
    }
    let body = call::bytes(body).await?;
    let print = fingerprint(request, &body);
    let repeat = platform.repeat(actor, key, print).await;
    Ok(match repeat.map_err(|error| Failure::of(error, id))? {
        Repeat::First(keyed) => Turn::Do(body.into(), Some(keyed)),
        Repeat::Again(status, answer) => {
            let mut response = json(status, answer);
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
            Turn::Done(response)
        }
    })
}

/// What was asked: method, address and body.
fn fingerprint(request: &Parts, body: &Bytes) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(request.method.as_str());
    hash.update([0]);
    hash.update(request.uri.path());
    hash.update([0]);
    hash.update(request.uri.query().unwrap_or_default());
    hash.update([0]);
    hash.update(body);
    hash.finalize().to_vec()
}

/// Answers a request with a key, and keeps the answer. What failed may be tried again.
pub(super) async fn once(
    platform: &Platform,
    keyed: Keyed,
    answer: impl Future<Output = Response>,
) -> Response {
    let response = platform.make(&keyed, answer).await;
    if !response.status().is_success() {
        if let Err(error) = platform.forget_change(&keyed).await {
            tracing::error!(%error, "a change that failed can't be tried again under its key");
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    // It was written by this process, whole.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let status = parts.status.as_u16();
    if let Err(error) = platform.keep_answer(&keyed, status, &text).await {
        // The change is made: its answer is not held back because a repeat would not find it.
        tracing::error!(%error, "an answer could not be kept for its repeat");
    }
    Response::from_parts(parts, bytes.into())
}
