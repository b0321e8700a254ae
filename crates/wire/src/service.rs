//! Services: the deployable units. One object, the union of both dialects' fields.

mod request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{Decode, DecodeFields, Fields, decode_word};
use crate::error::FieldErrors;
use crate::instant::optional;
use crate::open::{Open, words};
use crate::quantity::VolumeSize;
use crate::status::StatusSummary;
use crate::text::{MountPath, VolumeName};
use chrono::{DateTime, Utc};

pub use request::{ProcessCounts, ServiceCreate, ServicePatch, limits};

words! {
    /// The pool of machines that runs a service.
    #[derive(Default)]
    pub enum Platform {
        /// `wind`
        #[default]
        Wind = "wind",
        /// `steam`
        Steam = "steam",
        /// `diesel`
        Diesel = "diesel",
        /// `stirling`
        Stirling = "stirling",
        /// `nuclear`
        Nuclear = "nuclear",
        /// `electric`
        Electric = "electric",
    }
}

impl Decode for Platform {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_word(value, at, errors)
    }
}

/// A disk that each instance of a service receives one of, as a request asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VolumeSpec {
    /// Unique in its service.
    pub name: VolumeName,
    /// Where it appears inside an instance.
    pub mount_path: MountPath,
    /// Size in GB.
    pub size_gb: VolumeSize,
}

impl DecodeFields for VolumeSpec {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Give the volume a name.");
        let mount_path = fields.required("mount_path", "Say where it is mounted, like /data.");
        let size_gb = fields.required("size_gb", "Say how large it is, in GB.");
        Some(Self {
            name: name?,
            mount_path: mount_path?,
            size_gb: size_gb?,
        })
    }
}

/// A volume, as a platform reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Volume {
    /// Unique in its service.
    pub name: String,
    /// Where it appears inside an instance.
    pub mount_path: String,
    /// Size in GB.
    pub size_gb: u32,
}

impl From<VolumeSpec> for Volume {
    fn from(spec: VolumeSpec) -> Self {
        Self {
            name: spec.name.into(),
            mount_path: spec.mount_path.into(),
            size_gb: spec.size_gb.get(),
        }
    }
}

/// The version that an image, release or deployment is known by, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    /// UUID.
    pub id: String,
    /// Counts up from 1 in its service.
    pub version: u32,
    /// `pending`, `running`, `complete`, `error`, `built`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was made.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub created: Option<DateTime<Utc>>,
    /// The approval that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits_approval: Option<AwaitedApproval>,
}

/// What waits for another admin than who asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AwaitedApproval {
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A service as a platform reports it. Read tolerantly: another platform may know other values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// UUID.
    pub id: String,
    /// The name people gave.
    pub name: String,
    /// The name in addresses.
    #[serde(default)]
    pub slug: String,
    /// When it was made.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub created: Option<DateTime<Utc>>,
    /// When its description last changed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub updated: Option<DateTime<Utc>>,

    /// W: the OCI reference that its instances run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// W: the port that `web` listens on; absent for a service that takes no traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// W: host names that ingress routes to it.
    #[serde(default)]
    pub domains: Vec<String>,
    /// W: how many instances of `web` should run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// W: free labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// W: non-secret variables of the service's own level.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// W: the disks that each instance receives.
    #[serde(default)]
    pub volumes: Vec<Volume>,

    /// E: the pool that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Platform>))]
    pub platform: Option<Open<Platform>>,
    /// E: `owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github_repository: Option<String>,
    /// E: answers 2xx once an instance is ready; absent: a ready instance is one whose port
    /// accepts connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// E: the branch whose pushes are built and deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_deploy_branch: Option<String>,
    /// E: how long a new instance may take to become healthy, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_timeout: Option<u32>,
    /// E: how many instances of each process should run.
    #[serde(default)]
    pub process_counts: BTreeMap<String, u32>,

    /// The folder of the repository that is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdirectory: Option<String>,
    /// The `Host` that health checks are sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_host: Option<String>,
    /// The newest image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_image: Option<VersionSummary>,
    /// The newest release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_release: Option<VersionSummary>,
    /// The newest deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_deployment: Option<VersionSummary>,

    /// What of it runs, so that a list needs no further request a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusSummary>,
    /// Whether the description differs from what was last deployed.
    #[serde(default)]
    pub undeployed_changes: bool,
}

impl Service {
    /// What it is called in addresses: its slug, or its id where the platform tells no slug.
    pub fn address(&self) -> &str {
        match self.slug.as_str() {
            "" => &self.id,
            slug => slug,
        }
    }

    /// How many instances of `web` should run.
    pub fn web_instances(&self) -> u32 {
        self.instances
            .or_else(|| self.process_counts.get("web").copied())
            .unwrap_or(1)
    }
}
