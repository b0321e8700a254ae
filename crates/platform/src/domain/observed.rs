//! What runs, as the reconciler last saw it: written there, read by every status and list.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use pilothouse_wire::node::NodeState;
use pilothouse_wire::open::Open;
use pilothouse_wire::status::{Instance, ServiceState, ServiceStatus, StatusSummary};

use crate::engine::{EngineError, EngineResult};

/// What was last seen of one service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ObservedService {
    pub(crate) state: ServiceState,
    /// Since when the state holds.
    pub(crate) since: DateTime<Utc>,
    pub(crate) message: Option<String>,
    pub(crate) available: bool,
    pub(crate) release_version: Option<u32>,
    /// By process and ordinal.
    pub(crate) instances: Vec<Instance>,
}

impl ObservedService {
    fn ready(&self) -> u32 {
        count(self.instances.iter().filter(|instance| instance.ready))
    }

    /// As the API tells it.
    pub(crate) fn status(&self, desired: u32) -> ServiceStatus {
        ServiceStatus {
            total: count(self.instances.iter()),
            ready: self.ready(),
            available: self.available,
            state: Some(Open::Known(self.state)),
            desired: Some(desired),
            instances: self.instances.clone(),
            release_version: self.release_version,
            since: Some(self.since),
            message: self.message.clone(),
        }
    }

    /// As lists tell it.
    pub(crate) fn summary(&self, desired: u32) -> StatusSummary {
        StatusSummary {
            state: Open::Known(self.state),
            desired,
            ready: self.ready(),
            since: Some(self.since),
            message: self.message.clone(),
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// What was last seen of every service, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    services: DashMap<String, ObservedService>,
    /// How many changes of each service were asked for.
    asked: DashMap<String, u64>,
    /// The state of every node, by id, and since when it holds.
    nodes: DashMap<String, (NodeState, Option<DateTime<Utc>>)>,
    /// Why the engine takes no changes, if so.
    leaderless: Mutex<Option<EngineError>>,
}

const ABOUT_TO: &str = "the change is about to be carried out";

impl Observed {
    pub(crate) fn get(&self, service_id: &str) -> Option<ObservedService> {
        self.0.services.get(service_id).map(|seen| seen.clone())
    }

    /// The same as lists tell it.
    pub(crate) fn summary(&self, service_id: &str, desired: u32) -> Option<StatusSummary> {
        let seen = self.0.services.get(service_id)?;
        Some(seen.summary(desired))
    }

    /// Notes why the engine takes no changes, or that it does.
    pub(crate) fn set_leaderless(&self, why: Option<EngineError>) {
        *self.leaderless() = why;
    }

    /// # Errors
    /// The engine takes no changes now.
    pub(crate) fn takes_changes(&self) -> EngineResult<()> {
        self.leaderless().clone().map_or(Ok(()), Err)
    }

    fn leaderless(&self) -> MutexGuard<'_, Option<EngineError>> {
        // It is set as a whole, so a poisoned lock is as good as new.
        let held = self.0.leaderless.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }

    /// How many instances of all services are ready.
    pub(crate) fn total_ready(&self) -> u64 {
        let services = self.0.services.iter();
        services.map(|seen| u64::from(seen.ready())).sum()
    }

    /// How many changes of a service were asked for so far.
    pub(crate) fn changes_asked(&self, service_id: &str) -> u64 {
        self.0.asked.get(service_id).map_or(0, |asked| *asked)
    }

    /// Takes over what is seen now, by who has read what is stored when so many changes had been
    /// asked for; `since` moves only when the state does.
    pub(crate) fn set(&self, service_id: &str, mut seen: ObservedService, as_of: u64) {
        if self.changes_asked(service_id) > as_of {
            seen.state = ServiceState::Converging;
            seen.message = Some(ABOUT_TO.to_owned());
        }
        if let Some(before) = self.get(service_id)
            && before.state == seen.state
        {
            seen.since = before.since;
        }
        self.0.services.insert(service_id.to_owned(), seen);
    }

    /// Notes that a change was asked for which the reconciler has not seen yet: until it has, the
    /// old state must not read as the outcome.
    pub(crate) fn expect_change(&self, service_id: &str) {
        *self.0.asked.entry(service_id.to_owned()).or_default() += 1;
        if let Some(mut seen) = self.0.services.get_mut(service_id)
            && seen.state != ServiceState::Converging
        {
            seen.state = ServiceState::Converging;
            seen.since = Utc::now();
            seen.message = Some(ABOUT_TO.to_owned());
        }
    }

    /// Since when a node is in a state, which the engine last changed something of at this instant.
    pub(crate) fn node_since(
        &self,
        id: &str,
        state: NodeState,
        changed: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let mut known = self
            .0
            .nodes
            .entry(id.to_owned())
            .or_insert((state, changed));
        if known.0 != state {
            *known = (state, Some(changed.unwrap_or_else(Utc::now)));
        }
        known.1
    }

    pub(crate) fn remove(&self, service_id: &str) {
        self.0.services.remove(service_id);
        self.0.asked.remove(service_id);
    }
}
