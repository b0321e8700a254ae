//! A request as its endpoint's own types, read strictly.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use pilothouse_wire::decode::{decode_body, decode_query};
use pilothouse_wire::endpoint::{BodyRule, Endpoint};
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::{ErrorCode, FieldErrors};
use pilothouse_wire::path::Params;
use pilothouse_wire::session::Role;
use serde_json::{Map, Value};

use super::Context;
use super::answer::Failure;
use crate::domain::{Actor, Error, Platform};

/// The largest request body, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// A call of `E`: everything that its handler needs.
pub(super) struct Call<E: Endpoint> {
    pub(super) context: Context,
    /// Who calls. `None` only where [`Endpoint::ACCESS`] is public.
    pub(super) actor: Option<Actor>,
    pub(super) params: E::Params,
    pub(super) query: E::Query,
    pub(super) body: E::Body,
    pub(super) request: Parts,
}

impl<E: Endpoint> Call<E> {
    pub(super) fn platform(&self) -> &Platform {
        &self.context.platform
    }

    /// Who calls, where that matters.
    ///
    /// # Errors
    /// Nobody has signed in: the endpoint is public.
    pub(super) fn caller(&self) -> Result<&Actor, Error> {
        let actor = self.actor.as_ref();
        actor.ok_or(Error::Unauthorized("Sign in first."))
    }

    /// Whether who calls may read the values of variables at the place that is called.
    pub(super) fn reads_values(&self) -> bool {
        let actor = self.actor.as_ref();
        actor.is_some_and(|actor| actor.may(Role::Member).is_ok())
    }

    /// The name under which the call is remembered.
    pub(super) fn by(&self) -> &str {
        self.actor.as_ref().map_or("nobody", Actor::name)
    }
}

/// Reads the path's variable parts.
pub(super) async fn params<E: Endpoint>(request: &mut Parts) -> Result<E::Params, Failure> {
    let not_found = || Failure::new(ErrorCode::NotFound, "This address is not valid text.");
    let raw = RawPathParams::from_request_parts(request, &())
        .await
        .map_err(|_| not_found())?;
    let value = |name: &str| {
        let mut parts = raw.iter();
        parts.find_map(|(known, value)| (known == name).then(|| value.to_owned()))
    };
    E::Params::read(&value).ok_or_else(not_found)
}

/// Reads the query, which must hold nothing unknown.
pub(super) fn query<E: Endpoint>(request: &Parts) -> Result<E::Query, Failure> {
    let query = request.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    decode_query(pairs).map_err(Failure::invalid)
}

/// Reads the body, which must hold nothing unknown. Bodies of endpoints that take none are not
/// looked at.
pub(super) async fn body<E: Endpoint>(
    request: &Parts,
    body: Body,
    dialect: Dialect,
) -> Result<E::Body, Failure> {
    let value = match E::BODY {
        BodyRule::None => Value::Object(Map::new()),
        BodyRule::Optional => document(request, body)
            .await?
            .unwrap_or_else(|| Value::Object(Map::new())),
        BodyRule::Required => document(request, body).await?.ok_or_else(|| {
            Failure::new(
                ErrorCode::MalformedJson,
                "The body is empty. Send a JSON object.",
            )
        })?,
    };
    decode_body(value, dialect).map_err(Failure::invalid)
}

/// The JSON document of a body; `None` when it is empty.
async fn document(request: &Parts, body: Body) -> Result<Option<Value>, Failure> {
    let announced = request.headers.get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let bytes = bytes(body).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json(request) {
        return Err(Failure::new(
            ErrorCode::UnsupportedMediaType,
            "Send the body as JSON, with `Content-Type: application/json`.",
        ));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!(
            "The body is not JSON: it breaks off or goes wrong at line {line}, column {column}."
        );
        Failure::new(ErrorCode::MalformedJson, message)
    })
}

/// A body to its end.
pub(super) async fn bytes(body: Body) -> Result<Bytes, Failure> {
    to_bytes(body, MAX_BODY).await.map_err(unread)
}

fn too_large() -> Failure {
    Failure::new(
        ErrorCode::TooLarge,
        "The body is larger than 1 MiB. Send less at once.",
    )
}

/// A body that ended early, or was longer than announced.
fn unread(error: axum::Error) -> Failure {
    let inner = error.into_inner();
    if inner.is::<http_body_util::LengthLimitError>() {
        return too_large();
    }
    Failure::invalid(FieldErrors::one(
        "",
        "The body could not be read to its end.",
    ))
}

fn is_json(request: &Parts) -> bool {
    let kind = request.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}
