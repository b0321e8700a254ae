//! The current time, and instants in words: how long ago, and exactly when.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Local, Utc};
use leptos::prelude::{Get, Memo, ReadSignal, Set, provide_context, signal, use_context};

use super::poll::{Landed, Poll};
use super::preference::use_preferences;

use crate::api::platform_now;
use crate::reactive::memo;

/// The platform's time, as far as its replies tell it, once a second while the tab is seen: ages are right
/// also where this machine's clock is not.
#[derive(Clone, Copy)]
struct Clock(ReadSignal<DateTime<Utc>>);

/// Starts the page's one clock.
pub fn provide_clock() {
    let (now, set_now) = signal(platform_now());
    Poll::start(move || {
        set_now.set(platform_now());
        std::future::ready(Landed {
            ok: true,
            next: Some(1_000),
        })
    });
    provide_context(Clock(now));
}

/// The time, once a second.
pub fn use_now() -> ReadSignal<DateTime<Utc>> {
    use_context::<Clock>().map_or_else(|| signal(platform_now()).0, |clock| clock.0)
}

/// An instant as `6 min ago`, kept up to date.
pub fn use_ago(instant: DateTime<Utc>) -> Memo<String> {
    let now = use_now();
    memo(move || ago(instant, now.get()))
}

/// An instant as `2026-04-22 15:30:00`, in the zone that the person chose.
pub fn use_exact(instant: DateTime<Utc>) -> Memo<String> {
    let utc = use_preferences().utc;
    memo(move || exact(instant, utc.get()))
}

/// The day of this moment, in the zone that the person chose.
pub fn use_today() -> Memo<Day> {
    let (now, utc) = (use_now(), use_preferences().utc);
    memo(move || Day::of(now.get(), utc.get()))
}

/// A day of the calendar, to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Day(i32);

impl Day {
    /// The day that an instant is on.
    pub fn of(instant: DateTime<Utc>, utc: bool) -> Self {
        Self(match utc {
            true => instant.num_days_from_ce(),
            false => instant.with_timezone(&Local).num_days_from_ce(),
        })
    }
}

/// How long ago an instant was, or how far ahead it is, coarsely.
pub fn ago(instant: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - instant).num_seconds();
    match seconds {
        // Clocks differ a little.
        ..-60 => format!("in {}", span(nearest(-seconds))),
        -60..5 => "now".to_owned(),
        _ => format!("{} ago", span(seconds)),
    }
}

/// What is ahead by a moment less than a whole of its largest unit is that far ahead: a week that began
/// a second ago has seven days left.
fn nearest(seconds: i64) -> i64 {
    let unit = match seconds {
        ..3_600 => 60,
        3_600..86_400 => 3_600,
        _ => 86_400,
    };
    seconds + unit / 2
}

/// A length of time, in its largest unit alone.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// An instant to the second.
pub fn exact(instant: DateTime<Utc>, utc: bool) -> String {
    written(instant, utc, "%Y-%m-%d %H:%M:%S") + zone(utc)
}

/// An instant to the second: the day only where it is not that of `now`, and the year only where it
/// is another. What tells it says itself whether it is in UTC.
pub fn moment(instant: DateTime<Utc>, now: DateTime<Utc>, utc: bool) -> String {
    let is_today = Day::of(instant, utc) == Day::of(now, utc);
    told(instant, now, utc, is_today)
}

/// What is between two instants, of which one may be open: what both have in common is told once, and
/// a day that is today only where the other one is another.
pub fn between(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    utc: bool,
) -> String {
    let of = |instant| Day::of(instant, utc);
    let words = match (start, end) {
        (Some(start), Some(end)) => {
            let is_one_day = of(start) == of(end);
            let is_today = is_one_day && of(start) == of(now);
            let start = told(start, now, utc, is_today);
            format!("{start} – {}", told(end, now, utc, is_one_day))
        }
        (Some(start), None) => format!("Since {}", moment(start, now, utc)),
        (None, Some(end)) => format!("Until {}", moment(end, now, utc)),
        (None, None) => return String::new(),
    };
    words + zone(utc)
}

fn told(instant: DateTime<Utc>, now: DateTime<Utc>, utc: bool, is_day_known: bool) -> String {
    let year = |at| written(at, utc, "%Y");
    match (is_day_known, year(instant) == year(now)) {
        (true, _) => time_of_day(instant, utc),
        (false, true) => written(instant, utc, "%b %-d %H:%M:%S"),
        (false, false) => written(instant, utc, "%Y-%m-%d %H:%M:%S"),
    }
}

/// An instant to the second for who does not know the zone that the person chose.
pub fn zoned(instant: DateTime<Utc>, utc: bool) -> String {
    match utc {
        true => exact(instant, utc),
        false => written(instant, utc, "%Y-%m-%d %H:%M:%S UTC%:z"),
    }
}

/// An instant to the millisecond.
pub fn precise(instant: DateTime<Utc>, utc: bool) -> String {
    let second = written(instant, utc, "%Y-%m-%d %H:%M:%S");
    with_milliseconds(second, instant) + zone(utc)
}

/// The day of the year: `Apr 22`.
fn day_of(instant: DateTime<Utc>, utc: bool) -> String {
    written(instant, utc, "%b %-d")
}

/// The time of day to the second.
pub fn time_of_day(instant: DateTime<Utc>, utc: bool) -> String {
    written(instant, utc, "%H:%M:%S")
}

/// The time of day to the millisecond, and before it the day, where that is not today.
pub fn log_time(instant: DateTime<Utc>, utc: bool, today: Day) -> String {
    let time = with_milliseconds(time_of_day(instant, utc), instant);
    match Day::of(instant, utc) == today {
        true => time,
        false => format!("{} {time}", day_of(instant, utc)),
    }
}

fn zone(utc: bool) -> &'static str {
    if utc { " UTC" } else { "" }
}

fn with_milliseconds(mut second: String, instant: DateTime<Utc>) -> String {
    // A leap second counts on.
    let milliseconds = instant.timestamp_subsec_millis() % 1_000;
    second.push_str(&format!(".{milliseconds:03}"));
    second
}

/// The second that was written last, and how, by format and by whether it was in UTC.
type Written = HashMap<(&'static str, bool), (i64, String)>;

thread_local! {
    /// What stands together in a list is of few seconds.
    static WRITTEN: RefCell<Written> = RefCell::default();
}

/// An instant in a format that knows nothing shorter than a second.
fn written(instant: DateTime<Utc>, utc: bool, format: &'static str) -> String {
    let second = instant.timestamp();
    WRITTEN.with_borrow_mut(|written| {
        let (last, text) = written.entry((format, utc)).or_default();
        if text.is_empty() || *last != second {
            *last = second;
            *text = match utc {
                true => instant.format(format).to_string(),
                false => instant.with_timezone(&Local).format(format).to_string(),
            };
        }
        text.clone()
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn spans_name_their_largest_unit() {
        let now = Utc::now();
        let ago = |seconds| ago(now - chrono::TimeDelta::seconds(seconds), now);
        assert_eq!(ago(-3), "now");
        assert_eq!(ago(12), "12 s ago");
        assert_eq!(ago(119), "1 min ago");
        assert_eq!(ago(7_200), "2 h ago");
        assert_eq!(ago(90_000), "1 d ago");
        assert_eq!(ago(-(7 * 86_400 - 1)), "in 7 d");
        assert_eq!(ago(-3_599), "in 1 h");
        assert_eq!(ago(-61), "in 1 min");
    }

    #[test]
    fn utc_says_so() {
        let instant = DateTime::from_timestamp(1_776_871_800, 0).unwrap();
        assert_eq!(exact(instant, true), "2026-04-22 15:30:00 UTC");
        assert_eq!(zoned(instant, true), "2026-04-22 15:30:00 UTC");
        assert!(zoned(instant, false).contains(":00 UTC"));
        assert_eq!(precise(instant, true), "2026-04-22 15:30:00.000 UTC");
    }

    #[test]
    fn what_is_known_is_left_out() {
        let instant = DateTime::from_timestamp(1_776_871_800, 0).unwrap();
        let days = chrono::TimeDelta::days;
        let on = |day| moment(instant, instant + days(day), true);
        assert_eq!(on(0), "15:30:00");
        assert_eq!(on(1), "Apr 22 15:30:00");
        assert_eq!(on(400), "2026-04-22 15:30:00");
        let span = |hours, day| {
            let end = instant + chrono::TimeDelta::hours(hours);
            between(Some(instant), Some(end), instant + days(day), true)
        };
        assert_eq!(span(1, 0), "15:30:00 – 16:30:00 UTC");
        assert_eq!(span(1, 1), "Apr 22 15:30:00 – 16:30:00 UTC");
        assert_eq!(span(24, 1), "Apr 22 15:30:00 – Apr 23 15:30:00 UTC");
        assert_eq!(span(24, 0), "Apr 22 15:30:00 – Apr 23 15:30:00 UTC");
        assert_eq!(span(-24, 9), "Apr 22 15:30:00 – Apr 21 15:30:00 UTC");
        let open = |start, end| between(start, end, instant + days(1), true);
        assert_eq!(open(Some(instant), None), "Since Apr 22 15:30:00 UTC");
        assert_eq!(open(None, Some(instant)), "Until Apr 22 15:30:00 UTC");
        assert_eq!(open(None, None), "");
    }

    #[test]
    fn a_time_has_its_day_unless_that_is_today() {
        let instant = DateTime::from_timestamp(1_776_871_800, 0).unwrap();
        let on = |days: i64, hours: i64| {
            let now = instant + chrono::TimeDelta::days(days) + chrono::TimeDelta::hours(hours);
            log_time(instant, true, Day::of(now, true))
        };
        assert_eq!(on(0, 0), "15:30:00.000");
        assert_eq!(on(0, 8), "15:30:00.000");
        assert_eq!(on(0, 9), "Apr 22 15:30:00.000");
        assert_eq!(on(-1, 0), "Apr 22 15:30:00.000");
        assert_eq!(on(365, 0), "Apr 22 15:30:00.000");
    }

    proptest! {
        #[test]
        fn what_was_written_last_changes_nothing(all in vec((-3_000i64..3_000, any::<bool>()), 1..40)) {
            for (tick, utc) in all {
                let instant = DateTime::from_timestamp_millis(tick * 400).unwrap();
                let anew = |format: &str| match utc {
                    true => instant.format(format).to_string(),
                    false => instant.with_timezone(&Local).format(format).to_string(),
                };
                let today = Day::of(instant, utc);
                prop_assert_eq!(log_time(instant, utc, today), anew("%H:%M:%S%.3f"));
                prop_assert_eq!(precise(instant, utc), anew("%Y-%m-%d %H:%M:%S%.3f") + zone(utc));
            }
        }
    }
}
