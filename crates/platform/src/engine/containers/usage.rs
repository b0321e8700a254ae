//! What containers use, as the engine counts it.

use std::collections::HashSet;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use super::failure::{status, unavailable};
use crate::engine::{EngineError, EngineInstance, EngineResult, Usage};

/// How long one container may take, so that one that hangs costs no other its reading.
const ONE_WITHIN: Duration = Duration::from_secs(2);

/// Pages of files that were not read lately, by control groups of version 1, which have the other
/// name too for a part of them, and 2.
const CACHE: [&str; 2] = ["total_inactive_file", "inactive_file"];

/// What came of reading one container.
pub(super) enum Reading {
    Read(Usage),
    /// It has ended meanwhile.
    Ended,
    /// One of this service could not be read.
    Failed(String, EngineError),
}

/// Reads one container.
pub(super) async fn read(docker: &Docker, instance: EngineInstance) -> Reading {
    let service_id = instance.slot.service_id;
    let options = StatsOptionsBuilder::new()
        .stream(false)
        .one_shot(true)
        .build();
    let mut stats = docker.stats(&instance.id, Some(options));
    match timeout(ONE_WITHIN, stats.next()).await {
        Ok(Some(Ok(stats))) => match usage(&instance.id, &service_id, &stats) {
            Some(usage) => Reading::Read(usage),
            None => Reading::Ended,
        },
        Ok(None) => Reading::Ended,
        Ok(Some(Err(error))) if matches!(status(&error), Some(404 | 409)) => Reading::Ended,
        Ok(Some(Err(error))) => Reading::Failed(service_id, unavailable(error)),
        Err(_) => {
            let why = format!("no reading within {} s", ONE_WITHIN.as_secs());
            Reading::Failed(service_id, EngineError::Unavailable(why))
        }
    }
}

/// The readings of every service that could be read whole: part of a sum would look like less. An
/// error where there is none.
pub(super) fn whole(readings: Vec<Reading>) -> EngineResult<Vec<Usage>> {
    let mut read = Vec::with_capacity(readings.len());
    let mut failed = HashSet::new();
    let mut why = None;
    for reading in readings {
        match reading {
            Reading::Read(usage) => read.push(usage),
            Reading::Ended => {}
            Reading::Failed(service_id, error) => {
                failed.insert(service_id);
                why = Some(error);
            }
        }
    }
    read.retain(|usage| !failed.contains(&usage.service_id));
    match why {
        Some(error) if read.is_empty() => Err(error),
        _ => Ok(read),
    }
}

/// The reading of one container; `None` where the engine tells nothing, since it has just ended.
fn usage(instance_id: &str, service_id: &str, stats: &ContainerStatsResponse) -> Option<Usage> {
    let cpu = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = stats.memory_stats.as_ref()?;
    Some(Usage {
        instance_id: instance_id.to_owned(),
        service_id: service_id.to_owned(),
        at: Instant::now(),
        cpu: Duration::from_nanos(cpu),
        // Pages of files that the system may take back at any time are not the service's own:
        // `docker stats` leaves them out too.
        memory: memory.usage?.saturating_sub(cache(memory)),
    })
}

fn cache(memory: &ContainerMemoryStats) -> u64 {
    let stats = memory.stats.as_ref();
    let known = |name: &&str| stats?.get(*name).copied();
    CACHE.iter().find_map(known).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(service_id: &str) -> Reading {
        Reading::Read(Usage {
            instance_id: "one".to_owned(),
            service_id: service_id.to_owned(),
            at: Instant::now(),
            cpu: Duration::ZERO,
            memory: 1,
        })
    }

    fn failed(service_id: &str) -> Reading {
        let why = EngineError::Unavailable("it hangs".to_owned());
        Reading::Failed(service_id.to_owned(), why)
    }

    #[test]
    fn one_that_fails_costs_its_own_service_the_reading() {
        let readings = vec![reading("a"), reading("b"), failed("a"), Reading::Ended];
        let read = whole(readings).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].service_id, "b");
    }

    #[test]
    fn none_that_can_be_read_is_an_error_and_none_at_all_is_not() {
        assert!(whole(vec![failed("a"), reading("a")]).is_err());
        assert!(whole(vec![Reading::Ended]).unwrap().is_empty());
        assert!(whole(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn files_that_the_system_may_drop_are_no_memory_of_the_service() {
        for name in CACHE {
            let stats = serde_json::json!({
                "cpu_stats": {"cpu_usage": {"total_usage": 1_500_000_000_u64}},
                "memory_stats": {"usage": 100, "stats": {name: 30}},
            });
            let stats = serde_json::from_value(stats).unwrap();
            let usage = usage("one", "a", &stats).unwrap();
            assert_eq!(
                (usage.memory, usage.cpu),
                (70, Duration::from_millis(1_500))
            );
        }
        let ended = serde_json::from_value(serde_json::json!({})).unwrap();
        assert_eq!(usage("one", "a", &ended), None);
    }
}
