//! What a release changed: what was measured in equal windows before and after it began to serve,
//! and what the difference is worth.

mod sentence;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::open::{Open, words};

pub use sentence::{Figure, figures, sentence};

/// The least probability that a difference is told as one: with no difference at all, one in a
/// hundred comparisons would still tell one. It is low because a verdict is looked at again and
/// again while its windows grow.
pub const LEVEL: f64 = 0.01;

/// The requests that each window needs before "no difference seen" means anything: of 100 and 100,
/// a release that fails one request in twelve where none failed before is told from chance, and
/// five of each window are slower than their 95th percentile.
pub const LEAST_REQUESTS: u64 = 100;

words! {
    /// How a verdict stands.
    pub enum VerdictState {
        /// Something is worse, and nothing is better.
        Worse = "worse",
        /// Something is better, and nothing is worse.
        Better = "better",
        /// Something is worse and something else is better.
        Mixed = "mixed",
        /// There was traffic enough, and no difference was seen.
        NoneSeen = "none_seen",
        /// Too little traffic to say.
        TooLittle = "too_little",
        /// No release served before it.
        FirstRelease = "first_release",
        /// It never served, or has only just begun to.
        NotServed = "not_served",
        /// What was measured then is not kept, or nothing was measured.
        NotMeasured = "not_measured",
    }
}

words! {
    /// What a comparison found.
    pub enum Finding {
        /// More errors, slower, or more restarts.
        Worse = "worse",
        /// Fewer errors, faster, or fewer restarts.
        Better = "better",
        /// There was enough to see one, and no difference was seen.
        NoneSeen = "none_seen",
        /// Too little to say.
        TooLittle = "too_little",
    }
}

words! {
    /// The test that a comparison was made with.
    pub enum Test {
        /// Fisher's exact test of two shares, two-sided.
        Fisher = "fisher_exact",
        /// The quantile test: Fisher's exact test of the shares that are slower than the 95th
        /// percentile of both windows together.
        Quantile = "quantile",
        /// The exact binomial test of two counts over equal times, two-sided.
        Binomial = "binomial",
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// What it found.
    #[cfg_attr(feature = "openapi", schema(value_type = Finding))]
    pub finding: Open<Finding>,
    /// The test.
    #[cfg_attr(feature = "openapi", schema(value_type = Test))]
    pub test: Open<Test>,
    /// How probable a difference of at least this size is where there is none.
    #[serde(default)]
    pub p_value: f64,
}

/// What was measured in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// The release that served in it.
    #[serde(default)]
    pub release: u32,
    /// Whether requests were counted: they are for services with domains.
    #[serde(default)]
    pub counted: bool,
    /// Requests that were answered.
    #[serde(default)]
    pub requests: u64,
    /// Of these, those answered with a status of 500 or more.
    #[serde(default)]
    pub errors: u64,
    /// Of these, those slower than the 95th percentile of both windows together.
    #[serde(default)]
    pub slow: u64,
    /// The time within which 95 % were answered, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p95: Option<f64>,
    /// The memory of all instances together, on average, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<f64>,
    /// Instances that ended by themselves or stopped answering, and were started again.
    #[serde(default)]
    pub restarts: u64,
}

/// The reply of `GET S/{service}/releases/{version}/verdict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// The release.
    pub release: u32,
    /// How it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = VerdictState))]
    pub state: Open<VerdictState>,
    /// All of it in one sentence.
    #[serde(default)]
    pub sentence: String,
    /// The release that served before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<u32>,
    /// Since when it served: its deployment was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Whether it still serves.
    #[serde(default)]
    pub serves: bool,
    /// Whether the count of instances changed in one of the windows: then memory says little.
    #[serde(default)]
    pub scaled: bool,
    /// The window before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Period>,
    /// The window after, which is as long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Period>,
    /// The shares of errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Comparison>,
    /// The times within which 95 % of the requests were answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Comparison>,
    /// The restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Comparison>,
}

impl Verdict {
    /// One that compares nothing.
    pub fn without(release: u32, state: VerdictState) -> Self {
        Self {
            release,
            state: Open::Known(state),
            sentence: String::new(),
            previous: None,
            since: None,
            serves: false,
            scaled: false,
            before: None,
            after: None,
            errors: None,
            latency: None,
            restarts: None,
        }
    }

    /// What its comparisons amount to.
    pub fn overall(&self) -> VerdictState {
        let findings: Vec<Finding> = [&self.errors, &self.latency, &self.restarts]
            .into_iter()
            .flatten()
            .filter_map(|one| one.finding.known())
            .collect();
        let has = |finding| findings.contains(&finding);
        // Restarts alone do not make a comparison of what was asked of the service.
        let is_compared = [&self.errors, &self.latency]
            .into_iter()
            .flatten()
            .any(|one| one.finding == Open::Known(Finding::NoneSeen));
        match (has(Finding::Worse), has(Finding::Better)) {
            (true, true) => VerdictState::Mixed,
            (true, false) => VerdictState::Worse,
            (false, true) => VerdictState::Better,
            (false, false) if is_compared => VerdictState::NoneSeen,
            (false, false) => VerdictState::TooLittle,
        }
    }
}
