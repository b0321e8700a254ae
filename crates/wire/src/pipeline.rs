//! From commit to running instances at a glance, and releases that move between environments.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::ConfigDiff;
use crate::decode::{DecodeFields, Fields};
use crate::deploy::{WhenBusy, message};
use crate::endpoint::Query;
use crate::text::BranchName;

const SERVICE: &str = "Say which service, by id or slug.";
const ENVIRONMENT: &str = "Say which environment, by id or slug.";

/// Which service of a project, in which environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineQuery {
    /// Id or slug.
    pub service: String,
    /// Id or slug.
    pub env: String,
}

impl Query for PipelineQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![("service", self.service.clone()), ("env", self.env.clone())]
    }

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            ("service", "Id or slug of the service."),
            ("env", "Id or slug of the environment."),
        ]
    }
}

impl DecodeFields for PipelineQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let service = fields.required("service", SERVICE);
        let env = fields.required("env", ENVIRONMENT);
        Some(Self {
            service: service?,
            env: env?,
        })
    }
}

/// One stage of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stage {
    /// `pending`, `running`, `success`, `error` or `cancelled`.
    #[serde(default)]
    pub status: String,
    /// UUID.
    #[serde(default)]
    pub id: String,
    /// The version of the image or release.
    #[serde(default)]
    pub version: u32,
    /// What failed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Who set it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it last moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

/// The newest image, release and deployment of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PipelineStatus {
    /// Absent where nothing was ever built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Stage>,
    /// Absent where nothing was ever released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Stage>,
    /// Absent where nothing was ever deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Stage>,
}

/// The body that builds, releases and deploys in one go, or goes back to what was healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PipelineRequest {
    /// Id or slug.
    pub service: String,
    /// Id or slug.
    pub env: String,
    /// The branch, tag or commit to build.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub reference: Option<BranchName>,
    /// Why, kept with the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What happens when a deployment is still under way; `replace` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_busy: Option<WhenBusy>,
}

impl DecodeFields for PipelineRequest {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let service = fields.required("service", SERVICE);
        let env = fields.required("env", ENVIRONMENT);
        let reference = fields.optional("ref");
        let message = message(fields);
        let when_busy = fields.optional("when_busy");
        Some(Self {
            service: service?,
            env: env?,
            reference: reference?,
            message: message?,
            when_busy: when_busy?,
        })
    }
}

/// Which release would move, from where to where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promotion {
    /// Slug of the service, the same in both environments.
    pub service: String,
    /// Id or slug.
    pub source_env: String,
    /// Id or slug.
    pub target_env: String,
    /// What happens when a deployment is still under way there; `replace` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_busy: Option<WhenBusy>,
}

impl Query for Promotion {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("service", self.service.clone()),
            ("source_env", self.source_env.clone()),
            ("target_env", self.target_env.clone()),
        ]
    }

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            (
                "service",
                "Slug of the service, the same in both environments.",
            ),
            ("source_env", "Id or slug of the environment it comes from."),
            ("target_env", "Id or slug of the environment it goes to."),
        ]
    }
}

impl DecodeFields for Promotion {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let service = fields.required("service", SERVICE);
        let source = fields.required("source_env", ENVIRONMENT);
        let target = fields.required("target_env", ENVIRONMENT);
        let when_busy = fields.optional("when_busy");
        Some(Self {
            service: service?,
            source_env: source?,
            target_env: target?,
            when_busy: when_busy?,
        })
    }
}

/// What a promotion would carry over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromotionPreview {
    /// Slug.
    #[serde(default)]
    pub source_env: String,
    /// Slug.
    #[serde(default)]
    pub target_env: String,
    /// How the config that the target would run with differs from what the source runs with.
    #[serde(default)]
    pub config_diff: ConfigDiff,
    /// The release that runs in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_release_version: Option<u32>,
    /// The release that runs in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_release_version: Option<u32>,
    /// The image that would be carried over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Why nothing can be promoted, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}
