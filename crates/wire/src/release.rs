//! Releases: an image with a frozen config; and the deployments that bring them to run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::ConfigDiff;
use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, words};

/// The image that a release runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseImage {
    /// Counts up from 1 in its service; absent where the platform keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// What its instances are started from.
    #[serde(default)]
    pub reference: String,
    /// The engine's digest, as soon as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The commit that it was built from, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
}

/// A variable as a release holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseVariable {
    /// Unique in the release.
    pub name: String,
    /// The value, or [`crate::config::MASK`].
    #[serde(default)]
    pub value: String,
    /// Whether the value can't be read back.
    #[serde(default)]
    pub secret: bool,
}

/// One thing that is another than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// `image`, `commit`, `port`, `health_check_path`, `web`, …
    pub name: String,
    /// Absent where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Absent where nothing is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

words! {
    /// How a release stands.
    pub enum ReleaseState {
        /// It waits for its image.
        Pending = "pending",
        /// It can be deployed.
        Built = "built",
        /// Its image could not be made.
        Failed = "failed",
    }
}

/// A release: what instances are started from, frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    /// UUID.
    #[serde(default)]
    pub id: String,
    /// Counts up from 1 in its service.
    pub version: u32,
    /// The pool that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The image that it runs.
    #[serde(default)]
    pub image: ReleaseImage,
    /// The config that it runs with, by name.
    #[serde(default)]
    pub configuration: Vec<ReleaseVariable>,
    /// Process → command; empty where the image says itself what `web` runs.
    #[serde(default)]
    pub processes: BTreeMap<String, String>,
    /// The port that `web` listens on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What of image and runtime differs from the release before.
    #[serde(default)]
    pub image_changes: Vec<FieldChange>,
    /// What of the config differs from the release before.
    #[serde(default)]
    pub configuration_changes: ConfigDiff,
    /// Whether it can be deployed.
    #[serde(default)]
    pub built: bool,
    /// What failed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last lines before it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<String>,
    /// The commit that its image was built from, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    /// What must answer 2xx for an instance to count as ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it was last deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed_by: Option<String>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ReleaseState>))]
    pub state: Option<Open<ReleaseState>>,
    /// Whether it is the one that should run.
    #[serde(default)]
    pub current: bool,
}

impl Release {
    /// How it stands, also where a platform tells no state.
    pub fn state(&self) -> Open<ReleaseState> {
        self.state.clone().unwrap_or(Open::Known(if self.built {
            ReleaseState::Built
        } else if self.error.is_some() {
            ReleaseState::Failed
        } else {
            ReleaseState::Pending
        }))
    }
}

words! {
    /// How a deployment stands.
    pub enum DeploymentState {
        /// It waits for the one before it, or for its image.
        Pending = "pending",
        /// Its instances replace those before them.
        Running = "running",
        /// Every instance was ready.
        Complete = "complete",
        /// It failed: what ran before goes on.
        Error = "error",
        /// Somebody ended it, or a newer one took its place.
        Cancelled = "cancelled",
    }
}

impl DeploymentState {
    /// Whether it will change by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }
}

words! {
    /// What set a deployment off.
    pub enum DeploymentKind {
        /// Somebody deployed.
        Deploy = "deploy",
        /// A change of the description that acts at once.
        Change = "change",
        /// An older release was deployed again.
        Rollback = "rollback",
        /// A push to the branch that deploys by itself.
        Push = "push",
        /// A release of another environment was carried over.
        Promotion = "promotion",
    }
}

/// A deployment: one attempt to let a release run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deployment {
    /// UUID.
    pub id: String,
    /// The version of its release.
    pub release: u32,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DeploymentState>))]
    pub state: Option<Open<DeploymentState>>,
    /// Whether every instance was ready.
    #[serde(default)]
    pub complete: bool,
    /// What failed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last lines before it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<String>,
    /// What set it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DeploymentKind>))]
    pub kind: Option<Open<DeploymentKind>>,
    /// The release that ran before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_release: Option<u32>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether it begins only when another admin has approved it.
    #[serde(default)]
    pub needs_approval: bool,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it began to replace instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// When something of it last moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progressed: Option<DateTime<Utc>>,
    /// When it last changed its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

impl Deployment {
    /// How it stands, also where a platform tells no state.
    pub fn state(&self) -> Open<DeploymentState> {
        self.state.clone().unwrap_or(Open::Known(if self.complete {
            DeploymentState::Complete
        } else if self.error.is_some() {
            DeploymentState::Error
        } else {
            DeploymentState::Running
        }))
    }

    /// Whether it will change by itself.
    pub fn is_under_way(&self) -> bool {
        let state = self.state().known();
        state.is_some_and(DeploymentState::is_under_way)
    }
}

/// Which deploy to look ahead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreviewQuery {
    /// The release that would be deployed again. Left out: a new one.
    pub release: Option<u32>,
}

impl Query for PreviewQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        self.release
            .iter()
            .map(|release| ("release", release.to_string()))
            .collect()
    }

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[(
            "release",
            "The release that would be deployed again; else a new one.",
        )]
    }
}

impl DecodeFields for PreviewQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let release = fields.parameter("release", |text| {
            text.parse()
                .map_err(|_| "A release is a whole number.".to_owned())
        });
        Some(Self { release: release? })
    }
}

/// What a deploy now would change against what runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployPreview {
    /// The release that should run now; absent before the first deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_release: Option<u32>,
    /// The release that would be deployed: the next new one, or the one that was asked for.
    #[serde(default)]
    pub release: u32,
    /// Why nothing can be deployed, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
    /// What of image and runtime would differ.
    #[serde(default)]
    pub image: Vec<FieldChange>,
    /// What of the config would differ.
    #[serde(default)]
    pub config: ConfigDiff,
    /// Processes with another count or command.
    #[serde(default)]
    pub processes: Vec<FieldChange>,
    /// What stays as it is although the release that would be deployed had it otherwise: domains,
    /// volumes, scale.
    #[serde(default)]
    pub stays: Vec<FieldChange>,
}

impl DeployPreview {
    /// Whether a deploy would change nothing.
    pub fn is_empty(&self) -> bool {
        self.image.is_empty() && self.config.is_empty() && self.processes.is_empty()
    }
}
