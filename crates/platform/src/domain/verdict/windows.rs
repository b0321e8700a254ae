//! Which two windows are held against each other: from the deployments alone.

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::release::DeploymentState;

use crate::store::Deployment;
use crate::telemetry::{KEEP_SAMPLES, MINUTE, TICK};

/// The longest window: what came with a release shows soon, and other things happen later.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// The shortest window that anything is said of.
const SHORTEST: TimeDelta = TimeDelta::seconds(30);
/// What was measured last is stored only so long after.
const LAG: TimeDelta = TimeDelta::seconds(TICK);
/// What is older than this is known by the minute.
const BY_TICKS: TimeDelta = TimeDelta::seconds(KEEP_SAMPLES);

/// A window in which one release served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) release: u32,
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

impl Part {
    pub(super) fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.start, self.end)
    }
}

/// Two windows of the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) before: Part,
    pub(super) after: Part,
    /// When the release's deployment was complete.
    pub(super) since: DateTime<Utc>,
    /// Whether no other release has served since.
    pub(super) serves: bool,
    /// Whether its deployment brought another count of instances.
    pub(super) scales: bool,
}

/// How a release served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// Its deployment was never complete.
    Not,
    /// No other served before.
    First {
        since: DateTime<Utc>,
    },
    /// Too short a time on one of the sides.
    Briefly {
        since: DateTime<Utc>,
        previous: u32,
    },
    Sides(Sides),
}

/// Reads it from the deployments of a service, the newest first.
pub(super) fn served(newest_first: &[Deployment], version: u32, now: DateTime<Utc>) -> Served {
    let is_complete = |one: &&Deployment| one.state == DeploymentState::Complete;
    let Some(mut index) = newest_first
        .iter()
        .position(|one| is_complete(&one) && one.release_version == version)
    else {
        return Served::Not;
    };
    let mut previous = None;
    // Where the same release was deployed several times on end, it served since the first.
    for (place, one) in newest_first.iter().enumerate().skip(index + 1) {
        match (is_complete(&one), one.release_version == version) {
            (true, true) => index = place,
            (true, false) => {
                previous = Some((place, one));
                break;
            }
            (false, _) => {}
        }
    }
    let (Some(deployment), later) = (newest_first.get(index), newest_first.get(..index)) else {
        return Served::Not;
    };
    let others = || {
        let later = later.unwrap_or_default().iter();
        later.filter(|one| one.release_version != version)
    };
    let since = deployment.updated;
    let serves = !others().any(|one| is_complete(&one));
    let Some((place, before)) = previous else {
        return Served::First { since };
    };
    // Whatever else was tried took a part of the traffic, also where it failed.
    let until = others().filter_map(|one| one.started).min();
    let until = until.unwrap_or(now - LAG).min(now - LAG);
    let between = newest_first.get(index + 1..place).unwrap_or_default();
    let tried = between
        .iter()
        .filter(|one| one.started.is_some() && one.release_version != before.release_version);
    let from = tried
        .map(|one| one.updated)
        .chain([before.updated])
        .max()
        .unwrap_or(before.updated);
    let room = Room {
        from,
        change: deployment.started.unwrap_or(deployment.created),
        since,
        until,
    };
    let mut spans = room.spans(TICK);
    if spans.is_some_and(|([start, _], _)| start < now - BY_TICKS) {
        spans = room.spans(MINUTE);
    }
    let Some((before_span, after_span)) = spans else {
        return Served::Briefly {
            since,
            previous: before.release_version,
        };
    };
    let part = |release, [start, end]: Span| Part {
        release,
        start,
        end,
    };
    Served::Sides(Sides {
        before: part(before.release_version, before_span),
        after: part(version, after_span),
        since,
        serves,
        scales: deployment.scales(),
    })
}

/// When a window begins, and ends.
type Span = [DateTime<Utc>; 2];

/// Between which instants the two windows lie.
struct Room {
    /// Since when the one before served alone.
    from: DateTime<Utc>,
    /// When the change-over began.
    change: DateTime<Utc>,
    /// When it was over.
    since: DateTime<Utc>,
    /// Until when the one after served alone.
    until: DateTime<Utc>,
}

impl Room {
    /// The longest two of one length, both of whole units of so many seconds: what is known by the unit
    /// is in one of them, or in none. `None`: they would be too short.
    fn spans(&self, unit: i64) -> Option<(Span, Span)> {
        let (change, start) = (floor(self.change, unit), ceil(self.since, unit));
        let length = [self.until - start, change - ceil(self.from, unit), LONGEST];
        let length = length.into_iter().min().unwrap_or_default();
        let length = TimeDelta::seconds(length.num_seconds() / unit * unit);
        let spans = ([change - length, change], [start, start + length]);
        (length >= SHORTEST).then_some(spans)
    }
}

/// The unit that an instant is in.
fn floor(at: DateTime<Utc>, unit: i64) -> DateTime<Utc> {
    let seconds = at.timestamp().div_euclid(unit) * unit;
    DateTime::from_timestamp(seconds, 0).unwrap_or(at)
}

/// The first unit that begins no earlier.
fn ceil(at: DateTime<Utc>, unit: i64) -> DateTime<Utc> {
    match floor(at, unit) {
        same if same == at => same,
        before => before + TimeDelta::seconds(unit),
    }
}

#[cfg(test)]
mod tests {
    use DeploymentState::{Cancelled, Complete, Error, Pending, Running};
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    /// A deployment that began in one minute and ended in another.
    fn one(release: u32, state: DeploymentState, (started, ended): (i64, i64)) -> Deployment {
        let began = (state != Pending).then(|| at(started));
        Deployment::of_release(release, state, (at(started), began, at(ended)))
    }

    fn newest_first(mut oldest_first: Vec<Deployment>) -> Vec<Deployment> {
        oldest_first.reverse();
        oldest_first
    }

    fn minutes(part: &Part) -> (i64, i64) {
        let minute = |at: DateTime<Utc>| (at.timestamp() - 1_800_000_000) / 60;
        (minute(part.start), minute(part.end))
    }

    fn sides(oldest_first: Vec<Deployment>, version: u32, now: i64) -> Sides {
        // Past the time that it takes to store what is measured.
        let now = at(now) + LAG;
        match served(&newest_first(oldest_first), version, now) {
            Served::Sides(sides) => sides,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn windows_are_equal_and_leave_the_change_over_out() {
        let both = || vec![one(1, Complete, (0, 1)), one(2, Complete, (100, 102))];
        let now = sides(both(), 2, 112);
        assert_eq!(
            (minutes(&now.before), minutes(&now.after)),
            ((90, 100), (102, 112))
        );
        assert!(now.serves);
        // Not longer than an hour, and not longer than the one before served.
        let later = sides(both(), 2, 1_000);
        assert_eq!(
            (minutes(&later.before), minutes(&later.after)),
            ((40, 100), (102, 162))
        );
        let short = sides(
            vec![one(1, Complete, (0, 80)), one(2, Complete, (100, 102))],
            2,
            1_000,
        );
        assert_eq!(
            (minutes(&short.before), minutes(&short.after)),
            ((80, 100), (102, 122))
        );
    }

    #[test]
    fn what_is_known_by_the_minute_is_compared_by_the_minute() {
        let second = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let complete = |release, began, ended| {
            let times = (second(began), Some(second(began)), second(ended));
            Deployment::of_release(release, Complete, times)
        };
        let list = vec![complete(2, 1_207, 1_231), complete(1, 0, 17)];
        let spans = |now| match served(&list, 2, second(now)) {
            Served::Sides(sides) => [sides.before, sides.after].map(|part| {
                let seconds = |at: DateTime<Utc>| at.timestamp() - 1_800_000_000;
                (seconds(part.start), seconds(part.end))
            }),
            other => panic!("{other:?}"),
        };
        assert_eq!(spans(80_000), [(20, 1_205), (1_235, 2_420)]);
        let minutes = [(60, 1_200), (1_260, 2_400)];
        assert_eq!(spans(100_000), minutes);
        // Also where only the begin of the one before is that old.
        assert_eq!(spans(86_400 + 21), minutes);
    }

    #[test]
    fn what_was_tried_beside_it_is_in_no_window() {
        let tried = sides(
            vec![
                one(1, Complete, (0, 1)),
                one(2, Error, (50, 70)),
                one(3, Complete, (100, 102)),
                one(4, Error, (120, 125)),
            ],
            3,
            1_000,
        );
        assert_eq!(tried.before.release, 1);
        assert_eq!(
            (minutes(&tried.before), minutes(&tried.after)),
            ((82, 100), (102, 120))
        );
        assert!(tried.serves, "the one after it failed");
        // What was never begun took no traffic.
        let waiting = sides(
            vec![
                one(1, Complete, (0, 1)),
                one(2, Complete, (100, 102)),
                one(3, Pending, (105, 105)),
            ],
            2,
            112,
        );
        assert_eq!(minutes(&waiting.after), (102, 112));
    }

    #[test]
    fn a_release_deployed_again_on_end_served_since_the_first_time() {
        let again = sides(
            vec![
                one(1, Complete, (0, 1)),
                one(2, Complete, (100, 102)),
                one(2, Complete, (110, 111)),
                one(1, Complete, (120, 121)),
            ],
            2,
            1_000,
        );
        assert_eq!(again.since, at(102));
        assert_eq!(minutes(&again.after), (102, 120));
        assert!(!again.serves);
        // And that which came back is compared with what it took the place of.
        let back = sides(
            vec![
                one(1, Complete, (0, 1)),
                one(2, Complete, (100, 102)),
                one(1, Complete, (120, 121)),
            ],
            1,
            1_000,
        );
        assert_eq!(
            (back.before.release, minutes(&back.before)),
            (2, (102, 120))
        );
    }

    #[test]
    fn there_is_not_always_something_to_compare() {
        let now = at(1_000);
        let of = |list: Vec<Deployment>, version| served(&newest_first(list), version, now);
        assert_eq!(of(vec![], 1), Served::Not);
        assert_eq!(of(vec![one(1, Running, (0, 1))], 1), Served::Not);
        assert_eq!(of(vec![one(1, Cancelled, (0, 1))], 1), Served::Not);
        let first = of(vec![one(1, Complete, (0, 1))], 1);
        assert_eq!(first, Served::First { since: at(1) });
        let brief = of(
            vec![one(1, Complete, (0, 100)), one(2, Complete, (100, 102))],
            2,
        );
        assert!(matches!(brief, Served::Briefly { previous: 1, .. }));
        // A clock that was set back.
        let back = of(
            vec![one(1, Complete, (500, 501)), one(2, Complete, (100, 102))],
            2,
        );
        assert!(matches!(back, Served::Briefly { .. }));
    }

    proptest! {
        #[test]
        fn windows_never_overlap_and_are_of_one_length(
            steps in prop::collection::vec((1_u32..5, 0_usize..4, 0_i64..90, 0_i64..20), 0..12),
            version in 1_u32..5, now in 0_i64..2_000,
        ) {
            let states = [Complete, Complete, Error, Cancelled];
            let mut minute = 0;
            let list = steps.into_iter().map(|(release, state, pause, length)| {
                minute += pause + length;
                one(release, states[state], (minute - length, minute))
            });
            let list = newest_first(list.collect());
            if let Served::Sides(sides) = served(&list, version, at(now)) {
                let length = |part: &Part| part.end - part.start;
                prop_assert_eq!(length(&sides.before), length(&sides.after));
                prop_assert!(length(&sides.after) >= SHORTEST && length(&sides.after) <= LONGEST);
                prop_assert!(sides.before.end <= sides.after.start && sides.after.end <= at(now));
                prop_assert_ne!(sides.before.release, sides.after.release);
            }
        }
    }
}
