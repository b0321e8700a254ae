//! The state of a service in words, from what should run and what was seen.

use std::time::Instant;

use chrono::Utc;
use pilothouse_wire::open::Open;
use pilothouse_wire::status::{Instance, InstanceState, ServiceState};

use super::plan::Want;
use super::watch::{Trouble, Watch};
use crate::domain::{ObservedService, WEB};
use crate::engine::{EngineInstance, RunState};

/// What the task of a service is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity<'a> {
    /// All is as it should be.
    Settled,
    /// It does this.
    Doing(&'a str),
    /// It waits for an instance, or for the next attempt.
    Waiting,
}

/// What the last look found.
pub(super) struct Findings<'a> {
    pub(super) want: Option<&'a Want>,
    pub(super) instances: &'a [EngineInstance],
    pub(super) watch: &'a Watch,
    pub(super) activity: Activity<'a>,
    /// Whether a release or a restart is being rolled out that has not failed.
    pub(super) is_rolling: bool,
    /// Why the last rollout failed, if it did.
    pub(super) failed: Option<&'a str>,
    /// What else is to be said where nothing is wrong.
    pub(super) note: Option<&'a str>,
}

/// What is known of a service while the engine or the disk can't be asked: traffic goes on.
pub(super) fn out_of_reach(before: ObservedService, why: String) -> ObservedService {
    let state = match before.state {
        ServiceState::Undeployed => ServiceState::Undeployed,
        _ if before.instances.iter().any(|one| one.ready) => ServiceState::Degraded,
        _ => ServiceState::Down,
    };
    ObservedService {
        state,
        since: Utc::now(),
        message: Some(why),
        ..before
    }
}

impl Findings<'_> {
    /// As the rest of the platform sees it.
    pub(super) fn observed(&self) -> ObservedService {
        let mut instances: Vec<Instance> = self
            .instances
            .iter()
            .map(|one| self.instance(one))
            .collect();
        instances.extend(self.missing());
        instances.sort_by(|a, b| {
            let key = |one: &Instance| (one.ordinal, one.release_version);
            (&a.process, key(a)).cmp(&(&b.process, key(b)))
        });
        let has_web = self.want.is_some_and(|want| want.count(WEB) > 0);
        let available = instances
            .iter()
            .any(|one| one.ready && (!has_web || one.process == WEB));
        ObservedService {
            state: self.state(instances.iter().any(|one| one.ready)),
            since: Utc::now(),
            message: self.message(),
            available,
            release_version: self.want.map(|want| want.release),
            instances,
        }
    }

    fn state(&self, any_ready: bool) -> ServiceState {
        let Some(want) = self.want else {
            return ServiceState::Undeployed;
        };
        let is_troubled = self.failed.is_some() || self.troubles().next().is_some();
        if self.activity == Activity::Settled {
            if want.is_empty() {
                ServiceState::Paused
            } else {
                ServiceState::Running
            }
        } else if want.is_empty() || self.is_rolling || !is_troubled {
            ServiceState::Converging
        } else if any_ready {
            ServiceState::Degraded
        } else {
            ServiceState::Down
        }
    }

    /// Why it is not as it should be, and what it waits for.
    fn message(&self) -> Option<String> {
        if self.activity == Activity::Settled {
            return self.note.map(str::to_owned);
        }
        let doing = match self.activity {
            Activity::Doing(doing) => Some(doing.to_owned()),
            _ => None,
        };
        self.troubles()
            .next()
            .map(|(label, trouble)| format!("{label}: {}; {}", trouble.why, next_attempt(trouble)))
            .or_else(|| {
                self.failed.map(|why| {
                    format!("{why}. What ran before goes on: change what is wrong, and try again")
                })
            })
            .or(doing)
            .or_else(|| self.waits_for())
            .or_else(|| self.note.map(str::to_owned))
    }

    fn waits_for(&self) -> Option<String> {
        self.instances.iter().find_map(|one| {
            let seen = self.watch.of(&one.id)?;
            let label = one.slot.label();
            match &one.state {
                RunState::Pending { what } => return Some(format!("waiting for {label}: {what}")),
                RunState::Running if !seen.ready => {}
                _ => return None,
            }
            Some(match &seen.message {
                Some(why) => format!("waiting for the health check of {label}: {why}"),
                None => format!("waiting for {label}"),
            })
        })
    }

    /// What is wrong with slots in which nothing is ready, in their order.
    fn troubles(&self) -> impl Iterator<Item = (&str, &Trouble)> {
        let is_open = |label: &str| {
            let is_ready = self.instances.iter().any(|one| {
                let seen = self.watch.of(&one.id);
                one.slot.label() == label && seen.is_some_and(|seen| seen.ready)
            });
            let slot = slot_of(label);
            let is_wanted = slot.is_some_and(|(process, ordinal)| {
                self.want.is_some_and(|want| ordinal < want.count(process))
            });
            is_wanted && !is_ready
        };
        let mut troubles: Vec<_> = self
            .watch
            .troubles()
            .filter(|(label, _)| is_open(label))
            .collect();
        troubles.sort_by_key(|(label, _)| slot_of(label));
        troubles.into_iter()
    }

    fn instance(&self, one: &EngineInstance) -> Instance {
        let label = one.slot.label();
        let seen = self.watch.of(&one.id);
        let message = match &one.state {
            RunState::Exited { reason, .. } => Some(reason.clone()),
            RunState::Pending { what } => Some(what.clone()),
            RunState::Leaving => None,
            RunState::Running => seen.and_then(|seen| seen.message.clone()),
        };
        let last_end = || {
            let restarted = self.watch.restarts(&label) > 0;
            let trouble = self.watch.trouble(&label).filter(|_| restarted)?;
            Some(format!("started again after: {}", trouble.why))
        };
        let state = seen.map_or(InstanceState::Pending, |seen| seen.state(&one.state));
        Instance {
            id: one.id.clone(),
            process: one.slot.process.clone(),
            ordinal: one.slot.ordinal,
            node: one.node.clone(),
            state: Open::Known(state),
            ready: seen.is_some_and(|seen| seen.ready),
            image_version: None,
            release_version: Some(one.release_version),
            started: Some(one.created),
            restarts: self.watch.restarts(&label),
            cpu: None,
            memory: None,
            message: message.or_else(last_end),
        }
    }

    /// The slots in which nothing is there because the last attempt failed.
    fn missing(&self) -> impl Iterator<Item = Instance> {
        let is_there = |label: &str| self.instances.iter().any(|one| one.slot.label() == label);
        let missing = self.troubles().filter(move |(label, _)| !is_there(label));
        missing.filter_map(|(label, trouble)| {
            let (process, ordinal) = slot_of(label)?;
            let restarts = self.watch.restarts(label);
            let state = match restarts {
                0 => InstanceState::Failed,
                _ => InstanceState::Restarting,
            };
            Some(Instance {
                id: label.to_owned(),
                process: process.to_owned(),
                ordinal,
                node: None,
                state: Open::Known(state),
                ready: false,
                image_version: None,
                release_version: self.want.map(|want| want.release),
                started: None,
                restarts,
                cpu: None,
                memory: None,
                message: Some(trouble.why.clone()),
            })
        })
    }
}

/// The process and the ordinal of `web.0`.
fn slot_of(label: &str) -> Option<(&str, u32)> {
    let (process, ordinal) = label.rsplit_once('.')?;
    Some((process, ordinal.parse().ok()?))
}

fn next_attempt(trouble: &Trouble) -> String {
    let wait = trouble.not_before.saturating_duration_since(Instant::now());
    match wait.as_secs() {
        0 => "trying again".to_owned(),
        seconds => format!("next attempt in {seconds} s"),
    }
}
