//! How long looking takes, for who watches the platform itself.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Upper bounds of the times, in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0,
];

/// What was measured so far. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// Looks at everything that runs.
    pub(crate) looks: Histogram,
    /// Looks at one service and what they led to, by how they ended.
    pub(crate) passes: Family<Ended, Histogram, fn() -> Histogram>,
}

/// How a pass ended: `rest`, `busy`, `gone` or `failed`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Ended {
    outcome: &'static str,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            looks: Histogram::new(SECONDS),
            passes: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        }
    }
}

impl Pace {
    pub(super) fn looked(&self, took: Duration) {
        self.looks.observe(took.as_secs_f64());
    }

    pub(super) fn passed(&self, outcome: &'static str, took: Duration) {
        let passes = self.passes.get_or_create(&Ended { outcome });
        passes.observe(took.as_secs_f64());
    }
}
