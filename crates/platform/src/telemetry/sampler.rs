//! Every 5 seconds of the clock: what the engine measures and what ingress counted, as one sample a
//! service.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::meter::Meter;
use super::recent::Recent;
use super::recorder::Recorder;
use super::sample::Sample;
use super::samples::Samples;
use super::series::MINUTE;
use super::tally::Tally;
use super::usage::LastUsage;
use super::{TICK, Tallies};
use crate::clock::Clock;
use crate::engine::{Engine, Usage};
use crate::ingress::Ingress;

/// How long the engine may take to tell what instances use.
const ENGINE_WITHIN: Duration = Duration::from_millis(4_000);

/// Asks for a last sample, and waits for it.
pub(super) type End = oneshot::Sender<()>;

/// What samples are made from, and where they go.
pub(super) struct Sampler {
    engine: Arc<dyn Engine>,
    ingress: Ingress,
    recorder: Recorder,
    samples: Samples,
    recent: Recent,
    meter: Meter,
    last_usage: LastUsage,
    clock: Clock,
    /// Since when requests were counted that are in no sample yet.
    counted_since: Instant,
    /// The minute up to which samples were rolled up.
    rolled: Option<i64>,
    /// When the last sample was stored.
    sampled: watch::Sender<Instant>,
}

impl Sampler {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        ingress: Ingress,
        recorder: Recorder,
        (samples, recent): (Samples, Recent),
    ) -> Self {
        let now = Instant::now();
        Self {
            engine,
            ingress,
            recorder,
            samples,
            recent,
            meter: Meter::default(),
            last_usage: LastUsage::default(),
            clock: Clock::new(now.into_std(), Utc::now()),
            counted_since: now,
            rolled: None,
            sampled: watch::Sender::new(now),
        }
    }

    /// When the last sample was stored.
    pub(super) fn sampled(&self) -> watch::Receiver<Instant> {
        self.sampled.subscribe()
    }

    /// What each instance used last.
    pub(super) fn last_usage(&self) -> LastUsage {
        self.last_usage.clone()
    }

    /// Samples until it is asked to end.
    pub(super) async fn run(mut self, mut ends: mpsc::Receiver<End>) {
        match self.samples.lately(Utc::now().timestamp()).await {
            Ok(stored) => self.recent.restore(stored),
            Err(error) => tracing::warn!(%error, "stored samples can't be read"),
        }
        loop {
            let pause = until_next_tick(Utc::now().timestamp_millis());
            tokio::select! {
                () = tokio::time::sleep(pause) => self.tick().await,
                end = ends.recv() => {
                    // What was counted since the last tick.
                    let measured = self.traffic().await;
                    self.store(tick_of(Utc::now().timestamp()), measured).await;
                    if let Some(end) = end {
                        // Whoever asked may have gone.
                        let _ = end.send(());
                    }
                    return;
                }
            }
        }
    }

    async fn tick(&mut self) {
        let now = Utc::now();
        let at = tick_of(now.timestamp()) - TICK;
        let mut measured = self.traffic().await;
        let usage = self.usage().await;
        self.last_usage
            .replace(self.meter.read(usage, &mut measured));
        self.store(at, measured).await;
        let is_steady = self.clock.look(Instant::now().into_std(), now);
        let minute = at.div_euclid(MINUTE);
        if self.rolled == Some(minute) {
            return;
        }
        let rolled = async {
            self.samples.roll(at + TICK).await?;
            if is_steady {
                self.samples.prune(at).await?;
            }
            Ok::<(), crate::store::StoreError>(())
        };
        match rolled.await {
            Ok(()) => self.rolled = Some(minute),
            Err(error) => tracing::warn!(%error, "samples can't be rolled up"),
        }
    }

    async fn usage(&self) -> Result<Vec<Usage>, String> {
        match tokio::time::timeout(ENGINE_WITHIN, self.engine.usage()).await {
            Ok(usage) => usage.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// What ingress counted since the last time.
    async fn traffic(&mut self) -> HashMap<String, Sample> {
        let tallies = self.recorder.take().await;
        let counted = self.counted_since.elapsed();
        self.counted_since = Instant::now();
        let hosts = self.ingress.services_with_hosts();
        traffic(tallies, hosts, counted.as_secs_f64())
    }

    async fn store(&self, at: i64, measured: HashMap<String, Sample>) {
        self.recent.add(at, &measured);
        match self.samples.insert(at, measured).await {
            Ok(()) => drop(self.sampled.send_replace(Instant::now())),
            Err(error) => tracing::warn!(%error, "samples can't be stored"),
        }
    }
}

/// The pause until the clock shows the next whole tick.
fn until_next_tick(now: i64) -> Duration {
    let tick = TICK * 1_000;
    Duration::from_millis(u64::try_from(tick - now.rem_euclid(tick)).unwrap_or_default())
}

/// The tick that an instant lies in.
fn tick_of(seconds: i64) -> i64 {
    seconds.div_euclid(TICK) * TICK
}

/// What ingress counted, and for whom it counted nothing.
fn traffic(mut tallies: Tallies, hosts: HashSet<String>, seconds: f64) -> HashMap<String, Sample> {
    let mut ids = hosts;
    ids.extend(tallies.keys().map(ToString::to_string));
    let sample = |id: String| {
        let Tally {
            requests,
            errors,
            latency,
        } = tallies.remove(id.as_str()).unwrap_or_default();
        let sample = Sample {
            traffic_seconds: seconds,
            requests,
            errors,
            latency: (requests > 0).then_some(latency),
            ..Sample::default()
        };
        (id, sample)
    };
    ids.into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_with_hosts_and_no_request_counts_none() {
        let tally = Tally {
            requests: 3,
            ..Tally::default()
        };
        let tallies = HashMap::from([(Arc::from("busy"), tally)]);
        let hosts = HashSet::from(["idle".to_owned(), "busy".to_owned()]);
        let traffic = traffic(tallies, hosts, 5.0);
        assert_eq!(traffic["idle"].requests, 0);
        assert_eq!(traffic["idle"].traffic_seconds, 5.0);
        assert!(traffic["idle"].latency.is_none());
        assert_eq!(traffic["busy"].requests, 3);
    }

    #[test]
    fn a_tick_is_a_whole_one_of_the_clock() {
        assert_eq!(until_next_tick(1_800_000_000_000), Duration::from_secs(5));
        assert_eq!(until_next_tick(1_800_000_004_999), Duration::from_millis(1));
        assert_eq!([tick_of(9), tick_of(10), tick_of(-1)], [5, 10, -5]);
    }
}
