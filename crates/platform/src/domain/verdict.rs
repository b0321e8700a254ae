//! What a release changed: two equal windows, before and after it began to serve, held against each
//! other. The change-over itself, when instances of both serve, is in neither.

mod exact;
mod windows;

use chrono::{DateTime, Utc};
use pilothouse_wire::event::{EventKind, EventsQuery};
use pilothouse_wire::metrics::LATENCY_ERROR;
use pilothouse_wire::open::Open;
use pilothouse_wire::path::VersionParams;
use pilothouse_wire::verdict::{
    Comparison, Finding, LEAST_REQUESTS, LEVEL, Period, Test, Verdict, VerdictState, sentence,
};
use pilothouse_wire::window::Window;

use super::{Platform, Result};
use crate::store::EventPlace;
use crate::telemetry::{Measured, slower};
use exact::{Share, binomial, fisher};
use windows::{Part, Served, Sides, served};

/// Restarts in both windows together before "no difference seen" means anything: of fewer, not even
/// all of them on one side are told from chance.
const LEAST_RESTARTS: u64 = 8;

impl Platform {
    pub(crate) async fn release_verdict(&self, at: &VersionParams) -> Result<Verdict> {
        let row = self.find_service(&at.service).await?;
        let version = self.find_release(&row, at).await?.version;
        let deployments = self.store.deployments(&row.id).await?;
        let now = Utc::now();
        let mut verdict = match served(&deployments, version, now) {
            Served::Not => Verdict::without(version, VerdictState::NotServed),
            Served::First { since } => Verdict {
                since: Some(since),
                serves: true,
                ..Verdict::without(version, VerdictState::FirstRelease)
            },
            Served::Briefly { since, previous } => Verdict {
                since: Some(since),
                previous: Some(previous),
                ..Verdict::without(version, VerdictState::NotServed)
            },
            Served::Sides(sides) => self.compare(&row.id, version, &sides, now).await?,
        };
        verdict.sentence = sentence(&verdict);
        Ok(verdict)
    }

    async fn compare(
        &self,
        service_id: &str,
        version: u32,
        sides: &Sides,
        now: DateTime<Utc>,
    ) -> Result<Verdict> {
        let measure =
            async |part: &Part| self.telemetry.measured(service_id, part.span(), now).await;
        let (before, after) = (measure(&sides.before).await?, measure(&sides.after).await?);
        let falls = async |part: &Part| {
            self.store
                .falls(service_id, part.release, part.span())
                .await
        };
        let (fell, falls) = (falls(&sides.before).await?, falls(&sides.after).await?);
        let scaling = EventsQuery {
            window: Window::between(sides.before.start, sides.after.end),
            kinds: vec![EventKind::Scaled, EventKind::Paused],
            ..EventsQuery::default()
        };
        let scaling = self
            .store
            .events(EventPlace::Service, service_id, None, &scaling, now);
        let scaled = sides.scales || !scaling.await?.events.is_empty();

        let (slow_before, slow_after) = slower(&before, &after);
        let mut verdict = Verdict {
            previous: Some(sides.before.release),
            since: Some(sides.since),
            serves: sides.serves,
            scaled,
            before: Some(period(&sides.before, &before, slow_before, fell)),
            after: Some(period(&sides.after, &after, slow_after, falls)),
            ..Verdict::without(version, VerdictState::NotMeasured)
        };
        let is_known = |one: &Measured| one.is_counted() || one.memory().is_some();
        if !is_known(&before) || !is_known(&after) {
            return Ok(verdict);
        }
        if before.is_counted() && after.is_counted() {
            verdict.errors = Some(errors(&before, &after));
            verdict.latency = Some(latency((&before, slow_before), (&after, slow_after)));
        }
        verdict.restarts = Some(restarts(fell, falls));
        verdict.state = Open::Known(verdict.overall());
        Ok(verdict)
    }
}

fn period(part: &Part, measured: &Measured, slow: u64, restarts: u64) -> Period {
    Period {
        start: part.start,
        end: part.end,
        release: part.release,
        counted: measured.is_counted(),
        requests: measured.requests(),
        errors: measured.errors(),
        slow,
        latency_p95: measured.latency_p95(),
        memory: measured.memory(),
        restarts,
    }
}

fn errors(before: &Measured, after: &Measured) -> Comparison {
    let share = |one: &Measured| Share {
        part: one.errors(),
        whole: one.requests(),
    };
    shares(Test::Fisher, share(before), share(after))
}

/// The quantile test (J. Westenberg 1948, A. M. Mood 1950; W. J. Conover, "Practical Nonparametric
/// Statistics", the median test at another quantile): where both windows are drawn alike, how the
/// slowest 5 % of all requests fall on the two is that of Fisher's exact test, whatever the
/// distribution of times is.
fn latency((before, slow): (&Measured, u64), (after, slower): (&Measured, u64)) -> Comparison {
    let of = |part, one: &Measured| Share {
        part,
        whole: one.requests(),
    };
    let mut told = shares(Test::Quantile, of(slow, before), of(slower, after));
    // What the sketch can't tell apart is not told as a difference, however sure the test is.
    if let (Some(was), Some(is)) = (before.latency_p95(), after.latency_p95())
        && (is / was).ln().abs() <= 2.0 * LATENCY_ERROR
        && told.finding != Open::Known(Finding::TooLittle)
    {
        told.finding = Open::Known(Finding::NoneSeen);
    }
    told
}

/// Two shares of what nobody wants.
fn shares(test: Test, before: Share, after: Share) -> Comparison {
    let p_value = fisher(before, after);
    let share = |one: Share| one.part as f64 / one.whole.max(1) as f64;
    let is_enough = before.whole.min(after.whole) >= LEAST_REQUESTS;
    let finding = finding(p_value, share(after) > share(before), is_enough);
    Comparison {
        finding: Open::Known(finding),
        test: Open::Known(test),
        p_value,
    }
}

fn restarts(before: u64, after: u64) -> Comparison {
    let p_value = binomial(before, after);
    let is_enough = before + after >= LEAST_RESTARTS;
    Comparison {
        finding: Open::Known(finding(p_value, after > before, is_enough)),
        test: Open::Known(Test::Binomial),
        p_value,
    }
}

/// The tests are exact, so that a difference that they find counts, however little it was found in.
fn finding(p_value: f64, is_more: bool, is_enough: bool) -> Finding {
    match (p_value < LEVEL, is_more) {
        (true, true) => Finding::Worse,
        (true, false) => Finding::Better,
        (false, _) if is_enough => Finding::NoneSeen,
        (false, _) => Finding::TooLittle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of((part, whole): (u64, u64)) -> Share {
        Share { part, whole }
    }

    fn found(before: (u64, u64), after: (u64, u64)) -> Finding {
        let told = shares(Test::Fisher, of(before), of(after));
        told.finding.known().unwrap()
    }

    #[test]
    fn a_finding_needs_a_difference_or_enough_to_see_none() {
        assert_eq!(found((4, 2_010), (62, 2_004)), Finding::Worse);
        assert_eq!(found((62, 2_004), (4, 2_010)), Finding::Better);
        assert_eq!(found((4, 2_010), (5, 2_004)), Finding::NoneSeen);
        assert_eq!(found((0, 99), (3, 2_000)), Finding::TooLittle);
        assert_eq!(found((0, 0), (0, 2_000)), Finding::TooLittle);
        // All of twenty failed: that is enough to say.
        assert_eq!(found((0, 20), (20, 20)), Finding::Worse);
    }

    #[test]
    fn a_few_restarts_say_nothing() {
        let found = |before, after| restarts(before, after).finding.known().unwrap();
        assert_eq!(found(0, 0), Finding::TooLittle);
        assert_eq!(found(0, 7), Finding::TooLittle);
        assert_eq!(found(0, LEAST_RESTARTS), Finding::Worse);
        assert_eq!(found(LEAST_RESTARTS, 0), Finding::Better);
        assert_eq!(found(10, 12), Finding::NoneSeen);
    }
}
