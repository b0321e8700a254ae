//! What the shown requests add up to: how many of each class of status, and how long they took.

use std::cmp::Ordering;

use super::book::Row;
use crate::words::{duration, plural};

/// The upper bounds of the buckets of the histogram in milliseconds: 1, 2 and 5 of each power of
/// ten. What takes longer is in one more bucket.
const BOUNDS: [f64; 13] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

/// How many buckets there are.
pub const BUCKETS: usize = BOUNDS.len() + 1;

/// How many classes of status there are: by the first digit, and all that is none of them.
pub const CLASSES: usize = 6;

/// The bucket of a duration in milliseconds.
pub fn bucket(milliseconds: f64) -> usize {
    BOUNDS.partition_point(|bound| *bound <= milliseconds)
}

/// Where a bucket begins, in few letters: `0`, `50 ms`, `2 s`.
pub fn begins(bucket: usize) -> String {
    let bound = bucket.checked_sub(1).and_then(|place| BOUNDS.get(place));
    match bound {
        None => "0".to_owned(),
        Some(bound) if *bound < 1_000.0 => format!("{bound} ms"),
        Some(bound) => format!("{} s", bound / 1_000.0),
    }
}

/// What is in a bucket, in words: `50 ms to 100 ms`.
pub fn span(bucket: usize) -> String {
    match bucket {
        0 => format!("under {}", begins(1)),
        _ if bucket + 1 >= BUCKETS => format!("{} and more", begins(bucket)),
        _ => format!("{} to {}", begins(bucket), begins(bucket + 1)),
    }
}

/// The place of a status among the classes: `5xx` at 5, what is no status at 0.
pub fn class(status: u16) -> usize {
    let class = usize::from(status / 100);
    if class < CLASSES { class } else { 0 }
}

/// What a number of requests adds up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// How many there are.
    pub count: usize,
    /// How many of each class of status.
    pub classes: [usize; CLASSES],
    /// How many in each bucket of the histogram.
    pub buckets: [usize; BUCKETS],
    /// Within how many milliseconds half, 95 % and 99 % of them were answered.
    pub percentiles: Option<[f64; 3]>,
}

/// The shares that the percentiles stand for, in per cent.
pub const SHARES: [usize; 3] = [50, 95, 99];

impl Stats {
    /// Of these requests.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut stats = Self::default();
        let mut durations = Vec::with_capacity(rows.size_hint().0);
        for row in rows {
            let access = &row.access;
            if let Some(count) = stats.classes.get_mut(class(access.status)) {
                *count += 1;
            }
            if let Some(count) = stats.buckets.get_mut(bucket(access.duration_ms)) {
                *count += 1;
            }
            durations.push(access.duration_ms);
        }
        stats.count = durations.len();
        stats.percentiles = percentiles(&mut durations);
        stats
    }

    /// The size of the fullest bucket.
    pub fn fullest(&self) -> usize {
        self.buckets.iter().copied().max().unwrap_or_default()
    }

    /// The share of a class in words: `97.2 %`.
    pub fn share(&self, class: usize) -> String {
        let count = self.classes.get(class).copied().unwrap_or_default();
        match (count, self.count) {
            (0, _) => "0 %".to_owned(),
            (count, all) if count == all => "100 %".to_owned(),
            (count, all) => {
                let share = count as f64 * 100.0 / all as f64;
                match share {
                    ..0.1 => "< 0.1 %".to_owned(),
                    99.9.. => "> 99.9 %".to_owned(),
                    _ => format!("{share:.1} %"),
                }
            }
        }
    }

    /// How long they took, in one sentence.
    pub fn sentence(&self) -> String {
        match self.percentiles.map(|all| all.map(latency)) {
            Some([half, most, nearly]) => format!(
                "Of {}, half took at most {half}, 95 % at most {most}, 99 % at most {nearly}.",
                plural(self.count, "request")
            ),
            None => "No requests.".to_owned(),
        }
    }
}

/// The durations at the shares: each is one that was measured, with at least the share of all of
/// them at or below it.
fn percentiles(durations: &mut [f64]) -> Option<[f64; 3]> {
    let count = durations.len();
    let mut at = |share: usize| {
        let rank = (count * share).div_ceil(100).checked_sub(1)?;
        let (_, found, _) = durations.select_nth_unstable_by(rank, compare);
        Some(*found)
    };
    let [half, most, nearly] = SHARES.map(&mut at);
    Some([half?, most?, nearly?])
}

fn compare(a: &f64, b: &f64) -> Ordering {
    a.total_cmp(b)
}

/// A duration in as many digits as matter: `0.4 ms`, `12 ms`, `1.2 s`, `1 min 12 s`.
pub fn latency(milliseconds: f64) -> String {
    match milliseconds {
        ..9.95 => format!("{milliseconds:.1} ms"),
        ..999.5 => format!("{milliseconds:.0} ms"),
        _ => duration(milliseconds.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pages::service::requests::book::tests::row;

    fn stats(rows: &[(u16, f64)]) -> Stats {
        let rows: Vec<Row> = rows.iter().map(|(status, ms)| row(*status, *ms)).collect();
        Stats::of(rows.iter())
    }

    #[test]
    fn statuses_are_counted_by_class() {
        let stats = stats(&[(200, 1.0), (204, 1.0), (404, 1.0), (502, 1.0), (999, 1.0)]);
        assert_eq!(stats.classes, [1, 0, 2, 0, 1, 1]);
        assert_eq!(stats.count, 5);
        assert_eq!(stats.share(2), "40.0 %");
        assert_eq!(stats.share(3), "0 %");
    }

    #[test]
    fn a_share_is_never_rounded_to_none_or_all() {
        let mut rows = vec![(200, 1.0); 9_999];
        rows.push((500, 1.0));
        let stats = stats(&rows);
        assert_eq!(stats.share(5), "< 0.1 %");
        assert_eq!(stats.share(2), "> 99.9 %");
    }

    #[test]
    fn buckets_begin_with_their_bound() {
        assert_eq!(bucket(0.0), 0);
        assert_eq!(bucket(-1.0), 0);
        assert_eq!(bucket(0.99), 0);
        assert_eq!(bucket(1.0), 1);
        assert_eq!(bucket(99.9), 6);
        assert_eq!(bucket(100.0), 7);
        assert_eq!(bucket(1e12), BUCKETS - 1);
        assert_eq!(span(0), "under 1 ms");
        assert_eq!(span(9), "500 ms to 1 s");
        assert_eq!(span(BUCKETS - 1), "10 s and more");
    }

    #[test]
    fn percentiles_are_durations_that_were_measured() {
        let hundred: Vec<(u16, f64)> = (1..=100).rev().map(|ms| (200, f64::from(ms))).collect();
        assert_eq!(stats(&hundred).percentiles, Some([50.0, 95.0, 99.0]));
        assert_eq!(stats(&[(200, 7.0)]).percentiles, Some([7.0; 3]));
        assert_eq!(stats(&[]).percentiles, None);
        assert_eq!(
            stats(&hundred).sentence(),
            "Of 100 requests, half took at most 50 ms, 95 % at most 95 ms, 99 % at most 99 ms."
        );
    }

    #[test]
    fn durations_have_the_digits_that_matter() {
        let words = [0.04, 9.94, 9.95, 312.4, 999.6, 61_000.0].map(latency);
        let told = ["0.0 ms", "9.9 ms", "10 ms", "312 ms", "1.0 s", "1 min 1 s"];
        assert_eq!(words, told);
    }

    proptest! {
        #[test]
        fn every_request_is_counted_once(
            rows in proptest::collection::vec((0_u16..1_200, 0.0..100_000.0_f64), 0..200),
        ) {
            let stats = stats(&rows);
            prop_assert_eq!(stats.count, rows.len());
            prop_assert_eq!(stats.classes.iter().sum::<usize>(), rows.len());
            prop_assert_eq!(stats.buckets.iter().sum::<usize>(), rows.len());
            if let Some(percentiles) = stats.percentiles {
                for (percentile, share) in percentiles.iter().zip(SHARES) {
                    let within = rows.iter().filter(|(_, ms)| ms <= percentile).count();
                    prop_assert!(within * 100 >= rows.len() * share);
                    let below = rows.iter().filter(|(_, ms)| ms < percentile).count();
                    prop_assert!(below * 100 < rows.len() * share);
                }
            }
        }
    }
}
