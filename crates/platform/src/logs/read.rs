//! Reading: newest segments first, until the limit is full.

use std::io;
use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, Utc};
use memchr::memmem::Finder;
use pilothouse_wire::logs::{LogLine, LogQuery, LogStream, Logs};
use pilothouse_wire::open::Open;
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;

use super::frame::{Frame, Kind, frames};
use super::segments;

/// Segments that are searched for the last line of an instance.
const LAST_LINE_SEGMENTS: usize = 2;
/// Characters of the last line that are told.
const LAST_LINE_CHARS: usize = 300;
/// Lines of instances that are read side by side may be stored this much out of order, in
/// nanoseconds.
const DISORDER: i64 = 60 * 1_000_000_000;

/// A window in nanoseconds since 1970.
fn nanos(window: &Window, now: DateTime<Utc>) -> Range<i64> {
    let nanos =
        |instant: DateTime<Utc>, otherwise| instant.timestamp_nanos_opt().unwrap_or(otherwise);
    let start = window
        .start(now)
        .map_or(i64::MIN, |start| nanos(start, i64::MIN));
    let end = window.end.map_or(i64::MAX, |end| nanos(end, i64::MAX));
    start..end
}

/// The newest of what was asked for, and whether there is more.
pub(crate) struct Newest<T> {
    /// Oldest first; of one instant in the order in which they came.
    pub(crate) found: Vec<T>,
    /// Whether the window holds more than the limit let through.
    pub(crate) truncated: bool,
}

/// What `select` makes of the newest lines of a window, as far as it takes them.
pub(super) fn newest<T>(
    folder: &Path,
    window: &Window,
    limit: LogLimit,
    select: impl Fn(&Text<'_>) -> Option<T>,
) -> io::Result<Newest<T>> {
    let window = nanos(window, Utc::now());
    let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    // By segment, newest first.
    let mut found: Vec<Vec<(i64, T)>> = Vec::new();
    let mut room = limit;
    let mut truncated = false;
    for segment in segments::list(folder)?.iter().rev() {
        let Some(bytes) = segments::bytes(segment)? else {
            continue;
        };
        let texts: Vec<Text<'_>> = frames(&bytes)
            .filter_map(text)
            .filter(|text| window.contains(&text.nanos))
            .collect();
        let mut newest_first = texts
            .iter()
            .rev()
            .filter_map(|text| Some((text.nanos, select(text)?)));
        let mut kept: Vec<(i64, T)> = newest_first.by_ref().take(room).collect();
        truncated |= newest_first.next().is_some();
        kept.reverse();
        room -= kept.len();
        found.push(kept);
        let first = frames(&bytes).filter_map(text).next();
        let is_older =
            first.is_some_and(|first| first.nanos < window.start.saturating_sub(DISORDER));
        if is_older || truncated {
            break;
        }
    }
    let mut found: Vec<(i64, T)> = found.into_iter().rev().flatten().collect();
    found.sort_by_key(|(nanos, _)| *nanos);
    Ok(Newest {
        found: found.into_iter().map(|(_, found)| found).collect(),
        truncated,
    })
}

/// The newest lines of the window that hold the filter, oldest first.
pub(super) fn read(folder: &Path, query: &LogQuery) -> io::Result<Logs> {
    let finder = query.filter.as_deref().map(Finder::new);
    let limit = query.limit.unwrap_or_default();
    let Newest { found, truncated } = newest(folder, &query.window, limit, |text| {
        let holds = finder
            .as_ref()
            .is_none_or(|finder| finder.find(text.message).is_some());
        holds.then(|| told(text))
    })?;
    Ok(Logs {
        lines: found,
        truncated,
        ..Logs::default()
    })
}

/// A line as it is stored.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) nanos: i64,
    source: u64,
    stream: LogStream,
    pub(super) instance: &'a [u8],
    pub(super) message: &'a [u8],
}

fn text(frame: Frame<'_>) -> Option<Text<'_>> {
    match frame.kind {
        Kind::Line(stream) => Some(Text {
            nanos: frame.nanos,
            source: frame.source,
            stream,
            instance: frame.instance,
            message: frame.rest,
        }),
        Kind::Mark => None,
    }
}

fn told(text: &Text<'_>) -> LogLine {
    LogLine {
        timestamp: DateTime::from_timestamp_nanos(text.nanos),
        instance: String::from_utf8_lossy(text.instance).into_owned(),
        stream: Open::Known(text.stream),
        message: String::from_utf8_lossy(text.message).into_owned(),
    }
}

/// The last line of a source that says something, shortened.
pub(super) fn last_line(folder: &Path, source: u64) -> io::Result<Option<String>> {
    let segments = segments::list(folder)?;
    for segment in segments.iter().rev().take(LAST_LINE_SEGMENTS) {
        let bytes = segments::bytes(segment)?.unwrap_or_default();
        let last = frames(&bytes)
            .filter_map(text)
            .filter(|text| text.source == source && !text.message.trim_ascii().is_empty())
            .last();
        if let Some(last) = last {
            let text = String::from_utf8_lossy(last.message.trim_ascii());
            return Ok(Some(text.chars().take(LAST_LINE_CHARS).collect()));
        }
    }
    Ok(None)
}
