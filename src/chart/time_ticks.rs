//! The axis of time: round moments of the zone that the person reads in.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime};

use super::ticks::Tick;

/// Seconds that local time is ahead of UTC at a moment of UTC.
pub type Zone = fn(i64) -> i64;

const DAY: i64 = 86_400;
/// 1970 began on a Thursday, and weeks begin on Monday.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Ways between ticks that people find round, in seconds.
const STEPS: [i64; 21] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    2 * 3_600,
    3 * 3_600,
    6 * 3_600,
    12 * 3_600,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];
/// And in months, for longer windows.
const MONTHS: [u32; 10] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600];
const MONTH: f64 = 30.4 * DAY as f64;

/// The ticks of a span, at the most so many.
pub fn time_ticks(span: (f64, f64), most: u32, zone: Zone) -> Vec<Tick> {
    let length = span.1 - span.0;
    if !(length > 0.0 && length.is_finite()) {
        return Vec::new();
    }
    let least = length / f64::from(most.max(1));
    match STEPS.iter().find(|step| **step as f64 >= least) {
        Some(step) => even(span, *step, zone),
        None => monthly(span, least, zone),
    }
}

fn even(span: (f64, f64), step: i64, zone: Zone) -> Vec<Tick> {
    let phase = if step > 2 * DAY { FIRST_MONDAY } else { 0 };
    let start = span.0.floor() as i64;
    let first = (start + zone(start) - phase).div_euclid(step) * step + phase;
    // One before and one after, for zones that change on the way.
    let count = ((span.1 - span.0) / step as f64) as i64 + 3;
    let ticks = (-1..count).filter_map(|place| {
        let local = first + place * step;
        let at = DateTime::from_timestamp(local, 0)?.naive_utc();
        Some(tick(local, zone, words(at, step)))
    });
    within(ticks, span)
}

fn monthly(span: (f64, f64), least: f64, zone: Zone) -> Vec<Tick> {
    let fitting = MONTHS
        .iter()
        .find(|months| f64::from(**months) * MONTH >= least);
    let months = *fitting.unwrap_or(&1_200);
    let years = (months / 12).max(1).cast_signed();
    let start = span.0.floor() as i64;
    let Some(start) = DateTime::from_timestamp(start + zone(start), 0) else {
        return Vec::new();
    };
    let Some(mut at) = NaiveDate::from_ymd_opt(start.year().div_euclid(years) * years, 1, 1) else {
        return Vec::new();
    };
    let mut ticks = Vec::new();
    loop {
        let midnight = NaiveDateTime::new(at, NaiveTime::MIN);
        let local = midnight.and_utc().timestamp();
        let format = if at.month() == 1 { "%Y" } else { "%b" };
        let tick = tick(local, zone, midnight.format(format).to_string());
        if tick.value > span.1 {
            return within(ticks.into_iter(), span);
        }
        ticks.push(tick);
        match at.checked_add_months(Months::new(months)) {
            Some(next) => at = next,
            None => return within(ticks.into_iter(), span),
        }
    }
}

fn tick(local: i64, zone: Zone, text: String) -> Tick {
    let guess = local - zone(local);
    Tick {
        value: (local - zone(guess)) as f64,
        text,
    }
}

/// Those of the span; where a clock is set back, a moment comes once.
fn within(ticks: impl Iterator<Item = Tick>, span: (f64, f64)) -> Vec<Tick> {
    let mut kept: Vec<Tick> = Vec::new();
    for tick in ticks {
        let is_later = kept.last().is_none_or(|last| last.value < tick.value);
        if is_later && (span.0..=span.1).contains(&tick.value) {
            kept.push(tick);
        }
    }
    kept
}

fn words(at: NaiveDateTime, step: i64) -> String {
    let is_midnight = at.time() == NaiveTime::MIN;
    let format = match step {
        _ if step >= DAY || is_midnight => "%b %-d",
        ..60 => "%H:%M:%S",
        _ => "%H:%M",
    };
    at.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-04-22 15:30:00 UTC
    const AT: f64 = 1_776_871_800.0;
    const UTC: Zone = |_| 0;
    /// Ahead by two hours until then, and by one from then on.
    const SET_BACK: Zone = |at| if at < AT as i64 { 7_200 } else { 3_600 };

    fn texts(length: f64, most: u32, zone: Zone) -> Vec<String> {
        let ticks = time_ticks((AT, AT + length), most, zone);
        ticks.into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn ticks_are_round_moments() {
        assert_eq!(
            texts(3_600.0, 5, UTC),
            ["15:30", "15:45", "16:00", "16:15", "16:30"]
        );
        assert_eq!(
            texts(20.0, 5, UTC),
            ["15:30:00", "15:30:05", "15:30:10", "15:30:15", "15:30:20"]
        );
        assert_eq!(
            texts(12.0 * 3_600.0, 5, UTC),
            ["18:00", "21:00", "Apr 23", "03:00"]
        );
        assert_eq!(
            texts(5.0 * DAY as f64, 5, UTC),
            ["Apr 23", "Apr 24", "Apr 25", "Apr 26", "Apr 27"]
        );
        assert_eq!(
            texts(365.0 * DAY as f64, 5, UTC),
            ["Jul", "Oct", "2027", "Apr"]
        );
    }

    #[test]
    fn ticks_are_round_in_the_zone() {
        let half: Zone = |_| 19_800;
        assert_eq!(texts(3_600.0, 2, half), ["21:00", "21:30", "22:00"]);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_no_tick_and_draws_none_twice() {
        let ticks = time_ticks((AT - 7_200.0, AT + 7_200.0), 4, SET_BACK);
        assert!(ticks.is_sorted_by(|a, b| a.value < b.value), "{ticks:?}");
        assert!(ticks.len() >= 3, "{ticks:?}");
    }

    #[test]
    fn no_span_has_no_ticks() {
        assert_eq!(time_ticks((5.0, 5.0), 5, UTC), []);
        assert_eq!(time_ticks((9.0, 5.0), 5, UTC), []);
        assert_eq!(time_ticks((0.0, f64::NAN), 5, UTC), []);
    }

    proptest! {
        #[test]
        fn ticks_are_few_in_order_and_within(
            start in 0.0..4e9_f64,
            length in 1.0..1e9_f64,
            most in 1..12_u32,
        ) {
            let ticks = time_ticks((start, start + length), most, UTC);
            prop_assert!(ticks.len() <= most as usize + 1, "{} of {most}", ticks.len());
            prop_assert!(ticks.is_sorted_by(|a, b| a.value < b.value));
            prop_assert!(ticks.iter().all(|tick| (start..=start + length).contains(&tick.value)));
        }
    }
}
