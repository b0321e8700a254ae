//! What went wrong, in one shape: a stable word for machines, a sentence for people, and the faults
//! by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::open::{Open, words};

words! {
    /// The stable machine word of an error.
    pub enum ErrorCode {
        /// The body is not JSON.
        MalformedJson = "malformed_json",
        /// No key or session, or one that is not valid.
        Unauthorized = "unauthorized",
        /// The key or session may not do this.
        Forbidden = "forbidden",
        /// No such thing, or no such route.
        NotFound = "not_found",
        /// The route exists, with other methods.
        MethodNotAllowed = "method_not_allowed",
        /// The name, or the slug derived from it, is taken.
        NameTaken = "name_taken",
        /// Another service already receives this domain's traffic.
        DomainTaken = "domain_taken",
        /// The thing is not in a state in which this can be done.
        WrongState = "wrong_state",
        /// This change was made, and the platform stopped before it was answered.
        AnswerLost = "answer_lost",
        /// Something is still inside what should be deleted.
        NotEmpty = "not_empty",
        /// The thing changed since it was read.
        Stale = "stale",
        /// The body is larger than the platform takes.
        TooLarge = "too_large",
        /// The body is not `application/json`.
        UnsupportedMediaType = "unsupported_media_type",
        /// One or more fields are not valid.
        Invalid = "invalid",
        /// Too many requests.
        TooManyRequests = "too_many_requests",
        /// A fault of the platform.
        Internal = "internal",
        /// The container engine does not answer.
        EngineUnavailable = "engine_unavailable",
        /// The platform's disk is full or its database cannot be written.
        StorageUnavailable = "storage_unavailable",
        /// The platform behind a gateway answers what can't be passed on.
        UpstreamFailed = "upstream_failed",
        /// The platform behind a gateway can't be reached.
        UpstreamUnavailable = "upstream_unavailable",
        /// The request took longer than the platform allows.
        Timeout = "timeout",
    }
}

impl ErrorCode {
    /// The HTTP status that carries this code.
    pub fn status(self) -> u16 {
        match self {
            Self::MalformedJson => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NameTaken
            | Self::DomainTaken
            | Self::WrongState
            | Self::AnswerLost
            | Self::NotEmpty => 409,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::UpstreamFailed => 502,
            Self::EngineUnavailable | Self::StorageUnavailable | Self::UpstreamUnavailable => 503,
            Self::Timeout => 504,
        }
    }
}

/// Faults by field path, each with one or more sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Notes one fault of the field at this path, for example `volumes.0.mount_path`.
    pub fn add(&mut self, field: &str, words: impl Into<String>) {
        self.0
            .entry(field.to_owned())
            .or_default()
            .push(words.into());
    }

    /// One fault of one field.
    pub fn one(field: &str, words: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, words);
        errors
    }

    /// Leaves only the faults of some fields, told by their paths.
    pub fn retain(&mut self, stays: impl Fn(&str) -> bool) {
        self.0.retain(|field, _| stays(field));
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many fields have a fault.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The faults of one field.
    pub fn of(&self, field: &str) -> &[String] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// Every field with its faults, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(field, words)| (field.as_str(), words.as_slice()))
    }
}

/// An error as it is sent: in W inside the envelope, in E as the whole body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// What failed and what to do next.
    pub message: String,
    /// The machine word.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: Open<ErrorCode>,
    /// The faults by field, where the request was not valid.
    #[serde(default, skip_serializing_if = "FieldErrors::is_empty")]
    pub errors: FieldErrors,
    /// Identifies the request in the platform's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
