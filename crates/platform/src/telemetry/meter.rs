//! Reads what the engine counts of instances: processor time only ever grows, so that a rate takes
//! two readings.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::sample::Sample;
use super::usage::InstanceUsage;
use crate::engine::Usage;

/// The last readings.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// When each instance was read, and its counter.
    last: HashMap<String, (Instant, Duration)>,
    is_away: bool,
}

impl Meter {
    /// Adds a reading to what was measured of each service, and tells what each instance used. Where
    /// the engine gave none, that is a gap, and so is the processor time until two readings have come
    /// again.
    pub(super) fn read(
        &mut self,
        usage: Result<Vec<Usage>, String>,
        into: &mut HashMap<String, Sample>,
    ) -> HashMap<String, InstanceUsage> {
        match usage {
            Ok(usage) => {
                self.is_away = false;
                self.add(usage, into)
            }
            Err(why) => {
                self.last.clear();
                if !self.is_away {
                    tracing::warn!(%why, "the engine does not tell what instances use");
                }
                self.is_away = true;
                HashMap::new()
            }
        }
    }

    fn add(
        &mut self,
        usage: Vec<Usage>,
        into: &mut HashMap<String, Sample>,
    ) -> HashMap<String, InstanceUsage> {
        let mut next = HashMap::with_capacity(usage.len());
        let mut each = HashMap::with_capacity(usage.len());
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
            let told = InstanceUsage {
                cpu: used,
                memory: one.memory,
            };
            each.insert(one.instance_id.clone(), told);
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
        each
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

    fn read(meter: &mut Meter, usage: Result<Vec<Usage>, String>) -> Sample {
        let mut into = HashMap::new();
        meter.read(usage, &mut into);
        into.remove("shop").unwrap_or_default()
    }

    #[test]
    fn cores_are_the_mean_of_instances_and_memory_is_their_sum() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut meter = Meter::default();
        let first = vec![usage("a", start, 0), usage("b", start, 1_000)];
        let first = read(&mut meter, Ok(first));
        assert_eq!((first.cpu_samples, first.memory), (0, 200.0));
        let second = vec![usage("a", later, 5_000), usage("b", later, 2_000)];
        let second = read(&mut meter, Ok(second));
        assert_eq!((second.cpu_samples, second.cpu), (1, 0.6));
    }

    #[test]
    fn each_instance_is_told_of_as_long_as_the_engine_tells() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut meter = Meter::default();
        let mut each = |usage| meter.read(usage, &mut HashMap::new());
        let told = |cpu| InstanceUsage { cpu, memory: 100 };
        let first = each(Ok(vec![usage("a", start, 0)]));
        assert_eq!(first, HashMap::from([("a".to_owned(), told(None))]));
        let second = each(Ok(vec![usage("a", later, 5_000), usage("b", later, 0)]));
        let expected = [
            ("a".to_owned(), told(Some(1.0))),
            ("b".to_owned(), told(None)),
        ];
        assert_eq!(second, HashMap::from(expected));
        assert_eq!(each(Err("away".to_owned())), HashMap::new());
    }

    #[test]
    fn a_counter_that_went_back_is_left_out() {
        let start = Instant::now();
        let mut meter = Meter::default();
        read(&mut meter, Ok(vec![usage("a", start, 9_000)]));
        let later = start + Duration::from_secs(5);
        let reset = read(&mut meter, Ok(vec![usage("a", later, 100)]));
        assert_eq!((reset.cpu_samples, reset.memory_samples), (0, 1));
        let after = later + Duration::from_secs(5);
        let again = read(&mut meter, Ok(vec![usage("a", after, 1_100)]));
        assert_eq!((again.cpu_samples, again.cpu), (1, 0.2));
    }

    #[test]
    fn an_engine_that_does_not_answer_leaves_a_gap() {
        let at = |seconds| Instant::now() + Duration::from_secs(seconds);
        let mut meter = Meter::default();
        read(&mut meter, Ok(vec![usage("a", at(0), 0)]));
        let away = read(&mut meter, Err("no answer in time".to_owned()));
        assert_eq!((away.cpu_samples, away.memory_samples), (0, 0));
        // What it used meanwhile is not told as if it had used it just now.
        let back = read(&mut meter, Ok(vec![usage("a", at(60), 60_000)]));
        assert_eq!((back.cpu_samples, back.memory_samples), (0, 1));
        let after = read(&mut meter, Ok(vec![usage("a", at(65), 60_000)]));
        assert_eq!((after.cpu_samples, after.cpu), (1, 0.0));
    }
}
