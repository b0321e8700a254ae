//! A machine that instances run on, as the engine knows it.

use chrono::{DateTime, Utc};
use pilothouse_wire::node::{NodeAvailability, NodeRole, NodeState};

/// A machine that instances run on.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineNode {
    /// The engine's id of it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it does for the cluster.
    pub role: NodeRole,
    /// Whether it leads the managers.
    pub leader: bool,
    /// How it does.
    pub state: NodeState,
    /// When something of it last changed.
    pub changed: Option<DateTime<Utc>>,
    /// Why, in the engine's words, and what else is to be known of it.
    pub message: Option<String>,
    /// Whether it is to run instances.
    pub availability: NodeAvailability,
    /// The version of its engine.
    pub version: Option<String>,
    /// `linux/x86_64`
    pub platform: Option<String>,
    /// Where the others reach it.
    pub address: Option<String>,
    /// Processor cores.
    pub cpus: Option<f64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
}

impl EngineNode {
    /// The one machine of an engine that has no other.
    pub fn alone(name: String) -> Self {
        Self {
            id: name.clone(),
            name,
            role: NodeRole::Manager,
            leader: true,
            state: NodeState::Ready,
            changed: None,
            message: None,
            availability: NodeAvailability::Active,
            version: None,
            platform: None,
            address: None,
            cpus: None,
            memory: None,
        }
    }
}
