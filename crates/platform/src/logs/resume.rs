//! Taking the lines of a source up again: from which instant on an engine is asked for them, and which
//! of those that come are stored already.

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use pilothouse_wire::logs::LogStream;

use super::StoredLine;
use super::cursor::{Cursor, NANOS};
use super::frame::{Kind, frames};
use super::segments;
use crate::marks::{Mark, Marks};

/// How far an engine's clock may be ahead of the platform's, in seconds, before it is taken for one
/// that was set back since.
const SKEW: i64 = 10;

/// So many seconds before the last stored line are asked for once more: an engine may have left out lines
/// that nobody had missed yet.
const OVERLAP: i64 = 60;
/// They are looked for in so many of the newest segments.
const OVERLAP_SEGMENTS: usize = 2;

/// How the lines of a source are taken up.
#[derive(Debug, Default)]
pub struct Resume {
    /// From when on the engine is asked: never from later than now, as it may give nothing of what it
    /// writes until then. `None`: for all that it has.
    pub since: Option<DateTime<Utc>>,
    stored: Stored,
}

/// What is stored of the lines that come.
#[derive(Debug)]
enum Stored {
    /// So many of one second come first, or none of them where the engine has dropped them.
    First { second: i64, left: u64 },
    /// So often is each line. Where the clock was set back, seconds come twice.
    Lines(Marks),
    /// The same, of those that are asked for once more. Of what was written before, a stream may begin
    /// with the end of a line.
    Again {
        lines: Marks,
        before: i64,
        begins: Vec<LogStream>,
    },
}

impl Default for Stored {
    fn default() -> Self {
        Self::First { second: 0, left: 0 }
    }
}

impl Resume {
    /// For a source whose lines are in this folder, as far as its cursor tells at `now`.
    pub(super) fn new(
        folder: &Path,
        source: u64,
        cursor: &Cursor,
        now: DateTime<Utc>,
    ) -> io::Result<Self> {
        if cursor.second <= now.timestamp()
            && let Some(again) = Self::again(folder, source, cursor)?
        {
            return Ok(again);
        }
        if cursor.ahead.is_some() || cursor.second > now.timestamp() {
            return Self::by_lines(folder, source, cursor, now);
        }
        Ok(Self::in_order(cursor))
    }

    /// Where the clock was never set back, from the last second on.
    fn in_order(cursor: &Cursor) -> Self {
        Self {
            since: DateTime::from_timestamp(cursor.second, 0),
            stored: Stored::First {
                second: cursor.second,
                left: cursor.stored,
            },
        }
    }

    /// With the seconds before it, as far as they are stored in full. `None`: not even the last is, or the
    /// clock was set back so far that these are not enough.
    fn again(folder: &Path, source: u64, cursor: &Cursor) -> io::Result<Option<Self>> {
        let back = cursor.ahead.map_or(0, |ahead| ahead - cursor.second);
        if back > OVERLAP {
            return Ok(None);
        }
        let segments = segments::list(folder)?;
        let newest = segments.iter().rev().take(OVERLAP_SEGMENTS).rev();
        let mut stored = Vec::new();
        for segment in newest {
            let bytes = segments::bytes(segment)?.unwrap_or_default();
            stored.extend(marks(&bytes, source));
        }
        let Some(first) = stored.first() else {
            return Ok(None);
        };
        // What stands before these is not much younger than the first of them.
        let is_all = segments.len() <= OVERLAP_SEGMENTS
            && segments.first().is_some_and(|segment| segment.number == 1);
        let known = if is_all {
            i64::MIN
        } else {
            first.second + 1 + back
        };
        let since = (cursor.second - OVERLAP).max(known);
        if since > cursor.second {
            return Ok(None);
        }
        let known = stored.iter().skip_while(|mark| mark.second < since);
        let lines = known.copied().collect();
        Ok(Some(Self {
            since: DateTime::from_timestamp(since, 0),
            stored: Stored::Again {
                lines,
                before: cursor.second.min(since + 2),
                begins: vec![LogStream::Stdout, LogStream::Stderr],
            },
        }))
    }

    /// Where the clock was set back.
    fn by_lines(
        folder: &Path,
        source: u64,
        cursor: &Cursor,
        now: DateTime<Utc>,
    ) -> io::Result<Self> {
        let is_near = cursor.ahead.is_none() && cursor.second <= now.timestamp() + SKEW;
        let since = DateTime::from_timestamp(cursor.second - 2 * SKEW, 0);
        let mut lines = Marks::default();
        for segment in segments::list(folder)? {
            let bytes = segments::bytes(&segment)?.unwrap_or_default();
            marks(&bytes, source).for_each(|mark| lines.add(mark));
        }
        Ok(Self {
            since: since.filter(|_| is_near),
            stored: Stored::Lines(lines),
        })
    }

    /// Whether a line that comes is stored already. It is asked once of each, in their order.
    pub fn has(&mut self, line: &StoredLine) -> bool {
        match &mut self.stored {
            Stored::First { second, left } => {
                let is_one = *left > 0 && line.nanos.div_euclid(NANOS) == *second;
                *left = if is_one { *left - 1 } else { 0 };
                is_one
            }
            Stored::Lines(lines) => lines.take(mark(line)),
            Stored::Again {
                lines,
                before,
                begins,
            } => {
                let begins_with = begins.iter().position(|stream| *stream == line.stream);
                let is_first = begins_with.map(|at| begins.swap_remove(at)).is_some();
                lines.take(mark(line)) || (is_first && line.nanos.div_euclid(NANOS) < *before)
            }
        }
    }
}

fn mark(line: &StoredLine) -> Mark {
    let second = line.nanos.div_euclid(NANOS);
    Mark::of(second, line.stream, line.message.as_bytes())
}

/// The lines of a source in a segment.
fn marks(segment: &[u8], source: u64) -> impl Iterator<Item = Mark> {
    let frames = frames(segment).filter(move |frame| frame.source == source);
    frames.filter_map(|frame| match frame.kind {
        Kind::Line(stream) => {
            let second = frame.nanos.div_euclid(NANOS);
            Some(Mark::of(second, stream, frame.rest))
        }
        Kind::Mark => None,
    })
}
