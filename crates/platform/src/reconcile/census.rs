//! One look at everything that runs, every few seconds, so that services at rest need none of
//! their own: only those of which something changed are woken.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilothouse_wire::node::{NodeAvailability, NodeState};
use tokio::time::{MissedTickBehavior, interval};

use super::Wake;
use crate::domain::Platform;
use crate::engine::{EngineError, EngineInstance, EngineNode, EngineResult};

/// How often everything is listed.
const EVERY: Duration = Duration::from_secs(5);

/// How many looks a change of the nodes counts: one that is back tells what became of its instances in its
/// own time.
const SETTLES: u32 = 4;

/// What runs of each service, by id; in the order of the engine's ids.
type Groups = HashMap<String, Vec<EngineInstance>>;

/// Goes on until it is aborted. A service that nothing is stored of is woken too: its task removes
/// what is left of it.
pub(super) async fn run(platform: Arc<Platform>) {
    let mut census = Census::new();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        let listed = platform.engine.list(None).await;
        let leaderless = |error: &EngineError| matches!(error, EngineError::Leaderless(_));
        let why = listed
            .as_ref()
            .err()
            .filter(|error| leaderless(error))
            .cloned();
        platform.observed.set_leaderless(why);
        census.take(listed, &platform.wake);
        platform.pace.looked(begun.elapsed());
        // Where the engine places instances, a node that comes or goes may be what a service waits for.
        if platform.engine.conductor().is_some()
            && let Ok(nodes) = platform.engine.nodes().await
        {
            census.take_nodes(&nodes, &platform.wake);
        }
    }
}

/// What the last look found.
struct Census {
    before: Groups,
    answers: bool,
    /// How each node did and whether it took instances, by id.
    nodes: Option<HashMap<String, (NodeState, NodeAvailability)>>,
    /// How many more looks wake everybody.
    unsettled: u32,
}

impl Census {
    fn new() -> Self {
        Self {
            before: Groups::new(),
            answers: true,
            nodes: None,
            unsettled: 0,
        }
    }

    /// Takes account of how the nodes do.
    fn take_nodes(&mut self, nodes: &[EngineNode], wake: &Wake) {
        let now = nodes
            .iter()
            .map(|node| (node.id.clone(), (node.state, node.availability)))
            .collect();
        if self.nodes.as_ref().is_some_and(|before| *before != now) {
            self.unsettled = SETTLES;
        }
        if self.unsettled > 0 {
            self.unsettled -= 1;
            wake.everybody();
        }
        self.nodes = Some(now);
    }

    /// Takes account of a look.
    fn take(&mut self, listed: EngineResult<Vec<EngineInstance>>, wake: &Wake) {
        match listed {
            Ok(all) => {
                let now = group(all);
                changed(&self.before, &now)
                    .into_iter()
                    .for_each(|id| wake.service(id));
                if !self.answers {
                    tracing::info!("the container engine answers again");
                    wake.everybody();
                }
                (self.before, self.answers) = (now, true);
            }
            Err(error) if self.answers => {
                tracing::warn!(%error, "the container engine does not answer");
                wake.everybody();
                self.answers = false;
            }
            // It may have answered a service in between, which took it for well since.
            Err(_) => wake.who_rests(),
        }
    }
}

fn group(mut all: Vec<EngineInstance>) -> Groups {
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let mut groups = Groups::new();
    for instance in all {
        match groups.get_mut(&instance.slot.service_id) {
            Some(group) => group.push(instance),
            None => {
                groups.insert(instance.slot.service_id.clone(), vec![instance]);
            }
        }
    }
    groups
}

/// The services of which something else runs than before.
fn changed<'a>(before: &'a Groups, now: &'a Groups) -> HashSet<&'a String> {
    let gone = before.keys().filter(|id| !now.contains_key(*id));
    let others = now
        .iter()
        .filter(|(id, group)| before.get(*id) != Some(group))
        .map(|(id, _)| id);
    gone.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Whom;
    use super::*;
    use crate::engine::RunState;

    fn one(service: &str, id: &str, state: RunState) -> EngineInstance {
        EngineInstance {
            state,
            ..EngineInstance::running(service, id)
        }
    }

    #[test]
    fn whoever_takes_an_engine_for_well_that_is_away_is_told() {
        let (wake, mut woken) = Wake::new();
        let mut census = Census::new();
        let mut told = |listed| {
            census.take(listed, &wake);
            woken.0.try_recv().ok()
        };
        let away = || Err(EngineError::Unavailable("nobody is there".to_owned()));
        assert!(told(Ok(Vec::new())).is_none());
        assert!(matches!(told(away()), Some(Whom::Everybody)));
        assert!(matches!(told(away()), Some(Whom::WhoRests)));
        assert!(matches!(told(away()), Some(Whom::WhoRests)));
        assert!(matches!(told(Ok(Vec::new())), Some(Whom::Everybody)));
        assert!(told(Ok(Vec::new())).is_none());
    }

    #[test]
    fn a_node_that_comes_or_goes_wakes_everybody() {
        let (wake, mut woken) = Wake::new();
        let mut census = Census::new();
        let mut node = EngineNode::alone("north".to_owned());
        let mut told = |node: &EngineNode| {
            census.take_nodes(std::slice::from_ref(node), &wake);
            woken.0.try_recv().is_ok()
        };
        assert!(!told(&node), "the first look changes nothing");
        node.message = Some("it is warm".to_owned());
        assert!(!told(&node));
        node.state = NodeState::Down;
        for _ in 0..SETTLES {
            assert!(told(&node));
        }
        assert!(!told(&node));
        node.availability = NodeAvailability::Drained;
        assert!(told(&node));
    }

    #[test]
    fn only_what_changed_is_told() {
        let running = |service, id| one(service, id, RunState::Running);
        let ended = RunState::Exited {
            code: 1,
            reason: "it ended".to_owned(),
        };
        let before = group(vec![
            running("same", "2"),
            running("same", "1"),
            running("ends", "3"),
            running("gone", "4"),
        ]);
        let now = group(vec![
            running("same", "1"),
            running("same", "2"),
            one("ends", "3", ended),
            running("new", "5"),
        ]);
        let mut told: Vec<_> = changed(&before, &now).into_iter().collect();
        told.sort();
        assert_eq!(told, ["ends", "gone", "new"]);
    }
}
