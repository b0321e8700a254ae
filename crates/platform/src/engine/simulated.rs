//! No containers: plausible life for a look around, in memory, at almost no cost.
//!
//! The end of an image's reference can ask for trouble, so that every state can be seen:
//! `…:missing` is not found, `…:slow` takes its time to arrive, `…:crash` ends at once,
//! `…:unhealthy` never becomes ready.

mod lines;
mod nodes;
mod usage;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::meta::EngineKind;
use pilothouse_wire::node::NodeAvailability;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::lines::Script;
use self::nodes::Nodes;
use super::{
    BuildLog, BuildSpec, Engine, EngineError, EngineInstance, EngineLine, EngineNode, EngineResult,
    FetchProgress, HealthCheck, ImageFacts, InstanceSpec, RunState, Usage,
};

/// How long a simulated instance takes to become ready.
const WARM_UP: TimeDelta = TimeDelta::milliseconds(1_500);
/// How long one lives whose image asks for a crash.
const CRASH_AFTER: TimeDelta = TimeDelta::milliseconds(300);

/// How long a slow image is on its way, and its size in bytes.
const SLOW_FETCH: Duration = Duration::from_secs(120);
const SLOW_SIZE: u64 = 80_000_000;

/// The size that every simulated image has, in bytes.
const SIMULATED_SIZE: u64 = 12_000_000;

const MISSING: &str = ":missing";
const SLOW: &str = ":slow";
const HANGING: &str = ":hanging";
const CRASH: &str = ":crash";
const UNHEALTHY: &str = ":unhealthy";

#[derive(Clone)]
struct Life {
    instance: EngineInstance,
    image: String,
    stopped: Option<DateTime<Utc>>,
    /// Whether it was stopped since its node takes no more instances.
    moves: bool,
    /// The place of its node.
    place: usize,
    /// Tells who follows its lines that it was stopped or removed.
    over: CancellationToken,
}

impl Life {
    /// When it ended: some images end by themselves.
    fn ended(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let crash = self
            .image
            .ends_with(CRASH)
            .then(|| self.instance.created + CRASH_AFTER);
        crash.filter(|crash| *crash <= now).or(self.stopped)
    }

    fn observed(&self, now: DateTime<Utc>) -> EngineInstance {
        let state = match self.ended(now) {
            None => RunState::Running,
            Some(_) if self.moves => RunState::Exited {
                code: -1,
                reason: "its node is drained".to_owned(),
            },
            Some(at) if Some(at) == self.stopped => RunState::Exited {
                code: 0,
                reason: "it was stopped".to_owned(),
            },
            Some(_) => RunState::Exited {
                code: 1,
                reason: "it ended with exit code 1".to_owned(),
            },
        };
        EngineInstance {
            state,
            ..self.instance.clone()
        }
    }
}

struct Lives {
    by_id: HashMap<String, Life>,
    /// The ids of a service's instances.
    by_service: HashMap<String, BTreeSet<String>>,
    /// The images that were asked for and are there now.
    fetched: HashSet<String>,
    nodes: Nodes,
}

impl Lives {
    fn of<'a>(&'a self, service_id: &str) -> impl Iterator<Item = &'a Life> {
        let ids = self.by_service.get(service_id).into_iter().flatten();
        ids.filter_map(|id| self.by_id.get(id))
    }

    fn remove(&mut self, id: &str) {
        let Some(life) = self.by_id.remove(id) else {
            return;
        };
        life.over.cancel();
        self.nodes.leave(life.place);
        let service_id = life.instance.slot.service_id;
        if let Some(ids) = self.by_service.get_mut(&service_id) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_service.remove(&service_id);
            }
        }
    }
}

/// The simulated engine. What runs on it is forgotten when the process ends.
#[derive(Clone)]
pub struct Simulated(Arc<Mutex<Lives>>);

impl Simulated {
    /// An engine of so many machines on which nothing runs.
    pub fn new(nodes: NonZeroU16) -> Self {
        Self(Arc::new(Mutex::new(Lives {
            by_id: HashMap::new(),
            by_service: HashMap::new(),
            fetched: HashSet::new(),
            nodes: Nodes::new(nodes),
        })))
    }

    fn lives(&self) -> MutexGuard<'_, Lives> {
        // Nothing here can leave the maps half changed, so a poisoned lock is as good as new.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an instance wrote, or will write, what its script says for an instant. `None` while
    /// that is still to be seen.
    fn has_lived_until(&self, id: &str, at: DateTime<Utc>) -> Option<bool> {
        let now = Utc::now();
        let lives = self.lives();
        let Some(life) = lives.by_id.get(id) else {
            return Some(false);
        };
        match life.ended(now) {
            Some(ended) => Some(at < ended),
            None if at <= now => Some(true),
            None => None,
        }
    }
}

#[async_trait]
impl Engine for Simulated {
    fn kind(&self) -> EngineKind {
        EngineKind::Simulated
    }

    async fn nodes(&self) -> EngineResult<Vec<EngineNode>> {
        Ok(self.lives().nodes.told())
    }

    async fn set_availability(&self, id: &str, availability: NodeAvailability) -> EngineResult<()> {
        let now = Utc::now();
        let mut lives = self.lives();
        let Some(place) = lives.nodes.set(id, availability) else {
            return Ok(());
        };
        let on_it = lives.by_id.values_mut().filter(|life| life.place == place);
        for life in on_it.filter(|life| life.ended(now).is_none()) {
            life.stopped = Some(now);
            life.moves = true;
            life.over.cancel();
        }
        Ok(())
    }

    async fn detail(&self) -> EngineResult<String> {
        Ok("Nothing really runs: instances, lines and health are made up".to_owned())
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let now = Utc::now();
        let lives = self.lives();
        let observed = |life: &Life| life.observed(now);
        Ok(match service_id {
            Some(id) => lives.of(id).map(observed).collect(),
            None => lives.by_id.values().map(observed).collect(),
        })
    }

    async fn has_image(&self, reference: &str) -> EngineResult<bool> {
        Ok(match self.lives().fetched.contains(reference) {
            true => true,
            false => ![MISSING, SLOW, HANGING]
                .iter()
                .any(|end| reference.ends_with(end)),
        })
    }

    async fn fetch_image(&self, reference: &str, progress: &FetchProgress) -> EngineResult<()> {
        if reference.ends_with(MISSING) {
            return Err(EngineError::ImageNotFound {
                reference: reference.to_owned(),
                why: "manifest unknown".to_owned(),
            });
        }
        if reference.ends_with(HANGING) {
            std::future::pending::<()>().await;
        }
        if reference.ends_with(SLOW) {
            let steps = SLOW_FETCH.as_secs();
            for step in 1..=steps {
                progress.set(SLOW_SIZE * step / steps, Some(SLOW_SIZE));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        self.lives().fetched.insert(reference.to_owned());
        Ok(())
    }

    async fn image_facts(&self, reference: &str) -> EngineResult<ImageFacts> {
        let digest = Sha256::digest(reference.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(ImageFacts {
            id: format!("sha256:{digest}"),
            // The reference says what is simulated, so it stays what runs.
            pinned: Some(reference.to_owned()),
            size: Some(SIMULATED_SIZE),
            exposed_ports: Vec::new(),
        })
    }

    async fn takes_build_secrets(&self) -> EngineResult<bool> {
        Ok(true)
    }

    async fn end_build(&self, _: &str, _: DateTime<Utc>, _: &str) -> EngineResult<()> {
        Ok(())
    }

    async fn build_image(&self, spec: &BuildSpec, log: &BuildLog) -> EngineResult<()> {
        let steps = [
            "STEP 1/2: FROM scratch",
            "STEP 2/2: COPY . /",
            "simulated: nothing is built",
        ];
        for step in steps {
            let _ = log.send(format!("{step}\n")).await;
        }
        self.lives().fetched.insert(spec.tag.clone());
        Ok(())
    }

    async fn tag_image(&self, _reference: &str, tag: &str) -> EngineResult<()> {
        self.lives().fetched.insert(tag.to_owned());
        Ok(())
    }

    async fn remove_image(&self, reference: &str) -> EngineResult<()> {
        self.lives().fetched.remove(reference);
        Ok(())
    }

    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()> {
        let mut lives = self.lives();
        let is_there = lives
            .of(&spec.slot.service_id)
            .any(|Life { instance, .. }| {
                instance.slot == spec.slot
                    && instance.release_version == spec.release_version
                    && instance.generation == spec.generation
            });
        if is_there {
            return Ok(());
        }
        let id = uuid::Uuid::new_v4().to_string();
        let place = lives.nodes.place();
        let service_id = spec.slot.service_id.clone();
        lives
            .by_service
            .entry(service_id)
            .or_default()
            .insert(id.clone());
        let instance = EngineInstance {
            id: id.clone(),
            slot: spec.slot.clone(),
            release_version: spec.release_version,
            generation: spec.generation,
            state: RunState::Running,
            created: Utc::now(),
            endpoint: None,
            node: lives.nodes.name(place),
        };
        let life = Life {
            instance,
            image: spec.image.clone(),
            stopped: None,
            moves: false,
            place,
            over: CancellationToken::new(),
        };
        lives.by_id.insert(id, life);
        Ok(())
    }

    async fn stop(&self, id: &str, _grace: Duration) -> EngineResult<()> {
        let now = Utc::now();
        if let Some(life) = self.lives().by_id.get_mut(id)
            && life.ended(now).is_none()
        {
            life.stopped = Some(now);
            life.over.cancel();
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> EngineResult<()> {
        self.lives().remove(id);
        Ok(())
    }

    async fn remove_volumes(&self, _service_id: &str) -> EngineResult<()> {
        Ok(())
    }

    async fn remove_network(&self, _network: &str) -> EngineResult<()> {
        Ok(())
    }

    async fn probe(&self, instance: &EngineInstance, check: &HealthCheck) -> Result<(), String> {
        let now = Utc::now();
        let lives = self.lives();
        let life = lives.by_id.get(&instance.id).ok_or("it is gone")?;
        if life.ended(now).is_some() {
            return Err("it has ended".to_owned());
        }
        if life.image.ends_with(UNHEALTHY) {
            return Err(match check {
                HealthCheck::Http { path, .. } => format!("GET {path} answered 503"),
                HealthCheck::Port | HealthCheck::Running => "it does not answer".to_owned(),
            });
        }
        if now - life.instance.created < WARM_UP {
            return Err("it is starting".to_owned());
        }
        Ok(())
    }

    async fn usage(&self) -> EngineResult<Vec<Usage>> {
        let (now, at) = (Utc::now(), Instant::now());
        let lives = self.lives();
        let running = lives
            .by_id
            .values()
            .filter(|life| life.ended(now).is_none());
        let reading = |life: &Life| {
            let id = &life.instance.id;
            let age = (now - life.instance.created).as_seconds_f64().max(0.0);
            Usage {
                instance_id: id.clone(),
                service_id: life.instance.slot.service_id.clone(),
                at,
                cpu: usage::cpu(id, age),
                memory: usage::memory(id, age),
            }
        };
        Ok(running.map(reading).collect())
    }

    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
        let Some(life) = self.lives().by_id.get(id).cloned() else {
            return Ok(stream::empty().boxed());
        };
        let script = Script::new(&life.instance, life.image.ends_with(CRASH));
        let first = since.map_or(0, |since| script.first_at_or_after(since));
        let id: Arc<str> = id.into();
        let engine = self.clone();
        let lines = stream::unfold(first, move |number| {
            let (engine, id, over) = (engine.clone(), Arc::clone(&id), life.over.clone());
            let line = script.line(number);
            async move {
                let line = line?;
                loop {
                    match engine.has_lived_until(&id, line.timestamp) {
                        Some(true) => return Some((Ok(line), number + 1)),
                        Some(false) => return None,
                        None => tokio::select! {
                            () = sleep_until(line.timestamp) => {}
                            () = over.cancelled() => {}
                        },
                    }
                }
            }
        });
        Ok(lines.boxed())
    }
}

async fn sleep_until(at: DateTime<Utc>) {
    // A timer may be a little early, and must not be asked again at once.
    const AT_LEAST: Duration = Duration::from_millis(1);
    let left = (at - Utc::now()).to_std().unwrap_or_default();
    tokio::time::sleep(left.max(AT_LEAST)).await;
}
