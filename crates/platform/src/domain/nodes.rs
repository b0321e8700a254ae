//! The machines that instances run on: how each does, what is on it, and whether it takes more.

use std::collections::HashMap;

use pilothouse_wire::node::{Node, NodeInstance, NodePatch};
use pilothouse_wire::open::Open;

use super::access::not_found;
use super::{Platform, Result, audit, tags};
use crate::domain::tags::Tagged as _;
use crate::engine::{EngineInstance, EngineNode, RunState};
use crate::store::ServiceAddress;
use crate::telemetry::InstanceUsage;

impl Platform {
    pub(crate) async fn list_nodes(&self) -> Result<Vec<Node>> {
        let nodes = self.engine.nodes().await?;
        let instances = self.engine.list(None).await?;
        let addresses = self.store.service_addresses().await?;
        let is_alone = nodes.len() == 1;
        let mut on: HashMap<String, OnIt> = HashMap::new();
        for one in &instances {
            let Some(told) = addresses
                .get(&one.slot.service_id)
                .and_then(|at| tell(one, at))
            else {
                continue;
            };
            // Where there is but one node, the engine names none.
            let node = match (&one.node, nodes.first()) {
                (Some(node), _) => node.clone(),
                (None, Some(node)) if is_alone => node.name.clone(),
                (None, _) => continue,
            };
            let on_it = on.entry(node).or_default();
            on_it.instances.push(told);
            on_it.use_up(self.telemetry.usage(&one.id));
        }
        let told = nodes.into_iter().map(|node| {
            let mut on_it = on.remove(&node.name).unwrap_or_default();
            on_it.instances.sort();
            self.told_node(node, on_it)
        });
        Ok(told.collect())
    }

    /// A node by its id or its name.
    pub(crate) async fn find_node(&self, reference: &str) -> Result<Node> {
        let nodes = self.list_nodes().await?;
        let mut nodes = nodes.into_iter();
        nodes
            .find(|node| node.id == reference || node.name == reference)
            .ok_or_else(|| not_found("node", reference))
    }

    pub(crate) async fn update_node(
        &self,
        reference: &str,
        patch: &NodePatch,
        expected: Option<&str>,
    ) -> Result<Node> {
        let _changing = self.changing.lock().await;
        let before = self.find_node(reference).await?;
        tags::check(expected, &before.tag())?;
        self.engine
            .set_availability(&before.id, patch.availability)
            .await?;
        let after = self.find_node(&before.id).await?;
        audit::note("node", None, Some(after.name.clone()));
        audit::note(
            "availability",
            Some(before.availability.to_string()),
            Some(after.availability.to_string()),
        );
        Ok(after)
    }

    fn told_node(&self, node: EngineNode, on_it: OnIt) -> Node {
        let since = self.observed.node_since(&node.id, node.state, node.changed);
        Node {
            id: node.id,
            name: node.name,
            role: Open::Known(node.role),
            leader: node.leader,
            state: Open::Known(node.state),
            since,
            message: node.message,
            availability: Open::Known(node.availability),
            version: node.version,
            platform: node.platform,
            address: node.address,
            cpus: node.cpus,
            memory: node.memory,
            cpus_used: on_it.cpus,
            memory_used: on_it.memory,
            disk: node.disk.map(|disk| disk.size),
            disk_used: node.disk.map(|disk| disk.size.saturating_sub(disk.free)),
            instances: on_it.instances,
        }
    }
}

/// What runs on a node, and what that uses, where any of it was measured.
#[derive(Default)]
struct OnIt {
    instances: Vec<NodeInstance>,
    cpus: Option<f64>,
    memory: Option<u64>,
}

impl OnIt {
    fn use_up(&mut self, usage: Option<InstanceUsage>) {
        let Some(usage) = usage else { return };
        if let Some(cpu) = usage.cpu {
            *self.cpus.get_or_insert_default() += cpu;
        }
        *self.memory.get_or_insert_default() += usage.memory;
    }
}

fn tell(one: &EngineInstance, at: &ServiceAddress) -> Option<NodeInstance> {
    if matches!(one.state, RunState::Exited { .. }) {
        return None;
    }
    Some(NodeInstance {
        org: at.org.clone(),
        project: at.project.clone(),
        environment: at.environment.clone(),
        service: at.service.clone(),
        process: one.slot.process.clone(),
        ordinal: one.slot.ordinal,
        has_disk: at.has_disk,
    })
}
