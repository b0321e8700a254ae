//! Orgs, which the W dialect calls workspaces.

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::text::Name;
use chrono::{DateTime, Utc};

/// An org, or workspace: the outermost thing, holding projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Org {
    /// UUID.
    pub id: String,
    /// The name people gave.
    pub name: String,
    /// The name in addresses.
    #[serde(default)]
    pub slug: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

/// The body that creates an org or a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Named {
    /// Its name; the slug is derived from it.
    pub name: Name,
}

impl DecodeFields for Named {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.required("name", "Give it a name.")?,
        })
    }
}

/// The body that renames an org or a project. The slug stays, so that links keep working.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rename {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
}

impl DecodeFields for Rename {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.replacement("name")?,
        })
    }
}
