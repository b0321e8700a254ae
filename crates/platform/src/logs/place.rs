//! Places in a log: the order of its lines, and the bookmark by which a client comes back to one.
//!
//! Lines stand in the order of their instants, and those of one instant in the order in which they
//! were stored. Where a line was stored never changes, so a place stays right while lines come and
//! go.

use std::fmt;
use std::str::FromStr;

use pilothouse_wire::logs::LogCursor;

/// Where a record is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The number of the segment.
    pub(super) segment: u32,
    /// How many bytes of the segment stand before it.
    pub(super) offset: u64,
}

/// Where a line stands in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Its instant, in nanoseconds since 1970.
    pub(super) nanos: i64,
    pub(super) spot: Spot,
}

/// What a client is given to come back to a place: the place, and where the log ended when it was
/// read. What is stored after that end is not among the older lines, whatever its instant: a client
/// gets it when it asks for what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bookmark {
    pub(super) place: Place,
    pub(super) end: Spot,
}

impl Bookmark {
    /// The end of a log.
    pub(super) fn end(end: Spot) -> Self {
        let place = Place {
            nanos: i64::MAX,
            spot: end,
        };
        Self { place, end }
    }

    /// As a client gets it; the text is always a fit one.
    pub(super) fn cursor(self) -> Option<LogCursor> {
        self.to_string().parse().ok()
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { nanos, spot } = self.place;
        let (from, to) = (spot, self.end);
        write!(
            f,
            "{nanos}.{}.{}.{}.{}",
            from.segment, from.offset, to.segment, to.offset
        )
    }
}

/// The text is no bookmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoPlace;

impl FromStr for Bookmark {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let parts: Vec<&str> = text.split('.').collect();
        let &[nanos, segment, offset, end_segment, end_offset] = parts.as_slice() else {
            return Err(NoPlace);
        };
        Ok(Self {
            place: Place {
                nanos: number(nanos)?,
                spot: Spot {
                    segment: number(segment)?,
                    offset: number(offset)?,
                },
            },
            end: Spot {
                segment: number(end_segment)?,
                offset: number(end_offset)?,
            },
        })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, NoPlace> {
    text.parse().map_err(|_| NoPlace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_client_sends_back_what_it_was_given(
            nanos: i64, segments: (u32, u32), offsets: (u64, u64),
        ) {
            let spot = |segment, offset| Spot { segment, offset };
            let bookmark = Bookmark {
                place: Place { nanos, spot: spot(segments.0, offsets.0) },
                end: spot(segments.1, offsets.1),
            };
            let cursor = bookmark.cursor().unwrap();
            prop_assert_eq!(cursor.as_str().parse(), Ok(bookmark));
        }

        #[test]
        fn no_text_is_fatal(text in "[0-9.+-]{0,40}|.{0,40}") {
            let _ = text.parse::<Bookmark>();
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        let texts = [
            "",
            "1",
            "1.2.3",
            "1.2.3.4.",
            "1.2.3.4.5.6",
            "a.1.1.1.1",
            "1.-1.1.1.1",
            "1.1.1.1.1 ",
        ];
        for text in texts {
            assert_eq!(text.parse::<Bookmark>(), Err(NoPlace), "{text}");
        }
    }
}
