//! From the frames in which an engine sends its lines to the lines.

use chrono::{DateTime, Utc};
use pilothouse_wire::logs::LogStream;

use crate::engine::EngineLine;

/// The longest line that is kept whole, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// Puts frames together to lines. A long line comes in several frames, each with an instant of its
/// own, and only the last ends in a newline. A line has the instant of its last frame: so lines are
/// in order, and an engine that is asked from an instant on tells of every line from there on, of
/// the first perhaps only the end.
#[derive(Default)]
pub(in crate::engine) struct Assembler {
    stdout: Pending,
    stderr: Pending,
}

/// A line that has not ended yet.
#[derive(Default)]
struct Pending {
    at: Option<DateTime<Utc>>,
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Assembler {
    pub(in crate::engine) fn push(&mut self, stream: LogStream, frame: &[u8]) -> Vec<EngineLine> {
        let pending = match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        };
        let mut lines = Vec::new();
        for part in frame.split_inclusive(|byte| *byte == b'\n') {
            pending.add(part);
            if part.ends_with(b"\n") {
                lines.extend(pending.take(stream));
            }
        }
        lines
    }

    /// The lines that were never ended.
    pub(in crate::engine) fn finish(&mut self) -> Vec<EngineLine> {
        let stdout = self.stdout.take(LogStream::Stdout);
        stdout
            .into_iter()
            .chain(self.stderr.take(LogStream::Stderr))
            .collect()
    }
}

impl Pending {
    fn add(&mut self, part: &[u8]) {
        let (instant, text) = split_instant(part);
        self.at = instant.or(self.at);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let room = MAX_LINE.saturating_sub(self.bytes.len());
        self.is_cut |= text.len() > room;
        self.bytes
            .extend_from_slice(text.get(..room).unwrap_or(text));
    }

    /// The line so far. `None` where nothing is, or nothing with an instant.
    fn take(&mut self, stream: LogStream) -> Option<EngineLine> {
        let Self { at, bytes, is_cut } = std::mem::take(self);
        let mut text = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        if is_cut && let Some(last) = text.utf8_chunks().last() {
            // Of the character that the cut went through, nothing is left.
            text = text.strip_suffix(last.invalid()).unwrap_or(text);
        }
        let mut message = String::from_utf8_lossy(text).into_owned();
        if is_cut {
            message.push_str(" … (cut at 1 MiB)");
        }
        Some(EngineLine {
            timestamp: at?,
            stream,
            message,
        })
    }
}

/// Parts `2026-04-22T15:30:00.123456789Z the line` into its instant and its text.
fn split_instant(bytes: &[u8]) -> (Option<DateTime<Utc>>, &[u8]) {
    /// The longest that RFC 3339 with nanoseconds and an offset can be.
    const LONGEST: usize = 35;
    let head = bytes.get(..=LONGEST).unwrap_or(bytes);
    let space = head.iter().position(|byte| *byte == b' ');
    let instant = space
        .and_then(|space| std::str::from_utf8(head.get(..space)?).ok())
        .and_then(|stamp| DateTime::parse_from_rfc3339(stamp).ok());
    match (instant, space) {
        (Some(instant), Some(space)) => (
            Some(instant.to_utc()),
            bytes.get(space + 1..).unwrap_or(&[]),
        ),
        _ => (None, bytes),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: &str = "2026-04-22T15:30:00.5Z ";

    fn messages(frames: &[&[u8]]) -> Vec<String> {
        let mut assembler = Assembler::default();
        let mut lines: Vec<_> = frames
            .iter()
            .flat_map(|frame| assembler.push(LogStream::Stdout, frame))
            .collect();
        lines.extend(assembler.finish());
        lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn a_line_in_several_frames_is_one_line() {
        let frames: [&[u8]; 4] = [
            b"2026-04-22T15:30:00Z hel",
            b"2026-04-22T15:30:01Z lo",
            b"2026-04-22T15:30:01Z \n",
            b"2026-04-22T15:30:01Z \n",
        ];
        assert_eq!(messages(&frames), ["hello", ""]);
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let frames: [&[u8]; 2] = [b"2026-04-22T15:30:00Z a\n", b"2026-04-22T15:30:01Z no end"];
        assert_eq!(messages(&frames), ["a", "no end"]);
    }

    #[test]
    fn the_two_streams_do_not_mix() {
        let mut assembler = Assembler::default();
        assert_eq!(
            assembler.push(LogStream::Stdout, b"2026-04-22T15:30:00Z out"),
            []
        );
        let lines = assembler.push(LogStream::Stderr, b"2026-04-22T15:30:00Z err\n");
        assert_eq!(
            (lines[0].stream, lines[0].message.as_str()),
            (LogStream::Stderr, "err")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(
            messages(&[b"2026-04-22T15:30:00Z a\xffb\n"]),
            ["a\u{fffd}b"]
        );
    }

    #[test]
    fn an_endless_line_is_cut_with_a_mark() {
        let long = [AT.as_bytes(), &vec![b'x'; 3 * MAX_LINE], b"\n"].concat();
        let lines = messages(&[&long]);
        assert!(lines[0].len() < MAX_LINE + 64 && lines[0].ends_with("x … (cut at 1 MiB)"));
        let umlauts = [AT, "x", &"\u{e4}".repeat(MAX_LINE), "\n"].concat();
        let lines = messages(&[umlauts.as_bytes()]);
        assert!(lines[0].len() < MAX_LINE + 64 && lines[0].ends_with("\u{e4} … (cut at 1 MiB)"));
    }

    #[test]
    fn a_line_of_just_the_limit_is_whole() {
        let frames: Vec<Vec<u8>> = (0..64)
            .map(|number| {
                let end = if number == 63 { "\n" } else { "" };
                [AT, &"x".repeat(MAX_LINE / 64), end].concat().into_bytes()
            })
            .collect();
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let lines = messages(&frames);
        assert_eq!((lines.len(), lines[0].len()), (1, MAX_LINE));
        assert!(lines[0].bytes().all(|byte| byte == b'x'));
    }

    #[test]
    fn a_line_has_the_instant_of_its_end() {
        let mut assembler = Assembler::default();
        let mut lines = assembler.push(LogStream::Stdout, b"2026-04-22T15:30:00Z lo");
        lines.extend(assembler.push(LogStream::Stderr, b"2026-04-22T15:30:01Z between\n"));
        lines.extend(assembler.push(LogStream::Stdout, b"2026-04-22T15:30:02Z ng\n"));
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.message.as_str(), line.timestamp.timestamp() % 60))
            .collect();
        assert_eq!(told, [("between", 1), ("long", 2)]);
    }

    #[test]
    fn control_characters_survive() {
        let line = b"2026-04-22T15:30:00Z 10%\r20%\r \x1b[31mred\x1b[0m \0 \x08\r\n";
        assert_eq!(
            messages(&[line]),
            ["10%\r20%\r \u{1b}[31mred\u{1b}[0m \0 \u{8}"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_fatal(frames in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let mut assembler = Assembler::default();
            for frame in &frames {
                let _ = assembler.push(LogStream::Stderr, frame);
            }
        }

        #[test]
        fn where_a_frame_ends_makes_no_difference(text in "[a-z\u{e4} ]{0,60}", cut in 0_usize..60) {
            let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
            let (first, second) = text.split_at(cut);
            let first = format!("{AT}{first}");
            let second = format!("{AT}{second}\n");
            prop_assert_eq!(messages(&[first.as_bytes(), second.as_bytes()]), [text]);
        }

        #[test]
        fn an_instant_is_found_whatever_follows(nanos in 0_i64..4_000_000_000_000_000_000, text in ".{0,80}") {
            let instant = DateTime::from_timestamp_nanos(nanos);
            let line = format!("{} {text}", instant.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true));
            prop_assert_eq!(split_instant(line.as_bytes()), (Some(instant), text.as_bytes()));
        }
    }
}
