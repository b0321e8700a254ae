//! A container's lines, each with the instant that the engine wrote before it.

mod assembler;

use std::collections::VecDeque;
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error as ApiError;
use bollard::query_parameters::LogsOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::logs::LogStream;
use tokio::time::timeout;

use self::assembler::Assembler;
use super::failure::{status, unavailable};
use crate::engine::{EngineError, EngineLine, EngineResult};

/// How long a container may stay silent: Podman does not even answer before the first line. The
/// stream is then taken up again.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked whether the container of a stream that ended has ended too, and the pause
/// between.
const LOOKS: usize = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// After such a while without a line the container is looked at: Podman may miss its end, and would
/// keep the stream open for ever.
const LOOK_AFTER: Duration = Duration::from_secs(20);

/// Follows a container's lines from an instant on, until it ends or is gone. The engine's own
/// `since` counts whole seconds, and Podman's instants do too, so lines of that second come again:
/// the reader knows which it has.
pub(super) fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let docker = docker.clone().with_timeout(SILENCE);
    let second = since.map_or(0, |since| since.timestamp());
    let reader = Reader {
        frames: frames(&docker, id, second, true),
        docker,
        id: id.to_owned(),
        assembler: Assembler::default(),
        lines: VecDeque::new(),
        second,
        read: 0,
        repeated: 0,
        phase: Phase::Following,
    };
    stream::unfold(reader, |mut reader| async {
        let line = reader.next().await?;
        Some((line, reader))
    })
    .boxed()
}

type Frames = BoxStream<'static, Result<LogOutput, ApiError>>;

fn frames(docker: &Docker, id: &str, second: i64, follow: bool) -> Frames {
    let options = LogsOptionsBuilder::new()
        .follow(follow)
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .since(i32::try_from(second).unwrap_or(0))
        .build();
    docker.logs(id, Some(options)).boxed()
}

/// Where the reading of a container's lines is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Lines come as they are written.
    Following,
    /// The container ended. Docker may end such a stream before its last lines, so what was written
    /// from the last second on is read once more.
    Rest,
    Over,
}

struct Reader {
    docker: Docker,
    id: String,
    frames: Frames,
    assembler: Assembler,
    /// Lines that are ready to be given out.
    lines: VecDeque<EngineLine>,
    /// The second of the newest line, and how many lines of it were read.
    second: i64,
    read: usize,
    /// Lines still to come that were read already.
    repeated: usize,
    phase: Phase,
}

impl Reader {
    async fn next(&mut self) -> Option<EngineResult<EngineLine>> {
        loop {
            while let Some(line) = self.lines.pop_front() {
                if self.is_new(&line) {
                    return Some(Ok(line));
                }
            }
            if self.phase == Phase::Over {
                return None;
            }
            let Ok(frame) = timeout(LOOK_AFTER, self.frames.next()).await else {
                if has_ended(&self.docker, &self.id).await {
                    self.go_on();
                }
                continue;
            };
            match frame {
                Some(Ok(frame)) => {
                    let (stream, bytes) = parts(&frame);
                    self.lines.extend(self.assembler.push(stream, bytes));
                }
                // Removed, and its lines with it.
                Some(Err(error)) if status(&error) == Some(404) => self.phase = Phase::Over,
                Some(Err(error)) => {
                    self.phase = Phase::Over;
                    return Some(Err(unavailable(error)));
                }
                None if self.phase == Phase::Following
                    && !has_ended_soon(&self.docker, &self.id).await =>
                {
                    self.phase = Phase::Over;
                    let why = "it ended the log of a container that runs".to_owned();
                    return Some(Err(EngineError::Unavailable(why)));
                }
                None => self.go_on(),
            }
        }
    }

    fn is_new(&mut self, line: &EngineLine) -> bool {
        let second = line.timestamp.timestamp();
        // What the engine no longer has is not repeated either.
        if self.repeated > 0 && second == self.second {
            self.repeated -= 1;
            return false;
        }
        self.repeated = 0;
        if second > self.second {
            (self.second, self.read) = (second, 0);
        }
        // Lines of an earlier second, after a clock was set back, do not come again.
        self.read += usize::from(second == self.second);
        true
    }

    /// What comes when a stream has ended.
    fn go_on(&mut self) {
        if self.phase == Phase::Following {
            self.phase = Phase::Rest;
            // What was read of a line in part comes again as a whole.
            self.assembler = Assembler::default();
            self.repeated = self.read;
            self.frames = frames(&self.docker, &self.id, self.second, false);
        } else {
            self.phase = Phase::Over;
            self.lines.extend(self.assembler.finish());
        }
    }
}

/// Whether a container has ended, or does so at once.
async fn has_ended_soon(docker: &Docker, id: &str) -> bool {
    for _ in 0..LOOKS {
        if has_ended(docker, id).await {
            return true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    false
}

/// Whether a container is known to write no more.
async fn has_ended(docker: &Docker, id: &str) -> bool {
    match docker.inspect_container(id, None).await {
        Ok(container) => container.state.and_then(|state| state.running) == Some(false),
        Err(error) => status(&error) == Some(404),
    }
}

fn parts(frame: &LogOutput) -> (LogStream, &[u8]) {
    match frame {
        LogOutput::StdErr { message } => (LogStream::Stderr, message),
        LogOutput::StdOut { message }
        | LogOutput::Console { message }
        | LogOutput::StdIn { message } => (LogStream::Stdout, message),
    }
}
