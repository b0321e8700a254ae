//! What was measured of a service over some time: sums that add up to longer times.

use pilothouse_wire::metrics::Metric;

use super::latency::Latency;

/// What was measured from an instant on.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// The sum of `cpu_samples` samples, in cores.
    pub(super) cpu: f64,
    pub(super) cpu_samples: u32,
    /// The sum of `memory_samples` samples, in bytes.
    pub(super) memory: f64,
    pub(super) memory_samples: u32,
    /// How long ingress counted for the service; none where it has no domain.
    pub(super) traffic_seconds: f64,
    pub(super) requests: u64,
    /// Answers with a status of 500 or more.
    pub(super) errors: u64,
    pub(super) latency: Option<Latency>,
}

impl Sample {
    /// Adds what was measured beside or after it.
    pub(super) fn merge(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.cpu_samples += other.cpu_samples;
        self.memory += other.memory;
        self.memory_samples += other.memory_samples;
        self.traffic_seconds += other.traffic_seconds;
        self.requests += other.requests;
        self.errors += other.errors;
        match (&mut self.latency, &other.latency) {
            (Some(own), Some(other)) => own.merge(other),
            (own @ None, Some(other)) => *own = Some(other.clone()),
            (_, None) => {}
        }
    }

    /// The value of a metric; `None` where it was not measured.
    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        let a_second =
            |count: u64| (self.traffic_seconds > 0.0).then(|| count as f64 / self.traffic_seconds);
        match metric {
            Metric::CpuUsage => mean(self.cpu, self.cpu_samples),
            Metric::MemoryUsage => mean(self.memory, self.memory_samples).map(f64::round),
            Metric::RequestRate => a_second(self.requests),
            Metric::ErrorRate => a_second(self.errors),
            Metric::LatencyP95 => self.latency.as_ref()?.quantile(0.95),
        }
    }
}

fn mean(sum: f64, samples: u32) -> Option<f64> {
    (samples > 0).then(|| sum / f64::from(samples))
}
