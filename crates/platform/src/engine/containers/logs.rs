//! A container's lines, each with the instant that the engine wrote before it.

mod assembler;

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error as ApiError;
use bollard::query_parameters::LogsOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::logs::LogStream;
use tokio::time::{Instant, timeout};

use self::assembler::Assembler;
use super::failure::{is_garbled, status, unavailable};
use crate::engine::{EngineError, EngineLine, EngineResult};

/// How long a container may stay silent: Podman does not even answer before the first line. The
/// stream is then taken up again.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the engine may take to say how a container is.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether the container of a stream that ended has ended too, and the pause
/// between.
const LOOKS: usize = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// After such a while without a line the container is looked at: Podman may miss its end, and would
/// keep the stream open for ever.
const LOOK_AFTER: Duration = Duration::from_secs(20);
/// The same after so many lines.
const LOOK_AFTER_LINES: usize = 8_192;

/// How long a line is held back that may be one of the last: these come in order only when they are
/// read once more.
const HOLD: Duration = Duration::from_millis(150);
/// How far instants may go back without a clock that was set back, in seconds: those of two streams are
/// not quite in order.
const OUT_OF_ORDER: i64 = 1;
/// How far the engine's clock may be ahead of the platform's, in seconds.
const AHEAD: i64 = 10;

/// Held are at most so many bytes.
const MAX_HELD: usize = 8 * 1024 * 1024;
/// What a held line takes besides its text, in bytes.
const LINE_OVERHEAD: usize = 64;

/// Follows a container's lines from an instant on, until it ends or is gone. The engine's own
/// `since` counts whole seconds, and Podman's instants do too, so lines of that second come again:
/// the reader knows which it has.
pub(super) fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let reader = Reader {
        docker: docker.clone().with_timeout(SILENCE),
        id: id.to_owned(),
        frames: stream::empty().boxed(),
        assembler: Assembler::default(),
        lines: VecDeque::new(),
        held: 0,
        asked: since.map_or(0, |since| since.timestamp()),
        since: since.map_or(0, |since| since.timestamp()),
        is_behind: false,
        told: Vec::new(),
        look_at: LOOK_AFTER_LINES,
        repeated: HashMap::new(),
        phase: Phase::Beginning,
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
    Beginning,
    /// Lines come as they are written.
    Following,
    /// The container ended. Of the last lines of such a stream Docker may leave out the end, and
    /// Podman any: what was written since it was known to run is read once more.
    Rest,
    /// The same, but the clock was set back: what came is given out, and who stores it then asks again
    /// and knows what is new.
    Behind,
    Over,
}

/// What tells lines apart: the second, and a hash of the rest.
type Mark = (i64, u64);

struct Reader {
    docker: Docker,
    id: String,
    frames: Frames,
    assembler: Assembler,
    /// Lines to be given out, with when they came.
    lines: VecDeque<(Instant, EngineLine)>,
    /// What they take, in bytes.
    held: usize,
    /// From this second on the engine gives lines.
    asked: i64,
    /// From this second on all is read again when the container has ended.
    since: i64,
    /// Whether the last lines are older than that, since the engine's clock was set back: then it is
    /// not known what is to be read again.
    is_behind: bool,
    /// What was given out of that.
    told: Vec<Mark>,
    /// How many these may be before the container is looked at.
    look_at: usize,
    /// Lines still to come that were given out already, and how often each.
    repeated: HashMap<Mark, usize>,
    phase: Phase,
}

impl Reader {
    async fn next(&mut self) -> Option<EngineResult<EngineLine>> {
        let next = self.line().await;
        if next.is_err() {
            // Nothing more comes; what is held will come again when the stream is taken up again.
            self.phase = Phase::Over;
            self.lines.clear();
        }
        next.transpose()
    }

    async fn line(&mut self) -> EngineResult<Option<EngineLine>> {
        if self.phase == Phase::Beginning {
            self.begin().await?;
        }
        loop {
            if let Some(line) = self.ready() {
                return Ok(Some(line));
            }
            match self.phase {
                Phase::Over => return Ok(None),
                Phase::Behind => return Err(fails("its clock was set back")),
                _ => {}
            }
            if self.phase == Phase::Following && self.told.len() >= self.look_at {
                self.look().await?;
            }
            let wait = match self.lines.front() {
                Some((came, _)) => HOLD.saturating_sub(came.elapsed()),
                None => LOOK_AFTER,
            };
            match timeout(wait, self.frames.next()).await {
                Err(_) if !self.lines.is_empty() => {}
                Err(_) if self.phase == Phase::Following => {
                    if self.look().await? {
                        self.go_on();
                    }
                }
                Err(_) => return Err(fails("it does not end the log of a container that ended")),
                Ok(Some(Ok(frame))) => {
                    let (stream, bytes) = parts(&frame);
                    let lines = self.assembler.push(stream, bytes);
                    self.hold(lines);
                }
                // Removed, and its lines with it.
                Ok(Some(Err(error))) if status(&error) == Some(404) => self.phase = Phase::Over,
                Ok(Some(Err(error))) => return Err(unavailable(error)),
                Ok(None) if self.phase == Phase::Following => {
                    if !has_ended_soon(&self.docker, &self.id).await? {
                        return Err(fails("it ended the log of a container that runs"));
                    }
                    self.go_on();
                }
                Ok(None) => self.go_on(),
            }
        }
    }

    /// Podman follows the lines of what runs without loss, of what has ended with.
    async fn begin(&mut self) -> EngineResult<()> {
        let has_ended = has_ended(&self.docker, &self.id).await?;
        self.phase = if has_ended {
            Phase::Rest
        } else {
            Phase::Following
        };
        self.frames = frames(&self.docker, &self.id, self.since, !has_ended);
        Ok(())
    }

    fn hold(&mut self, lines: Vec<EngineLine>) {
        let now = Instant::now();
        for line in lines {
            self.held += weight(&line);
            self.lines.push_back((now, line));
        }
    }

    /// The next line, if it need not be held back any longer.
    fn ready(&mut self) -> Option<EngineLine> {
        let is_followed = self.phase == Phase::Following;
        loop {
            let (came, _) = self.lines.front()?;
            if is_followed && came.elapsed() < HOLD && self.held <= MAX_HELD {
                return None;
            }
            let (_, line) = self.lines.pop_front()?;
            self.held -= weight(&line);
            if is_followed {
                self.is_behind |= is_before(&line, self.since);
                self.told.push(mark(&line));
                return Some(line);
            }
            match self.repeated.get_mut(&mark(&line)) {
                Some(times) if *times > 0 => *times -= 1,
                _ => return Some(line),
            }
        }
    }

    /// Looks whether the container has ended. While it runs, nothing is missing among the lines
    /// that came.
    async fn look(&mut self) -> EngineResult<bool> {
        if has_ended(&self.docker, &self.id).await? {
            // Whatever still comes is kept in mind.
            self.look_at = usize::MAX;
            return Ok(true);
        }
        if self.is_asked_ahead() {
            return Err(fails("its clock was set back"));
        }
        match self.told.last().copied() {
            Some((second, _)) if second > self.since || !self.is_behind => {
                self.since = self.since.max(second);
                self.told.retain(|(earlier, _)| *earlier >= self.since);
                self.is_behind = false;
            }
            // What was told before that second is not known any more.
            Some(_) => self.told.clear(),
            None => {}
        }
        self.look_at = self.told.len() + LOOK_AFTER_LINES;
        Ok(false)
    }

    /// Whether the engine is asked from an instant on that is still to come, so that it may give nothing
    /// of what is written until then.
    fn is_asked_ahead(&self) -> bool {
        self.asked > Utc::now().timestamp() + AHEAD
    }

    /// What comes when a stream has ended.
    fn go_on(&mut self) {
        if self.phase == Phase::Following {
            let mut held = self.lines.iter();
            let is_behind = self.is_behind || held.any(|(_, line)| is_before(line, self.since));
            if is_behind || self.is_asked_ahead() {
                self.phase = Phase::Behind;
                return;
            }
            self.phase = Phase::Rest;
            // What is held, or was read of a line in part, comes again.
            self.assembler = Assembler::default();
            self.lines.clear();
            self.held = 0;
            for mark in self.told.drain(..) {
                *self.repeated.entry(mark).or_default() += 1;
            }
            self.frames = frames(&self.docker, &self.id, self.since, false);
        } else {
            self.phase = Phase::Over;
            let lines = self.assembler.finish();
            self.hold(lines);
        }
    }
}

/// Whether a line is so much older than a second that a clock was set back.
fn is_before(line: &EngineLine, second: i64) -> bool {
    line.timestamp.timestamp() < second - OUT_OF_ORDER
}

fn fails(why: &str) -> EngineError {
    EngineError::Unavailable(why.to_owned())
}

fn weight(line: &EngineLine) -> usize {
    line.message.len() + LINE_OVERHEAD
}

fn mark(line: &EngineLine) -> Mark {
    let mut hasher = DefaultHasher::new();
    (line.stream == LogStream::Stderr, &line.message).hash(&mut hasher);
    (line.timestamp.timestamp(), hasher.finish())
}

/// Whether a container has ended, or does so at once.
async fn has_ended_soon(docker: &Docker, id: &str) -> EngineResult<bool> {
    for _ in 0..LOOKS {
        if has_ended(docker, id).await? {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(false)
}

/// Whether a container is known to write no more. An engine that does not say so is one whose streams
/// may be dead as well: nothing comes of a network that went away without a word.
async fn has_ended(docker: &Docker, id: &str) -> EngineResult<bool> {
    let docker = docker.clone().with_timeout(LOOK_WITHIN);
    match docker.inspect_container(id, None).await {
        Ok(container) => Ok(container.state.and_then(|state| state.running) == Some(false)),
        Err(error) if status(&error) == Some(404) => Ok(true),
        Err(error) if is_garbled(&error) => Ok(false),
        Err(error) => Err(unavailable(error)),
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

#[cfg(test)]
mod tests {
    use bollard::API_DEFAULT_VERSION;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_engine_that_never_answers_breaks_the_stream_soon() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Accepts, and says nothing.
        let silent = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.push(stream);
            }
        });
        let docker = Docker::connect_with_http(&address.to_string(), 60, API_DEFAULT_VERSION);
        let mut lines = follow(&docker.unwrap(), "id", None);
        let first = timeout(2 * LOOK_WITHIN, lines.next()).await.unwrap();
        assert!(
            matches!(first, Some(Err(EngineError::Unavailable(_)))),
            "{first:?}"
        );
        assert!(lines.next().await.is_none());
        silent.abort();
    }
}
