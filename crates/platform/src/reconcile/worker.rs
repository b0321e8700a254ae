//! One service's task: looks, plans, acts, waits; for as long as the service exists.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pilothouse_wire::build::ImageState;
use pilothouse_wire::release::DeploymentState;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::conduct::Conducting;
use super::fetch::Fetch;
use super::intake::Intake;
use super::outcome::{Activity, Findings, out_of_reach};
use super::plan::{Have, Health, Want, plan};
use super::stored::{Attempt, Stored};
use super::story::Story;
use super::watch::{RECOVERY, Watch};
use crate::domain::{Error, Platform, Result};
use crate::engine::{EngineInstance, HealthCheck, RunState};
use crate::store::NewEvent;

/// How often a service is looked at that has an instance on its way.
const BUSY: Duration = Duration::from_secs(1);
/// The shortest and the longest pause before a failed start is tried again or told anew.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(5);
/// The pauses between attempts to reach an engine that does not answer.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(15);
/// How often the health checks of a service at rest are asked.
const HEALTH_EVERY: Duration = Duration::from_secs(10);
/// A release whose instances fail this often before they are ready does not become healthy.
const MAX_FAILURES: u32 = 3;

/// The task of one service.
pub(super) struct Worker {
    pub(super) platform: Arc<Platform>,
    pub(super) service_id: String,
    pub(super) watch: Watch,
    pub(super) intake: Intake,
    pub(super) fetch: Fetch,
    pub(super) story: Story,
    pub(super) conducting: Conducting,
    pub(super) wake: Arc<Notify>,
    /// Whether nothing is left to do until something changes.
    rests: Arc<AtomicBool>,
    /// What is being tried, and why it failed, if it did.
    attempt: Option<Attempt>,
    failed: Option<String>,
    /// Whether it is being rolled out.
    pub(super) is_rolling: bool,
    /// What else is to be said while nothing is wrong.
    note: Option<String>,
    /// What was last known to run, and how it is asked for its health.
    pub(super) last: Vec<EngineInstance>,
    check: HealthCheck,
    /// How long an instance may take to become ready.
    limit: Duration,
    /// How many changes had been asked for when what is stored was read.
    as_of: u64,
}

/// How a pass ended.
pub(super) enum Pass {
    /// Nothing is left to do until something changes.
    AtRest,
    Busy,
    /// Nothing is left of the service.
    Gone,
}

fn word(passed: &Result<Pass>) -> &'static str {
    match passed {
        Ok(Pass::AtRest) => "rest",
        Ok(Pass::Busy) => "busy",
        Ok(Pass::Gone) => "gone",
        Err(_) => "failed",
    }
}

impl Worker {
    pub(super) fn new(
        platform: Arc<Platform>,
        service_id: String,
        wake: Arc<Notify>,
        rests: Arc<AtomicBool>,
    ) -> Self {
        Self {
            platform,
            service_id,
            watch: Watch::default(),
            intake: Intake::default(),
            fetch: Fetch::default(),
            story: Story::default(),
            conducting: Conducting::default(),
            wake,
            rests,
            attempt: None,
            failed: None,
            is_rolling: false,
            note: None,
            last: Vec::new(),
            check: HealthCheck::Running,
            limit: Duration::ZERO,
            as_of: 0,
        }
    }

    pub(super) async fn run(mut self) {
        let mut pause = MIN_PAUSE;
        loop {
            let begun = Instant::now();
            let passed = self.pass().await;
            self.platform.pace.passed(word(&passed), begun.elapsed());
            match passed {
                Ok(Pass::Gone) => return,
                Ok(Pass::AtRest) => {
                    self.rests.store(true, Ordering::Relaxed);
                    self.rest().await;
                    self.rests.store(false, Ordering::Relaxed);
                }
                Ok(Pass::Busy) => self.wait(self.until_next()).await,
                Err(error) => {
                    self.report_failure(&error);
                    self.end_what_stands_still(&error).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                    // What failed wakes it too.
                    tokio::time::sleep(MIN_PAUSE / 2).await;
                    self.wait(pause.mul_f64(rand::random_range(0.7..1.0))).await;
                    continue;
                }
            }
            pause = MIN_PAUSE;
        }
    }

    /// Waits, but not on when something was asked or changed.
    async fn wait(&self, at_most: Duration) {
        // Either way there is something to look at.
        let _ = timeout(at_most, self.wake.notified()).await;
    }

    /// Waits until something is asked or changes, with a look at the health now and then.
    async fn rest(&mut self) {
        if self.last.is_empty() {
            return self.wake.notified().await;
        }
        // So that services that began together do not stay in step.
        let mut every = if self.watch.is_in_doubt() {
            RECOVERY
        } else {
            HEALTH_EVERY.mul_f64(rand::random_range(0.5..1.0))
        };
        loop {
            if timeout(every, self.wake.notified()).await.is_ok() {
                return;
            }
            every = HEALTH_EVERY;
            let engine = self.platform.engine.as_ref();
            let is_well = self.watch.look(engine, &self.last, &self.check).await;
            self.tell_who_recovered().await;
            if !is_well {
                return;
            }
        }
    }

    /// How long nothing can happen by itself.
    fn until_next(&self) -> Duration {
        let on_its_way = |one: &EngineInstance| {
            let seen = self.watch.of(&one.id);
            let may_become = matches!(one.state, RunState::Running | RunState::Pending { .. });
            may_become && seen.is_none_or(|seen| !seen.ready)
        };
        if self.last.iter().any(on_its_way) {
            return BUSY;
        }
        let next = self.watch.next_attempt().unwrap_or(BUSY);
        next.clamp(SOON, LATER)
    }

    /// The engine or the disk failed: what runs goes on, and the page says why nothing moves.
    fn report_failure(&mut self, error: &Error) {
        tracing::warn!(service = %self.service_id, %error, "a service can't be looked after; trying again");
        let observed = &self.platform.observed;
        if let Some(before) = observed.get(&self.service_id) {
            let seen = out_of_reach(before, error.to_string());
            observed.set(&self.service_id, seen, self.as_of);
        }
    }

    async fn pass(&mut self) -> Result<Pass> {
        self.as_of = self.platform.observed.changes_asked(&self.service_id);
        let Some(stored) = Stored::read(&self.platform, &self.service_id).await? else {
            self.remove_instances(false).await?;
            return Ok(Pass::Gone);
        };
        if stored.row.deleted {
            self.remove_all(&stored.row).await?;
            return Ok(Pass::Gone);
        }
        self.recall_falls().await?;
        let engine = Arc::clone(&self.platform.engine);
        let instances = engine.list(Some(&self.service_id)).await?;
        self.note.clone_from(&stored.note);
        self.limit = stored.timeout();
        self.story.follow(stored.deployment.as_ref());
        self.begin(stored.attempt());
        self.intake.follow(&self.platform, &instances, &self.wake);
        self.check = stored.health_check();
        self.watch
            .look(engine.as_ref(), &instances, &self.check)
            .await;
        self.last.clone_from(&instances);
        self.tell_who_recovered().await;
        let Some(want) = stored.want(self.failed.is_some()) else {
            // Its first deployment was cancelled, or none was made yet.
            if !instances.is_empty() {
                self.platform.ingress.remove(&self.service_id);
                self.remove_instances(true).await?;
            }
            self.publish(None, &[], Activity::Settled);
            return Ok(Pass::AtRest);
        };
        let is_old = |one: &EngineInstance| !want.is_current(&self.have(one));
        self.is_rolling = self.failed.is_none()
            && (stored.row.good_version != Some(want.release) || instances.iter().any(is_old));
        self.route(&stored, &instances, &[]);
        self.tell_who_is_ready(&want, &instances);
        if let (Some(conductor), Some(release)) = (engine.conductor(), &stored.release) {
            return self
                .conduct(conductor, &want, &stored, release, &instances)
                .await;
        }
        if let Some(why) = self.failure(&want, &stored, &instances).await {
            self.give_up(&want, &stored, why).await?;
            return Ok(Pass::Busy);
        }
        let have: Vec<Have> = instances.iter().map(|one| self.have(one)).collect();
        let steps = plan(&want, &have);
        let at_rest = steps.is_empty() && have.iter().all(|have| have.health == Health::Ready);
        let settled = at_rest && have.iter().all(|have| want.is_current(have));
        if settled && !self.settle(&want, &stored, have.len()).await? {
            return Ok(Pass::Busy);
        }
        let fetching = self.fetch.words();
        let activity = if settled {
            Activity::Settled
        } else {
            fetching
                .as_deref()
                .map_or(Activity::Waiting, Activity::Doing)
        };
        self.publish(Some(&want), &instances, activity);
        if at_rest {
            return Ok(Pass::AtRest);
        }
        self.carry_out(&want, &stored, &instances, steps).await?;
        Ok(Pass::Busy)
    }

    /// What went wrong with another release, or before the last restart, does not count.
    fn begin(&mut self, attempt: Option<Attempt>) {
        if self.attempt != attempt {
            self.attempt = attempt;
            self.failed = None;
            self.fetch = Fetch::default();
            self.watch.forgive();
        }
    }

    pub(super) fn have(&self, one: &EngineInstance) -> Have {
        let seen = self.watch.of(&one.id);
        Have {
            id: one.id.clone(),
            process: one.slot.process.clone(),
            ordinal: one.slot.ordinal,
            release: one.release_version,
            generation: one.generation,
            health: match (&one.state, seen) {
                (RunState::Exited { .. }, _) => Health::Ended,
                (RunState::Pending { .. } | RunState::Leaving, _) => Health::Starting,
                // What was ready and is lost ends and starts again.
                (_, Some(seen)) if seen.lost => Health::Ended,
                (_, Some(seen)) if seen.ready => Health::Ready,
                _ => Health::Starting,
            },
        }
    }

    /// Why what is being rolled out will not become healthy, if so.
    pub(super) async fn failure(
        &self,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
    ) -> Option<String> {
        if !self.is_rolling {
            return None;
        }
        let mut troubles = self.watch.troubles();
        if let Some((label, trouble)) = troubles.find(|(_, one)| one.attempts >= MAX_FAILURES) {
            return Some(format!("{label}: {}", trouble.why));
        }
        let limit = stored.timeout();
        let still = self.story.stands_still();
        if let Some(fetching) = self.fetch.words().filter(|_| still >= limit) {
            return Some(format!(
                "nothing came for {} s while {fetching}",
                still.as_secs()
            ));
        }
        let late = instances
            .iter()
            .find(|one| want.is_current(&self.have(one)) && self.watch.is_late(&one.id, limit))?;
        let label = late.slot.label();
        Some(format!("{label}: {}", self.late(late, limit).await))
    }

    /// Ends a rollout that failed. What served before goes on; where nothing did, it is tried on.
    pub(super) async fn give_up(
        &mut self,
        want: &Want,
        stored: &Stored,
        why: String,
    ) -> Result<()> {
        let what = if stored.row.good_version == Some(want.release) {
            "The restart failed".to_owned()
        } else {
            format!("Release v{} did not become healthy", want.release)
        };
        let why = format!("{what}: {why}");
        tracing::warn!(service = %self.service_id, %why);
        if stored.row.good_version != Some(want.release) {
            self.end_deployment(stored, &why).await?;
        } else {
            let event = NewEvent::restart_failed(want.release, &why);
            self.note_event(&event).await;
        }
        self.failed = Some(why);
        Ok(())
    }

    /// Notes that a release is in place, where that is not known yet. `false`: it still waits for its
    /// image.
    pub(super) async fn settle(
        &mut self,
        want: &Want,
        stored: &Stored,
        instances: usize,
    ) -> Result<bool> {
        // A release that was good before is deployed again without any instance changing.
        let is_open = stored.deployment.is_some() || stored.row.good_version != Some(want.release);
        // What failed is not tried while nothing of it is to run.
        let is_tried = self.failed.is_none() || instances > 0;
        if !is_open || !is_tried {
            return Ok(true);
        }
        if instances == 0 && self.awaits_image(want, stored).await? {
            return Ok(false);
        }
        self.complete(want, instances).await?;
        Ok(true)
    }

    /// Notes that every instance of a release is ready.
    async fn complete(&mut self, want: &Want, instances: usize) -> Result<()> {
        let store = &self.platform.store;
        store
            .complete_rollout(&self.service_id, want.release)
            .await?;
        let words = match instances {
            0 => format!("Done: v{} is in place, scaled to nothing.", want.release),
            1 => format!("Done: the instance of v{} is ready.", want.release),
            count => format!(
                "Done: all {count} instances of v{} are ready.",
                want.release
            ),
        };
        self.story.tell(&self.platform.journals, &words);
        // One that waited begins now.
        self.wake.notify_one();
        Ok(())
    }

    /// Ends the deployment under way as failed.
    async fn end_deployment(&mut self, stored: &Stored, why: &str) -> Result<()> {
        let store = &self.platform.store;
        if let Some(image) = stored.image.as_ref().filter(|image| image.fetched) {
            store
                .end_image(image, ImageState::Failed, why, None)
                .await?;
        }
        if let Some(id) = self.story.deployment().map(str::to_owned) {
            store
                .end_deployment(&self.service_id, &id, DeploymentState::Error, why, None)
                .await?;
        }
        let goes_on = match stored.row.good_version {
            Some(version) => format!("Release v{version} goes on serving."),
            None => "No release was healthy before, so this one is tried on.".to_owned(),
        };
        let journals = &self.platform.journals;
        self.story.tell(journals, &format!("Failed: {why}"));
        self.story.tell(journals, &goes_on);
        Ok(())
    }

    /// A deployment ends by itself when nothing of it moved for longer than an instance may take.
    async fn end_what_stands_still(&mut self, error: &Error) {
        let still = self.story.stands_still();
        let Some(id) = self.story.deployment().map(str::to_owned) else {
            return;
        };
        if self.limit.is_zero() || still < self.limit {
            return;
        }
        let why = format!("Nothing moved for {} s: {error}", still.as_secs());
        let store = &self.platform.store;
        let ended = store
            .end_deployment(&self.service_id, &id, DeploymentState::Error, &why, None)
            .await;
        match ended {
            Ok(_) => self
                .story
                .tell(&self.platform.journals, &format!("Failed: {why}")),
            Err(error) => {
                tracing::warn!(service = %self.service_id, %error, "a deployment can't be ended");
            }
        }
    }

    /// Tells which of the new instances are ready.
    fn tell_who_is_ready(&mut self, want: &Want, instances: &[EngineInstance]) {
        for one in instances {
            let seen = self.watch.of(&one.id);
            let is_new = want.is_current(&self.have(one));
            if let Some(after) = seen
                .filter(|seen| seen.ready && is_new)
                .and_then(|seen| seen.ready_after)
            {
                let words = format!(
                    "{} is ready after {:.1} s and receives traffic.",
                    one.slot.label(),
                    after.as_secs_f64()
                );
                self.story.tell(&self.platform.journals, &words);
            }
        }
    }

    /// Says what is being done.
    pub(super) fn tell(&self, want: &Want, instances: &[EngineInstance], doing: &str) {
        self.publish(Some(want), instances, Activity::Doing(doing));
    }

    pub(super) fn publish(
        &self,
        want: Option<&Want>,
        instances: &[EngineInstance],
        activity: Activity<'_>,
    ) {
        let findings = Findings {
            want,
            instances,
            watch: &self.watch,
            activity,
            is_rolling: self.is_rolling,
            failed: self.failed.as_deref(),
            note: self.note.as_deref(),
        };
        let observed = &self.platform.observed;
        observed.set(&self.service_id, findings.observed(), self.as_of);
    }
}
