//! What the nodes told of themselves: what their containers use, their clocks and their disks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use crate::engine::{Disk, EngineInstance, NodeReading, NodeView, Usage};

/// How long what a node told counts.
const FRESH: Duration = Duration::from_secs(12);

/// From how many seconds on a clock is said to be wrong.
const SKEW: i64 = 2;

/// What the nodes told last, by their ids.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Told>>);

struct Told {
    at: Instant,
    /// How far its clock is before the platform's.
    ahead: TimeDelta,
    disk: Option<Disk>,
    by_container: HashMap<String, NodeReading>,
}

impl Seen {
    pub(super) fn note(&self, node: &str, view: NodeView) {
        let NodeView {
            ahead,
            disk,
            readings,
        } = view;
        let told = Told {
            at: Instant::now(),
            ahead,
            disk,
            by_container: readings
                .into_iter()
                .map(|reading| (reading.container.clone(), reading))
                .collect(),
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(node.to_owned(), told);
    }

    /// The disk of a node, as far as it told lately.
    pub(super) fn disk(&self, node: &str) -> Option<Disk> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = seen.get(node).filter(|told| told.at.elapsed() <= FRESH)?;
        told.disk
    }

    /// What is to be said of a node's clock, as far as it told lately.
    pub(super) fn clock(&self, node: &str) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = seen.get(node).filter(|told| told.at.elapsed() <= FRESH)?;
        let seconds = told.ahead.num_seconds();
        let where_it_is = match seconds {
            seconds if seconds >= SKEW => "ahead of",
            seconds if seconds <= -SKEW => "behind",
            _ => return None,
        };
        Some(format!(
            "Its clock is {} s {where_it_is} the platform's: so are the times of its log lines and requests. Set it right, with NTP for example.",
            seconds.abs()
        ))
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

    fn view(ahead: TimeDelta, readings: Vec<NodeReading>) -> NodeView {
        NodeView {
            ahead,
            disk: None,
            readings,
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_and_which_way() {
        let seen = Seen::default();
        let said = |milliseconds| {
            let ahead = TimeDelta::milliseconds(milliseconds);
            seen.note("n1", view(ahead, Vec::new()));
            seen.clock("n1")
        };
        assert_eq!(said(1_900), None);
        assert_eq!(said(-1_900), None);
        assert!(
            said(61_000)
                .unwrap()
                .starts_with("Its clock is 61 s ahead of")
        );
        assert!(said(-5_000).unwrap().starts_with("Its clock is 5 s behind"));
        assert_eq!(seen.clock("n2"), None);
    }

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
        let readings = vec![reading("c1"), reading("c2")];
        seen.note("n1", view(TimeDelta::zero(), readings));
        let asked = || [(instance("i1"), "n1", "c1"), (instance("i2"), "n2", "c2")].into_iter();
        let now = Instant::now();
        let told = seen.of(asked(), now);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].instance_id.as_str(), told[0].memory), ("i1", 7));
        assert!(seen.of(asked(), now + FRESH * 2).is_empty());
    }
}
