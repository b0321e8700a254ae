//! The current time, and instants in words: how long ago, and exactly when.

use chrono::{DateTime, Local, Utc};
use leptos::prelude::{Get, Memo, ReadSignal, Set, provide_context, signal, use_context};

use super::poll::{Landed, Poll};
use super::preference::use_preferences;

use crate::reactive::memo;

/// The time, once a second while the tab is seen.
#[derive(Clone, Copy)]
struct Clock(ReadSignal<DateTime<Utc>>);

/// Starts the page's one clock.
pub fn provide_clock() {
    let (now, set_now) = signal(Utc::now());
    Poll::start(move || {
        set_now.set(Utc::now());
        std::future::ready(Landed {
            ok: true,
            next: Some(1_000),
        })
    });
    provide_context(Clock(now));
}

/// The time, once a second.
pub fn use_now() -> ReadSignal<DateTime<Utc>> {
    use_context::<Clock>().map_or_else(|| signal(Utc::now()).0, |clock| clock.0)
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

/// How long ago an instant was, coarsely.
pub fn ago(instant: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - instant).num_seconds();
    match seconds {
        ..5 => "now".to_owned(),
        _ => format!("{} ago", span(seconds)),
    }
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
    if utc {
        instant.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    } else {
        let local = instant.with_timezone(&Local);
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// An instant to the millisecond.
pub fn precise(instant: DateTime<Utc>, utc: bool) -> String {
    let zone = if utc { " UTC" } else { "" };
    formatted(instant, utc, "%Y-%m-%d %H:%M:%S%.3f") + zone
}

/// The day of the year: `Apr 22`.
pub fn day_of(instant: DateTime<Utc>, utc: bool) -> String {
    formatted(instant, utc, "%b %-d")
}

/// The time of day to the second.
pub fn time_of_day(instant: DateTime<Utc>, utc: bool) -> String {
    formatted(instant, utc, "%H:%M:%S")
}

/// The time of day to the millisecond.
pub fn log_time(instant: DateTime<Utc>, utc: bool) -> String {
    formatted(instant, utc, "%H:%M:%S%.3f")
}

fn formatted(instant: DateTime<Utc>, utc: bool, format: &str) -> String {
    if utc {
        instant.format(format).to_string()
    } else {
        instant.with_timezone(&Local).format(format).to_string()
    }
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn utc_says_so() {
        let instant = DateTime::from_timestamp(1_776_871_800, 0).unwrap();
        assert_eq!(exact(instant, true), "2026-04-22 15:30:00 UTC");
        assert_eq!(log_time(instant, true), "15:30:00.000");
        assert_eq!(precise(instant, true), "2026-04-22 15:30:00.000 UTC");
        assert_eq!(day_of(instant, true), "Apr 22");
    }
}
