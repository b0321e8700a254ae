//! How long answers took, as a sketch that can be merged: percentiles of any set of steps are those
//! of all their requests, not means of percentiles.
//!
//! A DDSketch (Masson, Rim, Lee: "DDSketch: A fast and fully-mergeable quantile sketch with
//! relative-error guarantees", VLDB 2019) of relative accuracy 1 %:
//! [`pilothouse_wire::metrics::LATENCY_ERROR`].

use sketches_ddsketch::{Config, DDSketch};

/// The durations of requests.
#[derive(Clone)]
pub(super) struct Latency(DDSketch);

impl Default for Latency {
    fn default() -> Self {
        // The stored form keeps no configuration: it is read back as the default one.
        Self(DDSketch::new(Config::defaults()))
    }
}

impl std::fmt::Debug for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Latency of {} requests", self.0.count())
    }
}

impl Latency {
    /// Counts a request that took so long.
    pub(super) fn add(&mut self, seconds: f64) {
        self.0.add(seconds);
    }

    /// Counts all requests of another one.
    pub(super) fn merge(&mut self, other: &Self) {
        // Fails only for sketches that are configured otherwise; there are none.
        let _ = self.0.merge(&other.0);
    }

    /// How many requests were counted.
    pub(super) fn count(&self) -> u64 {
        self.0.count() as u64
    }

    /// The duration, in seconds, within which this share of the requests was answered.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        self.0.quantile(share).ok().flatten()
    }

    /// As it is stored.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        (self.0.count() > 0).then(|| self.0.to_java_bytes())
    }

    /// What was stored. `None`: these are not the bytes of one.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        // Bytes that a failing disk has changed make it overflow.
        let read = std::panic::catch_unwind(|| DDSketch::from_java_bytes(bytes).ok());
        read.ok().flatten().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::metrics::LATENCY_ERROR;
    use proptest::prelude::*;

    use super::*;

    fn of(durations: &[f64]) -> Latency {
        let mut latency = Latency::default();
        for seconds in durations {
            latency.add(*seconds);
        }
        latency
    }

    proptest! {
        #[test]
        fn parts_that_are_stored_and_merged_tell_the_percentile_of_all(
            durations in prop::collection::vec(0.000_05_f64..600.0, 1..400), parts in 1_usize..20,
        ) {
            let mut whole = Latency::default();
            for part in durations.chunks(durations.len().div_ceil(parts)) {
                let stored = of(part).to_bytes().unwrap();
                whole.merge(&Latency::from_bytes(&stored).unwrap());
            }
            let mut sorted = durations.clone();
            sorted.sort_by(f64::total_cmp);
            let rank = (0.95 * (sorted.len() - 1) as f64) as usize;
            let told = whole.quantile(0.95).unwrap();
            let off = (told - sorted[rank]).abs() / sorted[rank];
            prop_assert!(off <= LATENCY_ERROR * 1.000_001, "{told} for {}", sorted[rank]);
        }

        #[test]
        fn no_bytes_are_fatal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Latency::from_bytes(&bytes);
        }
    }

    #[test]
    fn nothing_has_no_percentile_and_no_stored_form() {
        assert_eq!(Latency::default().quantile(0.95), None);
        assert_eq!(Latency::default().to_bytes(), None);
    }
}
