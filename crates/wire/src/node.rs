//! The machines that instances run on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{Decode, DecodeFields, Fields, decode_word};
use crate::error::FieldErrors;
use crate::instant::optional;
use crate::open::{Open, words};

words! {
    /// What a node does for the cluster.
    pub enum NodeRole {
        /// Decides with the other managers what runs where, and runs instances too.
        Manager = "manager",
        /// Runs instances.
        Worker = "worker",
    }
}

words! {
    /// The state of a node, in the order of what needs attention first.
    pub enum NodeState {
        /// The managers do not hear of it.
        Down = "down",
        /// It has left the cluster, or lost its way to it.
        Disconnected = "disconnected",
        /// Nobody can tell.
        Unknown = "unknown",
        /// It takes and runs instances.
        Ready = "ready",
    }
}

words! {
    /// Whether a node is to run instances.
    pub enum NodeAvailability {
        /// It takes new instances.
        Active = "active",
        /// It keeps those that it has, and takes no new ones.
        Paused = "pause",
        /// It gives its instances to the others, and takes no new ones.
        Drained = "drain",
    }
}

impl Decode for NodeAvailability {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_word(value, at, errors)
    }
}

/// A machine that instances run on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// The engine's id of it.
    pub id: String,
    /// What it is called: its host name.
    pub name: String,
    /// What it does for the cluster.
    #[cfg_attr(feature = "openapi", schema(value_type = NodeRole))]
    pub role: Open<NodeRole>,
    /// Whether it leads the managers.
    #[serde(default)]
    pub leader: bool,
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = NodeState))]
    pub state: Open<NodeState>,
    /// Since when that holds, as far as this platform saw.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional"
    )]
    pub since: Option<DateTime<Utc>>,
    /// Why, and what else is to be known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether it is to run instances.
    #[cfg_attr(feature = "openapi", schema(value_type = NodeAvailability))]
    pub availability: Open<NodeAvailability>,
    /// The version of its engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its operating system and processor: `linux/x86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Where the others reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Processor cores that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Memory that it has, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Processor cores that its instances use, where that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus_used: Option<f64>,
    /// Memory that its instances hold, in bytes, where that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_used: Option<u64>,
    /// The size of the disk that images and containers are kept on, in bytes, where the node tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<u64>,
    /// What of it is in use, whoever uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_used: Option<u64>,
    /// The instances on it, by service, process and ordinal.
    #[serde(default)]
    pub instances: Vec<NodeInstance>,
}

/// An instance on a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeInstance {
    /// Slug of the org.
    pub org: String,
    /// Slug of the project.
    pub project: String,
    /// Slug of the environment.
    pub environment: String,
    /// Slug of the service.
    pub service: String,
    /// `web`, `worker`, …
    pub process: String,
    /// Counts from 0 in its process.
    pub ordinal: u32,
    /// Whether it has a disk on this node, without which it runs nowhere else.
    #[serde(default)]
    pub has_disk: bool,
}

/// The body that changes a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodePatch {
    /// Whether it is to run instances: `active`, or `drain`, which moves those that it has.
    pub availability: NodeAvailability,
}

impl DecodeFields for NodePatch {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let availability = fields.required("availability", "Say active or drain.");
        if availability == Some(NodeAvailability::Paused) {
            fields.fault("availability", "Say active or drain.");
        }
        Some(Self {
            availability: availability?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::decode::decode_body;
    use crate::envelope::Dialect;

    #[test]
    fn a_node_is_drained_or_takes_part_again() {
        let read = |word: &str| {
            let body = json!({"availability": word});
            decode_body::<NodePatch>(body, Dialect::Environment).map(|patch| patch.availability)
        };
        assert_eq!(read("drain"), Ok(NodeAvailability::Drained));
        assert_eq!(read("active"), Ok(NodeAvailability::Active));
        assert!(read("pause").is_err());
        assert!(read("away").is_err());
    }
}
