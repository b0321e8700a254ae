//! Instants, read straight from the bytes of a reply: a long one holds tens of thousands of them, and
//! the general reader of RFC 3339 would take a third of all the time.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Reads `2026-04-22T15:30:00.123456789Z`, and whatever else RFC 3339 allows, as nanoseconds since
/// 1970.
#[inline]
pub fn read(text: &str) -> Option<i64> {
    quick(text.as_bytes()).or_else(|| {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        at.timestamp_nanos_opt()
    })
}

/// The instant of so many nanoseconds since 1970.
pub fn instant(nanos: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_nanos(nanos)
}

/// For `#[serde(deserialize_with)]`: an instant that must be there.
///
/// # Errors
/// What is there is not written as RFC 3339 says.
pub fn required<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    from.deserialize_str(Read)
}

/// For `#[serde(deserialize_with)]`: an instant that may be left out or null.
///
/// # Errors
/// What is there is not written as RFC 3339 says.
pub fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let read = Option::<Quick>::deserialize(from)?;
    Ok(read.map(|Quick(at)| at))
}

struct Quick(DateTime<Utc>);

impl<'de> Deserialize<'de> for Quick {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        required(from).map(Self)
    }
}

struct Read;

impl Visitor<'_> for Read {
    type Value = DateTime<Utc>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an instant like 2026-04-22T15:30:00Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DateTime<Utc>, E> {
        if let Some(nanos) = quick(text.as_bytes()) {
            return Ok(instant(nanos));
        }
        let at = DateTime::parse_from_rfc3339(text).map_err(E::custom)?;
        Ok(at.to_utc())
    }
}

/// Reads the spelling that platforms use, in UTC. A reply has many thousands of them.
#[inline]
fn quick(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let has_marks = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't')
        && head[13] == b':'
        && head[16] == b':';
    if !has_marks {
        return None;
    }
    let year = number(&head[..4])?;
    let month = number(&head[5..7])?;
    let day = number(&head[8..10])?;
    let hour = number(&head[11..13])?;
    let minute = number(&head[14..16])?;
    let second = number(&head[17..19])?;
    let is_sane = (1..=12).contains(&month)
        && (1..=last_day(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && (1970..2200).contains(&year);
    if !is_sane {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * 1_000_000_000 + fraction(rest)?)
}

#[inline]
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// The nanoseconds of what follows the second: nothing or a fraction, and the mark of UTC.
#[inline]
fn fraction(rest: &[u8]) -> Option<i64> {
    let rest = rest.strip_suffix(b"Z")?;
    let Some((b'.', digits)) = rest.split_first() else {
        return rest.is_empty().then_some(0);
    };
    let missing = 9u32.checked_sub(u32::try_from(digits.len()).ok()?)?;
    let is_any = !digits.is_empty();
    is_any.then(|| Some(number(digits)? * 10i64.pow(missing)))?
}

/// The last day of a month.
#[inline]
fn last_day(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a day of the Gregorian calendar, whose years begin in March here.
#[inline]
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::SecondsFormat;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn other_spellings_are_read_too() {
        let noon = 1_776_859_200_000_000_000;
        for text in [
            "2026-04-22T12:00:00Z",
            "2026-04-22t12:00:00.000z",
            "2026-04-22T14:00:00+02:00",
            "2026-04-22 12:00:00.000000000Z",
        ] {
            assert_eq!(read(text), Some(noon), "{text}");
        }
        assert_eq!(
            read("2024-02-29T00:00:00.5Z"),
            Some(1_709_164_800_500_000_000)
        );
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Held {
        #[serde(deserialize_with = "required")]
        at: DateTime<Utc>,
        #[serde(default, deserialize_with = "optional")]
        until: Option<DateTime<Utc>>,
    }

    #[test]
    fn fields_are_read_as_chrono_reads_them() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        for (text, expected) in [
            (
                r#"{"at":"2026-12-31T23:59:59.25Z"}"#,
                Some(("2026-12-31T23:59:59.25Z", None)),
            ),
            (
                r#"{"at":"9999-01-01T00:00:00Z","until":null}"#,
                Some(("9999-01-01T00:00:00Z", None)),
            ),
            (
                r#"{"at":"2026-04-22T12:00:00+02:00","until":"2026-04-22T10:00:01Z"}"#,
                Some(("2026-04-22T10:00:00Z", Some("2026-04-22T10:00:01Z"))),
            ),
            (r#"{"at":"2026-02-29T00:00:00Z"}"#, None),
            (r#"{"at":5}"#, None),
            (r#"{"at":"2026-04-22T10:00:00Z","until":""}"#, None),
        ] {
            let expected = expected.map(|(begun, ended)| Held {
                at: at(begun),
                until: ended.map(at),
            });
            assert_eq!(serde_json::from_str(text).ok(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_is_read_as_it_was_written(seconds in 0i64..7_000_000_000, nanos in 0u32..1_000_000_000) {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            for format in [SecondsFormat::AutoSi, SecondsFormat::Nanos, SecondsFormat::Millis] {
                let text = at.to_rfc3339_opts(format, true);
                let expected = DateTime::parse_from_rfc3339(&text).unwrap();
                prop_assert_eq!(read(&text), expected.timestamp_nanos_opt());
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), digits in "[0-9TZ:.+-]{0,32}") {
            read(&text);
            let known = DateTime::parse_from_rfc3339(&digits).ok();
            prop_assert_eq!(read(&digits), known.and_then(|at| at.timestamp_nanos_opt()));
        }
    }
}
