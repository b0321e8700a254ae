//! From where the pointer or the keyboard is to the point that is meant.

use bulk::points::series::Line;

/// The place of the point nearest to a moment, if one is as near as `most` seconds.
pub fn nearest(line: &Line, time: f64, most: f64) -> Option<usize> {
    let times = line.times();
    let after = times.partition_point(|at| *at < time);
    let candidates = [after.checked_sub(1), Some(after)];
    let far = |place: usize| times.get(place).map(|at| (at - time).abs());
    candidates
        .into_iter()
        .flatten()
        .filter_map(|place| Some((place, far(place)?)))
        .filter(|(_, far)| *far <= most)
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(place, _)| place)
}

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// So many points on; back where negative.
    By(isize),
    /// The first point of the span.
    First,
    /// The last point of the span.
    Last,
}

/// The moment that a key leads to, from one or from nowhere, among the points of a span.
pub fn walk(line: &Line, span: (f64, f64), from: Option<f64>, way: Way) -> Option<f64> {
    let within = line.within(span.0, span.1);
    let last = within.end.checked_sub(1).filter(|_| !within.is_empty())?;
    let from = from.filter(|time| (span.0..=span.1).contains(time));
    let at = from.and_then(|time| nearest(line, time, f64::INFINITY));
    let place = match (way, at) {
        (Way::First, _) => within.start,
        // Who comes from nowhere begins at what is newest.
        (Way::Last, _) | (Way::By(_), None) => last,
        (Way::By(points), Some(at)) => at.saturating_add_signed(points),
    };
    line.times().get(place.clamp(within.start, last)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new(5.0, [0.0, 5.0, 10.0, 40.0, 45.0].map(|time| (time, time)))
    }

    #[test]
    fn the_nearest_point_is_hit_unless_it_is_far() {
        assert_eq!(nearest(&line(), 6.0, 5.0), Some(1));
        assert_eq!(nearest(&line(), 8.0, 5.0), Some(2));
        assert_eq!(nearest(&line(), -3.0, 5.0), Some(0));
        assert_eq!(nearest(&line(), 99.0, f64::INFINITY), Some(4));
        assert_eq!(nearest(&line(), 25.0, 5.0), None);
        assert_eq!(nearest(&Line::default(), 1.0, f64::INFINITY), None);
    }

    #[test]
    fn keys_walk_from_point_to_point_within_the_span() {
        let walk = |from, way| walk(&line(), (1.0, 42.0), from, way);
        assert_eq!(walk(None, Way::By(-1)), Some(40.0));
        assert_eq!(walk(Some(40.0), Way::By(-1)), Some(10.0));
        assert_eq!(walk(Some(40.0), Way::By(1)), Some(40.0));
        assert_eq!(walk(Some(10.0), Way::By(-9)), Some(5.0));
        assert_eq!(walk(Some(10.0), Way::First), Some(5.0));
        assert_eq!(walk(Some(10.0), Way::Last), Some(40.0));
        assert_eq!(super::walk(&line(), (20.0, 30.0), None, Way::Last), None);
    }
}
