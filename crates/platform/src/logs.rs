//! Stored log lines: append-only segment files, one folder a service.
//!
//! Lines come in batches from one writer and are written together. A batch that a crash tore is
//! cut off when the file is read or continued: a record counts only when it is whole. With the
//! lines stands how far each instance's stream is stored, so the two can't disagree.
//!
//! `writer` is the one writer, and `files` what it writes to; `cursor` counts what an engine would
//! repeat, and `resume` leaves that out. `read` answers queries, in the order that `place` defines, and
//! `held` is the room that answers take; `spans` knows which segments matter.

mod cursor;
mod files;
mod frame;
mod held;
mod place;
mod read;
mod resume;
mod segments;
mod spans;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::logs::{LogQuery, LogStream, Logs, Page};
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

pub use cursor::Cursor;
pub use held::{Held, Room};
pub(crate) use read::Newest;
use read::{MAX_ANSWER, Part};
pub use resume::Resume;
use spans::Spans;
use writer::Order;

/// Bytes of lines that may wait for the disk before the instances' streams have to.
const ROOM: usize = 32 * 1024 * 1024;
/// What a line takes of the room besides its text, in bytes.
const LINE_OVERHEAD: usize = 128;
/// Bytes of answers that are in memory at once, until they are sent. Each query needs room for the
/// largest as long as it reads, so that no more than four do so at once, each with a segment in memory.
const ANSWERS: usize = 4 * MAX_ANSWER;
/// Streams of instances that are taken up at once, each with a segment in memory.
const RESUMING: usize = 2;
/// How long a reader waits for lines that are on their way to the disk.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// Why log lines can't be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The files can't be read.
    #[error("log lines of the service can't be read ({0}). Check the disk of the data directory")]
    Files(#[from] io::Error),
    /// The disk takes no lines.
    #[error("the last lines of {instance} can't be stored. Check the disk of the data directory")]
    Unstored {
        /// The instance's name: `web.0`.
        instance: String,
    },
    /// What is given as a place in the log is none.
    #[error("This is no place in the log. Send `older` or `newer` of an answer as it is.")]
    NoPlace {
        /// The parameter.
        field: &'static str,
    },
}

/// How long lines are kept: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Until a service has so many newer ones, in bytes on disk.
    pub bytes: u64,
    /// Until they are so old.
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            bytes: 256 * 1024 * 1024,
            age: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

impl Retention {
    /// The oldest instant that is kept, in nanoseconds since 1970.
    fn oldest(&self, now: DateTime<Utc>) -> i64 {
        let oldest =
            now.checked_sub_signed(TimeDelta::from_std(self.age).unwrap_or(TimeDelta::MAX));
        oldest.map_or(i64::MIN, read::nanos)
    }
}

/// A line on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLine {
    /// The service's id.
    pub service_id: String,
    /// The engine's id of the instance.
    pub engine_id: String,
    /// The name by which people know the instance: `web.0`.
    pub instance: String,
    /// When it was written, in nanoseconds since 1970.
    pub nanos: i64,
    /// Where it was written.
    pub stream: LogStream,
    /// The line, without its end.
    pub message: String,
}

impl StoredLine {
    /// What it takes of the room, in bytes.
    fn weight(&self) -> usize {
        (self.message.len() + LINE_OVERHEAD).min(ROOM)
    }
}

/// What lines that are handed over at once take of the room, in bytes.
fn weight(lines: &[StoredLine]) -> usize {
    let all = lines.iter().map(StoredLine::weight);
    all.sum::<usize>().min(ROOM)
}

/// The stored lines of all services. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogStore {
    folder: PathBuf,
    retention: Retention,
    writer: Sender<Order>,
    room: Arc<Semaphore>,
    /// How many lines were handed over.
    taken: Arc<AtomicU64>,
    answers: Arc<Semaphore>,
    /// Streams that look up where they go on, at once: they wait for no reader.
    resuming: Arc<Semaphore>,
    spans: Arc<Spans>,
}

/// Which part of a log is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) window: Window,
    pub(crate) page: Page,
    pub(crate) limit: LogLimit,
}

impl LogStore {
    /// Opens the store in a folder and starts its writer.
    ///
    /// # Errors
    /// The folder can't be made, or the writer's thread can't be started.
    pub fn open(folder: &Path, retention: Retention) -> io::Result<Self> {
        let folder = folder.to_owned();
        std::fs::create_dir_all(&folder)?;
        let room = Arc::new(Semaphore::new(ROOM));
        Ok(Self {
            writer: writer::start(folder.clone(), retention, Arc::clone(&room))?,
            folder,
            retention,
            room,
            taken: Arc::default(),
            answers: Arc::new(Semaphore::new(ANSWERS)),
            resuming: Arc::new(Semaphore::new(RESUMING)),
            spans: Arc::default(),
        })
    }

    /// How many lines were handed over to be stored since the store was opened.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Hands a line over to be stored. Waits when the disk is slower than the instances: lines are
    /// never dropped.
    pub async fn append(&self, line: StoredLine) {
        self.hand_over(line.weight(), 1, Order::Append(line)).await;
    }

    /// Hands several lines over at once, as [`LogStore::append`] does one. They should be few enough
    /// that all of them may wait for the disk.
    pub(crate) async fn append_all(&self, lines: Vec<StoredLine>) {
        let weight = weight(&lines);
        self.hand_over(weight, lines.len() as u64, Order::AppendAll(lines))
            .await;
    }

    async fn hand_over(&self, weight: usize, lines: u64, order: Order) {
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        // The writer gives it back when the lines are written; neither ever closes.
        if let Ok(taken) = self.room.acquire_many(weight).await {
            taken.forget();
            self.taken.fetch_add(lines, Ordering::Relaxed);
            let _ = self.writer.send(order);
        }
    }

    /// Waits until all that was handed over before is on the disk; not for ever, it may be full.
    /// Whether it is.
    pub async fn flush(&self) -> bool {
        let (done, wait) = oneshot::channel();
        let _ = self.writer.send(Order::Flush(done));
        matches!(timeout(FLUSH_WITHIN, wait).await, Ok(Ok(())))
    }

    /// Removes all lines of a service.
    pub async fn remove(&self, service_id: &str) {
        let (done, wait) = oneshot::channel();
        let _ = self.writer.send(Order::Remove(service_id.to_owned(), done));
        let _ = wait.await;
        self.spans
            .forget(&segments::folder(&self.folder, service_id));
    }

    /// The lines that a query asks for.
    ///
    /// # Errors
    /// The files can't be read, or the query names a place that is none.
    pub async fn read(&self, service_id: &str, query: LogQuery) -> Result<Held<Logs>, LogError> {
        let asked = Asked {
            window: query.window,
            page: query.page,
            limit: query.limit.unwrap_or_default(),
        };
        let filter = query.filter;
        self.look(service_id, &asked, move |folder, spans, part| {
            read::read(folder, spans, part, filter.as_deref())
        })
        .await
    }

    /// What `select` makes of the newest lines of a part, as far as it takes them.
    ///
    /// # Errors
    /// The files can't be read, or the part begins or ends at a place that is none.
    pub(crate) async fn newest<T: Send + 'static>(
        &self,
        service_id: &str,
        asked: &Asked,
        select: impl Fn(&[u8]) -> Option<T> + Send + 'static,
    ) -> Result<Held<Newest<T>>, LogError> {
        self.look(service_id, asked, move |folder, spans, part| {
            let newest = read::newest(folder, spans, part, |text| select(text.message))?;
            let size = newest.size;
            Ok((newest, size))
        })
        .await
    }

    /// Does some reading in a service's folder, with all that was handed over before. The work tells how
    /// much room its outcome takes.
    async fn look<T: Send + 'static>(
        &self,
        service_id: &str,
        asked: &Asked,
        work: impl FnOnce(&Path, &Spans, &Part) -> io::Result<(T, usize)> + Send + 'static,
    ) -> Result<Held<T>, LogError> {
        let now = Utc::now();
        let oldest = self.retention.oldest(now);
        let part = Part::new(&asked.window, &asked.page, asked.limit, now, oldest)?;
        self.flush().await;
        let folder = segments::folder(&self.folder, service_id);
        let spans = Arc::clone(&self.spans);
        let room = self.room_to_answer().await?;
        blocking(move || {
            let (outcome, size) = work(&folder, &spans, &part)?;
            Ok(Held::new(outcome, Room::of(room, size)))
        })
        .await
    }

    /// Waits for the room that the largest answer takes.
    async fn room_to_answer(&self) -> Result<OwnedSemaphorePermit, LogError> {
        let most = u32::try_from(MAX_ANSWER).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.answers).acquire_many_owned(most).await;
        Ok(room.map_err(io::Error::other)?)
    }

    /// Where the stored lines of an instance, by the engine's id, end.
    ///
    /// # Errors
    /// The files can't be read.
    pub async fn cursor(
        &self,
        service_id: &str,
        engine_id: &str,
    ) -> Result<Option<Cursor>, LogError> {
        let (answer, wait) = oneshot::channel();
        let _ = self.writer.send(Order::Cursor {
            service_id: service_id.to_owned(),
            engine_id: engine_id.to_owned(),
            answer,
        });
        Ok(wait.await.map_err(io::Error::other)??)
    }

    /// How the lines of an instance, by the engine's id, are taken up at `now`.
    ///
    /// # Errors
    /// The files can't be read.
    pub async fn resume(
        &self,
        service_id: &str,
        engine_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Resume, LogError> {
        let Some(cursor) = self.cursor(service_id, engine_id).await? else {
            return Ok(Resume::default());
        };
        let folder = segments::folder(&self.folder, service_id);
        let source = frame::source(engine_id);
        let turn = Arc::clone(&self.resuming).acquire_owned().await;
        let turn = turn.map_err(io::Error::other)?;
        blocking(move || {
            let _turn = turn;
            Resume::new(&folder, source, &cursor, now)
        })
        .await
    }

    /// The last line of an instance, by the engine's id, that says something, shortened.
    ///
    /// # Errors
    /// The files can't be read.
    pub async fn last_line(
        &self,
        service_id: &str,
        engine_id: &str,
    ) -> Result<Option<String>, LogError> {
        self.flush().await;
        let folder = segments::folder(&self.folder, service_id);
        let source = frame::source(engine_id);
        blocking(move || read::last_line(&folder, source)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, LogError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(io::Error::other)??)
}
