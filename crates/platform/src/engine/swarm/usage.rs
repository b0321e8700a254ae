//! What the nodes told of their containers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::{EngineInstance, NodeReading, Usage};

/// How long what a node told counts.
const FRESH: Duration = Duration::from_secs(12);

/// What the nodes told last, by their ids.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Told>>);

struct Told {
    at: Instant,
    by_container: HashMap<String, NodeReading>,
}

impl Seen {
    pub(super) fn note(&self, node: &str, readings: Vec<NodeReading>) {
        let told = Told {
            at: Instant::now(),
            by_container: readings
                .into_iter()
                .map(|reading| (reading.container.clone(), reading))
                .collect(),
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(node.to_owned(), told);
    }

    /// What these instances use, each with its node and its container, as far as their own nodes told
    /// lately.
    pub(super) fn of<'a>(
        &self,
        instances: impl Iterator<Item = (EngineInstance, &'a str, &'a str)>,
        now: Instant,
    ) -> Vec<Usage> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = |(one, node, container): (EngineInstance, &str, &str)| {
            let told = seen.get(node)?;
            if now.duration_since(told.at) > FRESH {
                return None;
            }
            let reading = told.by_container.get(container)?;
            Some(Usage {
                instance_id: one.id,
                service_id: one.slot.service_id,
                at: told.at,
                cpu: reading.cpu,
                memory: reading.memory,
            })
        };
        instances.filter_map(usage).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str) -> EngineInstance {
        EngineInstance::running("s1", id)
    }

    #[test]
    fn a_node_is_believed_of_its_own_containers_and_for_a_while() {
        let seen = Seen::default();
        let reading = |container: &str| NodeReading {
            container: container.to_owned(),
            cpu: Duration::from_secs(1),
            memory: 7,
        };
        seen.note("n1", vec![reading("c1"), reading("c2")]);
        let asked = || [(instance("i1"), "n1", "c1"), (instance("i2"), "n2", "c2")].into_iter();
        let now = Instant::now();
        let told = seen.of(asked(), now);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].instance_id.as_str(), told[0].memory), ("i1", 7));
        assert!(seen.of(asked(), now + FRESH * 2).is_empty());
    }
}
