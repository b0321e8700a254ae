//! Points of a chart: which steps a query is answered in, and the values of each.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::metrics::{MAX_POINTS, Metric, MetricsQuery, Point, Series};

use super::TICK;
use super::sample::Sample;

/// How long samples of 5 seconds are kept, in seconds.
pub(crate) const KEEP_SAMPLES: i64 = 24 * 60 * 60;
/// How long samples of a minute are kept, in seconds.
pub(super) const KEEP_MINUTES: i64 = 30 * 24 * 60 * 60;
pub(crate) const MINUTE: i64 = 60;

/// The window where a query names none, in seconds.
const USUAL: i64 = 60 * 60;

/// Steps that people find round, in seconds.
const ROUND: [i64; 16] = [
    5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

/// What was measured in each step, by when it begins.
pub(super) type Steps = BTreeMap<i64, Sample>;

/// How a query is answered. All in seconds, the instants since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// When the first step begins.
    pub(super) start: i64,
    /// The end of the window, not included.
    pub(super) end: i64,
    /// How long a step is: whole samples.
    pub(super) step: i64,
}

impl Plan {
    pub(super) fn of(query: &MetricsQuery, now: DateTime<Utc>) -> Self {
        let window = &query.window;
        let end = window.end.unwrap_or(now).timestamp();
        let usual = || Some(window.end.unwrap_or(now) - TimeDelta::seconds(USUAL));
        let start = window.start(now).or_else(usual).unwrap_or(now);
        // There is nothing older, so that nothing is gained by longer steps.
        let oldest = now.timestamp() - KEEP_MINUTES;
        let start = start.timestamp().max(oldest).min(end);
        let asked = query.step.map_or(TICK, |step| i64::from(step.get()));
        // A window that is not aligned touches one step more than it is long.
        let fitting = whole(end - start, i64::from(MAX_POINTS) - 1);
        let least = match start < now.timestamp() - KEEP_SAMPLES {
            true => MINUTE,
            false => TICK,
        };
        let step = asked.max(fitting).max(least);
        let unit = if step < MINUTE { TICK } else { MINUTE };
        let step = match query.step {
            Some(_) if step == asked => whole(step, unit) * unit,
            _ => round(step, unit),
        };
        Self {
            start: start.div_euclid(step) * step,
            end,
            step,
        }
    }

    /// Whether rows of a minute are as good as those of 5 seconds.
    pub(super) fn takes_minutes(&self) -> bool {
        self.step % MINUTE == 0
    }

    /// Adds what was measured from an instant on to its step.
    pub(super) fn add(&self, steps: &mut Steps, at: i64, sample: &Sample) {
        let step = at.div_euclid(self.step) * self.step;
        steps.entry(step).or_default().merge(sample);
    }

    /// The points of a metric.
    pub(super) fn series(&self, metric: Metric, steps: &Steps) -> Series {
        let point = |(at, sample): (&i64, &Sample)| {
            Some(Point(
                DateTime::from_timestamp(*at, 0)?,
                sample.value(metric)?,
            ))
        };
        Series::Success {
            unit: metric.unit().to_owned(),
            step: u32::try_from(self.step).unwrap_or(u32::MAX),
            points: steps.iter().filter_map(point).collect(),
        }
    }
}

fn round(step: i64, unit: i64) -> i64 {
    let found = ROUND.iter().find(|round| **round >= step);
    found.copied().unwrap_or(whole(step, unit) * unit)
}

/// How many units it takes to hold a number that is not negative.
fn whole(number: i64, unit: i64) -> i64 {
    (number + unit - 1) / unit
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::quantity::{Since, Step};
    use pilothouse_wire::window::Window;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_003, 0).unwrap()
    }

    fn last(seconds: u64) -> Window {
        Window::last(Since::new(seconds).unwrap())
    }

    fn step(window: Window) -> i64 {
        Plan::of(&MetricsQuery::of(window), now()).step
    }

    #[test]
    fn steps_grow_with_the_window() {
        let hours = [(1, 5), (6, 15), (24, 60), (7 * 24, 600), (365 * 24, 1_800)];
        for (hours, expected) in hours {
            assert_eq!(step(last(hours * 3_600)), expected, "{hours} h");
        }
        assert_eq!(step(Window::default()), 5);
    }

    #[test]
    fn what_is_kept_by_the_minute_has_no_shorter_step() {
        let ago = |hours| now() - TimeDelta::hours(hours);
        assert_eq!(step(Window::between(ago(49), ago(48))), 60);
        assert_eq!(step(Window::between(ago(3), ago(2))), 5);
    }

    #[test]
    fn a_window_in_the_future_is_empty_and_fine() {
        let ahead = |hours| now() + TimeDelta::hours(hours);
        let plan = Plan::of(
            &MetricsQuery::of(Window::between(ahead(1), ahead(2))),
            now(),
        );
        assert!(plan.start <= plan.end && plan.step == 5);
    }

    #[test]
    fn a_rate_counts_only_the_time_that_was_watched() {
        let plan = Plan {
            start: 0,
            end: 60,
            step: 60,
        };
        let mut steps = Steps::new();
        for at in [0, 5] {
            let sample = Sample {
                traffic_seconds: 5.0,
                requests: 10,
                ..Sample::default()
            };
            plan.add(&mut steps, at, &sample);
        }
        let Series::Success { points, .. } = plan.series(Metric::RequestRate, &steps) else {
            panic!("no points");
        };
        assert_eq!(points, [Point(DateTime::UNIX_EPOCH, 2.0)]);
        let Series::Success { points, .. } = plan.series(Metric::CpuUsage, &steps) else {
            panic!("no points");
        };
        assert_eq!(points, []);
    }

    proptest! {
        #[test]
        fn no_series_has_more_points_than_it_may(
            start in -40_000_000_i64..40_000_000, length in 1_i64..40_000_000, asked in option(),
        ) {
            let start = now() + TimeDelta::seconds(start);
            let window = Window::between(start, start + TimeDelta::seconds(length));
            let query = MetricsQuery { step: asked, ..MetricsQuery::of(window) };
            let plan = Plan::of(&query, now());
            let points = whole(plan.end - plan.start, plan.step);
            prop_assert!(points <= i64::from(MAX_POINTS), "{plan:?}: {points}");
            prop_assert_eq!(plan.step % TICK, 0);
            prop_assert!(asked.is_none_or(|asked| plan.step >= i64::from(asked.get())));
        }
    }

    fn option() -> impl Strategy<Value = Option<Step>> {
        prop::option::of((1_u64..=86_400).prop_map(|step| Step::new(step).unwrap()))
    }
}
