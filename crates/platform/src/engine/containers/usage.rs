//! What containers use, as the engine counts it.

use std::time::Duration;

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use tokio::time::Instant;

use crate::engine::Usage;

/// Pages of files that were not read lately, by control groups' version 2 and 1.
const CACHE: [&str; 2] = ["inactive_file", "total_inactive_file"];

/// The reading of one container; `None` where the engine tells nothing, since it has just ended.
pub(super) fn usage(
    instance_id: &str,
    service_id: &str,
    stats: &ContainerStatsResponse,
) -> Option<Usage> {
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
