//! Metrics of a service: time series, and the query that asks for them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::instant::required;
use crate::open::{Words, words};
use crate::quantity::Step;
use crate::window::Window;

words! {
    /// What is measured of a service.
    pub enum Metric {
        /// The processor time that an instance uses, the mean of all instances, in cores.
        CpuUsage = "cpu_usage",
        /// The memory of all instances together, in bytes.
        MemoryUsage = "memory_usage",
        /// Requests that ingress answered, a second.
        RequestRate = "request_rate",
        /// Answers with a status of 500 or more, a second.
        ErrorRate = "error_rate",
        /// The time within which 95 of 100 requests were answered, in seconds.
        LatencyP95 = "latency_p95",
    }
}

impl Metric {
    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        match self {
            Self::CpuUsage => "cores",
            Self::MemoryUsage => "bytes",
            Self::RequestRate | Self::ErrorRate => "requests per second",
            Self::LatencyP95 => "seconds",
        }
    }

    /// Whether it is seen at ingress, and so has data only for services with domains.
    pub fn needs_domain(self) -> bool {
        matches!(self, Self::RequestRate | Self::ErrorRate | Self::LatencyP95)
    }
}

/// The most points of one series in a reply.
pub const MAX_POINTS: u32 = 1_500;

/// The relative error of `latency_p95` at the most: 1 % of the true value.
pub const LATENCY_ERROR: f64 = 0.01;

/// A moment and the value that was measured from it on, for a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point(
    /// When the step begins.
    #[serde(deserialize_with = "required")]
    pub DateTime<Utc>,
    /// The value.
    pub f64,
);

/// The derived schema would make objects of a text and a number.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Point {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ArrayItems, KnownFormat, Object, SchemaFormat, Type};
        let mut moment = Object::with_type(Type::String);
        moment.format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        let parts = [moment, Object::with_type(Type::Number)];
        utoipa::openapi::ArrayBuilder::new()
            .description(Some(
                "A moment and the value that was measured from it on, for a step.",
            ))
            .prefix_items(parts)
            .items(ArrayItems::False)
            .min_items(Some(2))
            .build()
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Point {}

/// The outcome of one metric's query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Series {
    /// It was read.
    Success {
        /// The unit of the values.
        #[serde(default)]
        unit: String,
        /// Seconds from one point to the next. A longer way is a gap.
        #[serde(default)]
        step: u32,
        /// Oldest first. What was not measured is left out.
        #[serde(default)]
        points: Vec<Point>,
    },
    /// It could not be read.
    Error {
        /// Why, and what to do.
        #[serde(default)]
        message: String,
    },
}

/// The reply of `GET S/{service}/metrics`: a series for each name that was asked for.
pub type Metrics = BTreeMap<String, Series>;

/// The most names of one query.
const MAX_NAMES: usize = 32;
/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// Which series to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsQuery {
    /// The names of the metrics; all where nothing is said. A name that is none has an error as its
    /// outcome.
    pub names: BTreeSet<String>,
    /// The last hour where nothing is said.
    pub window: Window,
    /// Seconds from one point to the next, at the least. It is lengthened where a series would have
    /// more than [`MAX_POINTS`] points.
    pub step: Option<Step>,
}

impl MetricsQuery {
    /// All metrics of a window.
    pub fn of(window: Window) -> Self {
        Self {
            window,
            ..Self::default()
        }
    }
}

impl DecodeFields for MetricsQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let names = fields.parameter("names", names);
        let window = Window::decode(fields);
        let step = fields.parameter("step", str::parse);
        Some(Self {
            names: names?.unwrap_or_default(),
            window: window?,
            step: step?,
        })
    }
}

fn names(text: &str) -> Result<BTreeSet<String>, String> {
    let names: BTreeSet<String> = text
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > MAX_NAMES || names.iter().any(|name| name.len() > MAX_NAME) {
        let known: Vec<&str> = Metric::ALL.iter().map(|metric| metric.word()).collect();
        return Err(format!("Give some of: {}.", known.join(", ")));
    }
    Ok(names)
}

impl Query for MetricsQuery {
    const BEYOND: &'static [&'static str] = &["step"];

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            (
                "names",
                "Some of cpu_usage, memory_usage, request_rate, error_rate and latency_p95, with commas between them; all where nothing is said.",
            ),
            Window::SINCE,
            Window::START,
            Window::END,
            (
                "step",
                "Seconds from one point to the next, at the least; so that a series has at most 1500 points, where nothing is said.",
            ),
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let [since, start, end] = self.window.pairs();
        [
            (
                "names",
                Some(names.join(",")).filter(|names| !names.is_empty()),
            ),
            since,
            start,
            end,
            ("step", self.step.map(|step| step.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}
