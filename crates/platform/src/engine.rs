//! What runs instances: one trait, so that nothing above it knows containers.
//!
//! An instance may run anywhere; its `endpoint` says where it answers.

mod build;
mod channel;
mod conduct;
mod connect;
mod containers;
mod fetch;
mod node;
mod simulated;
mod swarm;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use pilothouse_wire::logs::LogStream;
use pilothouse_wire::meta::EngineKind;
use pilothouse_wire::node::NodeAvailability;
use tokio::time::Instant;

#[cfg(fuzzing)]
pub(crate) use containers::lines_of;

pub use build::{BuildContext, BuildLog, BuildSpec, ImageFacts};
pub use conduct::{
    Conducted, Conductor, EdgeSpec, Fallen, NodeReading, NodeView, ProcessSpec, Rollout, Score,
};
pub use connect::{EngineChoice, connect, connect_to, connect_to_swarm};
pub use fetch::FetchProgress;
pub use node::{Disk, EngineNode};
pub use simulated::Simulated;
pub use swarm::{Credentials, Registry, SwarmSettings};

/// Why the engine did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine itself does not answer.
    #[error(
        "the container engine does not answer ({0}). Check that Docker or Podman runs; what runs goes on, and the platform tries again by itself"
    )]
    Unavailable(String),
    /// The engine answers, and can neither tell nor change what its cluster runs.
    #[error(
        "most managers of the Swarm are away, so nothing can be changed until they are back ({0}). What runs goes on; check the managers' machines and networks, and the platform goes on by itself"
    )]
    Leaderless(String),
    /// Neither the engine nor the registry knows such an image.
    #[error(
        "the image {reference} was not found: {why}. Check its name and tag, and that the registry lets this platform read it"
    )]
    ImageNotFound {
        /// The reference that was asked for.
        reference: String,
        /// The engine's words.
        why: String,
    },
    /// An image that was built on this machine is gone.
    #[error(
        "the image {reference} is no longer on this machine, and was made here: no registry has it. Build its commit again, and deploy that"
    )]
    ImageGone {
        /// The reference that was asked for.
        reference: String,
    },
    /// The registry knows the image, perhaps, but does not hand it out.
    #[error(
        "the registry does not hand out the image {reference}: {why}. Sign the container engine in to it (docker login, podman login), or use a public image"
    )]
    ImageDenied {
        /// The reference that was asked for.
        reference: String,
        /// The engine's words.
        why: String,
    },
    /// The registry does not answer.
    #[error(
        "the registry of the image {reference} can't be reached: {why}. Check the registry's name and this machine's network"
    )]
    RegistryUnreachable {
        /// The reference that was asked for.
        reference: String,
        /// The engine's words.
        why: String,
    },
    /// An image could not be built.
    #[error("the image {tag} could not be built: {why}")]
    BuildFailed {
        /// The tag that was asked for.
        tag: String,
        /// The engine's words, after the last lines of the build.
        why: String,
    },
    /// The instance could not be created or started.
    #[error("{what} failed: {why}")]
    Refused {
        /// What was asked.
        what: String,
        /// The engine's words.
        why: String,
    },
}

impl EngineError {
    /// Whether it is the engine that is away, and no fault of what it was asked for.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Leaderless(_))
    }
}

/// The outcome of an operation of the engine.
pub type EngineResult<T> = Result<T, EngineError>;

/// Which instance of which service something is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// The service's id.
    pub service_id: String,
    /// `web`, `worker`, …
    pub process: String,
    /// Counts from 0 in its process.
    pub ordinal: u32,
}

impl Slot {
    /// The name by which people and logs know it: `web.0`.
    pub fn label(&self) -> String {
        format!("{}.{}", self.process, self.ordinal)
    }
}

/// What an instance is started from. Two instances of one slot with the same version and
/// generation are the same instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSpec {
    /// Which one it is.
    pub slot: Slot,
    /// The service's slug: its host name inside the environment.
    pub slug: String,
    /// The network that it shares with its environment.
    pub network: String,
    /// The release that it runs.
    pub release_version: u32,
    /// The restart that it belongs to.
    pub generation: u32,
    /// The image to run.
    pub image: String,
    /// What runs instead of what the image says itself: the program and its arguments.
    pub command: Option<Vec<String>>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// Volume name → mount path. The volume belongs to the slot, not to the instance.
    pub volumes: Vec<(String, String)>,
}

/// Whether an instance runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// On its way: the engine has not started it yet.
    Pending {
        /// What it waits for, in words.
        what: String,
    },
    /// Running.
    Running,
    /// The engine is about to end it: it takes no new requests.
    Leaving,
    /// Ended, with what is known of why.
    Exited {
        /// The exit code of its first process.
        code: i64,
        /// Why, in words.
        reason: String,
    },
}

/// An instance as the engine knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInstance {
    /// The engine's id.
    pub id: String,
    /// Which one it is.
    pub slot: Slot,
    /// The release that it runs.
    pub release_version: u32,
    /// The restart that it belongs to.
    pub generation: u32,
    /// Whether it runs.
    pub state: RunState,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// Where its port answers, from this process.
    pub endpoint: Option<SocketAddr>,
    /// What people call the node that it is on, where there are several.
    pub node: Option<String>,
}

#[cfg(test)]
impl EngineInstance {
    /// `web.0` of a service, which runs.
    pub(crate) fn running(service_id: &str, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            slot: Slot {
                service_id: service_id.to_owned(),
                process: "web".to_owned(),
                ordinal: 0,
            },
            release_version: 1,
            generation: 0,
            state: RunState::Running,
            created: DateTime::UNIX_EPOCH,
            endpoint: None,
            node: None,
        }
    }
}

/// How an instance shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthCheck {
    /// `GET path` answers 2xx, with this `Host` where one is given.
    Http {
        /// The path.
        path: String,
        /// The `Host` header.
        host: Option<String>,
    },
    /// Its port accepts connections.
    Port,
    /// It runs.
    Running,
}

/// One line that an instance wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLine {
    /// When its end was written.
    pub timestamp: DateTime<Utc>,
    /// Where.
    pub stream: LogStream,
    /// The line without its end; invalid UTF-8 replaced, and cut with a mark where it is too long.
    pub message: String,
}

/// What a running instance has used so far, and uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The engine's id of it.
    pub instance_id: String,
    /// The service's id.
    pub service_id: String,
    /// When this was read.
    pub at: Instant,
    /// The processor time of all its processes since it started.
    pub cpu: Duration,
    /// The memory it holds, in bytes, without the pages of files that the system may take back.
    pub memory: u64,
}

/// Runs instances. Every operation is safe to repeat.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Which kind it is.
    fn kind(&self) -> EngineKind;

    /// Where it keeps instances by itself, the way to tell it what is to run; then none is started,
    /// stopped or removed one by one.
    fn conductor(&self) -> Option<&dyn Conductor> {
        None
    }

    /// The machines that it runs instances on, by name.
    async fn nodes(&self) -> EngineResult<Vec<EngineNode>>;

    /// Sets whether a node is to run instances, by the engine's id of it.
    async fn set_availability(
        &self,
        id: &str,
        _availability: NodeAvailability,
    ) -> EngineResult<()> {
        Err(EngineError::Refused {
            what: format!("changing the node {id}"),
            why: "this engine has but this machine: all runs here".to_owned(),
        })
    }

    /// Product and version, for people. An error when it does not answer.
    async fn detail(&self) -> EngineResult<String>;

    /// The instances of one service, or of all services of this installation.
    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>>;

    /// Whether an image is there already.
    async fn has_image(&self, reference: &str) -> EngineResult<bool>;

    /// Fetches an image from its registry, and says meanwhile how far it is.
    async fn fetch_image(&self, reference: &str, progress: &FetchProgress) -> EngineResult<()>;

    /// What is known of an image that is there.
    async fn image_facts(&self, reference: &str) -> EngineResult<ImageFacts>;

    /// Whether builds can read secrets without keeping them.
    async fn takes_build_secrets(&self) -> EngineResult<bool>;

    /// Ends what an earlier process left of a build, and removes what that has made: the images that
    /// its log tells of.
    async fn end_build(&self, group: &str, since: DateTime<Utc>, log: &str) -> EngineResult<()>;

    /// Builds an image. Dropping it ends the build.
    async fn build_image(&self, spec: &BuildSpec, log: &BuildLog) -> EngineResult<()>;

    /// Gives an image that is there a name of the platform's own, which keeps it.
    async fn tag_image(&self, reference: &str, tag: &str) -> EngineResult<()>;

    /// Removes a name of an image, and with its last one the image, if nothing runs it; one that is gone, or in use, is left as it is.
    async fn remove_image(&self, reference: &str) -> EngineResult<()>;

    /// Creates and starts an instance, or finds the one that is there already. A start that failed
    /// leaves nothing behind.
    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()>;

    /// Asks an instance to end, and ends it after the grace.
    async fn stop(&self, id: &str, grace: Duration) -> EngineResult<()>;

    /// Removes an instance that ended. Its volumes stay.
    async fn remove(&self, id: &str) -> EngineResult<()>;

    /// Removes all volumes of a service.
    async fn remove_volumes(&self, service_id: &str) -> EngineResult<()>;

    /// Removes an environment's network if nothing uses it any more.
    async fn remove_network(&self, network: &str) -> EngineResult<()>;

    /// Looks whether an instance is ready. `Err` says why not, in words.
    async fn probe(&self, instance: &EngineInstance, check: &HealthCheck) -> Result<(), String>;

    /// What every running instance of this installation uses.
    async fn usage(&self) -> EngineResult<Vec<Usage>>;

    /// The lines of an instance written at or after an instant, then those to come, until it ends.
    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>>;
}
