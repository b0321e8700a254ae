//! How a container is, and whose engine runs it.

use std::time::Duration;

use bollard::Docker;

use crate::engine::EngineResult;
use crate::engine::containers::failure::{is_garbled, status, unavailable};

/// How often the engine is asked before it is taken for one that does not answer: it may have much to
/// do.
const LOOK_ATTEMPTS: u32 = 3;

/// How often it is looked whether the container of a stream that ended has ended too, and the pause
/// between.
const LOOKS: usize = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Whether the engine is Podman.
pub(super) async fn is_podman(docker: &Docker) -> EngineResult<bool> {
    let version = docker.version().await.map_err(unavailable)?;
    let mut components = version.components.iter().flatten();
    Ok(components.any(|component| component.name.starts_with("Podman")))
}

/// Whether a container has ended, or does so at once.
pub(super) async fn has_ended_soon(docker: &Docker, id: &str) -> EngineResult<bool> {
    for _ in 0..LOOKS {
        if has_ended(docker, id).await? {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(false)
}

/// Whether a container is known to write no more. An engine that does not say so is one whose streams
/// may be dead as well: nothing comes of a network that went away without a word.
pub(super) async fn has_ended(docker: &Docker, id: &str) -> EngineResult<bool> {
    let mut attempt = 1;
    loop {
        match docker.inspect_container(id, None).await {
            Ok(container) => {
                return Ok(container.state.and_then(|state| state.running) == Some(false));
            }
            Err(error) if status(&error) == Some(404) => return Ok(true),
            Err(error) if is_garbled(&error) => return Ok(false),
            Err(error) if attempt == LOOK_ATTEMPTS => return Err(unavailable(error)),
            Err(_) => attempt += 1,
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
