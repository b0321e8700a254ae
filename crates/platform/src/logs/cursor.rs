//! Where the stored lines of each source end, so that its stream can be taken up without loss or
//! doubles.
//!
//! An engine can be asked for lines from a whole second on, and some engines know lines by their
//! second only. So what is kept is the newest second and how many lines of it are stored: asked
//! from that second on, the engine repeats exactly those, and then goes on with new ones.
//!
//! Where the engine's clock was set back, that is not so until it has caught up, nor where the engine
//! left lines out: see `resume`.

use std::collections::HashMap;

use super::frame::{Frame, Kind};

pub(super) const NANOS: i64 = 1_000_000_000;
/// Sources that are remembered: more than one service ever has at once.
const MAX_SOURCES: usize = 1_000;

/// How far the lines of a source are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The second of the last lines that are stored, in seconds since 1970: the newest one since the
    /// engine's clock was set back, if ever.
    pub second: i64,
    /// How many are stored of that second.
    pub stored: u64,
    /// The newest second of what was stored before the clock was set back, until it has passed again.
    pub ahead: Option<i64>,
}

impl Cursor {
    /// The cursor after one more line.
    fn after(before: Option<Self>, nanos: i64) -> Self {
        let second = nanos.div_euclid(NANOS);
        let ahead = before.and_then(|before| before.ahead.max(Some(before.second)));
        let before = before.filter(|before| before.second == second);
        Self {
            second,
            stored: before.map_or(1, |before| before.stored + 1),
            ahead: match before {
                Some(before) => before.ahead,
                None => ahead.filter(|ahead| *ahead >= second),
            },
        }
    }

    /// The cursor that a mark tells.
    fn marked(nanos: i64, rest: &[u8]) -> Self {
        let number = |rest: Option<&[u8; 8]>| rest.copied();
        let (stored, ahead) = (rest.first_chunk(), rest.get(8..));
        Self {
            second: nanos.div_euclid(NANOS),
            stored: number(stored).map_or(0, u64::from_le_bytes),
            ahead: number(ahead.and_then(<[u8]>::first_chunk)).map(i64::from_le_bytes),
        }
    }

    /// What a mark tells of it.
    fn mark(&self) -> Vec<u8> {
        let mut rest = self.stored.to_le_bytes().to_vec();
        rest.extend(self.ahead.iter().flat_map(|ahead| ahead.to_le_bytes()));
        rest
    }
}

/// The cursors of one service, by source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursors(HashMap<u64, Cursor>);

impl Cursors {
    pub(super) fn get(&self, source: u64) -> Option<Cursor> {
        self.0.get(&source).copied()
    }

    /// Takes account of a stored record.
    pub(super) fn note(&mut self, frame: &Frame<'_>) {
        let cursor = match frame.kind {
            Kind::Line(_) => Cursor::after(self.get(frame.source), frame.nanos),
            Kind::Mark => Cursor::marked(frame.nanos, frame.rest),
        };
        self.0.insert(frame.source, cursor);
    }

    /// Records that say all this again, for the head of a segment: so the newest segment always
    /// knows every cursor, however old the lines are. Sources that were silent longest are dropped.
    pub(super) fn marks(&mut self) -> Vec<u8> {
        if self.0.len() > MAX_SOURCES {
            let mut seconds: Vec<i64> = self.0.values().map(|cursor| cursor.second).collect();
            seconds.sort_unstable_by(|a, b| b.cmp(a));
            if let Some(oldest) = seconds.get(MAX_SOURCES) {
                self.0.retain(|_, cursor| cursor.second > *oldest);
            }
        }
        let mut marks = Vec::new();
        for (source, cursor) in &self.0 {
            Frame {
                nanos: cursor.second.saturating_mul(NANOS),
                source: *source,
                kind: Kind::Mark,
                instance: b"",
                rest: &cursor.mark(),
            }
            .write(&mut marks);
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::logs::LogStream;
    use proptest::prelude::*;

    use super::super::frame::frames;
    use super::*;

    fn line(source: u64, nanos: i64) -> Frame<'static> {
        Frame {
            nanos,
            source,
            kind: Kind::Line(LogStream::Stdout),
            instance: b"web.0",
            rest: b"hello",
        }
    }

    proptest! {
        #[test]
        fn a_cursor_counts_what_the_engine_would_repeat(
            mut instants in proptest::collection::vec(0..5 * NANOS, 1..50),
        ) {
            instants.sort_unstable();
            let mut cursors = Cursors::default();
            for nanos in &instants {
                cursors.note(&line(7, *nanos));
            }
            let cursor = cursors.get(7).unwrap();
            let repeated = instants.iter().filter(|nanos| **nanos >= cursor.second * NANOS);
            prop_assert_eq!(cursor.stored, repeated.count() as u64);
            prop_assert_eq!(cursors.get(8), None);
        }

        #[test]
        fn marks_say_all_again(lines in proptest::collection::vec((0..9_u64, 0..5 * NANOS), 0..50)) {
            let mut cursors = Cursors::default();
            for (source, nanos) in lines {
                cursors.note(&line(source, nanos));
            }
            let marks = cursors.marks();
            let mut again = Cursors::default();
            for frame in frames(&marks) {
                again.note(&frame);
            }
            prop_assert_eq!(again, cursors);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_noted_until_it_has_caught_up() {
        let mut cursors = Cursors::default();
        let mut told = |second: i64| {
            cursors.note(&line(7, second * NANOS));
            let cursor = cursors.get(7).unwrap();
            (cursor.second, cursor.stored, cursor.ahead)
        };
        assert_eq!([told(50), told(50)], [(50, 1, None), (50, 2, None)]);
        assert_eq!([told(10), told(10)], [(10, 1, Some(50)), (10, 2, Some(50))]);
        assert_eq!([told(20), told(5)], [(20, 1, Some(50)), (5, 1, Some(50))]);
        assert_eq!([told(50), told(51)], [(50, 1, Some(50)), (51, 1, None)]);
    }

    #[test]
    fn the_longest_silent_are_dropped() {
        let mut cursors = Cursors::default();
        for source in 0..1_500 {
            cursors.note(&line(source, i64::try_from(source).unwrap() * NANOS));
        }
        assert_eq!(frames(&cursors.marks()).count(), MAX_SOURCES);
        assert!(cursors.get(1_499).is_some() && cursors.get(0).is_none());
    }
}
