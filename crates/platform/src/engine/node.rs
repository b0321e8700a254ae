//! A machine that instances run on, as the engine knows it.

use chrono::{DateTime, Utc};
use pilothouse_wire::node::{NodeAvailability, NodeRole, NodeState};

/// A disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// All that it holds.
    pub size: u64,
    /// What is left for whoever is no superuser.
    pub free: u64,
}

impl Disk {
    /// Less than this is left of a disk that is full: no image of any size gets on it.
    const ROOM: u64 = 64 * 1024 * 1024;

    /// Whether nothing more gets on it.
    pub fn is_full(self) -> bool {
        self.free < Self::ROOM
    }
}

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
    /// The disk that images and containers are kept on.
    pub disk: Option<Disk>,
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
            disk: None,
        }
    }
}
