//! Keys: what programs come in with.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::person::RoleAt;
use crate::quantity::KeyLifetime;
use crate::session::Grant;
use crate::text::Name;

/// A key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// UUID.
    pub id: String,
    /// What it is called in the history of what it does.
    pub name: String,
    /// Its role, and where it has it.
    pub grant: Grant,
    /// Who made it.
    #[serde(default)]
    pub created_by: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// From when on it opens nothing any more; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// When it last opened something, up to a minute before; absent: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<DateTime<Utc>>,
}

/// The body that makes a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyCreate {
    /// What it is called in the history of what it does.
    pub name: Name,
    /// Its role, and where it has it.
    #[serde(flatten)]
    pub at: RoleAt,
    /// How long it can be used, in seconds; left out: until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<KeyLifetime>,
}

impl DecodeFields for KeyCreate {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Give the key a name.");
        let at = RoleAt::decode_fields(fields);
        let expires_in = fields.optional("expires_in");
        Some(Self {
            name: name?,
            at: at?,
            expires_in: expires_in?,
        })
    }
}

/// A new key: the only time that it is seen whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewKey {
    /// What the list tells of it.
    #[serde(flatten)]
    pub key: Key,
    /// The key itself.
    pub secret: String,
}

impl std::fmt::Debug for NewKey {
    /// Never shows the key itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
