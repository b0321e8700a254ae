//! Windows of time, as logs, metrics and access logs are asked for.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::decode::Fields;
use crate::quantity::Since;

/// A window that ends now, or one between two instants. Without any bound: all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Seconds back from now.
    pub since: Option<Since>,
    /// The earliest instant, included.
    pub start: Option<DateTime<Utc>>,
    /// The latest instant, not included.
    pub end: Option<DateTime<Utc>>,
}

/// A parameter of a query and the sentence that documents it.
type Parameter = (&'static str, &'static str);

impl Window {
    pub(crate) const SINCE: Parameter = ("since", "Seconds back from now.");
    pub(crate) const START: Parameter = (
        "start",
        "The earliest instant, included: 2026-04-22T15:30:00Z.",
    );
    pub(crate) const END: Parameter = (
        "end",
        "The latest instant, not included: 2026-04-22T15:30:00Z.",
    );

    /// A window that ends now.
    pub fn last(since: Since) -> Self {
        Self {
            since: Some(since),
            ..Self::default()
        }
    }

    /// A window between two instants.
    pub fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            since: None,
            start: Some(start),
            end: Some(end),
        }
    }

    /// Its earliest instant, where it has one, for who asks at `now`.
    pub fn start(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let back = |since: Since| now.checked_sub_signed(TimeDelta::seconds(since.get().into()));
        self.start.or_else(|| self.since.and_then(back))
    }

    pub(crate) fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let since = fields.parameter("since", str::parse);
        let start = fields.parameter("start", instant);
        let end = fields.parameter("end", instant);
        let given = (since.flatten(), start.flatten(), end.flatten());
        if given.0.is_some() && (given.1.is_some() || given.2.is_some()) {
            fields.fault("since", "Give either since, or start and end.");
        }
        if let (_, Some(start), Some(end)) = given
            && start >= end
        {
            fields.fault("start", "The start must be before the end.");
        }
        Some(Self {
            since: since?,
            start: start?,
            end: end?,
        })
    }

    pub(crate) fn pairs(&self) -> [(&'static str, Option<String>); 3] {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        [
            ("since", self.since.map(|since| since.to_string())),
            ("start", self.start.map(text)),
            ("end", self.end.map(text)),
        ]
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| "An instant looks like 2026-04-22T15:30:00Z.".to_owned())
}
