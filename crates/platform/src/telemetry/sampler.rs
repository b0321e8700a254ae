//! Every 5 seconds of the clock: what the engine measures and what ingress counted, as one sample a
//! service.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use super::recent::Recent;
use super::recorder::Recorder;
use super::sample::Sample;
use super::samples::Samples;
use super::series::MINUTE;
use super::tally::Tally;
use super::{TICK, Tallies};
use crate::engine::{Engine, Usage};
use crate::ingress::Ingress;

/// How long the engine may take to tell what instances use.
const ENGINE_WITHIN: Duration = Duration::from_millis(4_000);

/// Samples until it is dropped.
pub(super) async fn run(
    engine: Arc<dyn Engine>,
    ingress: Ingress,
    recorder: Recorder,
    (samples, recent): (Samples, Recent),
) {
    match samples.lately(Utc::now().timestamp()).await {
        Ok(stored) => recent.restore(stored),
        Err(error) => tracing::warn!(%error, "stored samples can't be read"),
    }
    let mut meter = Meter::default();
    let mut counted_since = Instant::now();
    let mut rolled = i64::MIN;
    let mut is_away = false;
    loop {
        tokio::time::sleep(until_next_tick(Utc::now().timestamp_millis())).await;
        let at = Utc::now().timestamp().div_euclid(TICK) * TICK - TICK;
        let tallies = recorder.take().await;
        let counted = counted_since.elapsed();
        counted_since = Instant::now();
        let hosts = ingress.services_with_hosts();
        let mut measured = traffic(tallies, hosts, counted.as_secs_f64());
        match tokio::time::timeout(ENGINE_WITHIN, engine.usage()).await {
            Ok(Ok(usage)) => {
                is_away = false;
                meter.read(usage, &mut measured);
            }
            failed => {
                // What is not measured is a gap.
                meter = Meter::default();
                if !is_away {
                    let why = failed.map_or_else(
                        |_| "no answer in time".to_owned(),
                        |failed| {
                            failed
                                .err()
                                .map(|error| error.to_string())
                                .unwrap_or_default()
                        },
                    );
                    tracing::warn!(%why, "the engine does not tell what instances use");
                }
                is_away = true;
            }
        }
        let measured: Vec<(String, Sample)> = measured.into_iter().collect();
        recent.add(at, &measured);
        if let Err(error) = samples.insert(at, &measured).await {
            tracing::warn!(%error, "samples can't be stored");
        }
        let minute = at.div_euclid(MINUTE);
        if minute != rolled {
            match samples.roll(at + TICK).await {
                Ok(()) => rolled = minute,
                Err(error) => tracing::warn!(%error, "samples can't be rolled up"),
            }
        }
    }
}

/// The pause until the clock shows the next whole tick.
fn until_next_tick(now: i64) -> Duration {
    let tick = TICK * 1_000;
    Duration::from_millis(u64::try_from(tick - now.rem_euclid(tick)).unwrap_or_default())
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

/// Reads counters of processor time, which only ever grow: a rate takes two readings.
#[derive(Debug, Default)]
struct Meter {
    /// When each instance was read, and its counter.
    last: HashMap<String, (Instant, Duration)>,
}

impl Meter {
    fn read(&mut self, usage: Vec<Usage>, into: &mut HashMap<String, Sample>) {
        let mut next = HashMap::with_capacity(usage.len());
        let mut cores: HashMap<String, Vec<f64>> = HashMap::new();
        for one in usage {
            let sample = into.entry(one.service_id.clone()).or_default();
            sample.memory += one.memory as f64;
            sample.memory_samples = 1;
            // A counter that went back began anew, and tells nothing of the time between.
            let used = self.last.get(&one.instance_id).and_then(|(at, before)| {
                let passed = one.at.checked_duration_since(*at)?;
                let used = one.cpu.checked_sub(*before)?;
                (!passed.is_zero()).then(|| used.as_secs_f64() / passed.as_secs_f64())
            });
            if let Some(used) = used {
                cores.entry(one.service_id).or_default().push(used);
            }
            next.insert(one.instance_id, (one.at, one.cpu));
        }
        for (service_id, cores) in cores {
            let sample = into.entry(service_id).or_default();
            sample.cpu = cores.iter().sum::<f64>() / cores.len() as f64;
            sample.cpu_samples = 1;
        }
        self.last = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(instance: &str, at: Instant, cpu: u64) -> Usage {
        Usage {
            instance_id: instance.to_owned(),
            service_id: "shop".to_owned(),
            at,
            cpu: Duration::from_millis(cpu),
            memory: 100,
        }
    }

    fn read(meter: &mut Meter, usage: Vec<Usage>) -> Sample {
        let mut into = HashMap::new();
        meter.read(usage, &mut into);
        into.remove("shop").unwrap_or_default()
    }

    #[test]
    fn cores_are_the_mean_of_instances_and_memory_is_their_sum() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut meter = Meter::default();
        let first = read(
            &mut meter,
            vec![usage("a", start, 0), usage("b", start, 1_000)],
        );
        assert_eq!((first.cpu_samples, first.memory), (0, 200.0));
        let second = read(
            &mut meter,
            vec![usage("a", later, 5_000), usage("b", later, 2_000)],
        );
        assert_eq!((second.cpu_samples, second.cpu), (1, 0.6));
    }

    #[test]
    fn a_counter_that_went_back_is_left_out() {
        let start = Instant::now();
        let mut meter = Meter::default();
        read(&mut meter, vec![usage("a", start, 9_000)]);
        let later = start + Duration::from_secs(5);
        let reset = read(&mut meter, vec![usage("a", later, 100)]);
        assert_eq!((reset.cpu_samples, reset.memory_samples), (0, 1));
        let after = later + Duration::from_secs(5);
        let again = read(&mut meter, vec![usage("a", after, 1_100)]);
        assert_eq!((again.cpu_samples, again.cpu), (1, 0.2));
    }

    #[test]
    fn a_service_with_hosts_and_no_request_counts_none() {
        let mut tally = Tally::default();
        tally.requests = 3;
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
    }
}
