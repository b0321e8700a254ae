//! What of a service runs: counts, state, and each instance.

use serde::{Deserialize, Serialize};

use crate::instant::optional;
use crate::open::{Open, words};
use chrono::{DateTime, Utc};

words! {
    /// The state of a service, in the order of what needs attention first.
    pub enum ServiceState {
        /// Instances are wanted and none is ready.
        Down = "down",
        /// Some wanted instances are not ready and nothing is on its way to change that.
        Degraded = "degraded",
        /// On the way to what is wanted: starting, rolling, scaling, stopping.
        Converging = "converging",
        /// Every wanted instance is ready.
        Running = "running",
        /// Scaled to 0.
        Paused = "paused",
        /// Described, and never deployed.
        Undeployed = "undeployed",
    }
}

words! {
    /// The state of one instance.
    pub enum InstanceState {
        /// Its image is being fetched, or it waits for its turn.
        Pending = "pending",
        /// It runs and its health check has not answered yet.
        Starting = "starting",
        /// It runs and takes traffic.
        Ready = "ready",
        /// It runs and its health check has stopped answering.
        Unhealthy = "unhealthy",
        /// It ended and is started again after a pause.
        Restarting = "restarting",
        /// It takes no new requests and finishes those it has.
        Draining = "draining",
        /// It could not be started.
        Failed = "failed",
    }
}

/// What a list shows of a service's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusSummary {
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = ServiceState))]
    pub state: Open<ServiceState>,
    /// Instances that should run.
    #[serde(default)]
    pub desired: u32,
    /// Instances that are ready.
    #[serde(default)]
    pub ready: u32,
    /// Since when the state holds.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub since: Option<DateTime<Utc>>,
    /// Why, and what it waits for, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The reply of `GET S/{service}/status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceStatus {
    /// Instances that exist.
    pub total: u32,
    /// Instances that are ready.
    pub ready: u32,
    /// Whether at least one instance of `web` is ready (of any process, for a service without `web`).
    pub available: bool,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ServiceState>))]
    pub state: Option<Open<ServiceState>>,
    /// Instances that should run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// Every instance, by process and ordinal.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// The release that is being run or rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_version: Option<u32>,
    /// Since when the state holds.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub since: Option<DateTime<Utc>>,
    /// Why, and what it waits for, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// One running copy of a service's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instance {
    /// The engine's id of it.
    pub id: String,
    /// `web`, `worker`, …
    #[serde(default)]
    pub process: String,
    /// Counts from 0 in its process; keeps its volumes across restarts.
    #[serde(default)]
    pub ordinal: u32,
    /// The node that it is on, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = InstanceState))]
    pub state: Open<InstanceState>,
    /// Whether it takes traffic.
    #[serde(default)]
    pub ready: bool,
    /// The version of the image that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_version: Option<u32>,
    /// The release that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_version: Option<u32>,
    /// When it was last started.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub started: Option<DateTime<Utc>>,
    /// How often it ended by itself and was started again.
    #[serde(default)]
    pub restarts: u32,
    /// Cores of a processor that it used over the last 5 seconds; absent until that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// Bytes of memory that it held when it was last looked at; absent until that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The last thing worth knowing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Instance {
    /// The name by which people and logs know it: `web.0`.
    pub fn label(&self) -> String {
        format!("{}.{}", self.process, self.ordinal)
    }
}
