//! What was measured of a service in a window: one line a metric, or why there is none.

use std::sync::Arc;

use bulk::points::series::Line;
use chrono::{DateTime, TimeDelta, Utc};
use wire::metrics::{Metric, Metrics, Series};
use wire::open::Words;

use crate::chart::board::{Span, seconds};
use crate::chart::ticks::Unit;
use crate::state::range::Window;

/// What a window shows that has an end alone: the platform's usual window, in seconds.
const USUAL: i64 = 60 * 60;

/// The unit that a metric is drawn in.
pub fn unit(metric: Metric) -> Unit {
    match metric {
        Metric::CpuUsage => Unit::Cores,
        Metric::MemoryUsage => Unit::Bytes,
        Metric::RequestRate | Metric::ErrorRate => Unit::PerSecond,
        Metric::LatencyP95 => Unit::Seconds,
    }
}

/// What came of a metric's query.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was read; there may be no point in it.
    Line(Arc<Line>),
    /// It could not be read, and why.
    Failed(String),
}

/// An answer, and what it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The window that was asked for.
    pub window: Window,
    /// When it was.
    pub asked: DateTime<Utc>,
    outcomes: Vec<Outcome>,
}

impl Measured {
    /// Reads an answer.
    pub fn new(window: Window, asked: DateTime<Utc>, mut metrics: Metrics) -> Self {
        let mut outcome = |metric: &Metric| match metrics.remove(metric.word()) {
            Some(Series::Success { step, points, .. }) => {
                let points = points.iter().map(|point| (seconds(point.0), point.1));
                Outcome::Line(Arc::new(Line::new(f64::from(step), points)))
            }
            Some(Series::Error { message }) => Outcome::Failed(message),
            None => Outcome::Failed("This platform does not measure it.".to_owned()),
        };
        Self {
            window,
            asked,
            outcomes: Metric::ALL.iter().map(&mut outcome).collect(),
        }
    }

    /// What came of a metric's query.
    pub fn outcome(&self, metric: Metric) -> Option<&Outcome> {
        let place = Metric::ALL.iter().position(|one| *one == metric)?;
        self.outcomes.get(place)
    }

    /// The line of a metric, where there is one.
    pub fn line(&self, metric: Metric) -> Option<Arc<Line>> {
        match self.outcome(metric)? {
            Outcome::Line(line) => Some(line.clone()),
            Outcome::Failed(_) => None,
        }
    }

    /// Seconds from one point to the next.
    pub fn step(&self) -> Option<f64> {
        let lines = Metric::ALL.iter().filter_map(|metric| self.line(*metric));
        lines.map(|line| line.step()).find(|step| *step > 0.0)
    }

    /// The newest moment of any line.
    fn newest(&self) -> Option<f64> {
        let lines = Metric::ALL.iter().filter_map(|metric| self.line(*metric));
        lines
            .filter_map(|line| line.times().last().copied())
            .reduce(f64::max)
    }

    /// Milliseconds until the answer is out of date: sooner where less is shown. A window that is
    /// over stays as it is.
    pub fn pace(&self) -> Option<u32> {
        let (start, end) = span_of(&self.window, self.asked, None);
        if !self.window.is_open(self.asked) {
            return None;
        }
        if self.window.end().is_some() {
            return Some(15_000);
        }
        Some(match end - start {
            ..=3_600.0 => 5_000,
            ..=21_600.0 => 10_000,
            _ => 15_000,
        })
    }
}

/// What the axis shows of a window at `now`. A platform whose clock is ahead has measured later
/// points, which count as now.
pub fn span_of(window: &Window, now: DateTime<Utc>, measured: Option<&Measured>) -> Span {
    let end = window.end();
    let start = window.start(now);
    let usual = || Some(end.unwrap_or(now) - TimeDelta::seconds(USUAL));
    let start = seconds(start.or_else(usual).unwrap_or(now));
    let end = match end {
        Some(end) => seconds(end),
        None => {
            let newest = measured.and_then(Measured::newest);
            newest.map_or(seconds(now), |newest| newest.max(seconds(now)))
        }
    };
    (start, end.max(start + 1.0))
}

#[cfg(test)]
mod tests {
    use wire::metrics::Point;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_776_871_800, 0).unwrap()
    }

    fn metrics() -> Metrics {
        let points = (0..3).map(|at| Point(now() + TimeDelta::seconds(at * 5), 0.5));
        let cpu = Series::Success {
            unit: "cores".into(),
            step: 5,
            points: points.collect(),
        };
        let memory = Series::Error {
            message: "the store is locked".into(),
        };
        [
            ("cpu_usage".to_owned(), cpu),
            ("memory_usage".to_owned(), memory),
        ]
        .into()
    }

    fn measured(window: Window) -> Measured {
        Measured::new(window, now(), metrics())
    }

    #[test]
    fn one_metric_that_fails_leaves_the_others() {
        let measured = measured(Window::read("1h", "", ""));
        assert_eq!(measured.line(Metric::CpuUsage).unwrap().times().len(), 3);
        assert_eq!(
            measured.outcome(Metric::MemoryUsage),
            Some(&Outcome::Failed("the store is locked".to_owned()))
        );
        assert!(matches!(
            measured.outcome(Metric::LatencyP95),
            Some(Outcome::Failed(_))
        ));
        assert_eq!(measured.step(), Some(5.0));
    }

    #[test]
    fn a_window_is_asked_for_again_until_it_is_over() {
        let pace =
            |span: &str, start: &str, end: &str| measured(Window::read(span, start, end)).pace();
        assert_eq!(pace("15m", "", ""), Some(5_000));
        assert_eq!(pace("6h", "", ""), Some(10_000));
        assert_eq!(pace("7d", "", ""), Some(15_000));
        assert_eq!(
            pace("", "2026-04-22T14:00:00Z", "2026-04-22T15:00:00Z"),
            None
        );
        assert_eq!(
            pace("", "2026-04-22T15:00:00Z", "2026-04-22T15:29:50Z"),
            Some(15_000)
        );
        assert_eq!(
            pace("", "2026-04-22T16:00:00Z", "2026-04-22T17:00:00Z"),
            Some(15_000)
        );
    }

    #[test]
    fn the_axis_shows_the_window() {
        let span = |span: &str, start: &str, end: &str| {
            let span = span_of(&Window::read(span, start, end), now(), None);
            (span.0 - seconds(now()), span.1 - seconds(now()))
        };
        assert_eq!(span("1h", "", ""), (-3_600.0, 0.0));
        assert_eq!(span("", "", "2026-04-22T15:00:00Z"), (-5_400.0, -1_800.0));
        assert_eq!(span("", "2026-04-22T15:00:00Z", ""), (-1_800.0, 0.0));
        // Reversed: the platform refuses it, and the axis stands all the same.
        assert_eq!(
            span("", "2026-04-22T15:00:00Z", "2026-04-22T14:00:00Z"),
            (-1_800.0, -1_799.0)
        );
    }

    #[test]
    fn points_from_a_clock_that_is_ahead_are_shown() {
        let window = Window::read("1h", "", "");
        let (_, end) = span_of(&window, now(), Some(&measured(window)));
        assert_eq!(end, seconds(now()) + 10.0);
    }
}
