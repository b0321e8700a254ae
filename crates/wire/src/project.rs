//! Projects: what a team works on, holding environments.

use serde::{Deserialize, Serialize};

use chrono::{DateTime, Utc};

/// The slug of the environment that every project is made with, and that the W dialect shows.
pub const DEFAULT_ENVIRONMENT: &str = "production";

/// A project of an org or workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
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
