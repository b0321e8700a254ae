//! How the platform itself does, in numbers.

use std::time::Duration;

use super::{Platform, Result};
use crate::ingress::Counted;
use crate::process::{ProcessUse, process_use};
use crate::store::Outcomes;

/// The platform's own numbers. None of them names a service or a person.
#[derive(Clone, Debug)]
pub(crate) struct Vitals {
    pub(crate) ingress: Counted,
    pub(crate) outcomes: Outcomes,
    /// Instances that are ready.
    pub(crate) ready: u64,
    /// How long ago the last sample of services was stored.
    pub(crate) sampler_lag: Duration,
    /// Log lines of instances that were taken in.
    pub(crate) log_lines: u64,
    /// Bytes of the databases on disk, by their file.
    pub(crate) databases: Vec<(&'static str, u64)>,
    pub(crate) process: Option<ProcessUse>,
}

impl Platform {
    pub(crate) async fn vitals(&self) -> Result<Vitals> {
        Ok(Vitals {
            ingress: self.telemetry.ingress(),
            outcomes: self.store.outcomes().await?,
            ready: self.observed.total_ready(),
            sampler_lag: self.telemetry.lag(),
            log_lines: self.logs.taken(),
            databases: vec![
                ("pilothouse", self.store.size().await?),
                ("metrics", self.telemetry.size().await?),
            ],
            process: process_use(),
        })
    }
}
