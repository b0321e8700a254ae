//! No containers: plausible life for a look around, in memory, at almost no cost.
//!
//! The last part of an image's reference can ask for trouble, so that every state can be seen:
//! `…:missing` is not found, `…:crash` ends at once, `…:unhealthy` never becomes ready.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::logs::LogStream;
use pilothouse_wire::meta::EngineKind;

use super::{
    Engine, EngineError, EngineInstance, EngineLine, EngineResult, HealthCheck, InstanceSpec,
    RunState,
};

/// How long a simulated instance takes to become ready.
const WARM_UP: TimeDelta = TimeDelta::milliseconds(1_500);
/// How long one lives whose image asks for a crash.
const CRASH_AFTER: TimeDelta = TimeDelta::milliseconds(300);
/// A line is written this often.
const LINE_EVERY: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Life {
    instance: EngineInstance,
    image: String,
}

impl Life {
    /// The instance as it is now: some images end by themselves.
    fn now(&self) -> EngineInstance {
        let mut instance = self.instance.clone();
        if self.image.ends_with(":crash") && Utc::now() - instance.created > CRASH_AFTER {
            instance.state = RunState::Exited {
                code: 1,
                reason: "it ended with exit code 1".to_owned(),
            };
        }
        instance
    }
}

/// The simulated engine. What runs on it is forgotten when the process ends.
#[derive(Default)]
pub struct Simulated {
    /// By service.
    lives: Arc<Mutex<HashMap<String, Vec<Life>>>>,
}

impl Simulated {
    /// An engine on which nothing runs.
    pub fn new() -> Self {
        Self::default()
    }

    fn lives(&self) -> MutexGuard<'_, HashMap<String, Vec<Life>>> {
        // Nothing here can leave the map half changed, so a poisoned lock is as good as new.
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Vec<Life>, usize)) {
        for lives in self.lives().values_mut() {
            if let Some(index) = lives.iter().position(|life| life.instance.id == id) {
                return change(lives, index);
            }
        }
    }
}

#[async_trait]
impl Engine for Simulated {
    fn kind(&self) -> EngineKind {
        EngineKind::Simulated
    }

    async fn detail(&self) -> EngineResult<String> {
        Ok("Nothing really runs: instances, lines and health are made up".to_owned())
    }

    async fn list(&self, service_id: Option<&str>) -> EngineResult<Vec<EngineInstance>> {
        let lives = self.lives();
        Ok(match service_id {
            Some(id) => lives.get(id).into_iter().flatten().map(Life::now).collect(),
            None => lives.values().flatten().map(Life::now).collect(),
        })
    }

    async fn ensure_image(&self, reference: &str) -> EngineResult<()> {
        if reference.ends_with(":missing") {
            return Err(EngineError::ImageNotFound {
                reference: reference.to_owned(),
                why: "manifest unknown".to_owned(),
            });
        }
        Ok(())
    }

    async fn build_image(&self, _tag: &str, _context: Bytes) -> EngineResult<()> {
        Ok(())
    }

    async fn start(&self, spec: &InstanceSpec) -> EngineResult<()> {
        let mut lives = self.lives();
        let lives = lives.entry(spec.slot.service_id.clone()).or_default();
        let same = |life: &&Life| {
            life.instance.slot == spec.slot
                && life.instance.release_version == spec.release_version
                && life.instance.generation == spec.generation
        };
        if lives.iter().any(|life| same(&life)) {
            return Ok(());
        }
        lives.push(Life {
            instance: EngineInstance {
                id: uuid::Uuid::new_v4().to_string(),
                slot: spec.slot.clone(),
                release_version: spec.release_version,
                generation: spec.generation,
                state: RunState::Running,
                created: Utc::now(),
                endpoint: None,
            },
            image: spec.image.clone(),
        });
        Ok(())
    }

    async fn stop(&self, id: &str, _grace: Duration) -> EngineResult<()> {
        self.change(id, |lives, index| {
            if let Some(life) = lives.get_mut(index) {
                life.instance.state = RunState::Exited {
                    code: 0,
                    reason: "it was stopped".to_owned(),
                };
            }
        });
        Ok(())
    }

    async fn remove(&self, id: &str) -> EngineResult<()> {
        self.change(id, |lives, index| {
            lives.swap_remove(index);
        });
        Ok(())
    }

    async fn remove_volumes(&self, service_id: &str) -> EngineResult<()> {
        self.lives().remove(service_id);
        Ok(())
    }

    async fn remove_network(&self, _network: &str) -> EngineResult<()> {
        Ok(())
    }

    async fn probe(&self, instance: &EngineInstance, _check: &HealthCheck) -> Result<(), String> {
        let lives = self.lives();
        let life = lives
            .get(&instance.slot.service_id)
            .and_then(|lives| lives.iter().find(|life| life.instance.id == instance.id))
            .ok_or("it is gone")?;
        if life.image.ends_with(":unhealthy") {
            return Err("GET /_health/ answered 503".to_owned());
        }
        if Utc::now() - instance.created < WARM_UP {
            return Err("it is starting".to_owned());
        }
        Ok(())
    }

    async fn logs(
        &self,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
        let lives = Arc::clone(&self.lives);
        let id = id.to_owned();
        let seed = id.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let lines = stream::unfold((0_u64, lives, id), move |(count, lives, id)| async move {
            if count > 0 {
                tokio::time::sleep(pause(seed, count)).await;
            }
            let alive = lives
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .values()
                .flatten()
                .any(|life| life.instance.id == id && life.now().state == RunState::Running);
            alive.then(|| (Ok(made_up_line(seed, count)), (count + 1, lives, id)))
        });
        Ok(lines
            .filter(move |line| {
                let wanted = match (line, since) {
                    (Ok(EngineLine { timestamp, .. }), Some(since)) => *timestamp >= since,
                    _ => true,
                };
                std::future::ready(wanted)
            })
            .boxed())
    }
}

/// The pause before a line: short at first, then calm, and different for each instance.
fn pause(seed: u64, count: u64) -> Duration {
    if count < 3 {
        return Duration::from_millis(200);
    }
    let spread = (seed ^ count.wrapping_mul(2_654_435_761)) % 20_000;
    LINE_EVERY.saturating_sub(Duration::from_secs(10)) + Duration::from_millis(spread)
}

/// A line as a web service writes them.
fn made_up_line(seed: u64, count: u64) -> EngineLine {
    const PATHS: [&str; 6] = ["/", "/v1/cart", "/v1/users/8841", "/v1/checkout", "/_health/", "/v1/items?page=2"];
    let dice = (seed ^ count.wrapping_mul(0x9E37_79B9_7F4A_7C15)) >> 7;
    let path = PATHS[usize::try_from(dice % 6).unwrap_or(0)];
    let (stream, message) = match count {
        0 => (LogStream::Stdout, "starting (simulated)".to_owned()),
        1 => (LogStream::Stdout, "listening on :8080 (simulated)".to_owned()),
        _ if dice % 41 == 0 => (LogStream::Stderr, format!("GET {path} 500 {}ms", dice % 90)),
        _ => (LogStream::Stdout, format!("GET {path} 200 {}ms", 1 + dice % 40)),
    };
    EngineLine {
        timestamp: Utc::now(),
        stream,
        message,
    }
}
