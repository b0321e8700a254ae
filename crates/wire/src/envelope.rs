//! The two dialects and how each wraps what it sends.

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ErrorCode, FieldErrors};
use crate::open::Open;

/// One of the two spellings of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// W, the workspace API: bodies inside `{"data", "message", "status"}`.
    #[serde(rename = "workspaces")]
    Workspace,
    /// E, the environment API: bare bodies.
    #[serde(rename = "environments")]
    Environment,
}

/// W's envelope around a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope<T> {
    /// The reply itself.
    pub data: T,
    /// One sentence about what happened.
    #[serde(default)]
    pub message: String,
    /// `success`.
    #[serde(default)]
    pub status: String,
}

impl<T> Envelope<T> {
    /// Wraps a reply that succeeded.
    pub fn success(data: T, message: impl Into<String>) -> Self {
        Self {
            data,
            message: message.into(),
            status: "success".to_owned(),
        }
    }
}

/// W's envelope around an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorEnvelope {
    /// Always `null`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub data: (),
    /// What failed and what to do next.
    pub message: String,
    /// `error`.
    pub status: String,
    /// The machine word.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: Open<ErrorCode>,
    /// The faults by field.
    #[serde(default, skip_serializing_if = "FieldErrors::is_empty")]
    pub errors: FieldErrors,
    /// Identifies the request in the platform's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl From<ApiError> for ErrorEnvelope {
    fn from(error: ApiError) -> Self {
        Self {
            data: (),
            message: error.message,
            status: "error".to_owned(),
            code: error.code,
            errors: error.errors,
            request_id: error.request_id,
        }
    }
}

/// What the two error bodies have in common, read tolerantly.
#[derive(Deserialize)]
struct AnyError {
    message: Option<String>,
    code: Option<Open<ErrorCode>>,
    #[serde(default)]
    errors: FieldErrors,
    request_id: Option<String>,
}

/// Reads a successful reply, straight from its bytes, from which it may borrow.
///
/// # Errors
/// The body is not the JSON that the endpoint promises.
pub fn decode_reply<'a, T: Deserialize<'a>>(
    dialect: Dialect,
    body: &'a [u8],
) -> Result<T, serde_json::Error> {
    // Looked at once as a whole, UTF-8 need not be looked for in each text of it.
    let body = std::str::from_utf8(body).map_err(serde_json::Error::custom)?;
    match dialect {
        Dialect::Workspace => serde_json::from_str(body).map(|wrapped: Envelope<T>| wrapped.data),
        Dialect::Environment => serde_json::from_str(body),
    }
}

/// Reads the body of a reply whose HTTP status is an error, whichever dialect sent it. A body that
/// is not the API's own (a proxy's page, say) gives an error that names the status alone.
pub fn decode_error(status: u16, body: &[u8]) -> ApiError {
    let known = serde_json::from_slice::<AnyError>(body).ok();
    let is_json = known.is_some() || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    let (message, code, errors, request_id) = known.map_or((None, None, None, None), |error| {
        (
            error.message,
            error.code,
            Some(error.errors),
            error.request_id,
        )
    });
    ApiError {
        status,
        message: message.unwrap_or_else(|| {
            let from = if is_json {
                "The platform"
            } else {
                "A server on the way"
            };
            format!("{from} answered with status {status} and no explanation.")
        }),
        code: code.unwrap_or_else(|| code_for(status)),
        errors: errors.unwrap_or_default(),
        request_id,
    }
}

/// Any proxy on the way answers 502: without a word of its own that is not the gateway's.
fn code_for(status: u16) -> Open<ErrorCode> {
    use crate::open::Words;
    ErrorCode::ALL
        .iter()
        .copied()
        .filter(|code| *code != ErrorCode::UpstreamFailed)
        .find(|code| code.status() == status)
        .map_or_else(|| Open::Unknown(format!("http_{status}")), Open::Known)
}
