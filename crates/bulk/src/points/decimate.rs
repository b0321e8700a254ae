//! The points that are worth drawing: of each column of pixels the least and the greatest, and both
//! ends of the line. Whatever lies between them is drawn over by them, and no spike is lost.

use std::ops::Range;

use super::scale::Scale;
use super::series::Line;

/// The points that are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Their places in the line, in order.
    pub places: Vec<usize>,
    /// Which of `places` belong together: between two runs is a gap.
    pub runs: Vec<Range<usize>>,
}

/// Chooses the points between two places of a line. `x` says in which column a moment is drawn.
pub fn decimate(line: &Line, range: &Range<usize>, x: &Scale) -> Kept {
    let mut kept = Kept::default();
    for run in line.runs() {
        let run = run.start.max(range.start)..run.end.min(range.end);
        if run.start >= run.end {
            continue;
        }
        let start = kept.places.len();
        keep_run(line, run, x, &mut kept.places);
        kept.runs.push(start..kept.places.len());
    }
    kept
}

fn keep_run(line: &Line, run: Range<usize>, x: &Scale, places: &mut Vec<usize>) {
    let times = line.times();
    let mut start = run.start;
    while start < run.end {
        let Some(rest) = times.get(start..run.end) else {
            return;
        };
        let column = rest.first().map_or(0.0, |time| column(x, *time));
        let length = leading(rest, |time| self::column(x, time) <= column);
        let end = start + length.max(1);
        keep_column(line, start..end, &run, places);
        start = end;
    }
}

/// The column of pixels in which a moment is drawn.
pub fn column(x: &Scale, time: f64) -> f64 {
    x.place(time).floor()
}

/// How many of the first moments hold: found by longer and longer steps, and then by halves, so that
/// a column costs little however many points it has.
fn leading(times: &[f64], holds: impl Fn(f64) -> bool) -> usize {
    let mut step = 1;
    while times.get(step).is_some_and(|time| holds(*time)) {
        step *= 2;
    }
    let from = step / 2;
    let within = times.get(from..step.min(times.len())).unwrap_or_default();
    from + within.partition_point(|time| holds(*time))
}

fn keep_column(line: &Line, column: Range<usize>, run: &Range<usize>, places: &mut Vec<usize>) {
    if column.len() <= 2 {
        places.extend(column);
        return;
    }
    let values = line.values().get(column.clone()).unwrap_or_default();
    let (least, greatest) = extremes(values);
    let (least, greatest) = (column.start + least, column.start + greatest);
    let begin = (column.start == run.start).then_some(run.start);
    let end = (column.end == run.end).then_some(run.end - 1);
    let between = [least.min(greatest), least.max(greatest)];
    for place in begin.into_iter().chain(between).chain(end) {
        if places.last().is_none_or(|last| *last < place) {
            places.push(place);
        }
    }
}

/// Where the least and the greatest of some values are.
fn extremes(values: &[f64]) -> (usize, usize) {
    let first = values.first().copied().unwrap_or_default();
    let (mut low, mut high) = (first, first);
    let (mut least, mut greatest) = (0, 0);
    for (place, value) in values.iter().enumerate() {
        if *value < low {
            (low, least) = (*value, place);
        } else if *value > high {
            (high, greatest) = (*value, place);
        }
    }
    (least, greatest)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The least and the greatest value of each column that some places fall into.
    fn bounds(
        line: &Line,
        places: impl Iterator<Item = usize>,
        x: &Scale,
    ) -> BTreeMap<i64, (f64, f64)> {
        let mut columns = BTreeMap::new();
        for place in places {
            let (time, value) = line.get(place).unwrap();
            let bounds = columns
                .entry(column(x, time) as i64)
                .or_insert((value, value));
            *bounds = (bounds.0.min(value), bounds.1.max(value));
        }
        columns
    }

    /// Points of which some are missing.
    fn lines() -> impl Strategy<Value = Line> {
        let points = prop::collection::vec((prop::bool::weighted(0.9), -1e3..1e3_f64), 0..2_000);
        points.prop_map(|points| {
            let points = points.into_iter().enumerate();
            let there = points.filter(|(_, (is_there, _))| *is_there);
            Line::new(
                5.0,
                there.map(|(place, (_, value))| (place as f64 * 5.0, value)),
            )
        })
    }

    #[test]
    fn a_spike_of_one_point_among_many_is_kept() {
        let value = |place: usize| if place == 54_321 { 99.0 } else { 1.0 };
        let line = Line::new(1.0, (0..100_000).map(|place| (place as f64, value(place))));
        let x = Scale::new((0.0, 100_000.0), (0.0, 900.0));
        let kept = decimate(&line, &(0..100_000), &x);
        assert!(kept.places.contains(&54_321));
        assert!(kept.places.len() <= 2 * 901 + 2, "{}", kept.places.len());
    }

    #[test]
    fn few_points_are_all_kept() {
        let line = Line::new(1.0, (0..50).map(|place| (f64::from(place), 1.0)));
        let x = Scale::new((0.0, 50.0), (0.0, 900.0));
        let kept = decimate(&line, &(0..50), &x);
        assert_eq!(kept.places, (0..50).collect::<Vec<_>>());
        assert_eq!(kept.runs, vec![0..50; 1]);
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        let x = Scale::new((0.0, 1.0), (0.0, 900.0));
        assert_eq!(decimate(&Line::default(), &(0..0), &x), Kept::default());
    }

    proptest! {
        #[test]
        fn every_column_keeps_its_least_and_greatest(line in lines(), width in 1.0..700.0_f64) {
            let all = line.times().len();
            let x = Scale::new((0.0, 10_000.0), (0.0, width));
            let kept = decimate(&line, &(0..all), &x);
            let drawn = bounds(&line, kept.places.iter().copied(), &x);
            prop_assert_eq!(drawn, bounds(&line, 0..all, &x));
        }

        #[test]
        fn gaps_stay_gaps(line in lines(), width in 1.0..700.0_f64) {
            let x = Scale::new((0.0, 10_000.0), (0.0, width));
            let kept = decimate(&line, &(0..line.times().len()), &x);
            prop_assert_eq!(kept.runs.len(), line.runs().len());
            for (drawn, run) in kept.runs.iter().zip(line.runs()) {
                let places = &kept.places[drawn.clone()];
                prop_assert_eq!(places.first(), Some(&run.start));
                prop_assert_eq!(places.last(), Some(&(run.end - 1)));
            }
            prop_assert!(kept.places.is_sorted_by(|a, b| a < b));
        }
    }
}
