//! The Swarm's tasks as instances: those that are there, and those that ended.

use std::net::SocketAddr;

use bollard::models::{Task, TaskState};
use chrono::{DateTime, Utc};

use super::describe::stays_on;
use super::nodes::{Place, Places};

use crate::engine::containers::describe::{self, GENERATION, ORDINAL, PROCESS, RELEASE, SERVICE};
use crate::engine::{EngineInstance, Fallen, RunState, Slot};

/// A task that is there.
pub(super) fn instance(task: &Task, places: &Places) -> Option<EngineInstance> {
    let place = task.node_id.as_ref().and_then(|id| places.get(id));
    let state = run_state(task, places)?;
    let known = Known::of(task)?;
    Some(EngineInstance {
        id: task.id.clone()?,
        slot: known.slot,
        release_version: known.release,
        generation: known.generation,
        state,
        created: task.created_at.unwrap_or_default(),
        endpoint: endpoint(task, place),
        node: place.map(|place| place.name.clone()),
    })
}

/// A task that ended by itself, or with its node.
pub(super) fn fallen(task: &Task, places: &Places) -> Option<Fallen> {
    let place = task.node_id.as_ref().and_then(|id| places.get(id));
    let known = Known::of(task)?;
    Some(Fallen {
        id: task.id.clone()?,
        slot: known.slot,
        release_version: known.release,
        generation: known.generation,
        at: ended_at(task),
        reason: end(task, place)?,
        is_lost: place.is_none_or(|place| place.is_down),
    })
}

/// A task that has ended, by itself or not, on a node that answers: its log is whole there.
pub(super) fn ended(task: &Task, places: &Places) -> Option<EngineInstance> {
    let place = task.node_id.as_ref().and_then(|id| places.get(id));
    let place = place.filter(|place| !place.is_down)?;
    let has_ended = matches!(
        state(task),
        TaskState::COMPLETE | TaskState::SHUTDOWN | TaskState::FAILED
    );
    let known = Known::of(task).filter(|_| has_ended)?;
    let container = task.status.as_ref()?.container_status.as_ref();
    let code = container.and_then(|container| container.exit_code);
    Some(EngineInstance {
        id: task.id.clone()?,
        slot: known.slot,
        release_version: known.release,
        generation: known.generation,
        state: RunState::Exited {
            code: code.unwrap_or_default(),
            reason: "it has ended".to_owned(),
        },
        created: task.created_at.unwrap_or_default(),
        endpoint: None,
        node: Some(place.name.clone()),
    })
}

/// What the labels of a task say.
struct Known {
    slot: Slot,
    release: u32,
    generation: u32,
}

impl Known {
    fn of(task: &Task) -> Option<Self> {
        let container = task.spec.as_ref()?.container_spec.as_ref()?;
        let labels = container.labels.as_ref()?;
        let number = |label: &str| labels.get(label)?.parse::<u32>().ok();
        // The Swarm counts its slots from 1.
        let slot = || u32::try_from(task.slot?.checked_sub(1)?).ok();
        Some(Self {
            slot: Slot {
                service_id: labels.get(SERVICE)?.clone(),
                process: labels.get(PROCESS)?.clone(),
                ordinal: number(ORDINAL).or_else(slot)?,
            },
            release: number(RELEASE)?,
            generation: number(GENERATION)?,
        })
    }
}

/// The engine's id of a task's container, on its node.
pub(super) fn container(task: &Task) -> Option<&str> {
    let container = task.status.as_ref()?.container_status.as_ref()?;
    container.container_id.as_deref()
}

/// Whether a task belongs to an installation, or to one service of it.
pub(super) fn is_ours(task: &Task, installation: &str, service_id: Option<&str>) -> bool {
    let spec = task.spec.as_ref();
    let container = spec.and_then(|spec| spec.container_spec.as_ref());
    let labels = container.and_then(|container| container.labels.as_ref());
    labels.is_some_and(|labels| describe::is_ours(labels, installation, service_id))
}

fn state(task: &Task) -> TaskState {
    let status = task.status.as_ref();
    status
        .and_then(|status| status.state)
        .unwrap_or(TaskState::NEW)
}

/// Whether a task has not ended yet.
pub(super) fn goes_on(task: &Task) -> bool {
    state(task) <= TaskState::RUNNING
}

/// Whether the Swarm wants a task to run.
fn is_wanted(task: &Task) -> bool {
    task.desired_state
        .is_none_or(|desired| desired <= TaskState::RUNNING)
}

/// How a task that is there does; `None`: it ended, or nobody knows of it.
fn run_state(task: &Task, places: &Places) -> Option<RunState> {
    let place = task.node_id.as_ref().and_then(|id| places.get(id));
    let state = state(task);
    if state > TaskState::RUNNING {
        return None;
    }
    if !is_wanted(task) {
        // What its node did last is not known; the Swarm no longer counts on it.
        let is_lost = place.is_none_or(|place| place.is_down);
        let ran = state == TaskState::RUNNING;
        return (ran && !is_lost).then_some(RunState::Leaving);
    }
    if state == TaskState::RUNNING {
        return Some(RunState::Running);
    }
    Some(RunState::Pending {
        what: pending(task, state, places),
    })
}

/// What a task waits for.
fn pending(task: &Task, state: TaskState, places: &Places) -> String {
    let place = task.node_id.as_ref().and_then(|id| places.get(id));
    let node = place.map_or("its node", |place| place.name.as_str());
    match state {
        TaskState::NEW | TaskState::ALLOCATED | TaskState::PENDING => {
            if let Some(why) = disk_away(task, places) {
                return why;
            }
            let why = task.status.as_ref().and_then(|status| status.err.clone());
            match why.filter(|why| !why.is_empty()) {
                Some(why) => format!("no node takes it: {why}"),
                None => "it waits for a node".to_owned(),
            }
        }
        _ if place.is_some_and(|place| place.is_full) => full(node),
        TaskState::STARTING => format!("it starts on {node}, and is asked for its health"),
        _ => format!("{node} fetches its image"),
    }
}

/// Why the one node that holds a task's disk does not take it, if so.
fn disk_away(task: &Task, places: &Places) -> Option<String> {
    let id = stays_on(task.spec.as_ref()?)?;
    let (node, why) = match places.get(id) {
        None => (id, "which has left the Swarm"),
        Some(place) if place.is_down => (place.name.as_str(), "which does not answer"),
        Some(place) if place.is_drained => (place.name.as_str(), "which is drained"),
        Some(_) => return None,
    };
    Some(format!(
        "its disk is on {node}, {why}: it waits for that node"
    ))
}

/// Why a task ended by itself.
fn end(task: &Task, place: Option<&Place>) -> Option<String> {
    let status = task.status.as_ref()?;
    let state = state(task);
    if state <= TaskState::RUNNING {
        let place = place.filter(|place| place.is_down && !is_wanted(task))?;
        return Some(format!("its node {} does not answer", place.name));
    }
    let said = status.err.as_deref().unwrap_or_default();
    let code = status
        .container_status
        .as_ref()
        .and_then(|container| container.exit_code);
    match state {
        TaskState::FAILED if said.contains("unhealthy") => {
            Some("its health check failed".to_owned())
        }
        TaskState::FAILED => Some(match code.filter(|code| *code != 0) {
            Some(code) => format!("it ended with exit code {code}"),
            None => said.to_owned(),
        }),
        TaskState::REJECTED => Some(rejection(said, place)),
        TaskState::ORPHANED => Some("its node is away for too long".to_owned()),
        _ => None,
    }
}

/// What a task waits for, or ended of, on a node whose disk is full.
fn full(node: &str) -> String {
    format!(
        "the disk of {node} is full, whatever that node says: drain it, or make room there and start its engine again"
    )
}

/// Why a node did not run a task. Where it could not fetch the image, it says no more than that it has
/// none.
fn rejection(said: &str, place: Option<&Place>) -> String {
    let node = place.map_or("its node", |place| place.name.as_str());
    if said.contains("no space left on device") || place.is_some_and(|place| place.is_full) {
        return format!("{} ({said})", full(node));
    }
    if said.contains("No such image") {
        return format!(
            "{node} has not its image and could not fetch it: check that the registry answers that node ({said})"
        );
    }
    format!("{node} could not run it: {said}")
}

fn ended_at(task: &Task) -> DateTime<Utc> {
    let told = task.status.as_ref().and_then(|status| status.timestamp);
    told.or(task.updated_at).unwrap_or_default()
}

/// Where a task's port answers.
fn endpoint(task: &Task, place: Option<&Place>) -> Option<SocketAddr> {
    let ports = task.status.as_ref()?.port_status.as_ref()?.ports.as_ref()?;
    let port = ports.iter().find_map(|port| port.published_port)?;
    Some(SocketAddr::new(place?.address?, u16::try_from(port).ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn task(state: &str, desired: &str) -> Task {
        serde_json::from_value(json!({
            "ID": "t1",
            "Slot": 2,
            "NodeID": "n1",
            "DesiredState": desired,
            "Spec": {"ContainerSpec": {"Labels": {
                "pilothouse.installation": "here",
                "pilothouse.service": "s1",
                "pilothouse.process": "web",
                "pilothouse.release": "7",
                "pilothouse.generation": "3",
            }}},
            "Status": {
                "State": state,
                "PortStatus": {"Ports": [{"PublishedPort": 32768}, {"PublishedPort": 32768}]},
            },
        }))
        .unwrap()
    }

    fn places(is_down: bool) -> Places {
        let place = Place {
            name: "north".to_owned(),
            address: Some([10, 0, 0, 1].into()),
            is_down,
            is_drained: false,
            is_full: false,
        };
        HashMap::from([("n1".to_owned(), place)])
    }

    #[test]
    fn a_task_is_an_instance_where_its_node_answers() {
        let one = instance(&task("running", "running"), &places(false)).unwrap();
        assert_eq!(one.slot.label(), "web.1");
        assert_eq!((one.release_version, one.generation), (7, 3));
        assert_eq!(one.state, RunState::Running);
        assert_eq!(one.endpoint, Some(([10, 0, 0, 1], 32768).into()));
    }

    #[test]
    fn what_is_on_its_way_out_is_there_until_it_ended() {
        let state =
            |task: &Task, is_down| instance(task, &places(is_down)).map(|instance| instance.state);
        let leaving = task("running", "shutdown");
        assert_eq!(state(&leaving, false), Some(RunState::Leaving));
        assert_eq!(state(&leaving, true), None, "nobody knows of it");
        assert_eq!(state(&task("shutdown", "shutdown"), false), None);
    }

    #[test]
    fn a_lost_node_takes_its_instances_along() {
        let lost = fallen(&task("running", "shutdown"), &places(true)).unwrap();
        assert_eq!(lost.reason, "its node north does not answer");
        assert!(fallen(&task("running", "running"), &places(true)).is_none());
        assert!(fallen(&task("running", "shutdown"), &places(false)).is_none());
    }

    #[test]
    fn a_task_that_failed_says_why() {
        let mut failed = task("failed", "shutdown");
        let mut reason = |err: &str, code: i64| {
            let status = failed.status.as_mut().unwrap();
            status.err = Some(err.to_owned());
            status.container_status = Some(bollard::models::ContainerStatus {
                exit_code: Some(code),
                ..Default::default()
            });
            fallen(&failed, &places(false)).map(|fallen| fallen.reason)
        };
        let unhealthy = "task: non-zero exit (137): dockerexec: unhealthy container";
        assert_eq!(reason(unhealthy, 137).unwrap(), "its health check failed");
        assert_eq!(
            reason("task: non-zero exit (3)", 3).unwrap(),
            "it ended with exit code 3"
        );
    }

    #[test]
    fn the_log_of_a_task_is_whole_where_it_ended_on_a_node_that_answers() {
        let is_whole = |state, is_down| {
            let ended = ended(&task(state, "shutdown"), &places(is_down));
            ended.is_some_and(|one| one.slot.label() == "web.1")
        };
        for state in ["complete", "shutdown", "failed"] {
            assert!(is_whole(state, false), "{state}");
            assert!(!is_whole(state, true), "{state}");
        }
        for state in ["running", "starting", "rejected", "orphaned"] {
            assert!(!is_whole(state, false), "{state}");
        }
    }

    #[test]
    fn a_node_that_can_not_run_a_task_is_named_with_what_to_do() {
        let mut rejected = task("rejected", "shutdown");
        let mut reason = |err: &str| {
            rejected.status.as_mut().unwrap().err = Some(err.to_owned());
            fallen(&rejected, &places(false)).unwrap().reason
        };
        let full = reason("write /var/lib/x: no space left on device");
        assert!(full.starts_with("the disk of north is full"), "{full}");
        let missing = reason("No such image: r.test/shop@sha256:00");
        assert!(missing.contains("could not fetch it"), "{missing}");
        assert_eq!(
            reason("no such mount"),
            "north could not run it: no such mount"
        );
    }

    #[test]
    fn what_waits_for_its_disk_says_where_that_is() {
        let mut waiting = task("pending", "running");
        waiting.node_id = None;
        let spec = waiting.spec.as_mut().unwrap();
        spec.placement = Some(bollard::models::TaskSpecPlacement {
            constraints: Some(vec!["node.id==n1".to_owned()]),
            ..Default::default()
        });
        let what = |places: &Places| match instance(&waiting, places).unwrap().state {
            RunState::Pending { what } => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            what(&places(true)),
            "its disk is on north, which does not answer: it waits for that node"
        );
        assert_eq!(what(&places(false)), "it waits for a node");
        let mut drained = places(false);
        drained.get_mut("n1").unwrap().is_drained = true;
        assert!(what(&drained).contains("which is drained"));
        assert!(what(&HashMap::new()).contains("has left the Swarm"));
    }

    #[test]
    fn what_no_node_takes_says_so() {
        let mut waiting = task("pending", "running");
        waiting.node_id = None;
        waiting.status.as_mut().unwrap().err = Some("no suitable node".to_owned());
        let what = instance(&waiting, &places(false)).unwrap().state;
        let words = "no node takes it: no suitable node".to_owned();
        assert_eq!(what, RunState::Pending { what: words });
    }
}
