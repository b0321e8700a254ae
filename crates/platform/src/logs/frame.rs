//! One record on disk: `length u32 | instant i64 (ns) | source u64 | kind u8 | label length u8 |
//! label | rest`, little-endian; the length counts what follows it.

use std::ops::Range;

use pilothouse_wire::logs::LogStream;

const HEAD: usize = 4;
const FIXED: usize = 8 + 8 + 1 + 1;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line; the rest of the record is its text.
    Line(LogStream),
    /// How many lines of this source were stored since the record's instant, before this segment;
    /// the rest is the count as a u64.
    Mark,
}

/// A record, borrowed from the file that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Nanoseconds since 1970.
    pub(super) nanos: i64,
    /// Which container, or the like, wrote it: see [`source`].
    pub(super) source: u64,
    pub(super) kind: Kind,
    /// `web.0`.
    pub(super) instance: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// The number that stands for an engine's id (FNV-1a: short, and the same in every release).
pub(super) fn source(engine_id: &str) -> u64 {
    engine_id.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

impl<'a> Frame<'a> {
    /// Writes the record at the end of a buffer.
    pub(super) fn write(&self, into: &mut Vec<u8>) {
        let instance = self.instance.get(..255).unwrap_or(self.instance);
        let length = FIXED + instance.len() + self.rest.len();
        // Lines are at most 1 MiB and a mark.
        into.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        into.extend_from_slice(&self.nanos.to_le_bytes());
        into.extend_from_slice(&self.source.to_le_bytes());
        into.push(match self.kind {
            Kind::Line(LogStream::Stdout) => 1,
            Kind::Line(LogStream::Stderr) => 2,
            Kind::Mark => 3,
        });
        into.push(u8::try_from(instance.len()).unwrap_or(u8::MAX));
        into.extend_from_slice(instance);
        into.extend_from_slice(self.rest);
    }

    /// Reads the first record of a buffer, and what follows it. `None`: no whole record.
    fn read(buffer: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, after) = buffer.split_first_chunk::<HEAD>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (body, after) = after.split_at_checked(length)?;
        let (nanos, body) = body.split_first_chunk()?;
        let (source, body) = body.split_first_chunk()?;
        let (&[kind, label], body) = body.split_first_chunk::<2>()?;
        let (instance, rest) = body.split_at_checked(usize::from(label))?;
        let frame = Self {
            nanos: i64::from_le_bytes(*nanos),
            source: u64::from_le_bytes(*source),
            kind: match kind {
                1 => Kind::Line(LogStream::Stdout),
                2 => Kind::Line(LogStream::Stderr),
                3 => Kind::Mark,
                _ => return None,
            },
            instance,
            rest,
        };
        Some((frame, after))
    }
}

/// Every whole record of a buffer, in order; what a crash tore at its end is left out.
pub(super) fn frames(buffer: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    placed(buffer).map(|(_, frame)| frame)
}

/// The same, each with where it stands in the buffer.
pub(super) fn placed(buffer: &[u8]) -> impl Iterator<Item = (Range<usize>, Frame<'_>)> {
    let mut rest = buffer;
    std::iter::from_fn(move || {
        let start = buffer.len() - rest.len();
        let (frame, after) = Frame::read(rest)?;
        rest = after;
        Some((start..buffer.len() - rest.len(), frame))
    })
}

/// The record that begins at an offset of a buffer.
pub(super) fn at(buffer: &[u8], offset: usize) -> Option<Frame<'_>> {
    let (frame, _) = Frame::read(buffer.get(offset..)?)?;
    Some(frame)
}

/// How many bytes of a buffer are whole records.
pub(super) fn whole(buffer: &[u8]) -> usize {
    placed(buffer).last().map_or(0, |(range, _)| range.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 3] = [
        Kind::Line(LogStream::Stdout),
        Kind::Line(LogStream::Stderr),
        Kind::Mark,
    ];

    proptest! {
        #[test]
        fn what_is_written_is_read(
            records in proptest::collection::vec(
                (any::<i64>(), any::<u64>(), 0..3_usize, "[a-z.0-9]{0,20}", any::<Vec<u8>>()),
                0..10,
            ),
            torn in 0_usize..64,
        ) {
            let expected: Vec<Frame<'_>> = records
                .iter()
                .map(|(nanos, source, kind, instance, rest)| Frame {
                    nanos: *nanos,
                    source: *source,
                    kind: KINDS[*kind],
                    instance: instance.as_bytes(),
                    rest,
                })
                .collect();
            let mut file = Vec::new();
            for frame in &expected {
                frame.write(&mut file);
            }
            prop_assert_eq!(frames(&file).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(whole(&file), file.len());
            for (range, frame) in placed(&file) {
                prop_assert_eq!(at(&file, range.start), Some(frame));
            }
            // A torn end costs only the records that it tore.
            let cut = file.len().saturating_sub(torn);
            let left: Vec<_> = frames(&file[..cut]).collect();
            prop_assert_eq!(left.as_slice(), &expected[..left.len()]);
            let mut kept = Vec::new();
            for frame in &left {
                frame.write(&mut kept);
            }
            prop_assert_eq!(whole(&file[..cut]), kept.len());
        }

        #[test]
        fn no_bytes_are_fatal(bytes in any::<Vec<u8>>()) {
            prop_assert!(whole(&bytes) <= bytes.len());
        }
    }
}
