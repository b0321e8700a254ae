//! The platform's time: that of this machine, put right by what the platform's replies say.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A reply tells whole seconds, and may have been written a moment before it was sent.
const EXACT: i64 = 1_000;

/// So many milliseconds the platform's clock is ahead of this machine's.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// What time it is on the platform, as far as its replies have told.
pub fn platform_now() -> DateTime<Utc> {
    Utc::now() + TimeDelta::milliseconds(AHEAD.load(Ordering::Relaxed))
}

/// Takes over the instant that a reply tells. All are milliseconds since 1970: that one, and when by
/// this machine the call was sent and answered.
pub(super) fn learn(told: i64, sent: i64, answered: i64) {
    let ahead = AHEAD.load(Ordering::Relaxed);
    AHEAD.store(fitted(ahead, told, sent, answered), Ordering::Relaxed);
}

/// So many milliseconds a platform's clock is ahead, as one reply tells.
pub(super) fn ahead(told: i64, sent: i64, answered: i64) -> i64 {
    // A reply tells a second that has begun.
    told.saturating_add(EXACT / 2) - sent.midpoint(answered)
}

/// How far the platform's clock is ahead: as it was known, as long as the reply allows for that, so
/// that it does not waver with every reply.
fn fitted(known: i64, told: i64, sent: i64, answered: i64) -> i64 {
    let least = told.saturating_sub(answered).saturating_sub(EXACT);
    let most = told.saturating_sub(sent).saturating_add(2 * EXACT);
    match (least..=most).contains(&known) {
        true => known,
        false => least.midpoint(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn clocks_that_agree_are_left_alone() {
        assert_eq!(fitted(0, 10_000, 10_300, 10_500), 0);
        assert_eq!(fitted(0, 10_000, 10_990, 10_999), 0);
        assert_eq!(fitted(0, 11_000, 10_900, 11_050), 0);
    }

    #[test]
    fn a_clock_that_was_put_right_is_believed_again() {
        let hours = fitted(0, 10_000, 7_210_000, 7_210_100);
        assert!((hours + 7_200_000).abs() < 2_000, "{hours}");
        assert_eq!(fitted(hours, 15_000, 7_215_100, 7_215_300), hours);
        let right = fitted(hours, 20_000, 20_100, 20_200);
        assert!(right.abs() < 2_000, "{right}");
    }

    proptest! {
        #[test]
        fn it_is_known_to_two_seconds_and_what_a_reply_takes(
            truth in -100_000_000i64..100_000_000,
            known in -100_000_000i64..100_000_000,
            sent in 0i64..1_000_000_000,
            there in 0i64..30_000,
            back in 0i64..30_000,
        ) {
            let told = (sent + truth + there).div_euclid(1_000) * 1_000;
            let found = fitted(known, told, sent, sent + there + back);
            prop_assert!((found - truth).abs() <= there + back + 3 * EXACT);
        }
    }
}
