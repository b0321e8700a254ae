//! Engines that keep the instances of a process by themselves: they place them on their nodes, replace
//! what ends, and roll a new version out. Such an engine is told what is to run, and watched.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Disk, EngineInstance, EngineResult, HealthCheck, InstanceSpec, Slot};

/// What is to run of one process of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSpec {
    /// What each instance is started from. The ordinal of its slot counts for nothing.
    pub instance: InstanceSpec,
    /// How many instances.
    pub replicas: u32,
    /// How an instance shows that it is ready.
    pub check: HealthCheck,
    /// How long an instance may take to become ready.
    pub ready_within: Duration,
    /// Whether a rollout that fails goes back to what ran before: that was ready once.
    pub goes_back: bool,
}

/// How far the engine is with what it was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// Nothing is replaced.
    Steady,
    /// Instances are replaced, one after the other.
    Rolling,
    /// It failed, and what ran before runs again or is on its way back.
    WentBack,
    /// It failed, and stays as it is.
    Stopped,
}

/// What an engine keeps of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conducted {
    /// `web`, `worker`, …
    pub process: String,
    /// Tells one specification from another.
    pub digest: String,
    /// How far it is.
    pub rollout: Rollout,
}

/// An instance that ended, and that the engine has replaced or replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// The engine's id.
    pub id: String,
    /// Which one it was.
    pub slot: Slot,
    /// The release that it ran.
    pub release_version: u32,
    /// The restart that it belonged to.
    pub generation: u32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Why, in words.
    pub reason: String,
    /// Whether its node is lost, and its last lines with it.
    pub is_lost: bool,
}

/// What a conducting engine knows of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The processes that it keeps.
    pub processes: Vec<Conducted>,
    /// The instances that ended by themselves, as far back as it remembers, the oldest first.
    pub fallen: Vec<Fallen>,
    /// The instances that ended, as far back as it remembers, and whose lines can be read to the last.
    pub ended: Vec<EngineInstance>,
}

/// What a container was seen to use on its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReading {
    /// The engine's id of the container.
    pub container: String,
    /// The processor time of all its processes since it started.
    pub cpu: Duration,
    /// The memory it holds, in bytes, without the pages of files that the system may take back.
    pub memory: u64,
}

/// What was seen on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// How far its clock is before the platform's.
    pub ahead: TimeDelta,
    /// The disk that images and containers are kept on.
    pub disk: Option<Disk>,
    /// What its containers use.
    pub readings: Vec<NodeReading>,
}

/// Ingress on every node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeSpec {
    /// A tar of the context that its image is built from.
    pub context: Bytes,
    /// What each is started with, secrets among it.
    pub settings: String,
    /// Where each takes visitors.
    pub port: u16,
}

/// An engine that keeps instances by itself.
#[async_trait]
pub trait Conductor: Send + Sync {
    /// Tells one specification from another. Two with the same digest ask for the same.
    fn digest(&self, spec: &ProcessSpec) -> String;

    /// What it keeps of a service.
    async fn score(&self, service_id: &str) -> EngineResult<Score>;

    /// Makes it keep a process as specified from now on. Instances that differ are replaced one at a
    /// time; where volumes are used the old one ends first.
    async fn conduct(&self, spec: &ProcessSpec) -> EngineResult<()>;

    /// Makes every node take visitors; without a specification none does.
    async fn set_edges(&self, edges: Option<&EdgeSpec>) -> EngineResult<()>;

    /// Notes what was seen on a node, by the engine's id of it: the engine can't look there itself.
    fn note_node(&self, node: &str, view: NodeView);

    /// Ends a process; its instances finish their requests as far as their grace allows.
    async fn dismiss(&self, service_id: &str, process: &str) -> EngineResult<()>;
}
