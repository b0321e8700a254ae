//! Where instances answer, remembered: a manager that starts again does not know the ports of what runs
//! until each node has told it anew, and they never change while a task runs.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::{EngineInstance, RunState};

/// The endpoints that were told once, by task.
#[derive(Default)]
pub(super) struct Endpoints(Mutex<HashMap<String, SocketAddr>>);

impl Endpoints {
    /// Notes where instances answer, and fills in where that is not told again.
    pub(super) fn complete(&self, instances: &mut [EngineInstance]) {
        let mut known = self.known();
        for one in instances {
            match (&one.state, one.endpoint) {
                (RunState::Running, None) => one.endpoint = known.get(&one.id).copied(),
                (_, Some(endpoint)) => {
                    known.insert(one.id.clone(), endpoint);
                }
                (_, None) => {}
            }
        }
    }

    /// Forgets all but these: there are no others.
    pub(super) fn keep(&self, instances: &[EngineInstance]) {
        let ids: HashSet<&str> = instances.iter().map(|one| one.id.as_str()).collect();
        self.known().retain(|id, _| ids.contains(id.as_str()));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, SocketAddr>> {
        // An entry is set as a whole, so a poisoned lock is as good as new.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str, port: Option<u16>) -> EngineInstance {
        EngineInstance {
            endpoint: port.map(|port| ([10, 0, 0, 1], port).into()),
            ..EngineInstance::running("s1", id)
        }
    }

    fn ports(endpoints: &Endpoints, told: &[(&str, Option<u16>)]) -> Vec<Option<u16>> {
        let mut instances: Vec<_> = told.iter().map(|(id, port)| instance(id, *port)).collect();
        endpoints.complete(&mut instances);
        let port = |one: &EngineInstance| one.endpoint.map(|endpoint| endpoint.port());
        instances.iter().map(port).collect()
    }

    #[test]
    fn what_is_not_told_again_is_as_it_was() {
        let endpoints = Endpoints::default();
        let told = [("a", Some(1)), ("b", Some(2)), ("c", None)];
        assert_eq!(ports(&endpoints, &told), [Some(1), Some(2), None]);
        let again = [("a", None), ("b", Some(3)), ("c", None)];
        assert_eq!(ports(&endpoints, &again), [Some(1), Some(3), None]);
        endpoints.keep(&[instance("b", None)]);
        assert_eq!(
            ports(&endpoints, &[("a", None), ("b", None)]),
            [None, Some(3)]
        );
    }

    #[test]
    fn what_does_not_run_yet_answers_nowhere() {
        let endpoints = Endpoints::default();
        ports(&endpoints, &[("a", Some(1))]);
        let mut leaving = [EngineInstance {
            state: RunState::Leaving,
            ..instance("a", None)
        }];
        endpoints.complete(&mut leaving);
        assert_eq!(leaving[0].endpoint, None);
    }
}
