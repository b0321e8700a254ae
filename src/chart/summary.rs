//! A line in figures, and in one sentence for who does not see it.

use bulk::points::series::Line;

use super::ticks::Unit;

/// What is said of the points of a span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The newest value.
    pub last: f64,
    /// When the newest value was measured, in seconds since 1970.
    pub last_at: f64,
    /// The least value.
    pub least: f64,
    /// The mean of all values.
    pub mean: f64,
    /// The greatest value.
    pub greatest: f64,
    /// When the greatest value was measured, in seconds since 1970.
    pub greatest_at: f64,
    /// How many gaps there are between the points.
    pub gaps: usize,
}

impl Figures {
    /// Those of the points of a span; none where there is no point.
    pub fn of(line: &Line, span: (f64, f64)) -> Option<Self> {
        let within = line.within(span.0, span.1);
        let values = line.values().get(within.clone())?;
        let last = *values.last()?;
        let mut figures = Self {
            last,
            last_at: *line.times().get(within.clone())?.last()?,
            least: last,
            mean: values.iter().sum::<f64>() / values.len() as f64,
            greatest: f64::NEG_INFINITY,
            greatest_at: 0.0,
            gaps: 0,
        };
        for (value, time) in values.iter().zip(line.times().get(within.clone())?) {
            figures.least = figures.least.min(*value);
            if *value > figures.greatest {
                (figures.greatest, figures.greatest_at) = (*value, *time);
            }
        }
        let starts = line.runs().iter().map(|run| run.start);
        figures.gaps = starts
            .filter(|start| *start > within.start && *start < within.end)
            .count();
        Some(figures)
    }

    /// Whether the newest value still holds at a moment: the next one, of a line with this step in
    /// seconds, is not long overdue.
    pub fn is_current(&self, step: f64, now: f64) -> bool {
        const LATE: f64 = 15.0;
        now - self.last_at <= 2.0 * step + LATE
    }

    /// `Between 0.12 cores and 0.98 cores, 0.24 cores on average and 0.46 cores at the end; the
    /// highest at 14:02:31. 2 gaps.`
    pub fn sentence(&self, unit: Unit, time: impl Fn(f64) -> String) -> String {
        let words = |value| unit.words(value);
        let mut text = match words(self.least) == words(self.greatest) {
            true => format!("{} all the time.", words(self.mean)),
            false => format!(
                "Between {} and {}, {} on average and {} at the end; the highest at {}.",
                words(self.least),
                words(self.greatest),
                words(self.mean),
                words(self.last),
                time(self.greatest_at),
            ),
        };
        match self.gaps {
            0 => {}
            1 => text.push_str(" One gap, in which nothing was measured."),
            gaps => text.push_str(&format!(" {gaps} gaps, in which nothing was measured.")),
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_in_figures() {
        let line = Line::new(5.0, [(0.0, 9.0), (5.0, 0.1), (10.0, 0.7), (60.0, 0.4)]);
        let figures = Figures::of(&line, (1.0, 99.0)).unwrap();
        assert_eq!(figures.last, 0.4);
        assert_eq!(figures.least, 0.1);
        assert!((figures.mean - 0.4).abs() < 1e-9);
        assert_eq!((figures.greatest, figures.greatest_at), (0.7, 10.0));
        assert_eq!(figures.gaps, 1);
        assert_eq!(Figures::of(&line, (20.0, 50.0)), None);
    }

    #[test]
    fn a_value_holds_until_the_next_one_is_overdue() {
        let line = Line::new(5.0, [(95.0, 1.0), (100.0, 2.0), (200.0, 3.0)]);
        let figures = Figures::of(&line, (0.0, 150.0)).unwrap();
        assert_eq!((figures.last, figures.last_at), (2.0, 100.0));
        assert!(figures.is_current(5.0, 100.0) && figures.is_current(5.0, 125.0));
        assert!(!figures.is_current(5.0, 126.0));
        assert!(
            figures.is_current(5.0, 90.0),
            "the platform's clock is ahead"
        );
        assert!(figures.is_current(60.0, 235.0) && !figures.is_current(60.0, 236.0));
    }

    #[test]
    fn a_line_is_told_in_one_sentence() {
        let line = Line::new(5.0, [(0.0, 0.1), (5.0, 0.7), (60.0, 0.4)]);
        let figures = Figures::of(&line, (0.0, 99.0)).unwrap();
        assert_eq!(
            figures.sentence(Unit::Cores, |time| format!("second {time}")),
            "Between 0.1 cores and 0.7 cores, 0.4 cores on average and 0.4 cores at the end; the \
             highest at second 5. One gap, in which nothing was measured."
        );
    }

    #[test]
    fn a_flat_line_has_a_short_sentence() {
        let line = Line::new(5.0, [(0.0, 0.0), (5.0, 0.0)]);
        let figures = Figures::of(&line, (0.0, 9.0)).unwrap();
        let sentence = figures.sentence(Unit::PerSecond, |_| String::new());
        assert_eq!(sentence, "0 /s all the time.");
    }
}
