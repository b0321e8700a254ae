//! The first words with a manager of a Swarm.

use bollard::Docker;
use bollard::models::{LocalNodeState, SwarmSpec};
use bollard::query_parameters::UpdateSwarmOptionsBuilder;

use super::describe::OWNER;
use crate::engine::containers::failure::{refused, unavailable};
use crate::engine::{EngineError, EngineResult};

/// Makes sure that it is a manager, and that the Swarm belongs to no other platform.
///
/// The Swarm's own label names the installation: whichever process comes first has it.
pub(super) async fn claim(docker: &Docker, installation: &str) -> EngineResult<()> {
    let info = docker.info().await.map_err(unavailable)?;
    let swarm = info.swarm.unwrap_or_default();
    if swarm.local_node_state != Some(LocalNodeState::ACTIVE) {
        return Err(no_manager(
            "it is in no Swarm: make one with `docker swarm init`",
        ));
    }
    if swarm.control_available != Some(true) {
        return Err(no_manager(
            "it is a worker: name a manager with DOCKER_HOST",
        ));
    }
    let swarm = docker.inspect_swarm().await;
    let swarm = swarm.map_err(|error| refused("reading the Swarm", error))?;
    let spec = swarm.spec.unwrap_or_default();
    let mut labels = spec.labels.clone().unwrap_or_default();
    match labels.get(OWNER) {
        Some(owner) if owner == installation => return Ok(()),
        Some(owner) => return Err(taken(owner)),
        None => {}
    }
    labels.insert(OWNER.to_owned(), installation.to_owned());
    let version = swarm.version.and_then(|version| version.index);
    let options = UpdateSwarmOptionsBuilder::new()
        .version(i64::try_from(version.unwrap_or_default()).unwrap_or_default())
        .build();
    let spec = SwarmSpec {
        labels: Some(labels),
        ..spec
    };
    let claimed = docker.update_swarm(spec, options).await;
    // Another platform that comes at the same moment changes the version: one of the two is told.
    claimed.map_err(|error| refused("marking the Swarm as this platform's", error))
}

fn no_manager(why: &str) -> EngineError {
    EngineError::Unavailable(format!("the engine is no manager of a Swarm: {why}"))
}

fn taken(owner: &str) -> EngineError {
    EngineError::Refused {
        what: "taking up the Swarm".to_owned(),
        why: format!(
            "it belongs to the platform {owner}: two of them would undo each other's work. Stop that one for good and remove its mark with a manager's API, or name another Swarm with DOCKER_HOST"
        ),
    }
}
