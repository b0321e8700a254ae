//! Which lines an engine has and did not give.
//!
//! Podman (seen with 4.3) reads the log of what runs to its end, which may be in the middle of a line
//! that is just being written. It then gives out what there is of the line, and goes on behind all that
//! was written by the time that somebody took it. A log that it reads once has every line, so the two
//! are compared now and then.

use std::time::Duration;

use futures_util::StreamExt;
use pilothouse_wire::logs::LogStream;
use tokio::time::timeout;

use super::assembler::Assembler;
use super::{Frames, parts};
use crate::engine::containers::failure::{status, unavailable};
use crate::engine::{EngineLine, EngineResult};
use crate::marks::{Mark, Marks};

/// How long the engine may take for the next part of what it has.
const NEXT_WITHIN: Duration = Duration::from_secs(20);

/// Of the lines that were not given are kept at most so many bytes, and so many that may still come.
const MAX_KEPT: usize = 8 * 1024 * 1024;
const MAX_AHEAD: usize = 16_384;
/// What a line takes besides its text, in bytes.
const LINE_OVERHEAD: usize = 64;

pub(super) fn mark(line: &EngineLine) -> Mark {
    let second = line.timestamp.timestamp();
    Mark::of(second, line.stream, line.message.as_bytes())
}

pub(super) fn weight(line: &EngineLine) -> usize {
    line.message.len() + LINE_OVERHEAD
}

/// A comparison of what an engine gave with what it has, in the order of the log.
pub(super) struct Comparison {
    given: Marks,
    /// The lines that were not given, and what they take, in bytes.
    others: Vec<EngineLine>,
    kept: usize,
    /// How many of them stand before one that was given: no stream goes back to these.
    passed: usize,
    /// Whether the others are missing as well, since nothing came for long.
    is_silent: bool,
    /// Streams of which nothing came yet: of the first line perhaps only the end does.
    begins: Vec<LogStream>,
}

impl Comparison {
    /// With the lines that were given from a second on.
    pub(super) fn new(given: Marks, second: i64, is_silent: bool) -> Self {
        let begins = if second > 0 {
            vec![LogStream::Stdout, LogStream::Stderr]
        } else {
            Vec::new()
        };
        Self {
            given,
            others: Vec::new(),
            kept: 0,
            passed: 0,
            is_silent,
            begins,
        }
    }

    /// The lines that are missing, of all that there are from that second on. `None`: the engine has
    /// so much that it can't be compared.
    pub(super) async fn read(
        mut self,
        mut frames: Frames,
    ) -> EngineResult<Option<Vec<EngineLine>>> {
        let mut assembler = Assembler::default();
        loop {
            match timeout(NEXT_WITHIN, frames.next()).await {
                Err(_) => return Ok(None),
                Ok(None) => return Ok(Some(self.missing())),
                Ok(Some(Ok(frame))) => {
                    let (stream, bytes) = parts(&frame);
                    for line in assembler.push(stream, bytes) {
                        self.take(line);
                    }
                    if self.is_done() {
                        return Ok(Some(self.missing()));
                    }
                }
                // Removed, and its lines with it.
                Ok(Some(Err(error))) if status(&error) == Some(404) => return Ok(None),
                Ok(Some(Err(error))) => return Err(unavailable(error)),
            }
        }
    }

    fn take(&mut self, line: EngineLine) {
        let begins = self.begins.len();
        self.begins.retain(|stream| *stream != line.stream);
        let is_first = self.begins.len() < begins;
        if self.given.take(mark(&line)) {
            self.passed = self.others.len();
        } else if !is_first {
            self.kept += weight(&line);
            self.others.push(line);
        }
    }

    fn is_full(&self) -> bool {
        self.kept > MAX_KEPT || self.others.len() - self.passed > MAX_AHEAD
    }

    fn is_done(&self) -> bool {
        self.is_full() || (!self.is_silent && self.given.is_empty())
    }

    fn missing(mut self) -> Vec<EngineLine> {
        if !self.is_silent || self.is_full() {
            self.others.truncate(self.passed);
        }
        self.others
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn line(second: i64, message: &str) -> EngineLine {
        EngineLine {
            timestamp: DateTime::from_timestamp(second, 0).unwrap(),
            stream: LogStream::Stdout,
            message: message.to_owned(),
        }
    }

    /// What is missing of these lines, of which some were given.
    fn missing(lines: &[&str], given: &[&str], second: i64, is_silent: bool) -> Vec<String> {
        let given = given.iter().map(|text| mark(&line(9, text))).collect();
        let mut comparison = Comparison::new(given, second, is_silent);
        for text in lines {
            comparison.take(line(9, text));
        }
        let missing = comparison.missing().into_iter();
        missing.map(|line| line.message).collect()
    }

    #[test]
    fn only_what_no_stream_comes_back_to_is_missing() {
        let lines = ["a", "b", "c", "c", "d", "e"];
        assert_eq!(missing(&lines, &["a", "c", "d"], 0, false), ["b", "c"]);
        assert!(missing(&lines, &["a", "b"], 0, false).is_empty());
        assert!(missing(&lines, &[], 0, false).is_empty());
    }

    #[test]
    fn after_a_silence_nothing_comes_by_itself() {
        let lines = ["a", "b", "c"];
        assert_eq!(missing(&lines, &["a"], 0, true), ["b", "c"]);
    }

    #[test]
    fn the_end_of_a_line_that_began_before_is_none() {
        let lines = ["nd of a long line", "b", "c"];
        assert_eq!(missing(&lines, &["a long", "c"], 9, false), ["b"]);
    }

    #[test]
    fn what_was_cut_is_missing() {
        let lines = ["a", "line 2", "line 3", "line 4"];
        assert_eq!(
            missing(&lines, &["a", "lin", "line 4"], 0, false),
            ["line 2", "line 3"]
        );
    }

    #[test]
    fn a_stream_that_is_far_behind_misses_nothing() {
        let lines: Vec<String> = (0..2 * MAX_AHEAD)
            .map(|number| number.to_string())
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(missing(&lines, &["0"], 0, true).is_empty());
    }
}
