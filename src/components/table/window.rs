//! Which rows of a long table are in the page: pure arithmetic over pixels.

use std::ops::Range;

/// The height of one row in CSS pixels: the style sheet's `--row`.
pub(super) const ROW: f64 = 36.0;

/// What hides the top of the view, in CSS pixels: the top bar and the table's own head.
const COVERED: f64 = 80.0;

/// Rows drawn beyond each end of the view, so that a quick flick shows no gap.
const MARGIN: usize = 6;

/// Rows come and go in groups of this many: most scroll events then change nothing.
const GROUP: usize = 4;

/// The part of a table that can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct View {
    /// How far the first row lies above the top of the window, in CSS pixels; negative: below it.
    pub(super) above: f64,
    /// The height of the window in CSS pixels.
    pub(super) height: f64,
}

impl View {
    /// The rows to draw, of so many. Never none while there are some: a list that shrank under the
    /// view shows its end until the browser has scrolled there.
    pub(super) fn rows(self, count: usize) -> Range<usize> {
        // What stands above the table takes room, too.
        let room = (self.height + self.above.min(0.0)).max(0.0);
        let seen = (room / ROW).ceil() as usize + 1;
        let first = (self.above.max(0.0) / ROW) as usize;
        let first = first.min(count.saturating_sub(seen));
        let start = first.saturating_sub(MARGIN) / GROUP * GROUP;
        let end = (first + seen + MARGIN).div_ceil(GROUP) * GROUP;
        start..end.min(count)
    }

    /// How far to scroll, in CSS pixels, until the row at this place is seen whole.
    pub(super) fn reveal(self, place: usize) -> f64 {
        let top = place as f64 * ROW - self.above;
        let lowest = self.height - ROW;
        if top < COVERED {
            top - COVERED
        } else if top > lowest {
            top - lowest
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: usize = 10_000;

    fn at(above: f64) -> View {
        View {
            above,
            height: 900.0,
        }
    }

    #[test]
    fn a_long_list_draws_few_rows_wherever_it_is_scrolled() {
        for above in [-300.0, 0.0, 17.0, 36_000.0, 359_100.0, 1e9] {
            let rows = at(above).rows(COUNT);
            assert!(rows.len() <= 60, "{above}: {rows:?}");
            assert!(rows.end <= COUNT, "{above}: {rows:?}");
        }
    }

    #[test]
    fn every_row_in_view_is_drawn() {
        for above in (0..359_100).step_by(101) {
            let rows = at(f64::from(above)).rows(COUNT);
            let first = (f64::from(above) / ROW) as usize;
            let last = ((f64::from(above) + 899.0) / ROW) as usize;
            assert!(
                rows.contains(&first) && rows.contains(&last),
                "{above}: {rows:?}"
            );
        }
    }

    #[test]
    fn a_little_scrolling_changes_nothing() {
        assert_eq!(at(3_672.0).rows(COUNT), at(3_750.0).rows(COUNT));
    }

    #[test]
    fn a_list_that_shrank_under_the_view_shows_its_end() {
        assert_eq!(at(36_000.0).rows(5), 0..5);
        assert_eq!(at(36_000.0).rows(100).end, 100);
        assert_eq!(at(36_000.0).rows(0), 0..0);
    }

    #[test]
    fn a_row_is_revealed_just_far_enough() {
        assert_eq!(at(0.0).reveal(10), 0.0);
        assert_eq!(at(0.0).reveal(30), 30.0 * ROW - 864.0);
        assert_eq!(at(36_000.0).reveal(1_000), -COVERED);
        let scrolled = at(36_000.0 + at(36_000.0).reveal(1_000));
        assert_eq!(scrolled.reveal(1_000), 0.0);
    }
}
