//! Environments: the places where a project's services run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{Decode, DecodeFields, Fields, decode_word};
use crate::error::FieldErrors;
use crate::open::{Open, words};
use crate::patch::Patch;
use crate::text::{BranchName, Name};
use chrono::{DateTime, Utc};

words! {
    /// What an environment is for.
    pub enum EnvironmentType {
        /// Serves the people the project is made for.
        Production = "production",
        /// Like production, before it.
        Staging = "staging",
        /// For those who build the project.
        Development = "development",
        /// For one change, for a while.
        Preview = "preview",
    }
}

impl Decode for EnvironmentType {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_word(value, at, errors)
    }
}

/// An environment of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Environment {
    /// UUID.
    pub id: String,
    /// The name people gave.
    pub name: String,
    /// The name in addresses.
    #[serde(default)]
    pub slug: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EnvironmentType>))]
    pub env_type: Option<Open<EnvironmentType>>,
    /// Whether a deploy needs an approval.
    #[serde(default)]
    pub protected: bool,
    /// The branch whose pushes are deployed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_deploy_branch: Option<String>,
    /// Whether it goes away with what it was made for.
    #[serde(default)]
    pub ephemeral: bool,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

/// The body that creates an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentCreate {
    /// Its name; the slug is derived from it.
    pub name: Name,
    /// What it is for; development where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_type: Option<EnvironmentType>,
    /// Whether a deploy needs an approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    /// The branch whose pushes are deployed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_deploy_branch: Option<BranchName>,
    /// Whether it goes away with what it was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

impl DecodeFields for EnvironmentCreate {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Give the environment a name.");
        let env_type = fields.optional("env_type");
        let protected = fields.optional("protected");
        let auto_deploy_branch = fields.optional("auto_deploy_branch");
        let ephemeral = fields.optional("ephemeral");
        Some(Self {
            name: name?,
            env_type: env_type?,
            protected: protected?,
            auto_deploy_branch: auto_deploy_branch?,
            ephemeral: ephemeral?,
        })
    }
}

/// The body that changes an environment. The slug stays, so that links keep working.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentPatch {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_type: Option<EnvironmentType>,
    /// Whether a deploy needs an approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    /// The branch whose pushes are deployed here.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub auto_deploy_branch: Patch<BranchName>,
    /// Whether it goes away with what it was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

impl DecodeFields for EnvironmentPatch {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.replacement("name");
        let env_type = fields.replacement("env_type");
        let protected = fields.replacement("protected");
        let auto_deploy_branch = fields.patch("auto_deploy_branch");
        let ephemeral = fields.replacement("ephemeral");
        Some(Self {
            name: name?,
            env_type: env_type?,
            protected: protected?,
            auto_deploy_branch: auto_deploy_branch?,
            ephemeral: ephemeral?,
        })
    }
}
