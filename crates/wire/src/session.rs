//! Who is signed in, and how a browser signs in.

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::open::{Open, words};
use chrono::{DateTime, Utc};

words! {
    /// What a key or person may do.
    pub enum Role {
        /// Reads everything but secrets.
        Viewer = "viewer",
        /// Ships: deploys, restarts, scales, edits services.
        Member = "member",
        /// Everything.
        Admin = "admin",
    }
}

impl Role {
    /// Whether who has this role may do what asks for another one: each may do what those before it
    /// may.
    pub fn admits(self, least: Self) -> bool {
        self >= least
    }
}

/// The reply of `GET /auth/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The name of the key or person.
    pub name: String,
    /// What they may do.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: Open<Role>,
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

/// The reply of operations that have nothing to say but that they were done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Done {
    /// Always `true`.
    pub ok: bool,
}

impl Done {
    /// Done.
    pub const OK: Self = Self { ok: true };
}
