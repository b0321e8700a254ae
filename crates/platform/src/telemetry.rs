//! What is measured of services: by the engine every 5 seconds, and by ingress at each request.
//!
//! `recorder` takes requests from ingress: it writes each into the access log and counts it in the
//! `tally`. `sampler` joins the tally with what the `meter` reads of the engine, and puts a `sample` a
//! service into `samples`, a database of its own. `series` makes points of them. Of what is `gone`
//! nothing is kept.

mod access;
mod gone;
mod latency;
mod meter;
mod recent;
mod recorder;
mod sample;
mod sampler;
mod samples;
mod series;
mod tally;
mod usage;
mod verdict;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pilothouse_wire::access::{AccessLogs, AccessQuery};
use pilothouse_wire::metrics::{Metric, Metrics, MetricsQuery, Series};
use pilothouse_wire::open::Words;
use pilothouse_wire::overview::ErrorShare;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::Engine;
use crate::ingress::{Counted, Ingress, Ledger, Visit};
use crate::logs::{Held, LogError, LogStore, Retention};
use crate::start::StartError;
use crate::store::StoreResult;
use gone::Gone;
use recent::Recent;
use recorder::Recorder;
use sampler::{End, Sampler};
use samples::Samples;
use series::Plan;
use tally::Tally;
use usage::LastUsage;

pub(crate) use series::{KEEP_SAMPLES, MINUTE};
pub(crate) use usage::InstanceUsage;
pub(crate) use verdict::{Measured, slower};

/// How often services are sampled, in seconds.
pub(crate) const TICK: i64 = 5;

/// How many bytes of its access log a service may keep on disk.
const ACCESS_LIMIT: u64 = 128 * 1024 * 1024;

/// What was counted at ingress since the last time, by service.
type Tallies = HashMap<Arc<str>, Tally>;

/// What was measured of every service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    samples: Samples,
    access: LogStore,
    recorder: Recorder,
    gone: Gone,
    ledger: Ledger,
    ends: mpsc::Sender<End>,
    sampled: watch::Receiver<Instant>,
    recent: Recent,
    last_usage: LastUsage,
}

/// The tasks that measure; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Measuring {
    _recorder: AbortOnDropHandle<()>,
    _sampler: AbortOnDropHandle<()>,
}

impl Telemetry {
    /// Opens what is stored in a data directory and begins to measure. Access logs are kept so long.
    ///
    /// # Errors
    /// The folder can't be used.
    pub(crate) async fn start(
        data_dir: &Path,
        engine: Arc<dyn Engine>,
        ingress: Ingress,
        (ledger, visits): (Ledger, mpsc::Receiver<Visit>),
        keep: Duration,
    ) -> Result<(Self, Measuring), StartError> {
        let gone = Gone::default();
        let samples = Samples::open(data_dir, gone.clone()).await;
        let samples = samples.map_err(StartError::Samples)?;
        let retention = Retention {
            bytes: ACCESS_LIMIT,
            age: keep,
        };
        let access = LogStore::open(&data_dir.join("access"), retention)?;
        let (recorder, recording) =
            recorder::start(visits, ledger.clone(), access.clone(), gone.clone());
        let recent = Recent::default();
        let to = (samples.clone(), recent.clone());
        let sampler = Sampler::new(engine, ingress, recorder.clone(), to);
        let (ends, end) = mpsc::channel(1);
        let telemetry = Self {
            samples,
            access,
            recorder,
            gone,
            ledger,
            ends,
            sampled: sampler.sampled(),
            last_usage: sampler.last_usage(),
            recent,
        };
        let measuring = Measuring {
            _recorder: recording,
            _sampler: AbortOnDropHandle::new(tokio::spawn(sampler.run(end))),
        };
        Ok((telemetry, measuring))
    }

    /// The series that a query asks for, each with an outcome of its own.
    pub(crate) async fn metrics(
        &self,
        service_id: &str,
        query: &MetricsQuery,
        now: DateTime<Utc>,
    ) -> Metrics {
        let plan = Plan::of(query, now);
        let read = self.samples.read(service_id, &plan).await;
        let known = Metric::ALL.iter().map(|metric| metric.word().to_owned());
        let names: Vec<String> = match query.names.is_empty() {
            true => known.collect(),
            false => query.names.iter().cloned().collect(),
        };
        let series = |name: &String| match (Metric::from_word(name), &read) {
            (None, _) => Series::Error {
                message: unknown_metric(),
            },
            (Some(metric), Ok(steps)) => plan.series(metric, steps),
            (Some(metric), Err(error)) => {
                tracing::warn!(service = %service_id, metric = metric.word(), %error, "samples can't be read");
                Series::Error {
                    message: "The stored samples can't be read. Check the disk of the data directory; the platform's own log says more.".to_owned(),
                }
            }
        };
        names
            .iter()
            .map(|name| (name.clone(), series(name)))
            .collect()
    }

    /// Waits until every request that was noted is counted, and written if the disk takes it.
    pub(crate) async fn flush(&self) {
        self.recorder.flush().await;
    }

    /// What an instance used when the engine was last asked, by the engine's id.
    pub(crate) fn usage(&self, instance_id: &str) -> Option<InstanceUsage> {
        self.last_usage.of(instance_id)
    }

    /// The services of which any request failed lately, by id.
    pub(crate) fn failing(&self, now: DateTime<Utc>) -> HashMap<String, ErrorShare> {
        self.recent.failing(now)
    }

    /// The rows of a service's access log that a query asks for.
    ///
    /// # Errors
    /// The files can't be read.
    pub(crate) async fn access(
        &self,
        service_id: &str,
        query: AccessQuery,
    ) -> Result<Held<AccessLogs>, LogError> {
        self.recorder.flush().await;
        access::read(&self.access, service_id, query).await
    }

    /// What ingress has counted since it began.
    pub(crate) fn ingress(&self) -> Counted {
        self.ledger.counted()
    }

    /// Bytes of the samples' database.
    pub(crate) async fn size(&self) -> StoreResult<u64> {
        self.samples.size().await
    }

    /// How long ago the last sample was stored.
    pub(crate) fn lag(&self) -> Duration {
        self.sampled.borrow().elapsed()
    }

    /// Forgets a service.
    pub(crate) async fn remove(&self, service_id: &str) -> StoreResult<()> {
        self.gone.add(service_id);
        self.recorder.flush().await;
        self.access.remove(service_id).await;
        self.samples.remove(service_id).await
    }

    /// Samples for the last time and finishes every write.
    pub(crate) async fn close(&self) {
        let (done, wait) = oneshot::channel();
        let _ = self.ends.send(done).await;
        let _ = wait.await;
        self.access.flush().await;
        self.samples.close().await;
    }
}

fn unknown_metric() -> String {
    let known: Vec<&str> = Metric::ALL.iter().map(|metric| metric.word()).collect();
    format!(
        "There is no metric of this name. Ask for some of: {}.",
        known.join(", ")
    )
}
