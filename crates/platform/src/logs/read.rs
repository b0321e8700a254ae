//! Reading: the segments with the newest lines first, until the limit is full.

use std::cmp::Reverse;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use memchr::memmem::Finder;
use pilothouse_wire::logs::{LogCursor, LogLine, LogStream, Logs, Page};
use pilothouse_wire::open::Open;
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;

use super::LogError;
use super::frame::{Frame, Kind, at, frames, placed};
use super::place::{Bookmark, Place, Spot};
use super::segments::{self, Segment};
use super::spans::Spans;

/// Bytes in JSON after which an answer ends before its limit: the rest comes page by page.
pub(super) const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// What a line takes of these besides its text.
const LINE_OVERHEAD: usize = 128;
/// Segments that are searched for the last line of an instance.
const LAST_LINE_SEGMENTS: usize = 2;
/// Characters of the last line that are told.
const LAST_LINE_CHARS: usize = 300;

/// How far the clock of an engine may be ahead of the platform's. What is written later than that is
/// not yet in a window without an end: lines of a clock that was wrong would be the newest for ever.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Which part of a log is asked for.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Nanoseconds since 1970.
    window: Range<i64>,
    /// Only what stands before such a place, and was stored when it was given out.
    before: Option<Bookmark>,
    /// Only what is stored from here on.
    after: Spot,
    limit: usize,
}

impl Part {
    /// What a query means that comes at `now`, of a log that begins at `oldest`.
    pub(super) fn new(
        window: &Window,
        page: &Page,
        limit: LogLimit,
        now: DateTime<Utc>,
        oldest: i64,
    ) -> Result<Self, LogError> {
        let bookmark = |cursor: &Option<LogCursor>, field| {
            let parse = |cursor: &LogCursor| cursor.as_str().parse::<Bookmark>();
            let parsed = cursor.as_ref().map(parse).transpose();
            parsed.map_err(|_| LogError::NoPlace { field })
        };
        let after = bookmark(&page.after, "after")?;
        let start = window.start(now).map_or(oldest, nanos).max(oldest);
        let end = match (window.end, &after) {
            (Some(end), _) => nanos(end),
            (None, None) => now.checked_add_signed(AHEAD).map_or(i64::MAX, nanos),
            // What has just come is told, whatever its clock shows.
            (None, Some(_)) => i64::MAX,
        };
        Ok(Self {
            window: start..end,
            before: bookmark(&page.before, "before")?,
            after: after.map_or_else(Spot::default, |bookmark| bookmark.end),
            limit: usize::try_from(limit.get()).unwrap_or(usize::MAX),
        })
    }

    fn has(&self, place: Place) -> bool {
        let is_before = self
            .before
            .is_none_or(|before| place < before.place && place.spot < before.end);
        self.window.contains(&place.nanos) && place.spot >= self.after && is_before
    }

    /// Whether a segment with lines of these instants may have some of it.
    fn may_be_in(&self, segment: &Segment, instants: &RangeInclusive<i64>) -> bool {
        let is_before = self.before.is_none_or(|before| {
            *instants.start() <= before.place.nanos && segment.number <= before.end.segment
        });
        *instants.end() >= self.window.start && *instants.start() < self.window.end && is_before
    }
}

/// An instant in nanoseconds since 1970; one beyond those is the first or the last of them.
pub(super) fn nanos(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_nanos_opt().unwrap_or({
        if instant.timestamp() < 0 {
            i64::MIN
        } else {
            i64::MAX
        }
    })
}

/// The newest of what was asked for, and how to go on from it.
pub(crate) struct Newest<T> {
    /// Oldest first; of one instant in the order in which they came.
    pub(crate) found: Vec<T>,
    /// What it takes in JSON, in bytes: not less than it really is.
    pub(crate) size: usize,
    /// Whether there is more than the limit let through.
    pub(crate) truncated: bool,
    /// Where the oldest of these stands, if there is more.
    pub(crate) older: Option<LogCursor>,
    /// Where the log ended, unless an earlier end was asked for.
    pub(crate) newer: Option<LogCursor>,
}

/// What `select` makes of the newest lines of a part, as far as it takes them.
pub(super) fn newest<T>(
    folder: &Path,
    spans: &Spans,
    part: &Part,
    select: impl Fn(&Text<'_>) -> Option<T>,
) -> io::Result<Newest<T>> {
    let mut found = Found {
        part,
        kept: Vec::new(),
        select,
    };
    let mut full = segments::list(folder)?;
    let mut end = None;
    if let Some(growing) = full.pop() {
        let bytes = segments::bytes(&growing)?.unwrap_or_default();
        let offset = found.add(growing.number, &bytes);
        end = Some(Spot {
            segment: growing.number,
            offset,
        });
    }
    let mut full = spans.of(folder, full, part.after.segment)?;
    full.retain(|(instants, segment)| part.may_be_in(segment, instants));
    full.sort_by_key(|(instants, segment)| Reverse((*instants.end(), segment.number)));
    for (instants, segment) in full {
        if found
            .floor()
            .is_some_and(|floor| floor.nanos > *instants.end())
        {
            break;
        }
        if let Some(bytes) = segments::bytes(&segment)? {
            found.add(segment.number, &bytes);
        }
    }
    Ok(found.told(end))
}

/// The newest lines found so far.
struct Found<'a, T, S> {
    part: &'a Part,
    /// Newest first, with the size of each in JSON; one more than are told, if there is.
    kept: Vec<(Place, usize, T)>,
    select: S,
}

impl<T, S: Fn(&Text<'_>) -> Option<T>> Found<'_, T, S> {
    /// Takes the lines of a segment. Tells where its records end.
    fn add(&mut self, segment: u32, bytes: &[u8]) -> u64 {
        let mut end = 0;
        let mut places = Vec::new();
        for (range, frame) in placed(bytes) {
            let place = Place {
                nanos: frame.nanos,
                spot: Spot {
                    segment,
                    offset: range.start as u64,
                },
            };
            if matches!(frame.kind, Kind::Line(_)) && self.part.has(place) {
                places.push((place, range.start));
            }
            end = range.end as u64;
        }
        // In order nearly, if not wholly.
        places.sort();
        let floor = self.floor();
        let newest_first = places
            .into_iter()
            .rev()
            .take_while(|(place, _)| floor.is_none_or(|floor| *place > floor));
        let made = newest_first.filter_map(|(place, offset)| {
            let text = at(bytes, offset).and_then(text)?;
            Some((place, size(text.message), (self.select)(&text)?))
        });
        let made: Vec<_> = made.take(self.part.limit.saturating_add(1)).collect();
        self.kept.extend(made);
        self.kept.sort_by_key(|(place, ..)| Reverse(*place));
        self.kept.truncate(self.room().saturating_add(1));
        end
    }

    /// How many of those kept are told.
    fn room(&self) -> usize {
        let mut text: usize = 0;
        let mut kept = self.kept.iter().take(self.part.limit);
        let too_much = kept.position(|(_, size, _)| {
            text = text.saturating_add(*size);
            text > MAX_ANSWER
        });
        let all = self.kept.len().min(self.part.limit);
        // One is told, whatever its size.
        too_much.map_or(all, |fit| fit.max(1))
    }

    /// Not a part of an instant, unless it alone is more than the room: a client that goes on from the
    /// oldest instant with `end`, which is not in the window itself, would miss the rest of it.
    fn whole(&self, room: usize) -> usize {
        let Some((left_out, ..)) = self.kept.get(room) else {
            return room;
        };
        if self.part.before.is_some() || self.part.after != Spot::default() {
            return room;
        }
        let is_newer = |(place, ..): &(Place, usize, T)| place.nanos > left_out.nanos;
        match self.kept.partition_point(is_newer) {
            0 => room,
            newer => newer.min(room),
        }
    }

    /// The place before which nothing matters any more, once there is enough.
    fn floor(&self) -> Option<Place> {
        let (place, ..) = self.kept.get(self.room())?;
        Some(*place)
    }

    /// What was found, of a log that ends here.
    fn told(mut self, end: Option<Spot>) -> Newest<T> {
        let room = self.whole(self.room());
        let truncated = self.kept.len() > room;
        self.kept.truncate(room);
        let before = self.part.before;
        let end = before.map(|before| before.end).or(end);
        let oldest = self.kept.last().filter(|_| truncated).zip(end);
        let older = oldest.map(|((place, ..), end)| Bookmark { place: *place, end });
        let newer = end.filter(|_| before.is_none()).map(Bookmark::end);
        let size = self.kept.iter().map(|(_, size, _)| size).sum();
        let found = self.kept.into_iter().rev().map(|(_, _, made)| made);
        Newest {
            found: found.collect(),
            size,
            truncated,
            older: older.and_then(Bookmark::cursor),
            newer: newer.and_then(Bookmark::cursor),
        }
    }
}

/// What a line takes in JSON, in bytes: not less than it really is.
fn size(message: &[u8]) -> usize {
    let is_text = std::str::from_utf8(message).is_ok();
    let bytes = message.iter().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0..0x20 => 6,
        // The sign that stands for what is no text.
        0x80.. if !is_text => 3,
        _ => 1,
    });
    LINE_OVERHEAD + bytes.sum::<usize>()
}

/// The newest lines of a part that hold the filter, oldest first; and what they take in JSON, in bytes.
pub(super) fn read(
    folder: &Path,
    spans: &Spans,
    part: &Part,
    filter: Option<&str>,
) -> io::Result<(Logs, usize)> {
    let finder = filter.map(Finder::new);
    let newest = newest(folder, spans, part, |text| {
        let holds = finder
            .as_ref()
            .is_none_or(|finder| finder.find(text.message).is_some());
        holds.then(|| told(text))
    })?;
    let logs = Logs {
        lines: newest.found,
        truncated: newest.truncated,
        older: newest.older,
        newer: newest.newer,
    };
    Ok((logs, newest.size))
}

/// A line as it is stored.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    nanos: i64,
    source: u64,
    stream: LogStream,
    instance: &'a [u8],
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_is_not_larger_in_json_than_it_is_counted(
            message in prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)],
        ) {
            let text = Text {
                nanos: i64::MAX,
                source: 0,
                stream: LogStream::Stdout,
                instance: b"web.0",
                message: &message,
            };
            let json = serde_json::to_vec(&told(&text)).unwrap();
            prop_assert!(json.len() <= size(&message), "{} > {}", json.len(), size(&message));
        }
    }
}
