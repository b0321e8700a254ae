//! What is sent back: a reply wrapped as its dialect wants it, or the one shape of an error.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use pilothouse_wire::conceal::Conceal;
use pilothouse_wire::endpoint::{Endpoint, Method};
use pilothouse_wire::envelope::{Dialect, Envelope, ErrorEnvelope};
use pilothouse_wire::error::{ApiError, ErrorCode, FieldErrors};
use pilothouse_wire::open::Open;
use serde::Serialize;

use super::trace::RequestId;
use crate::domain::{self, Listing};
use crate::logs::{Held, Room};
use crate::store::StoreError;

/// How long a client waits before it tries again what the platform could not do just now.
const RETRY_SECONDS: u64 = 5;

/// A handler's success.
pub(super) struct Reply<T> {
    content: Content<T>,
    pub(super) headers: HeaderMap,
    /// Held until it is sent.
    room: Option<Room>,
}

/// What is sent back.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<T> {
    Value(T),
    /// A `T` in JSON already.
    Written(Listing),
}

impl<T> From<T> for Reply<T> {
    fn from(value: T) -> Self {
        Self {
            content: Content::Value(value),
            headers: HeaderMap::new(),
            room: None,
        }
    }
}

impl<T> Reply<Vec<T>> {
    /// A list in JSON.
    pub(super) fn written(listing: Listing) -> Self {
        Self {
            content: Content::Written(listing),
            headers: HeaderMap::new(),
            room: None,
        }
    }
}

impl<T: Conceal> Reply<T> {
    /// The same without the values of variables. What is written already was written for its reader.
    pub(super) fn conceal(&mut self) {
        if let Content::Value(value) = &mut self.content {
            value.conceal();
        }
    }
}

impl<T> Reply<T> {
    /// Something that takes room in memory until it is sent.
    pub(super) fn held(value: Held<T>) -> Self {
        let (value, room) = value.into_parts();
        Self {
            room: Some(room),
            ..value.into()
        }
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// What a handler of `E` answers.
pub(super) type Answer<E> = Result<Reply<<E as Endpoint>::Reply>, domain::Error>;

/// Why a request is answered with an error.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ErrorCode,
    message: String,
    errors: FieldErrors,
    retry_after: Option<u64>,
    /// Whether the caller may not do it, whatever is told.
    refused: bool,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            errors: FieldErrors::default(),
            retry_after: (code.status() == 503).then_some(RETRY_SECONDS),
            refused: code == ErrorCode::Forbidden,
        }
    }

    /// The sentence for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// One or more fields are not valid.
    pub(super) fn invalid(errors: FieldErrors) -> Self {
        let fields: Vec<&str> = errors.iter().map(|(field, _)| field).take(5).collect();
        let message = match (fields.as_slice(), errors.len()) {
            ([""], 1) => errors.of("").join(" "),
            ([field], 1) => format!("Check {field}: {}", errors.of(field).join(" ")),
            (fields, _) => format!("Check these fields: {}.", fields.join(", ")),
        };
        Self {
            errors,
            ..Self::new(ErrorCode::Invalid, message)
        }
    }

    /// Why, where the caller may not do it.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.then_some(self.message.as_str())
    }

    /// Why, where the credential opens nothing.
    pub(super) fn unknown(&self) -> Option<&str> {
        (self.code == ErrorCode::Unauthorized).then_some(self.message.as_str())
    }

    /// A fault of the platform: the cause goes to the log alone.
    pub(super) fn internal(cause: &dyn std::fmt::Display, request: &RequestId) -> Self {
        tracing::error!(request_id = %request, %cause, "a request failed");
        Self::new(
            ErrorCode::Internal,
            "The platform failed. Try again; if it fails again, its log tells why under this request id.",
        )
    }

    pub(super) fn of(error: domain::Error, request: &RequestId) -> Self {
        use domain::Error;
        let message = error.to_string();
        match error {
            Error::NotFound { .. } => Self::new(ErrorCode::NotFound, message),
            Error::Hidden { .. } => Self {
                refused: true,
                ..Self::new(ErrorCode::NotFound, message)
            },
            Error::NameTaken { .. } => Self {
                errors: FieldErrors::one("name", message.as_str()),
                ..Self::new(ErrorCode::NameTaken, message)
            },
            Error::DomainTaken { index, .. } => Self {
                errors: FieldErrors::one(&format!("domains.{index}"), message.as_str()),
                ..Self::new(ErrorCode::DomainTaken, message)
            },
            Error::WrongState(_) | Error::DefaultEnvironment(_) => {
                Self::new(ErrorCode::WrongState, message)
            }
            Error::UnderWay => Self {
                retry_after: Some(1),
                ..Self::new(ErrorCode::WrongState, message)
            },
            Error::AnswerLost => Self::new(ErrorCode::AnswerLost, message),
            Error::OtherRepeat => Self {
                errors: FieldErrors::one("Idempotency-Key", message.as_str()),
                ..Self::new(ErrorCode::Invalid, message)
            },
            Error::NotAPush => Self::new(ErrorCode::MalformedJson, message),
            Error::Stale => Self::new(ErrorCode::Stale, message),
            Error::NotEmpty { .. } => Self::new(ErrorCode::NotEmpty, message),
            Error::Invalid(errors) => Self::invalid(errors),
            Error::Unauthorized(_) => Self::new(ErrorCode::Unauthorized, message),
            Error::Forbidden { .. } => Self::new(ErrorCode::Forbidden, message),
            Error::TooManyAttempts { seconds } => Self {
                retry_after: Some(seconds),
                ..Self::new(ErrorCode::TooManyRequests, message)
            },
            Error::Store(StoreError::Unavailable(_)) => {
                Self::new(ErrorCode::StorageUnavailable, message)
            }
            Error::Logs(_) | Error::Journal(_) => Self::new(ErrorCode::StorageUnavailable, message),
            Error::Engine(error) if error.is_away() => {
                Self::new(ErrorCode::EngineUnavailable, message)
            }
            Error::Engine(_) => Self::new(ErrorCode::WrongState, message),
            Error::Vault(error) => Self::internal(&error, request),
            Error::Store(error) => Self::internal(&error, request),
        }
    }

    /// The response, in the dialect's shape.
    pub(crate) fn response(self, dialect: Dialect, request: &RequestId) -> Response {
        let status = self.code.status();
        let error = ApiError {
            status,
            message: self.message,
            code: Open::Known(self.code),
            errors: self.errors,
            request_id: Some(request.to_string()),
        };
        let body = match dialect {
            Dialect::Workspace => serde_json::to_vec(&ErrorEnvelope::from(error)),
            Dialect::Environment => serde_json::to_vec(&error),
        };
        let mut response = json(status, body.unwrap_or_default());
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == ErrorCode::Unauthorized {
            let scheme = HeaderValue::from_static("Bearer realm=\"pilothouse\"");
            headers.insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// A handler's success as a response, wrapped as the dialect wants it.
pub(super) fn success<E: Endpoint>(
    reply: Reply<E::Reply>,
    dialect: Dialect,
    request: &RequestId,
) -> Response {
    let body = match dialect {
        Dialect::Workspace => to_json(&Envelope::success(reply.content, words::<E>())),
        Dialect::Environment => to_json(&reply.content),
    };
    match body {
        Ok(text) => {
            let body = match reply.room {
                Some(room) => Body::from(Bytes::from_owner(Sent { text, _room: room })),
                None => text.into(),
            };
            let mut response = json(E::SUCCESS, body);
            response.headers_mut().extend(reply.headers);
            response
        }
        Err(error) => Failure::internal(&error, request).response(dialect, request),
    }
}

/// What is held with its room until the last of it has gone out.
struct Sent {
    text: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// The envelope's sentence about what happened.
fn words<E: Endpoint>() -> &'static str {
    match (E::METHOD, E::SUCCESS) {
        (Method::Get, _) => "Found.",
        (Method::Post, 201) => "Created.",
        (Method::Post, 202) => "Accepted. Follow the status until it is done.",
        (Method::Post, _) => "Done.",
        (Method::Patch | Method::Put, _) => "Updated.",
        (Method::Delete, _) => "Deleted.",
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(value)
}

/// A JSON response.
pub(crate) fn json(status: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
