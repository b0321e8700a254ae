//! Reading: newest segments first, until the limit is full.

use std::io;
use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use memchr::memmem::Finder;
use pilothouse_wire::logs::{LogLine, LogQuery, LogStream, Logs};
use pilothouse_wire::open::Open;

use super::frame::{Frame, Kind, frames};
use super::segments;

/// Segments that are searched for the last line of an instance.
const LAST_LINE_SEGMENTS: usize = 2;
/// Characters of the last line that are told.
const LAST_LINE_CHARS: usize = 300;
/// Lines of instances that are read side by side may be stored this much out of order, in
/// nanoseconds.
const DISORDER: i64 = 60 * 1_000_000_000;

/// The window of a query, in nanoseconds since 1970.
fn window(query: &LogQuery, now: DateTime<Utc>) -> Range<i64> {
    let nanos =
        |instant: DateTime<Utc>, otherwise| instant.timestamp_nanos_opt().unwrap_or(otherwise);
    let since = query
        .since
        .and_then(|seconds| now.checked_sub_signed(TimeDelta::seconds(i64::from(seconds.get()))));
    let start = query
        .start
        .or(since)
        .map_or(i64::MIN, |start| nanos(start, i64::MIN));
    let end = query.end.map_or(i64::MAX, |end| nanos(end, i64::MAX));
    start..end
}

/// The newest lines of the window that hold the filter, oldest first.
pub(super) fn read(folder: &Path, query: &LogQuery, now: DateTime<Utc>) -> io::Result<Logs> {
    let window = window(query, now);
    let limit = usize::try_from(query.limit.unwrap_or_default().get()).unwrap_or(usize::MAX);
    let finder = query.filter.as_deref().map(Finder::new);
    // By segment, newest first.
    let mut found: Vec<Vec<LogLine>> = Vec::new();
    let mut room = limit;
    let mut truncated = false;
    for segment in segments::list(folder)?.iter().rev() {
        let Some(bytes) = segments::bytes(segment)? else {
            continue;
        };
        let holds = |frame: &Frame<'_>| {
            finder
                .as_ref()
                .is_none_or(|finder| finder.find(frame.rest).is_some())
        };
        let matching: Vec<(LogStream, Frame<'_>)> = frames(&bytes)
            .filter_map(line)
            .filter(|(_, frame)| window.contains(&frame.nanos) && holds(frame))
            .collect();
        truncated |= matching.len() > room;
        let surplus = matching.len().saturating_sub(room);
        let kept: Vec<LogLine> = matching.into_iter().skip(surplus).map(told).collect();
        room -= kept.len();
        found.push(kept);
        let first = frames(&bytes).filter_map(line).next();
        let is_older =
            first.is_some_and(|(_, first)| first.nanos < window.start.saturating_sub(DISORDER));
        if is_older || truncated {
            break;
        }
    }
    let mut lines: Vec<LogLine> = found.into_iter().rev().flatten().collect();
    // Lines of one instant keep the order in which they came.
    lines.sort_by_key(|line| line.timestamp);
    Ok(Logs { lines, truncated })
}

fn line(frame: Frame<'_>) -> Option<(LogStream, Frame<'_>)> {
    match frame.kind {
        Kind::Line(stream) => Some((stream, frame)),
        Kind::Mark => None,
    }
}

fn told((stream, frame): (LogStream, Frame<'_>)) -> LogLine {
    LogLine {
        timestamp: DateTime::from_timestamp_nanos(frame.nanos),
        instance: String::from_utf8_lossy(frame.instance).into_owned(),
        stream: Open::Known(stream),
        message: String::from_utf8_lossy(frame.rest).into_owned(),
    }
}

/// The last line of a source that says something, shortened.
pub(super) fn last_line(folder: &Path, source: u64) -> io::Result<Option<String>> {
    let segments = segments::list(folder)?;
    for segment in segments.iter().rev().take(LAST_LINE_SEGMENTS) {
        let bytes = segments::bytes(segment)?.unwrap_or_default();
        let last = frames(&bytes)
            .filter_map(line)
            .filter(|(_, frame)| frame.source == source && !frame.rest.trim_ascii().is_empty())
            .last();
        if let Some((_, frame)) = last {
            let text = String::from_utf8_lossy(frame.rest.trim_ascii());
            return Ok(Some(text.chars().take(LAST_LINE_CHARS).collect()));
        }
    }
    Ok(None)
}
