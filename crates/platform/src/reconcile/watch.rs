//! What was seen of each instance: health, crashes, the pause before the next attempt.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::future::join_all;
use pilothouse_wire::status::InstanceState;

use crate::domain::WEB;
use crate::engine::{Engine, EngineInstance, HealthCheck, RunState};

/// How often a ready instance is looked at.
const READY_EVERY: Duration = Duration::from_secs(10);
/// Looks in a row that a ready instance may fail.
const MAX_FAILURES: u32 = 3;
/// How long after a look that failed a ready instance is given before the next: what is looked at
/// over and over in one bad moment would be lost for it.
pub(super) const RECOVERY: Duration = Duration::from_secs(2);
/// An instance that was ready this long starts again without a pause when it ends.
const STEADY: Duration = Duration::from_secs(60);
/// What has no port is ready when it has run this long.
const SETTLE: Duration = Duration::from_secs(2);
/// The longest pause before an instance is started again.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// What is known of one instance.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) ready: bool,
    /// Was ready once and no longer answers: it is replaced.
    pub(super) lost: bool,
    /// Takes no new requests and is about to be stopped.
    leaving: bool,
    pub(super) message: Option<String>,
    first: Instant,
    ready_since: Option<Instant>,
    /// How long it took to become ready, as far as this process saw.
    pub(super) ready_after: Option<Duration>,
    looked: Option<Instant>,
    failures: u32,
}

impl Seen {
    fn new() -> Self {
        Self {
            ready: false,
            lost: false,
            leaving: false,
            message: None,
            first: Instant::now(),
            ready_since: None,
            ready_after: None,
            looked: None,
            failures: 0,
        }
    }

    /// What is ready is looked at now and then, what is not at every chance.
    fn is_due(&self) -> bool {
        if self.lost || self.leaving {
            return false;
        }
        let every = match (self.ready, self.failures) {
            (false, _) => Duration::ZERO,
            (true, 0) => READY_EVERY,
            (true, _) => RECOVERY,
        };
        self.looked.is_none_or(|at| at.elapsed() >= every)
    }

    /// Takes account of a look.
    fn take(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                (self.ready, self.failures, self.message) = (true, 0, None);
                self.ready_since.get_or_insert_with(Instant::now);
                self.ready_after.get_or_insert_with(|| self.first.elapsed());
            }
            Err(why) => {
                self.failures += 1;
                if self.ready && self.failures >= MAX_FAILURES {
                    (self.ready, self.lost) = (false, true);
                }
                self.message = Some(why);
            }
        }
    }

    /// Its state for people.
    pub(super) fn state(&self, run: &RunState) -> InstanceState {
        match run {
            RunState::Exited { .. } => InstanceState::Restarting,
            RunState::Pending { .. } => InstanceState::Pending,
            RunState::Leaving => InstanceState::Draining,
            RunState::Running if self.leaving => InstanceState::Draining,
            RunState::Running if self.ready => InstanceState::Ready,
            RunState::Running if self.lost => InstanceState::Unhealthy,
            RunState::Running => InstanceState::Starting,
        }
    }
}

/// What went wrong in one slot.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// Attempts that failed in a row.
    pub(super) attempts: u32,
    /// The next attempt is not made before.
    pub(super) not_before: Instant,
    /// Why, for people.
    pub(super) why: String,
}

/// What was seen of one service's instances.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: HashMap<String, Seen>,
    troubles: HashMap<String, Trouble>,
    restarts: HashMap<String, u32>,
    /// The slots whose instance fell and was not steady since; nothing: not read yet.
    fallen: Option<HashSet<String>>,
    /// Those that were steady again, and of which that is not told yet.
    recovered: Vec<String>,
}

impl Watch {
    /// Looks at every running instance that is due, and forgets those that are gone. Tells whether
    /// all that run are well.
    pub(super) async fn look(
        &mut self,
        engine: &dyn Engine,
        instances: &[EngineInstance],
        check: &HealthCheck,
    ) -> bool {
        self.seen
            .retain(|id, _| instances.iter().any(|instance| instance.id == *id));
        let mut due = Vec::new();
        for instance in instances {
            let seen = self
                .seen
                .entry(instance.id.clone())
                .or_insert_with(Seen::new);
            if instance.state != RunState::Running {
                seen.ready = false;
            } else if seen.is_due() {
                seen.looked = Some(Instant::now());
                due.push(instance);
            }
        }
        let looks = due
            .iter()
            .map(|instance| look_once(engine, instance, check));
        let outcomes = join_all(looks).await;
        for (instance, outcome) in due.iter().zip(outcomes) {
            let Some(seen) = self.seen.get_mut(&instance.id) else {
                continue;
            };
            seen.take(outcome);
            if seen
                .ready_since
                .is_some_and(|since| since.elapsed() >= STEADY)
            {
                let label = instance.slot.label();
                self.troubles.remove(&label);
                self.is_steady(label);
            }
        }
        self.seen
            .values()
            .all(|seen| seen.ready && seen.failures == 0)
    }

    /// Whether a ready instance failed its last look.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.seen
            .values()
            .any(|seen| seen.ready && seen.failures > 0)
    }

    /// What is known of an instance.
    pub(super) fn of(&self, id: &str) -> Option<&Seen> {
        self.seen.get(id)
    }

    /// Whether an instance had so long to become ready, as far as this process saw, and is not.
    pub(super) fn is_late(&self, id: &str, limit: Duration) -> bool {
        let seen = self.of(id);
        seen.is_some_and(|seen| !seen.ready && !seen.lost && seen.first.elapsed() > limit)
    }

    /// Notes that instances are about to be stopped.
    pub(super) fn leave(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(seen) = self.seen.get_mut(id) {
                (seen.ready, seen.leaving) = (false, true);
            }
        }
    }

    /// How long until a failed slot may be tried again; `None` where none failed.
    pub(super) fn next_attempt(&self) -> Option<Duration> {
        let now = Instant::now();
        let pauses = self
            .troubles
            .values()
            .map(|trouble| trouble.not_before.saturating_duration_since(now));
        pauses.filter(|pause| !pause.is_zero()).min()
    }

    /// Notes that a slot's attempt failed, and makes the next one wait.
    pub(super) fn failed(&mut self, label: &str, why: String) {
        let attempts = self
            .troubles
            .get(label)
            .map_or(0, |trouble| trouble.attempts)
            + 1;
        let pause = Duration::from_secs(1 << (attempts - 1).min(6)).min(MAX_PAUSE);
        self.troubles.insert(
            label.to_owned(),
            Trouble {
                attempts,
                not_before: Instant::now() + pause,
                why,
            },
        );
    }

    /// Whether it is known what fell before this process began.
    pub(super) fn knows_falls(&self) -> bool {
        self.fallen.is_some()
    }

    /// Takes up which slots' instances fell before.
    pub(super) fn recall_falls(&mut self, labels: Vec<String>) {
        let fallen = self.fallen.get_or_insert_default();
        fallen.extend(labels);
    }

    fn is_steady(&mut self, label: String) {
        let fallen = self.fallen.as_mut();
        if fallen.is_some_and(|fallen| fallen.remove(&label)) {
            self.recovered.push(label);
        }
    }

    /// The slots whose instances run well again, each once.
    pub(super) fn take_recovered(&mut self) -> Vec<String> {
        std::mem::take(&mut self.recovered)
    }

    /// Notes that an instance ended by itself.
    pub(super) fn crashed(&mut self, label: &str, why: String) {
        *self.restarts.entry(label.to_owned()).or_default() += 1;
        self.recall_falls(vec![label.to_owned()]);
        self.failed(label, why);
    }

    /// What went wrong in a slot.
    pub(super) fn trouble(&self, label: &str) -> Option<&Trouble> {
        self.troubles.get(label)
    }

    /// Every slot in which something went wrong.
    pub(super) fn troubles(&self) -> impl Iterator<Item = (&str, &Trouble)> {
        self.troubles
            .iter()
            .map(|(label, trouble)| (label.as_str(), trouble))
    }

    /// Whether a slot may be tried now.
    pub(super) fn may_start(&self, label: &str) -> bool {
        self.trouble(label)
            .is_none_or(|trouble| trouble.not_before <= Instant::now())
    }

    /// How often a slot's instance ended by itself.
    pub(super) fn restarts(&self, label: &str) -> u32 {
        self.restarts.get(label).copied().unwrap_or(0)
    }

    /// A new attempt begins: what went wrong before no longer counts.
    pub(super) fn forgive(&mut self) {
        self.troubles.clear();
    }
}

/// Looks whether an instance is ready. Only `web` has a port to look at.
async fn look_once(
    engine: &dyn Engine,
    instance: &EngineInstance,
    check: &HealthCheck,
) -> Result<(), String> {
    let check = match instance.slot.process.as_str() {
        WEB => check,
        _ => &HealthCheck::Running,
    };
    let age = (Utc::now() - instance.created).to_std().unwrap_or_default();
    if *check == HealthCheck::Running && age < SETTLE {
        return Err(format!("it must run for {} s", SETTLE.as_secs()));
    }
    engine.probe(instance, check).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Result<(), String> {
        Err("it refused the connection".to_owned())
    }

    #[test]
    fn one_bad_moment_does_not_lose_what_is_ready() {
        let mut seen = Seen::new();
        seen.take(Ok(()));
        seen.looked = Some(Instant::now());
        seen.take(refused());
        assert!(!seen.is_due(), "looked at again in the same moment");
        assert!(seen.ready && !seen.lost);
        seen.looked = Instant::now().checked_sub(RECOVERY);
        assert!(seen.is_due());
    }

    #[test]
    fn what_fails_again_and_again_is_lost() {
        let mut seen = Seen::new();
        seen.take(Ok(()));
        (0..MAX_FAILURES).for_each(|_| seen.take(refused()));
        assert!(seen.lost && !seen.ready);
    }

    #[test]
    fn what_fell_recovers_once() {
        let mut watch = Watch::default();
        watch.recall_falls(vec!["web.0".to_owned()]);
        watch.crashed("web.1", "it ended".to_owned());
        for label in ["web.0", "web.0", "web.2", "web.1"] {
            watch.is_steady(label.to_owned());
        }
        assert_eq!(watch.take_recovered(), ["web.0", "web.1"]);
        assert!(watch.take_recovered().is_empty());
    }

    #[test]
    fn what_starts_is_looked_at_at_every_chance() {
        let mut seen = Seen::new();
        seen.looked = Some(Instant::now());
        seen.take(refused());
        assert!(seen.is_due());
    }
}
