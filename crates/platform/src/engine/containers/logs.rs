//! A container's lines, each with the instant that the engine wrote before it.

mod assembler;
mod missing;
mod state;

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
use tokio::time::{Instant, timeout};

pub(in crate::engine) use self::assembler::Assembler;
use self::missing::{Comparison, mark, weight};
use self::state::{has_ended, has_ended_soon, is_podman};
use super::failure::{status, unavailable};
use crate::engine::{EngineError, EngineLine, EngineResult};
use crate::marks::{Mark, Marks};

/// How long a container may stay silent: Podman does not even answer before the first line. The
/// stream is then taken up again.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the engine may take to say how a container is.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// After such a while without a line the container is looked at: Podman may miss its end, and would
/// keep the stream open for ever.
const LOOK_AFTER: Duration = Duration::from_secs(20);
/// The same after so many lines.
const LOOK_AFTER_LINES: usize = 8_192;

/// Podman reads a log from its beginning, however long it is: it is compared with what was given in this
/// part of the time at most, but not later than after so many lines.
const COMPARE_SHARE: u32 = 20;
const MAX_UNCOMPARED: usize = 256 * 1024;

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

/// Follows a container's lines from an instant on, until it ends or is gone. The engine's own
/// `since` counts whole seconds, and Podman's instants do too, so lines of that second come again:
/// the reader knows which it has.
pub(super) fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let second = since.map_or(0, |since| since.timestamp());
    stream::unfold(Reader::new(docker, id, second), |mut reader| async {
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

struct Reader {
    docker: Docker,
    /// The same, but not for as long: how the container is, is answered at once.
    looks: Docker,
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
    /// Whether the stream may leave lines out while the container runs.
    may_miss: bool,
    /// Whether something came since it was known that none is missing.
    is_new: bool,
    /// When that was looked for, and how long it took.
    compared: Instant,
    took: Duration,
    /// Lines that the stream left out.
    found: VecDeque<EngineLine>,
    /// Lines that were given out, and may still come.
    repeated: Marks,
    phase: Phase,
}

impl Reader {
    fn new(docker: &Docker, id: &str, second: i64) -> Self {
        Self {
            docker: docker.clone().with_timeout(SILENCE),
            looks: docker.clone().with_timeout(LOOK_WITHIN),
            id: id.to_owned(),
            frames: stream::empty().boxed(),
            assembler: Assembler::default(),
            lines: VecDeque::new(),
            held: 0,
            asked: second,
            since: second,
            is_behind: false,
            told: Vec::new(),
            look_at: LOOK_AFTER_LINES,
            may_miss: false,
            is_new: false,
            compared: Instant::now(),
            took: Duration::ZERO,
            found: VecDeque::new(),
            repeated: Marks::default(),
            phase: Phase::Beginning,
        }
    }

    async fn next(&mut self) -> Option<EngineResult<EngineLine>> {
        let next = self.line().await;
        if next.is_err() {
            // Nothing more comes; what is held will come again when the stream is taken up again.
            self.phase = Phase::Over;
            self.lines.clear();
            self.found.clear();
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
            if self.phase == Phase::Following && self.is_look_due() {
                self.look(false).await?;
                continue;
            }
            let wait = match self.lines.front() {
                Some((came, _)) => HOLD.saturating_sub(came.elapsed()),
                None => LOOK_AFTER,
            };
            match timeout(wait, self.frames.next()).await {
                Err(_) if !self.lines.is_empty() => {}
                Err(_) if self.phase == Phase::Following => {
                    if self.look(true).await? {
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
                    if !has_ended_soon(&self.looks, &self.id).await? {
                        return Err(fails("it ended the log of a container that runs"));
                    }
                    self.go_on();
                }
                Ok(None) => self.go_on(),
            }
        }
    }

    /// Podman follows the lines of what runs almost without loss, of what has ended with.
    async fn begin(&mut self) -> EngineResult<()> {
        let has_ended = has_ended(&self.looks, &self.id).await?;
        self.may_miss = !has_ended && is_podman(&self.looks).await?;
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
        if let Some(line) = self.found.pop_front() {
            self.told.push(mark(&line));
            return Some(line);
        }
        let is_followed = self.phase == Phase::Following;
        loop {
            let (came, _) = self.lines.front()?;
            if is_followed && came.elapsed() < HOLD && self.held <= MAX_HELD {
                return None;
            }
            let (_, line) = self.lines.pop_front()?;
            self.held -= weight(&line);
            let mark = mark(&line);
            if self.repeated.take(mark) {
                continue;
            }
            if is_followed {
                self.is_behind |= is_before(&line, self.since);
                self.is_new = true;
                self.told.push(mark);
            }
            return Some(line);
        }
    }

    /// Whether the container is to be looked at though lines come.
    fn is_look_due(&self) -> bool {
        let are_many = self.told.len() >= self.look_at;
        if !self.may_miss {
            return are_many;
        }
        let is_time = self.is_new && self.compared.elapsed() >= LOOK_AFTER;
        self.may_compare() && (are_many || is_time)
    }

    fn may_compare(&self) -> bool {
        self.compared.elapsed() >= self.took * COMPARE_SHARE
            || self.told.len() >= self.look_at.saturating_add(MAX_UNCOMPARED)
    }

    /// Looks whether the container has ended. While it runs, nothing is missing among the lines that
    /// came, or it is taken now.
    async fn look(&mut self, is_silent: bool) -> EngineResult<bool> {
        if has_ended(&self.looks, &self.id).await? {
            // Whatever still comes is kept in mind, and what is missing comes with the rest.
            self.look_at = usize::MAX;
            self.may_miss = false;
            return Ok(true);
        }
        if self.is_asked_ahead() {
            return Err(fails("its clock was set back"));
        }
        if self.may_miss && self.is_new && !self.is_behind {
            if !self.may_compare() {
                return Ok(false);
            }
            self.compare(is_silent).await?;
        }
        self.compared = Instant::now();
        match self.told.last().copied() {
            Some(last) if last.second > self.since || !self.is_behind => {
                self.since = self.since.max(last.second);
                self.told.retain(|mark| mark.second >= self.since);
                self.repeated.forget_before(self.since);
                self.is_behind = false;
            }
            // What was told before that second is not known any more.
            Some(_) => self.told.clear(),
            None => {}
        }
        self.look_at = self.told.len() + LOOK_AFTER_LINES;
        Ok(false)
    }

    /// Takes the lines that the stream left out.
    async fn compare(&mut self, is_silent: bool) -> EngineResult<()> {
        let began = Instant::now();
        let held = self.lines.iter().map(|(_, line)| mark(line));
        let given = self.told.iter().copied().chain(held).collect();
        let comparison = Comparison::new(given, self.since, is_silent);
        let frames = frames(&self.docker, &self.id, self.since, false);
        let missing = comparison.read(frames).await?.unwrap_or_default();
        self.took = began.elapsed();
        // What stands behind the last line that came is compared once nothing comes any more.
        self.is_new = !is_silent;
        if let Some(first) = missing.first() {
            let (id, at, count) = (&self.id, first.timestamp, missing.len());
            tracing::info!(instance = %id, %at, count, "the engine left out lines of a log; they are taken now");
        }
        for line in missing {
            // It may be behind rather than missing them.
            self.repeated.add(mark(&line));
            self.found.push_back(line);
        }
        Ok(())
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
            self.repeated = self.told.drain(..).collect();
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

pub(in crate::engine) fn parts(frame: &LogOutput) -> (LogStream, &[u8]) {
    match frame {
        LogOutput::StdErr { message } => (LogStream::Stderr, message),
        LogOutput::StdOut { message }
        | LogOutput::Console { message }
        | LogOutput::StdIn { message } => (LogStream::Stdout, message),
    }
}

/// The lines of frames, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn lines_of(frames: &[&[u8]]) -> Vec<EngineLine> {
    let mut assembler = Assembler::default();
    let mut lines: Vec<EngineLine> = frames
        .iter()
        .flat_map(|frame| assembler.push(LogStream::Stdout, frame))
        .collect();
    lines.extend(assembler.finish());
    lines
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
        let docker = docker.unwrap();
        let mut reader = Reader::new(&docker, "id", 0);
        assert_eq!(reader.looks.timeout(), LOOK_WITHIN);
        reader.looks = docker.with_timeout(Duration::from_millis(100));
        let first = timeout(LOOK_WITHIN, reader.next()).await.unwrap();
        assert!(
            matches!(first, Some(Err(EngineError::Unavailable(_)))),
            "{first:?}"
        );
        assert!(reader.next().await.is_none());
        silent.abort();
    }
}
