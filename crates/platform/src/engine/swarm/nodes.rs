//! The nodes of the Swarm, looked up again when what is known of them is old.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::query_parameters::ListNodesOptions;
use tokio::sync::Mutex;

use super::tasks::{Places, place};
use crate::engine::EngineResult;
use crate::engine::containers::failure::refused;

/// How long what is known of the nodes counts.
const FRESH: Duration = Duration::from_secs(2);

/// What was last known of the nodes.
#[derive(Default)]
pub(super) struct Nodes(Mutex<Option<(Instant, Places)>>);

impl Nodes {
    /// The nodes, as of a moment ago at most.
    pub(super) async fn places(&self, docker: &Docker) -> EngineResult<Places> {
        let mut known = self.0.lock().await;
        if let Some((at, places)) = known.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(places.clone());
        }
        let nodes = docker.list_nodes(None::<ListNodesOptions>).await;
        let nodes = nodes.map_err(|error| refused("listing the Swarm's nodes", error))?;
        let places: Places = nodes
            .iter()
            .filter_map(|node| Some((node.id.clone()?, place(node))))
            .collect();
        *known = Some((Instant::now(), places.clone()));
        Ok(places)
    }
}
