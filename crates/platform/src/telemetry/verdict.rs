//! What was measured over a window as a whole, so that one can be held against another.

use chrono::{DateTime, Utc};
use pilothouse_wire::metrics::{Metric, MetricsQuery};
use pilothouse_wire::window::Window;

use super::latency::Latency;
use super::sample::Sample;
use super::series::Plan;
use super::{TICK, Telemetry};
use crate::store::StoreResult;

/// The share of requests below the percentile that is compared.
const SHARE: f64 = 0.95;
/// The upper edge of a bucket of the sketch against the value that it tells: (γ + 1) / 2 with
/// γ = 1.01 / 0.99, and a little, since the greatest value of all is told exactly.
const EDGE: f64 = 1.010_2;

/// What was measured of a service from one instant to another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured(Sample);

impl Measured {
    /// Whether requests were counted at all.
    pub(crate) fn is_counted(&self) -> bool {
        self.0.traffic_seconds > 0.0
    }

    pub(crate) fn requests(&self) -> u64 {
        self.0.requests
    }

    /// Answers with a status of 500 or more.
    pub(crate) fn errors(&self) -> u64 {
        self.0.errors
    }

    /// The memory of all instances together, on average, in bytes.
    pub(crate) fn memory(&self) -> Option<f64> {
        self.0.value(Metric::MemoryUsage)
    }

    /// The time within which 95 % of the requests were answered, in seconds.
    pub(crate) fn latency_p95(&self) -> Option<f64> {
        self.0.value(Metric::LatencyP95)
    }
}

/// How many requests of each are slower than the 95th percentile of both together. Sketches merge
/// without loss and count by bucket, so that these are whole buckets on both sides.
pub(crate) fn slower(one: &Measured, other: &Measured) -> (u64, u64) {
    let (one, other) = (one.0.latency.as_ref(), other.0.latency.as_ref());
    let mut both = Latency::default();
    for part in [one, other].into_iter().flatten() {
        both.merge(part);
    }
    let Some(limit) = both.quantile(SHARE) else {
        return (0, 0);
    };
    let above = |latency: Option<&Latency>| latency.map_or(0, |latency| above(latency, limit));
    (above(one), above(other))
}

/// How many requests are in buckets above that of a value.
fn above(latency: &Latency, value: f64) -> u64 {
    let count = latency.count();
    // The sketch tells the value at a rank; the first above the limit is found by halving.
    let at = |rank: u64| {
        let last = count.saturating_sub(1);
        let share = match rank < last {
            // Between two ranks, so that rounding does not tell a neighbour's.
            true => (rank as f64 + 0.5) / last as f64,
            false => 1.0,
        };
        latency.quantile(share).unwrap_or_default()
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle) > value * EDGE {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    count - low
}

impl Telemetry {
    /// What was measured of a service in the steps that lie within a window.
    ///
    /// # Errors
    /// The samples can't be read.
    pub(crate) async fn measured(
        &self,
        service_id: &str,
        (start, end): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> StoreResult<Measured> {
        let plan = Plan::of(&MetricsQuery::of(Window::between(start, end)), now);
        let steps = self.samples.read(service_id, &plan).await?;
        let is_within = |at: i64| {
            at * 1_000 >= start.timestamp_millis()
                && (at + plan.step.max(TICK)) * 1_000 <= end.timestamp_millis()
        };
        let mut sum = Sample::default();
        for (at, sample) in &steps {
            if is_within(*at) {
                sum.merge(sample);
            }
        }
        Ok(Measured(sum))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: &[f64]) -> Measured {
        let mut latency = Latency::default();
        for seconds in durations {
            latency.add(*seconds);
        }
        Measured(Sample {
            requests: durations.len() as u64,
            latency: Some(latency),
            ..Sample::default()
        })
    }

    #[test]
    fn the_slower_are_told_by_which_window_they_are_in() {
        let fast = vec![0.1; 95];
        let before = of(&[fast.clone(), vec![1.0; 5]].concat());
        let after = of(&[fast, vec![3.0; 5]].concat());
        // The 95th percentile of both is in the bucket of 1 s or below it.
        let (one, other) = slower(&before, &after);
        assert_eq!((one == 0 || one == 5, other), (true, 5));
        assert_eq!(slower(&of(&[]), &of(&[])), (0, 0));
        assert_eq!(slower(&of(&[0.2]), &of(&[])), (0, 0));
        // All alike: none is above the bucket that they share.
        assert_eq!(slower(&of(&[0.2; 30]), &of(&[0.2; 50])), (0, 0));
    }

    proptest! {
        #[test]
        fn what_is_above_is_counted_by_whole_buckets(
            durations in prop::collection::vec(0.000_1_f64..100.0, 1..300), limit in 0.000_1_f64..100.0,
        ) {
            let Some(latency) = of(&durations).0.latency else { unreachable!() };
            // A value that the sketch tells is what it is asked with.
            let mut one = Latency::default();
            one.add(limit);
            one.add(limit);
            let limit = one.quantile(0.4).unwrap();
            let told = above(&latency, limit);
            let surely = durations.iter().filter(|one| **one > limit * 1.02).count() as u64;
            let maybe = durations.iter().filter(|one| **one > limit * 0.99).count() as u64;
            prop_assert!((surely..=maybe).contains(&told), "{surely} {told} {maybe}");
        }
    }
}
