//! What a chart draws: moments and the values measured then, with gaps where nothing was.

use std::ops::Range;

/// One line of a chart. Moments are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    times: Vec<f64>,
    values: Vec<f64>,
    step: f64,
    /// The places of points that belong together: between two runs is a gap.
    runs: Vec<Range<usize>>,
}

/// A way from one point to the next that is longer than so many steps is a gap.
const GAP: f64 = 1.5;

impl Line {
    /// A line of points that lie a step apart. What is no number, or not after what came before, is
    /// left out.
    pub fn new(step: f64, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut line = Self {
            step,
            ..Self::default()
        };
        for (time, value) in points {
            line.push(time, value);
        }
        line
    }

    fn push(&mut self, time: f64, value: f64) {
        let way = self.times.last().map_or(f64::INFINITY, |last| time - last);
        if !time.is_finite() || !value.is_finite() || way <= 0.0 {
            return;
        }
        let place = self.times.len();
        self.times.push(time);
        self.values.push(value);
        match self.runs.last_mut() {
            Some(run) if way <= self.step * GAP => run.end = place + 1,
            _ => self.runs.push(place..place + 1),
        }
    }

    /// The moments, oldest first.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The values, in the order of their moments.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Seconds from one point to the next.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The points that belong together, oldest first.
    pub fn runs(&self) -> &[Range<usize>] {
        &self.runs
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The point at a place.
    pub fn get(&self, place: usize) -> Option<(f64, f64)> {
        Some((*self.times.get(place)?, *self.values.get(place)?))
    }

    /// The places of the points of a span, both ends included.
    pub fn within(&self, start: f64, end: f64) -> Range<usize> {
        let from = self.times.partition_point(|time| *time < start);
        let to = self.times.partition_point(|time| *time <= end);
        from..to.max(from)
    }

    /// The same, and the points beside them, to which a line leads out of view.
    pub fn around(&self, start: f64, end: f64) -> Range<usize> {
        let within = self.within(start, end);
        within.start.saturating_sub(1)..(within.end + 1).min(self.times.len())
    }

    /// The greatest value of a span.
    pub fn greatest(&self, start: f64, end: f64) -> Option<f64> {
        let values = self.values.get(self.within(start, end))?;
        let (first, others) = values.split_first()?;
        // All of them are numbers, which `f64::max` would ask of each again.
        let greater = |most: f64, value: &f64| if *value > most { *value } else { most };
        Some(others.iter().fold(*first, greater))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_way_is_a_gap() {
        let times = [0.0, 5.0, 10.0, 25.0, 30.0, 60.0];
        let line = Line::new(5.0, times.map(|time| (time, 1.0)));
        assert_eq!(line.runs(), [0..3, 3..5, 5..6]);
    }

    #[test]
    fn what_makes_no_line_is_left_out() {
        let points = [
            (0.0, 1.0),
            (5.0, f64::NAN),
            (5.0, f64::INFINITY),
            (f64::NAN, 1.0),
            (10.0, 2.0),
            (10.0, 3.0),
            (7.0, 4.0),
        ];
        let line = Line::new(5.0, points);
        assert_eq!(line.times(), [0.0, 10.0]);
        assert_eq!(line.values(), [1.0, 2.0]);
        assert_eq!(line.runs(), [0..1, 1..2]);
    }

    #[test]
    fn a_span_has_its_points_and_those_beside() {
        let line = Line::new(1.0, (0..10).map(|at| (f64::from(at), f64::from(at))));
        assert_eq!(line.within(2.0, 4.0), 2..5);
        assert_eq!(line.within(2.5, 2.6), 3..3);
        assert_eq!(line.within(9.0, 1.0), 9..9);
        assert_eq!(line.around(2.0, 4.0), 1..6);
        assert_eq!(line.around(-9.0, 99.0), 0..10);
        assert_eq!(line.greatest(2.0, 4.0), Some(4.0));
        assert_eq!(line.greatest(20.0, 40.0), None);
    }
}
