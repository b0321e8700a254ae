//! A container's lines, each with the instant that the engine wrote before it.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use pilothouse_wire::logs::LogStream;

use crate::engine::{EngineError, EngineLine, EngineResult};

/// Follows a container's lines from an instant on. The engine's own `since` counts whole seconds,
/// so earlier lines of that second come too; the reader knows which it has.
pub(super) fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let seconds = since.map_or(0, |since| i32::try_from(since.timestamp()).unwrap_or(0));
    let options = LogsOptionsBuilder::new()
        .follow(true)
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .since(seconds)
        .build();
    let docker = docker.clone();
    let id = id.to_owned();
    // Both ends of what a frame may hold are kept: a line longer than a frame comes in parts.
    let mut assembler = Assembler::default();
    let frames = async_stream(docker, id, options);
    frames
        .flat_map(move |frame| {
            let lines = match frame {
                Ok(LogOutput::StdErr { message }) => assembler.push(LogStream::Stderr, &message),
                Ok(
                    LogOutput::StdOut { message }
                    | LogOutput::Console { message }
                    | LogOutput::StdIn { message },
                ) => assembler.push(LogStream::Stdout, &message),
                Err(error) => vec![Err(EngineError::Unavailable(error.to_string()))],
            };
            futures_util::stream::iter(lines)
        })
        .boxed()
}

fn async_stream(
    docker: Docker,
    id: String,
    options: bollard::query_parameters::LogsOptions,
) -> BoxStream<'static, Result<LogOutput, bollard::errors::Error>> {
    docker.logs(&id, Some(options)).boxed()
}

/// The longest line that is kept whole, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// Puts frames together to lines.
#[derive(Default)]
struct Assembler {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Assembler {
    fn push(&mut self, stream: LogStream, frame: &[u8]) -> Vec<EngineResult<EngineLine>> {
        let pending = match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        };
        let mut lines = Vec::new();
        for part in frame.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(pending.len());
            pending.extend_from_slice(part.get(..room).unwrap_or(part));
            if part.ends_with(b"\n") {
                lines.extend(line(stream, pending).map(Ok));
                pending.clear();
            }
        }
        lines
    }
}

/// Parts `2026-04-22T15:30:00.123456789Z the line` into its instant and its text.
fn line(stream: LogStream, bytes: &[u8]) -> Option<EngineLine> {
    let cut = bytes.len() >= MAX_LINE;
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let space = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    let (stamp, rest) = bytes.split_at(space);
    let timestamp = std::str::from_utf8(stamp)
        .ok()
        .and_then(|stamp| DateTime::parse_from_rfc3339(stamp).ok())?
        .to_utc();
    let mut message = String::from_utf8_lossy(rest.strip_prefix(b" ").unwrap_or(rest)).into_owned();
    if cut {
        message.push_str(" … (cut at 1 MiB)");
    }
    Some(EngineLine {
        timestamp,
        stream,
        message,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn messages(frames: &[&[u8]]) -> Vec<String> {
        let mut assembler = Assembler::default();
        frames
            .iter()
            .flat_map(|frame| assembler.push(LogStream::Stdout, frame))
            .map(|line| line.unwrap().message)
            .collect()
    }

    #[test]
    fn a_line_in_two_frames_is_one_line() {
        let frames: [&[u8]; 2] = [b"2026-04-22T15:30:00.5Z hel", b"lo\n2026-04-22T15:30:01Z \n"];
        assert_eq!(messages(&frames), ["hello", ""]);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown() {
        assert_eq!(messages(&[b"2026-04-22T15:30:00Z a\xffb\n"]), ["a\u{fffd}b"]);
    }

    #[test]
    fn an_endless_line_is_cut_with_a_mark() {
        let long = [b"2026-04-22T15:30:00Z ".as_slice(), &vec![b'x'; 3 * MAX_LINE], b"\n"].concat();
        let lines = messages(&[&long]);
        assert!(lines[0].len() < MAX_LINE + 64 && lines[0].ends_with("(cut at 1 MiB)"));
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
        fn where_a_frame_ends_makes_no_difference(text in "[a-z\u{e4} ]{0,60}", cut in 0_usize..80) {
            let whole = format!("2026-04-22T15:30:00.123456789Z {text}\n").into_bytes();
            let (first, second) = whole.split_at(cut.min(whole.len()));
            prop_assert_eq!(messages(&[first, second]), [text]);
        }
    }
}
