//! Which engine serves this platform.

use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;

use super::channel::Channel;
use super::containers::Containers;
use super::simulated::Simulated;
use super::swarm::{Swarm, SwarmSettings};
use super::{Engine, EngineError, EngineResult};

/// The choice of an engine.
#[derive(Clone, Debug)]
pub enum EngineChoice {
    /// Containers where a socket answers, else simulated.
    Auto,
    /// Docker or Podman, or nothing.
    Containers,
    /// A Swarm, by one of its managers.
    Swarm(SwarmSettings),
    /// No containers: plausible life for a look around, on so many machines.
    Simulated(NonZeroU16),
}

/// Connects to the engine of choice: `DOCKER_HOST` alone where it is set, else the first of the
/// usual sockets that answers. `installation` marks what belongs to this platform.
///
/// # Errors
/// [`EngineError::Unavailable`]: containers or a Swarm were asked for and no socket answers.
/// [`EngineError::Refused`]: the Swarm is not for this platform, or lacks something.
pub async fn connect(choice: &EngineChoice, installation: &str) -> EngineResult<Arc<dyn Engine>> {
    if let EngineChoice::Simulated(nodes) = choice {
        return Ok(Arc::new(Simulated::new(*nodes)));
    }
    let mut tried = Vec::new();
    for host in hosts() {
        let connected = match choice {
            EngineChoice::Swarm(settings) => connect_to_swarm(&host, installation, settings).await,
            _ => connect_to(&host, installation).await,
        };
        match connected {
            Ok(engine) => return Ok(engine),
            // It answered: nothing is won by asking another.
            Err(error @ EngineError::Refused { .. }) => return Err(error),
            Err(error) => tried.push(format!("{host}: {error}")),
        }
    }
    if matches!(choice, EngineChoice::Auto) {
        tracing::warn!(
            ?tried,
            "no container engine answers, so instances are simulated"
        );
        return Ok(Arc::new(Simulated::new(NonZeroU16::MIN)));
    }
    Err(EngineError::Unavailable(if tried.is_empty() {
        "no socket found; set DOCKER_HOST".to_owned()
    } else {
        tried.join("; ")
    }))
}

/// Connects to the container engine at one address: `unix:///path`, `tcp://host:port` or
/// `http://host:port`.
///
/// # Errors
/// [`EngineError::Unavailable`]: nothing answers there.
pub async fn connect_to(host: &str, installation: &str) -> EngineResult<Arc<dyn Engine>> {
    Ok(Arc::new(
        Containers::connect(Channel::to(host)?, installation).await?,
    ))
}

/// Connects to a manager of a Swarm: `unix:///path`, `tcp://host:port` or `http://host:port`.
///
/// # Errors
/// [`EngineError::Unavailable`]: no manager answers there. [`EngineError::Refused`]: the Swarm belongs
/// to another platform, its registry can't be reached, or the probe is not there.
pub async fn connect_to_swarm(
    host: &str,
    installation: &str,
    settings: &SwarmSettings,
) -> EngineResult<Arc<dyn Engine>> {
    Ok(Arc::new(
        Swarm::connect(Channel::to(host)?, installation, settings).await?,
    ))
}

/// Where an engine may answer, in the order in which they are tried.
fn hosts() -> Vec<String> {
    if let Ok(host) = std::env::var("DOCKER_HOST") {
        return vec![host];
    }
    let user = std::env::var("XDG_RUNTIME_DIR").map(|dir| format!("{dir}/podman/podman.sock"));
    ["/var/run/docker.sock".to_owned()]
        .into_iter()
        .chain(user)
        .chain(["/run/podman/podman.sock".to_owned()])
        .filter(|path| Path::new(path).exists())
        .map(|path| format!("unix://{path}"))
        .collect()
}
