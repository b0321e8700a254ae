//! The platform's vitals as metrics with names, help and labels.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::domain::Vitals;
use crate::ingress::CLASSES;

/// One look at the platform.
#[derive(Debug)]
pub(super) struct Page(pub(super) Vitals);

/// A value with the one label that tells it from the others of its name.
type Labelled<'a, T> = (&'a str, T);

struct Writer<'a>(DescriptorEncoder<'a>);

impl Writer<'_> {
    /// One value.
    fn one(&mut self, name: &str, help: &str, value: &impl EncodeMetric) -> fmt::Result {
        let encoder = &mut self.0;
        value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
    }

    /// Values that a label tells apart.
    fn each<'v, T: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = Labelled<'v, T>>,
    ) -> fmt::Result {
        let mut values = values.into_iter().peekable();
        let Some((_, first)) = values.peek() else {
            return Ok(());
        };
        let kind = first.metric_type();
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (word, value) in values {
            let labels = [(label, word)];
            value.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (vitals, mut writer) = (&self.0, Writer(encoder));
        ingress(vitals, &mut writer)?;
        delivery(vitals, &mut writer)?;
        upkeep(vitals, &mut writer)
    }
}

fn ingress(vitals: &Vitals, writer: &mut Writer<'_>) -> fmt::Result {
    let ended = CLASSES.into_iter().zip(vitals.ingress.ended);
    writer.each(
        "pilothouse_ingress_requests",
        "Requests through ingress that have ended, by the class of their status",
        "class",
        ended.map(|(class, count)| (class, ConstCounter::new(count))),
    )?;
    writer.one(
        "pilothouse_ingress_in_flight",
        "Requests on their way through ingress",
        &gauge(vitals.ingress.in_flight),
    )?;
    writer.one(
        "pilothouse_access_rows_lost",
        "Requests that are in no access log, since the disk or the platform was too slow",
        &ConstCounter::new(vitals.ingress.lost),
    )
}

fn delivery(vitals: &Vitals, writer: &mut Writer<'_>) -> fmt::Result {
    let outcomes = &vitals.outcomes;
    writer.each(
        "pilothouse_builds",
        "Builds that wait or go on, by state",
        "state",
        gauges(&outcomes.builds_under_way),
    )?;
    writer.each(
        "pilothouse_builds_ended",
        "Builds that have ended, by how",
        "outcome",
        counters(&outcomes.builds_ended),
    )?;
    writer.each(
        "pilothouse_deploys",
        "Deployments that wait or go on, by state",
        "state",
        gauges(&outcomes.deploys_under_way),
    )?;
    writer.each(
        "pilothouse_deploys_ended",
        "Deployments that have ended, by how",
        "outcome",
        counters(&outcomes.deploys_ended),
    )?;
    writer.one(
        "pilothouse_instances_desired",
        "Instances that should run",
        &gauge(outcomes.desired),
    )?;
    writer.one(
        "pilothouse_instances_ready",
        "Instances that are ready",
        &gauge(vitals.ready),
    )
}

fn upkeep(vitals: &Vitals, writer: &mut Writer<'_>) -> fmt::Result {
    writer.one(
        "pilothouse_sampler_lag_seconds",
        "How long ago services were last measured; more than 10 is late",
        &ConstGauge::new(vitals.sampler_lag.as_secs_f64()),
    )?;
    writer.one(
        "pilothouse_log_lines",
        "Log lines of instances that were taken in",
        &ConstCounter::new(vitals.log_lines),
    )?;
    writer.each(
        "pilothouse_database_bytes",
        "Bytes of the databases",
        "database",
        vitals
            .databases
            .iter()
            .map(|(name, size)| (*name, gauge(*size))),
    )?;
    let Some(process) = vitals.process else {
        return Ok(());
    };
    writer.one(
        "process_cpu_seconds",
        "Processor time that the platform's process has used",
        &ConstCounter::new(process.cpu_seconds),
    )?;
    writer.one(
        "process_resident_memory_bytes",
        "Memory of the platform's process",
        &gauge(process.resident),
    )
}

fn gauge(value: u64) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}

fn gauges(counts: &[(String, u64)]) -> impl Iterator<Item = Labelled<'_, ConstGauge<i64>>> {
    let counts = counts.iter();
    counts.map(|(word, count)| (word.as_str(), gauge(*count)))
}

fn counters(counts: &[(String, u64)]) -> impl Iterator<Item = Labelled<'_, ConstCounter<u64>>> {
    let counts = counts.iter();
    counts.map(|(word, count)| (word.as_str(), ConstCounter::new(*count)))
}
