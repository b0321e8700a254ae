//! Where a log that is higher than a browser lays out is scrolled to: the bar stands for more than
//! it is long.

/// The most that a browser is asked to lay out, in CSS pixels. Firefox stops before 18 million,
/// Chrome before 34 million.
const TALLEST: f64 = 12_000_000.0;

/// How many views a bar moves at once when it is dragged. With a wheel or a key it moves less.
const DRAGGED: f64 = 2.0;

/// Where a log is scrolled to, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// What the browser says: how far its bar is from the upper end.
    pub bar: f64,
    /// How far the first row in view is from the first of all rows.
    pub top: f64,
}

/// The room that rows of this height are given.
pub fn room(height: f64) -> f64 {
    height.min(TALLEST)
}

impl Place {
    /// At a row of a log of this height, seen through a view of that height.
    pub fn at(top: f64, height: f64, view: f64) -> Self {
        let last = (height - view).max(0.0);
        let top = top.clamp(0.0, last);
        let bar = match height <= TALLEST {
            true => top,
            false => top / last * (TALLEST - view),
        };
        Self { bar, top }
    }

    /// After the bar has moved. Where one row of it stands for many, a wheel still goes on row by
    /// row; a bar that is dragged goes to its share of the log.
    pub fn moved(self, bar: f64, height: f64, view: f64) -> Self {
        if height <= TALLEST {
            return Self { bar, top: bar };
        }
        let (last, end) = (height - view, TALLEST - view);
        let step = bar - self.bar;
        if step.abs() > DRAGGED * view {
            let top = (bar / end * last).clamp(0.0, last);
            return Self { bar, top };
        }
        let top = (self.top + step).clamp(0.0, last);
        let is_end = |at: f64, end: f64| at <= 0.5 || at >= end - 0.5;
        // At one end, but not at the other's: the bar goes where it belongs.
        match is_end(bar, end) != is_end(top, last) {
            true => Self::at(top, height, view),
            false => Self { bar, top },
        }
    }

    /// How much further down what is drawn stands than its place among all rows.
    pub fn shift(self) -> f64 {
        self.bar - self.top
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    const VIEW: f64 = 500.0;
    const HIGH: f64 = 10.0 * TALLEST;

    #[test]
    fn a_log_that_fits_is_where_its_bar_is() {
        let place = Place::at(700.0, 10_000.0, VIEW);
        assert_eq!((place.bar, place.top), (700.0, 700.0));
        let end = Place::at(f64::INFINITY, 10_000.0, VIEW);
        assert_eq!(end.top, 9_500.0);
        let moved = end.moved(0.0, 10_000.0, VIEW);
        assert_eq!((moved.top, moved.shift()), (0.0, 0.0));
        assert_eq!(Place::at(f64::INFINITY, 100.0, VIEW), Place::default());
    }

    #[test]
    fn a_wheel_goes_on_row_by_row() {
        let start = Place::at(HIGH / 2.0, HIGH, VIEW);
        let place = start.moved(start.bar + 100.0, HIGH, VIEW);
        assert_eq!(place.top, start.top + 100.0);
    }

    #[test]
    fn a_dragged_bar_reaches_every_part() {
        let top = Place::default();
        let middle = top.moved((TALLEST - VIEW) / 2.0, HIGH, VIEW);
        assert!((middle.top - (HIGH - VIEW) / 2.0).abs() < 1.0);
        let end = middle.moved(TALLEST - VIEW, HIGH, VIEW);
        assert_eq!(end.top, HIGH - VIEW);
    }

    #[test]
    fn a_bar_at_its_end_has_more_to_go_where_the_log_has() {
        let near = Place {
            bar: 50.0,
            top: 9_000.0,
        };
        let place = near.moved(0.0, HIGH, VIEW);
        assert_eq!(place.top, 8_950.0);
        assert!(place.bar > 100.0, "{place:?}");
        let near = Place {
            bar: 9_000.0,
            top: 50.0,
        };
        let place = near.moved(8_900.0, HIGH, VIEW);
        assert_eq!((place.bar, place.top), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_bar_and_the_log_never_leave_their_ends(
            steps in proptest::collection::vec(-2_000.0f64..2_000.0, 1..60),
            at in 0.0f64..1.0,
        ) {
            let mut place = Place::at(at * HIGH, HIGH, VIEW);
            for step in steps {
                let bar = (place.bar + step).clamp(0.0, TALLEST - VIEW);
                place = place.moved(bar, HIGH, VIEW);
                prop_assert!((0.0..=HIGH - VIEW).contains(&place.top));
                prop_assert!((0.0..=TALLEST - VIEW).contains(&place.bar));
            }
        }
    }
}
