//! Which engine serves this platform.

use std::path::Path;
use std::sync::Arc;

use super::containers::Containers;
use super::simulated::Simulated;
use super::{Engine, EngineError, EngineResult};

/// The choice of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineChoice {
    /// Containers where a socket answers, else simulated.
    Auto,
    /// Docker or Podman, or nothing.
    Containers,
    /// No containers: plausible life for a look around.
    Simulated,
}

/// Connects to the engine of choice: `DOCKER_HOST` alone where it is set, else the first of the
/// usual sockets that answers. `installation` marks what belongs to this platform.
///
/// # Errors
/// [`EngineError::Unavailable`]: containers were asked for and no socket answers.
pub async fn connect(choice: EngineChoice, installation: &str) -> EngineResult<Arc<dyn Engine>> {
    if choice == EngineChoice::Simulated {
        return Ok(Arc::new(Simulated::new()));
    }
    let mut tried = Vec::new();
    for host in hosts() {
        match connect_to(&host, installation).await {
            Ok(engine) => return Ok(engine),
            Err(error) => tried.push(format!("{host}: {error}")),
        }
    }
    if choice == EngineChoice::Auto {
        tracing::warn!(
            ?tried,
            "no container engine answers, so instances are simulated"
        );
        return Ok(Arc::new(Simulated::new()));
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
    Ok(Arc::new(Containers::connect(host, installation).await?))
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
