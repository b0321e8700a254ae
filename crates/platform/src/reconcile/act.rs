//! Carrying out what was planned: each effect on the engine, the route and the disk.

use std::time::Duration;

use futures_util::future::join_all;

use super::plan::{Step, Want};
use super::stored::Stored;
use super::worker::Worker;
use crate::domain::{LAST_LINE, Result, WEB};
use crate::engine::{EngineInstance, RunState, Slot};
use crate::ingress::{Target, drained};
use crate::mask::Mask;
use crate::store::{Built, ImageRow, Release, ServiceRow};

/// How long an instance may take to finish its requests.
const DRAIN: Duration = Duration::from_secs(10);
/// How long it may then take to end.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// How far an image is.
enum Arrival {
    /// It is there under this reference.
    Here(String),
    OnItsWay,
    /// It can't be had, and why.
    Failed(String),
}

impl Worker {
    pub(super) async fn carry_out(
        &mut self,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
        steps: Vec<Step>,
    ) -> Result<()> {
        let mut retiring = Vec::new();
        let mut starting = Vec::new();
        for step in steps {
            match step {
                Step::Clear { id } => self.clear(want, instances, &id).await?,
                Step::Retire { id } => retiring.push(id),
                Step::Start { process, ordinal } => starting.push((process, ordinal)),
            }
        }
        self.retire_late(stored, instances, &mut retiring).await;
        if let Some(release) = stored.release.as_ref().filter(|_| !starting.is_empty()) {
            self.start(want, stored, release, instances, starting)
                .await?;
        }
        if !retiring.is_empty() {
            self.retire(want, stored, instances, &retiring).await?;
        }
        Ok(())
    }

    /// Publishes what answers for the service's domains, leaving out some instances.
    pub(super) fn route(&self, stored: &Stored, instances: &[EngineInstance], besides: &[String]) {
        if stored.release.is_none() {
            return;
        }
        let backends = instances
            .iter()
            .filter(|one| one.slot.process == WEB && !besides.contains(&one.id))
            .filter(|one| self.watch.of(&one.id).is_some_and(|seen| seen.ready))
            .filter_map(|one| {
                Some(Target {
                    id: one.id.clone(),
                    label: one.slot.label(),
                    address: one.endpoint?,
                })
            })
            .collect();
        let domains = &stored.row.attached.domains;
        self.platform
            .ingress
            .set(&self.service_id, domains, backends);
    }

    /// Instances that had their time and are still not ready make room for another attempt.
    async fn retire_late(
        &mut self,
        stored: &Stored,
        instances: &[EngineInstance],
        retiring: &mut Vec<String>,
    ) {
        let limit = stored.timeout();
        for one in instances
            .iter()
            .filter(|one| one.state == RunState::Running)
        {
            if self.watch.is_late(&one.id, limit) && !retiring.contains(&one.id) {
                let why = self.late(one, limit).await;
                self.watch.failed(&one.slot.label(), why);
                retiring.push(one.id.clone());
            }
        }
    }

    /// Why an instance was not ready in time, in words.
    pub(super) async fn late(&self, one: &EngineInstance, limit: Duration) -> String {
        let said = || self.watch.of(&one.id).and_then(|seen| seen.message.clone());
        let why = match &one.state {
            RunState::Pending { what } => what.clone(),
            _ => said().unwrap_or_else(|| "it does not answer".to_owned()),
        };
        let seconds = limit.as_secs();
        self.with_last_line(one, format!("it was not ready within {seconds} s: {why}"))
            .await
    }

    /// Removes an instance that ended, after its last lines are stored.
    async fn clear(&mut self, want: &Want, instances: &[EngineInstance], id: &str) -> Result<()> {
        let Some(one) = instances.iter().find(|one| one.id == id) else {
            return Ok(());
        };
        let engine = &self.platform.engine;
        let label = one.slot.label();
        tracing::info!(service = %self.service_id, instance = %label, release = one.release_version, state = ?one.state, "an instance ended");
        let why = match &one.state {
            // What never ran, or was on its way out already, did not crash.
            RunState::Exited { code, .. } if *code < 0 || !want.includes(&self.have(one)) => None,
            RunState::Exited { reason, .. } => Some(reason.clone()),
            RunState::Running | RunState::Pending { .. } | RunState::Leaving => {
                let seen = self.watch.of(id).and_then(|seen| seen.message.clone());
                let seen = seen.unwrap_or_else(|| "it did not answer".to_owned());
                engine.stop(id, STOP_GRACE).await?;
                Some(format!("its health check failed: {seen}"))
            }
        };
        // One that takes its place is worth more than its last lines.
        if let Err(error) = self.intake.finish(id).await {
            tracing::warn!(service = %self.service_id, %error, "an instance that ended is removed all the same");
        }
        if let Some(why) = why {
            let why = self.with_last_line(one, why).await;
            let words = format!("{label}: {why}");
            self.story.tell(&self.platform.journals, &words);
            self.fell(one, why).await;
        }
        Ok(self.platform.engine.remove(id).await?)
    }

    pub(super) async fn with_last_line(&self, one: &EngineInstance, why: String) -> String {
        match self.last_line(one).await {
            Ok(Some(line)) => format!("{why}{LAST_LINE}{line}"),
            Ok(None) | Err(_) => why,
        }
    }

    /// The last line that an instance wrote, without the secrets that it was given: what is told of a
    /// deployment is read by more people than those.
    async fn last_line(&self, one: &EngineInstance) -> Result<Option<String>> {
        let platform = &self.platform;
        let line = platform.logs.last_line(&self.service_id, &one.id).await?;
        let (Some(line), Some(release)) = (
            line,
            platform
                .store
                .release(&self.service_id, one.release_version)
                .await?,
        ) else {
            return Ok(None);
        };
        let mut mask = Mask::default();
        for held in release.document.config().values() {
            if held.is_secret() {
                mask.add(&platform.open_value(held).await?);
            }
        }
        Ok(Some(mask.whole(&line)))
    }

    async fn start(
        &mut self,
        want: &Want,
        stored: &Stored,
        release: &Release,
        instances: &[EngineInstance],
        slots: Vec<(String, u32)>,
    ) -> Result<()> {
        let slots = slots.into_iter().map(|(process, ordinal)| Slot {
            service_id: self.service_id.clone(),
            process,
            ordinal,
        });
        let due: Vec<Slot> = slots
            .filter(|slot| self.watch.may_start(&slot.label()))
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        let Some(image) = self.image(want, stored, instances, release, &due).await? else {
            return Ok(());
        };
        let env = self
            .platform
            .open_config(&release.document.config())
            .await?;
        for slot in due {
            let label = slot.label();
            let spec = stored.instance(slot, release, &image, &env);
            self.tell(
                want,
                instances,
                &format!("starting {label} from {}", spec.image),
            );
            match self.platform.engine.start(&spec).await {
                Ok(()) => {
                    let words = format!("{label} starts.");
                    self.story.tell(&self.platform.journals, &words);
                }
                Err(error) if error.is_away() => return Err(error.into()),
                Err(error) => self.fails(&label, error.to_string()),
            }
        }
        Ok(())
    }

    /// The image from which these slots are to be started, if it is there.
    pub(super) async fn image(
        &mut self,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
        release: &Release,
        due: &[Slot],
    ) -> Result<Option<String>> {
        match self.arrival(want, stored, instances, release).await? {
            Arrival::Here(image) => return Ok(Some(image)),
            Arrival::OnItsWay => {}
            Arrival::Failed(why) => {
                for slot in due {
                    self.fails(&slot.label(), why.clone());
                }
            }
        }
        Ok(None)
    }

    /// Whether a release that is scaled to nothing still waits for its image. It is fetched all the
    /// same: that there is none is told with the deployment, not at the first start.
    pub(super) async fn awaits_image(&mut self, want: &Want, stored: &Stored) -> Result<bool> {
        let is_unknown = |row: &ImageRow| row.built.reference.is_empty();
        let is_new = stored.row.good_version != Some(want.release);
        let (Some(release), true) = (
            &stored.release,
            is_new && stored.image.as_ref().is_some_and(is_unknown),
        ) else {
            return Ok(false);
        };
        match self.arrival(want, stored, &[], release).await? {
            Arrival::Here(_) => Ok(false),
            Arrival::OnItsWay => Ok(true),
            Arrival::Failed(why) => {
                self.give_up(want, stored, why).await?;
                Ok(true)
            }
        }
    }

    /// How far the image of a release is. It is asked for where it is not on its way yet.
    async fn arrival(
        &mut self,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
        release: &Release,
    ) -> Result<Arrival> {
        let engine = &self.platform.engine;
        let image = stored.reference(release);
        match self.fetch.is_there(engine, image, &self.wake).await {
            Ok(true) => Ok(Arrival::Here(self.pin(stored, image).await?)),
            Ok(false) => {
                let words = format!("The image {image} is fetched.");
                self.story.tell(&self.platform.journals, &words);
                if self.fetch.has_moved() {
                    self.story.moves();
                }
                let words = self.fetch.words();
                self.tell(want, instances, words.as_deref().unwrap_or_default());
                Ok(Arrival::OnItsWay)
            }
            Err(error) if error.is_away() => Err(error.into()),
            Err(error) => Ok(Arrival::Failed(error.to_string())),
        }
    }

    /// The reference that runs just the image that is there now, kept with the first start of it.
    async fn pin(&mut self, stored: &Stored, image: &str) -> Result<String> {
        let unpinned = stored
            .image
            .as_ref()
            .filter(|row| row.built.reference.is_empty());
        let Some(row) = unpinned else {
            return Ok(image.to_owned());
        };
        let engine = &self.platform.engine;
        let facts = engine.image_facts(image).await?;
        if facts.pinned.is_none() {
            // No registry has it: it stays for as long as it has a name.
            engine.tag_image(&facts.id, &row.tag()).await?;
        }
        let built = Built {
            reference: facts.reference().to_owned(),
            digest: Some(facts.digest().to_owned()),
            size: facts.size,
            exposed_ports: facts.exposed_ports,
            ..Built::default()
        };
        self.platform.store.image_built(row, &built).await?;
        let words = format!("The image is here: {}", built.reference);
        self.platform.journals.note(&row.id, &words);
        self.story.tell(&self.platform.journals, &words);
        Ok(built.reference)
    }

    /// Notes that an attempt in a slot failed.
    fn fails(&mut self, label: &str, why: String) {
        let words = format!("{label}: {why}");
        self.story.tell(&self.platform.journals, &words);
        self.watch.failed(label, why);
    }

    async fn retire(
        &mut self,
        want: &Want,
        stored: &Stored,
        instances: &[EngineInstance],
        ids: &[String],
    ) -> Result<()> {
        let backends: Vec<_> = ids
            .iter()
            .filter_map(|id| self.platform.ingress.backend(&self.service_id, id))
            .collect();
        self.route(stored, instances, ids);
        self.watch.leave(ids);
        let words = leaving(want, instances, ids);
        self.story
            .tell(&self.platform.journals, &format!("{words}."));
        self.tell(want, instances, &words);
        join_all(backends.iter().map(|backend| drained(backend, DRAIN))).await;
        let engine = self.platform.engine.clone();
        let stopped = join_all(ids.iter().map(|id| engine.stop(id, STOP_GRACE))).await;
        for (id, stopped) in ids.iter().zip(stopped) {
            stopped?;
            self.intake.finish(id).await?;
            engine.remove(id).await?;
        }
        Ok(())
    }

    /// Removes all that is left of a deleted service, and then its row.
    pub(super) async fn remove_all(&mut self, row: &ServiceRow) -> Result<()> {
        let platform = self.platform.clone();
        platform.ingress.remove(&self.service_id);
        self.remove_instances(false).await?;
        platform.engine.remove_volumes(&self.service_id).await?;
        platform.engine.remove_network(&row.environment_id).await?;
        self.intake.end().await;
        platform.logs.remove(&self.service_id).await;
        platform.telemetry.remove(&self.service_id).await?;
        platform.observed.remove(&self.service_id);
        for id in platform.store.journal_ids(&self.service_id).await? {
            platform.builds.cancel(&id);
            platform.journals.remove(&id);
        }
        for image in platform.store.all_images(&self.service_id).await? {
            platform.remove_image(&image).await?;
        }
        platform.store.forget_service(&self.service_id).await?;
        Ok(())
    }

    /// Stops and removes whatever runs of the service; its last lines are kept, or go as well.
    pub(super) async fn remove_instances(&mut self, keeps_lines: bool) -> Result<()> {
        let engine = self.platform.engine.clone();
        if let Some(conductor) = engine.conductor() {
            return self.dismiss_all(conductor).await;
        }
        let instances = engine.list(Some(&self.service_id)).await?;
        let stopped = join_all(instances.iter().map(|one| engine.stop(&one.id, STOP_GRACE))).await;
        for (one, stopped) in instances.iter().zip(stopped) {
            stopped?;
            if keeps_lines {
                self.intake.finish(&one.id).await?;
            }
            engine.remove(&one.id).await?;
        }
        Ok(())
    }
}

/// Says which instances go, and why nothing replaces them before.
fn leaving(want: &Want, instances: &[EngineInstance], ids: &[String]) -> String {
    let leaving: Vec<&EngineInstance> = instances
        .iter()
        .filter(|one| ids.contains(&one.id))
        .collect();
    let labels: Vec<String> = leaving
        .iter()
        .map(|one| format!("{} of v{}", one.slot.label(), one.release_version))
        .collect();
    let verb = if labels.len() == 1 {
        "finishes its requests and stops"
    } else {
        "finish their requests and stop"
    };
    let is_replaced = leaving
        .iter()
        .any(|one| one.slot.ordinal < want.count(&one.slot.process));
    let why = if want.stateful && is_replaced {
        ", so that its successor can take over the volumes"
    } else {
        ""
    };
    format!("{} {verb}{why}", labels.join(", "))
}
