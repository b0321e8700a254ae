//! Taking the lines of a source up again: from which instant on an engine is asked for them, and which
//! of those that come are stored already.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use pilothouse_wire::logs::LogStream;

use super::StoredLine;
use super::cursor::{Cursor, NANOS};
use super::frame::{Kind, frames};
use super::segments;

/// How far an engine's clock may be ahead of the platform's, in seconds, before it is taken for one
/// that was set back since.
const SKEW: i64 = 10;

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
    /// Where the clock was set back, seconds come twice: so often is each line stored.
    Lines(HashMap<u64, u32>),
}

impl Default for Stored {
    fn default() -> Self {
        Self::First { second: 0, left: 0 }
    }
}

impl Resume {
    /// For a source whose clock was never set back, as far as its cursor tells at `now`.
    pub(super) fn in_order(cursor: &Cursor, now: DateTime<Utc>) -> Option<Self> {
        let is_in_order = cursor.ahead.is_none() && cursor.second <= now.timestamp();
        is_in_order.then(|| Self {
            since: DateTime::from_timestamp(cursor.second, 0),
            stored: Stored::First {
                second: cursor.second,
                left: cursor.stored,
            },
        })
    }

    /// For any other, whose lines are in this folder.
    pub(super) fn by_lines(
        folder: &Path,
        source: u64,
        cursor: &Cursor,
        now: DateTime<Utc>,
    ) -> io::Result<Self> {
        let is_near = cursor.ahead.is_none() && cursor.second <= now.timestamp() + SKEW;
        let since = DateTime::from_timestamp(cursor.second - 2 * SKEW, 0);
        let mut lines = HashMap::new();
        for segment in segments::list(folder)? {
            let bytes = segments::bytes(&segment)?.unwrap_or_default();
            for frame in frames(&bytes).filter(|frame| frame.source == source) {
                if let Kind::Line(stream) = frame.kind {
                    *lines
                        .entry(mark(frame.nanos, stream, frame.rest))
                        .or_default() += 1;
                }
            }
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
            Stored::Lines(lines) => {
                let mark = mark(line.nanos, line.stream, line.message.as_bytes());
                let Some(times) = lines.get_mut(&mark) else {
                    return false;
                };
                *times -= 1;
                if *times == 0 {
                    lines.remove(&mark);
                }
                true
            }
        }
    }
}

/// What tells lines of a source apart. Some engines know their second only.
fn mark(nanos: i64, stream: LogStream, message: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let is_error = stream == LogStream::Stderr;
    (nanos.div_euclid(NANOS), is_error, message).hash(&mut hasher);
    hasher.finish()
}
