//! Whether the machine's clock can be trusted to say what is old.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// How far a clock may go wrong between two looks.
const JUMP: Duration = Duration::from_secs(60);
/// How long one that jumped has to be steady: time to be set right.
const STEADY_FOR: Duration = Duration::from_secs(600);

/// A clock that is looked at now and then.
#[derive(Debug)]
pub(crate) struct Clock {
    last: (Instant, DateTime<Utc>),
    steady_since: Instant,
}

impl Clock {
    pub(crate) fn new(at: Instant, shown: DateTime<Utc>) -> Self {
        Self {
            last: (at, shown),
            steady_since: at,
        }
    }

    /// Looks at what the clock shows. Whether it has been steady long enough that what is old by it
    /// may be deleted: one that jumped a year ahead for a minute must not cost all there is.
    pub(crate) fn look(&mut self, at: Instant, shown: DateTime<Utc>) -> bool {
        let (last, last_shown) = std::mem::replace(&mut self.last, (at, shown));
        let passed = TimeDelta::from_std(at.duration_since(last)).unwrap_or(TimeDelta::MAX);
        let off = (shown - last_shown - passed).abs();
        if off.to_std().is_ok_and(|off| off > JUMP) {
            self.steady_since = at;
        }
        at.duration_since(self.steady_since) >= STEADY_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_not_believed_for_a_while() {
        let (start, noon) = (Instant::now(), DateTime::UNIX_EPOCH);
        let mut clock = Clock::new(start, noon);
        let mut look = |passed: u64, ahead: i64| {
            let passed = Duration::from_secs(passed);
            let shown = noon + TimeDelta::from_std(passed).unwrap() + TimeDelta::seconds(ahead);
            clock.look(start + passed, shown)
        };
        assert!(!look(5, 0));
        assert!(look(605, 0));
        let year = 365 * 86_400;
        assert!(!look(610, year));
        assert!(!look(1_200, year));
        // Set right again.
        assert!(!look(1_205, 0));
        assert!(!look(1_800, 30));
        assert!(look(1_805, 30));
    }
}
