//! Who is signed in, and how a browser signs in.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use serde_json::Value;

use crate::decode::{Decode, DecodeFields, Fields, decode_word};
use crate::error::FieldErrors;
use crate::open::{Open, words};
use crate::path::Place;
use chrono::{DateTime, Utc};

words! {
    /// What a key or person may do.
    pub enum Role {
        /// Reads everything but the values of variables.
        Viewer = "viewer",
        /// Ships: deploys, restarts, scales, edits services and plain config.
        Member = "member",
        /// Everything.
        Admin = "admin",
    }
}

impl Decode for Role {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_word(value, at, errors)
    }
}

impl Role {
    /// Whether who has this role may do what asks for another one: each may do what those before it
    /// may.
    pub fn admits(self, least: Self) -> bool {
        self >= least
    }
}

/// A role at a place. What is absent is not narrowed down: no org is the whole platform. Of several
/// that hold somewhere the nearest wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grant {
    /// What may be done there.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: Open<Role>,
    /// Slug of the org.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Slug of its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Slug of that one's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl Grant {
    /// Where it holds.
    pub fn place(&self) -> Place<'_> {
        Place {
            org: self.org.as_deref(),
            project: self.project.as_deref(),
            environment: self.environment.as_deref(),
        }
    }
}

/// The role that these, each at its place, give at another: the nearest to it wins, for better or
/// worse. One that is not known gives nothing.
pub fn role_at<'a>(
    grants: impl IntoIterator<Item = (Place<'a>, Option<Role>)>,
    at: Place<'_>,
) -> Option<Role> {
    let holding = grants.into_iter().filter(|(place, _)| place.holds(at));
    let (_, role) = holding.max_by_key(|(place, _)| place.depth())?;
    role
}

/// The reply of `GET /auth/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The name of the key or person.
    pub name: String,
    /// The strongest role that they have anywhere.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: Open<Role>,
    /// What they may do where. A platform without this list lets the role hold everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
    /// When the session ends, for browser sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
}

/// The body of `POST /auth/session`: exactly one of a key and a one-time sign-in token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SignIn {
    /// A key, as `pilothouse key create` printed it.
    Key(String),
    /// The token of the one-time link that the platform printed at its first start.
    Token(String),
}

impl std::fmt::Debug for SignIn {
    /// Never shows the credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "SignIn::Key(…)",
            Self::Token(_) => "SignIn::Token(…)",
        })
    }
}

/// Credentials are shorter than this many bytes.
const MAX_CREDENTIAL: usize = 512;

impl DecodeFields for SignIn {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let key = fields.optional::<String>("key")?;
        let token = fields.optional::<String>("token")?;
        let (field, sign_in) = match (key, token) {
            (Some(key), None) => ("key", Self::Key(key.trim().to_owned())),
            (None, Some(token)) => ("token", Self::Token(token.trim().to_owned())),
            _ => {
                fields.fault("key", "Give a key.");
                return None;
            }
        };
        let (Self::Key(text) | Self::Token(text)) = &sign_in;
        if text.is_empty() || text.len() > MAX_CREDENTIAL {
            fields.fault(field, "This is not a key: paste it whole.");
            return None;
        }
        Some(sign_in)
    }
}

/// The reply of operations that have nothing to say but that they were done. Whatever else a platform
/// says of it is read as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Done {
    /// Always `true`.
    pub ok: bool,
}

impl<'de> Deserialize<'de> for Done {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self::OK)
    }
}

impl Done {
    /// Done.
    pub const OK: Self = Self { ok: true };
}
