//! A service on an engine that keeps instances by itself: it is told what is to run, and watched.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Utc;
use pilothouse_wire::logs::LogStream;

use super::outcome::Activity;
use super::plan::Want;
use super::stored::Stored;
use super::worker::{Pass, Worker};
use crate::domain::Result;
use crate::engine::{
    Conducted, Conductor, EngineInstance, Fallen, ProcessSpec, Rollout, RunState, Score, Slot,
};
use crate::logs::StoredLine;
use crate::store::Release;

/// What this process did and saw of a service that the engine keeps.
#[derive(Default)]
pub(super) struct Conducting {
    /// What was asked for of each process, by its digest.
    asked: HashMap<String, String>,
    /// The instances whose end is known; nothing: the engine was not asked yet.
    known: Option<HashSet<String>>,
    /// Those whose node was lost, where that is told in their log.
    lost: HashSet<String>,
    /// Those that ended and whose lines this process has read to the last.
    read: HashSet<String>,
    /// The one of them that is being read.
    reading: Option<String>,
}

impl Conducting {
    /// Those whose end is news. What ended before the first look is not: it was told then, or fell
    /// while nobody watched.
    fn news(&mut self, fallen: &[Fallen]) -> Vec<Fallen> {
        let ids = fallen.iter().map(|fallen| fallen.id.clone()).collect();
        let news = match &self.known {
            None => Vec::new(),
            Some(known) => fallen
                .iter()
                .filter(|fallen| !known.contains(&fallen.id))
                .cloned()
                .collect(),
        };
        self.known = Some(ids);
        news
    }

    /// One that ended and whose last lines may not be stored: its node was away, or this process. One
    /// after the other: after a start there may be many.
    fn unread(&mut self, ended: &[EngineInstance]) -> Option<EngineInstance> {
        self.read.retain(|id| ended.iter().any(|one| one.id == *id));
        let one = ended.iter().find(|one| !self.read.contains(&one.id))?;
        self.read.insert(one.id.clone());
        Some(one.clone())
    }
}

/// What is known of the processes of a service, and what they should be.
struct Parts {
    specs: Vec<(ProcessSpec, String)>,
    score: Score,
}

impl Parts {
    fn conducted(&self, process: &str) -> Option<&Conducted> {
        let mut processes = self.score.processes.iter();
        processes.find(|one| one.process == process)
    }

    /// What the engine was not told yet.
    fn due(&self) -> impl Iterator<Item = &ProcessSpec> {
        let is_due = |(spec, digest): &&(ProcessSpec, String)| {
            let known = self.conducted(&spec.instance.slot.process);
            known.is_none_or(|known| known.digest != *digest)
        };
        self.specs.iter().filter(is_due).map(|(spec, _)| spec)
    }

    /// Processes that the service no longer has.
    fn surplus(&self) -> impl Iterator<Item = &str> {
        let is_wanted = |process: &str| {
            let mut specs = self.specs.iter();
            specs.any(|(spec, _)| spec.instance.slot.process == process)
        };
        let processes = self.score.processes.iter();
        let surplus = processes.filter(move |one| !is_wanted(&one.process));
        surplus.map(|one| one.process.as_str())
    }

    /// Whether nothing is on its way.
    fn is_steady(&self) -> bool {
        let mut processes = self.score.processes.iter();
        processes.all(|one| one.rollout != Rollout::Rolling)
    }
}

impl Worker {
    /// Tells the engine what is to run, where that is not what it was told, and watches how far it is.
    pub(super) async fn conduct(
        &mut self,
        conductor: &dyn Conductor,
        want: &Want,
        stored: &Stored,
        release: &Release,
        instances: &[EngineInstance],
    ) -> Result<Pass> {
        let score = conductor.score(&self.service_id).await?;
        for fallen in self.conducting.news(&score.fallen) {
            self.note_fallen(want, fallen).await;
        }
        self.read_on(&score.ended).await;
        let parts = Parts {
            specs: self.specs(conductor, want, stored, release).await?,
            score,
        };
        if let Some(why) = self.went_wrong(&parts, want, stored, instances).await {
            self.give_up(want, stored, why).await?;
            return Ok(Pass::Busy);
        }
        let is_told = want.hold || parts.due().next().is_none();
        let settled = is_told && parts.is_steady() && self.is_complete(want, instances);
        if settled && !want.hold && !self.settle(want, stored, instances.len()).await? {
            return Ok(Pass::Busy);
        }
        let fetching = self.fetch.words();
        let activity = match (settled, fetching.as_deref()) {
            (true, _) => Activity::Settled,
            (false, Some(fetching)) => Activity::Doing(fetching),
            (false, None) => Activity::Waiting,
        };
        self.publish(Some(want), instances, activity);
        for process in parts.surplus() {
            conductor.dismiss(&self.service_id, process).await?;
        }
        if want.hold {
            let is_quiet = parts.is_steady() && self.all_are_ready(instances);
            return Ok(if is_quiet { Pass::AtRest } else { Pass::Busy });
        }
        if settled {
            return Ok(Pass::AtRest);
        }
        let due: Vec<ProcessSpec> = parts.due().cloned().collect();
        if !due.is_empty() {
            self.ask(conductor, want, stored, release, instances, due)
                .await?;
        }
        Ok(Pass::Busy)
    }

    /// What is to run of each process, with what tells it from another.
    async fn specs(
        &self,
        conductor: &dyn Conductor,
        want: &Want,
        stored: &Stored,
        release: &Release,
    ) -> Result<Vec<(ProcessSpec, String)>> {
        let env = self
            .platform
            .open_config(&release.document.config())
            .await?;
        let image = stored.reference(release);
        let specs = want.counts.iter().map(|(process, count)| {
            let spec = self.spec(stored, release, image, &env, (process, *count));
            let digest = conductor.digest(&spec);
            (spec, digest)
        });
        Ok(specs.collect())
    }

    fn spec(
        &self,
        stored: &Stored,
        release: &Release,
        image: &str,
        env: &BTreeMap<String, String>,
        (process, replicas): (&str, u32),
    ) -> ProcessSpec {
        let slot = Slot {
            service_id: self.service_id.clone(),
            process: process.to_owned(),
            ordinal: 0,
        };
        ProcessSpec {
            instance: stored.instance(slot, release, image, env),
            replicas,
            check: stored.health_check(),
            ready_within: stored.timeout(),
            goes_back: stored.row.good_version.is_some(),
        }
    }

    /// Tells the engine what is to run, as soon as the image is there.
    async fn ask(
        &mut self,
        conductor: &dyn Conductor,
        want: &Want,
        stored: &Stored,
        release: &Release,
        instances: &[EngineInstance],
        due: Vec<ProcessSpec>,
    ) -> Result<()> {
        let slots: Vec<Slot> = due.iter().map(|spec| spec.instance.slot.clone()).collect();
        if slots
            .iter()
            .any(|slot| !self.watch.may_start(&slot.label()))
        {
            return Ok(());
        }
        let image = self.image(want, stored, instances, release, &slots);
        let Some(image) = image.await? else {
            return Ok(());
        };
        for mut spec in due {
            spec.instance.image.clone_from(&image);
            let process = spec.instance.slot.process.clone();
            let words = match spec.replicas {
                1 => format!("{process}: one instance of v{} is asked for.", want.release),
                count => format!(
                    "{process}: {count} instances of v{} are asked for.",
                    want.release
                ),
            };
            self.story.tell(&self.platform.journals, &words);
            let digest = conductor.digest(&spec);
            conductor.conduct(&spec).await?;
            self.conducting.asked.insert(process, digest);
        }
        // What comes of it is known with the next look.
        self.wake.notify_one();
        Ok(())
    }

    /// Why what is being rolled out will not become healthy, if so.
    async fn went_wrong(
        &self,
        parts: &Parts,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
    ) -> Option<String> {
        if !self.is_rolling {
            return None;
        }
        for (spec, digest) in &parts.specs {
            let process = &spec.instance.slot.process;
            let asked = self.conducting.asked.get(process) == Some(digest);
            let Some(known) = parts.conducted(process).filter(|_| asked) else {
                continue;
            };
            if matches!(known.rollout, Rollout::WentBack | Rollout::Stopped) {
                return Some(why_it_fell(parts, want, process));
            }
        }
        self.failure(want, stored, instances).await
    }

    fn all_are_ready(&self, instances: &[EngineInstance]) -> bool {
        let is_ready = |one: &EngineInstance| self.watch.of(&one.id).is_some_and(|seen| seen.ready);
        instances.iter().all(is_ready)
    }

    /// Whether just what should run does, and is ready.
    fn is_complete(&self, want: &Want, instances: &[EngineInstance]) -> bool {
        let is_current = |one: &EngineInstance| want.is_current(&self.have(one));
        let has_all = want.counts.iter().all(|(process, count)| {
            let of_process = instances.iter().filter(|one| one.slot.process == *process);
            u32::try_from(of_process.count()) == Ok(*count)
        });
        has_all && self.all_are_ready(instances) && (want.hold || instances.iter().all(is_current))
    }

    async fn note_fallen(&mut self, want: &Want, fallen: Fallen) {
        let one = EngineInstance {
            id: fallen.id,
            slot: fallen.slot,
            release_version: fallen.release_version,
            generation: fallen.generation,
            state: RunState::Exited {
                code: 1,
                reason: fallen.reason.clone(),
            },
            created: fallen.at,
            endpoint: None,
            node: None,
        };
        // Its last lines may still be on their way; from a node that is lost none come.
        if fallen.is_lost {
            self.intake.give_up(&one.id).await;
        } else if let Err(error) = self.intake.finish(&one.id).await {
            tracing::warn!(service = %self.service_id, %error, "the last lines of an instance are not stored");
        }
        let label = one.slot.label();
        let lost = fallen.is_lost.then(|| fallen.reason.clone());
        let why = self.with_last_line(&one, fallen.reason).await;
        if let Some(reason) = lost {
            let words = format!("{reason}: what it wrote last is missing here");
            self.note_in_log(&one, &words).await;
            self.conducting.lost.insert(one.id.clone());
        }
        self.story
            .tell(&self.platform.journals, &format!("{label}: {why}"));
        if want.is_current(&self.have(&one)) {
            self.fell(&one, why).await;
        }
    }

    /// Reads the last lines of an instance that ended, unless others are still being read; their end
    /// wakes the service's task.
    async fn read_on(&mut self, ended: &[EngineInstance]) {
        if let Some(id) = self.conducting.reading.take_if(|id| self.intake.reads(id)) {
            if ended.iter().any(|one| one.id == id) {
                self.conducting.reading = Some(id);
                return;
            }
            // Its node is away again.
            self.intake.give_up(&id).await;
        }
        let Some(one) = self.conducting.unread(ended) else {
            return;
        };
        if self.conducting.lost.remove(&one.id) {
            let words = "its node is back: what it wrote meanwhile is above";
            self.note_in_log(&one, words).await;
        }
        self.conducting.reading = Some(one.id.clone());
        self.intake.catch_up(&self.platform, one, &self.wake);
    }

    /// Says in the log of an instance what its lines do not, now and not since it fell silent.
    async fn note_in_log(&self, one: &EngineInstance, words: &str) {
        let Some(nanos) = Utc::now().timestamp_nanos_opt() else {
            return;
        };
        let line = StoredLine {
            service_id: self.service_id.clone(),
            // No line of the instance's own: those are taken up again after its last.
            engine_id: format!("{} noted", one.id),
            instance: one.slot.label(),
            nanos,
            stream: LogStream::Stderr,
            message: format!("[pilothouse] {words}"),
        };
        self.platform.logs.append(line).await;
    }

    /// Ends whatever the engine keeps of the service.
    pub(super) async fn dismiss_all(&mut self, conductor: &dyn Conductor) -> Result<()> {
        for process in conductor.score(&self.service_id).await?.processes {
            conductor
                .dismiss(&self.service_id, &process.process)
                .await?;
        }
        self.conducting = Conducting::default();
        Ok(())
    }
}

/// The end of the last instance of a release that fell.
fn why_it_fell(parts: &Parts, want: &Want, process: &str) -> String {
    let mut fallen = parts.score.fallen.iter().rev();
    let last = fallen
        .find(|fallen| fallen.slot.process == process && fallen.release_version == want.release);
    match last {
        Some(fallen) => format!("{}: {}", fallen.slot.label(), fallen.reason),
        None => format!("{process}: an instance did not become ready"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn fallen(id: &str) -> Fallen {
        Fallen {
            id: id.to_owned(),
            slot: Slot {
                service_id: "s1".to_owned(),
                process: "web".to_owned(),
                ordinal: 0,
            },
            release_version: 1,
            generation: 0,
            at: DateTime::UNIX_EPOCH,
            reason: "it ended with exit code 1".to_owned(),
            is_lost: false,
        }
    }

    #[test]
    fn an_end_is_news_once() {
        let mut conducting = Conducting::default();
        let mut news = |ids: &[&str]| {
            let fallen: Vec<Fallen> = ids.iter().map(|id| fallen(id)).collect();
            let news = conducting.news(&fallen).into_iter();
            news.map(|fallen| fallen.id).collect::<Vec<_>>()
        };
        assert!(news(&["old"]).is_empty(), "it ended before anybody looked");
        assert_eq!(news(&["old", "new"]), ["new"]);
        assert!(news(&["new"]).is_empty());
    }

    #[test]
    fn what_ended_is_read_to_its_last_line_once() {
        let mut conducting = Conducting::default();
        let ended = |ids: &[&str]| {
            let ended = ids.iter().map(|id| EngineInstance::running("s1", id));
            ended.collect::<Vec<_>>()
        };
        let mut unread = |ids: &[&str]| conducting.unread(&ended(ids)).map(|one| one.id);
        assert_eq!(unread(&["a", "b"]).as_deref(), Some("a"));
        assert_eq!(unread(&["a", "b"]).as_deref(), Some("b"));
        assert_eq!(unread(&["a", "b"]), None);
        // What the engine no longer remembers is forgotten here too.
        assert_eq!(unread(&["b", "c"]).as_deref(), Some("c"));
        assert_eq!(conducting.read.len(), 2);
    }
}
