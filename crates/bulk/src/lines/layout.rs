//! Where the lines of a text are: each takes as many rows as its text needs, and only those in view are drawn.

use std::ops::Range;

/// The height of one row in CSS pixels.
pub const ROW: f64 = 20.0;

/// Rows drawn above and below the view, so that a quick scroll meets no gap.
pub const MARGIN: f64 = 10.0 * ROW;

/// The rows of every line, as running totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The first row after each line.
    ends: Vec<u32>,
    columns: Option<u32>,
}

impl Layout {
    /// No lines yet; `columns` characters fit a row, or lines do not wrap.
    pub fn new(columns: Option<u32>) -> Self {
        Self {
            ends: Vec::new(),
            columns: columns.map(|columns| columns.max(1)),
        }
    }

    /// Whether lines were measured for this many columns.
    pub fn has_columns(&self, columns: Option<u32>) -> bool {
        self.columns == columns
    }

    /// How many lines are laid out.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no line is laid out.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a line.
    pub fn push(&mut self, text: &str) {
        let rows = match self.columns {
            None => 1,
            Some(columns) => rows(columns_of(text), columns),
        };
        self.ends.push(self.rows().saturating_add(rows));
    }

    /// Takes the lines after the first so many away.
    pub fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
    }

    /// The height of all lines in CSS pixels.
    pub fn height(&self) -> f64 {
        f64::from(self.rows()) * ROW
    }

    /// The top of a line in CSS pixels.
    pub fn top(&self, line: usize) -> f64 {
        let before = line.checked_sub(1).and_then(|line| self.ends.get(line));
        f64::from(before.copied().unwrap_or(0)) * ROW
    }

    /// The lines to draw for a view of this height that is scrolled to this offset.
    pub fn visible(&self, scroll: f64, height: f64) -> Range<usize> {
        let first = self.line_at((scroll - MARGIN).max(0.0));
        let last = self.line_at(scroll + height + MARGIN);
        first..(last + 1).min(self.len())
    }

    fn line_at(&self, offset: f64) -> usize {
        self.ends
            .partition_point(|end| f64::from(*end) * ROW <= offset)
    }

    fn rows(&self) -> u32 {
        self.ends.last().copied().unwrap_or(0)
    }
}

/// How many columns a text takes at most.
pub fn columns_of(text: &str) -> u32 {
    text.chars().map(width).fold(0, u32::saturating_add)
}

/// How many rows of so many columns a text of that many takes.
pub fn rows(width: u32, columns: u32) -> u32 {
    width.div_ceil(columns.max(1)).max(1)
}

/// How many columns a character takes at most: East Asian scripts and emoji two, a tab eight.
fn width(character: char) -> u32 {
    match character {
        '\t' => 8,
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f000}'.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn long_lines_take_more_rows() {
        let mut layout = Layout::new(Some(10));
        for text in ["", "0123456789", "0123456789a", "é", "漢字漢字漢字"] {
            layout.push(text);
        }
        assert!((layout.height() - 7.0 * ROW).abs() < f64::EPSILON);
        assert!((layout.top(3) - 4.0 * ROW).abs() < f64::EPSILON);
    }

    #[test]
    fn a_line_that_changes_is_laid_out_again() {
        let mut layout = Layout::new(Some(10));
        layout.push("first");
        layout.push("a line of two rows");
        layout.truncate(1);
        layout.push("one row");
        assert!((layout.height() - 2.0 * ROW).abs() < f64::EPSILON);
    }

    #[test]
    fn only_what_is_near_the_view_is_drawn() {
        let mut layout = Layout::new(None);
        for _ in 0..100_000 {
            layout.push("x");
        }
        assert_eq!(layout.visible(0.0, 400.0), 0..31);
        assert_eq!(layout.visible(1_000_000.0, 400.0), 49_990..50_031);
        assert_eq!(layout.visible(f64::MAX, 400.0).end, 100_000);
        assert_eq!(Layout::new(None).visible(0.0, 400.0), 0..0);
    }

    proptest! {
        #[test]
        fn the_view_is_always_covered(
            lengths in proptest::collection::vec(0usize..200, 1..200),
            columns in 1u32..80,
            at in 0.0f64..1.0,
        ) {
            let mut layout = Layout::new(Some(columns));
            for length in lengths {
                layout.push(&"x".repeat(length));
            }
            let scroll = at * layout.height();
            let range = layout.visible(scroll, 300.0);
            prop_assert!(layout.top(range.start) <= scroll);
            let bottom = layout.top(range.end);
            prop_assert!(bottom >= (scroll + 300.0).min(layout.height()));
        }
    }
}
