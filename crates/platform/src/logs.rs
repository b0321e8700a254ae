//! Stored log lines: append-only segment files, one folder a service.
//!
//! Lines come in batches from one writer and are written together. A batch that a crash tore is
//! cut off when the file is read or continued: a record counts only when it is whole. With the
//! lines stands how far each instance's stream is stored, so the two can't disagree.

mod cursor;
mod files;
mod frame;
mod read;
mod segments;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use pilothouse_wire::logs::{LogQuery, LogStream, Logs};
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

pub use cursor::Cursor;
pub(crate) use read::Newest;
use writer::Order;

/// How many bytes of lines a service may keep on disk.
pub const DEFAULT_LIMIT: u64 = 256 * 1024 * 1024;

/// Bytes of lines that may wait for the disk before the instances' streams have to.
const ROOM: usize = 32 * 1024 * 1024;
/// What a line takes of the room besides its text, in bytes.
const LINE_OVERHEAD: usize = 128;
/// How long a reader waits for lines that are on their way to the disk.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// Why log lines can't be stored or read.
#[derive(Debug, thiserror::Error)]
#[error("log lines of the service can't be read ({source}). Check the disk of the data directory")]
pub struct LogError {
    source: io::Error,
}

impl From<io::Error> for LogError {
    fn from(source: io::Error) -> Self {
        Self { source }
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

/// The stored lines of all services. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogStore {
    folder: PathBuf,
    writer: Sender<Order>,
    room: Arc<Semaphore>,
    /// How many lines were handed over.
    taken: Arc<AtomicU64>,
}

impl LogStore {
    /// Opens the store in a folder and starts its writer. The limit is in bytes a service.
    ///
    /// # Errors
    /// The folder can't be made, or the writer's thread can't be started.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        let folder = folder.to_owned();
        std::fs::create_dir_all(&folder)?;
        let room = Arc::new(Semaphore::new(ROOM));
        Ok(Self {
            writer: writer::start(folder.clone(), limit, Arc::clone(&room))?,
            folder,
            room,
            taken: Arc::default(),
        })
    }

    /// How many lines were handed over to be stored since the store was opened.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Hands a line over to be stored. Waits when the disk is slower than the instances: lines are
    /// never dropped.
    pub async fn append(&self, line: StoredLine) {
        let weight = u32::try_from(line.weight()).unwrap_or(u32::MAX);
        // The writer gives it back when the line is written; neither ever closes.
        if let Ok(taken) = self.room.acquire_many(weight).await {
            taken.forget();
            self.taken.fetch_add(1, Ordering::Relaxed);
            let _ = self.writer.send(Order::Append(line));
        }
    }

    /// Waits until all that was handed over before can be read; not for ever, the disk may be full.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        let _ = self.writer.send(Order::Flush(done));
        let _ = timeout(FLUSH_WITHIN, wait).await;
    }

    /// Removes all lines of a service.
    pub async fn remove(&self, service_id: &str) {
        let (done, wait) = oneshot::channel();
        let _ = self.writer.send(Order::Remove(service_id.to_owned(), done));
        let _ = wait.await;
    }

    /// The lines that a query asks for.
    ///
    /// # Errors
    /// The files can't be read.
    pub async fn read(&self, service_id: &str, query: LogQuery) -> Result<Logs, LogError> {
        self.flush().await;
        let folder = segments::folder(&self.folder, service_id);
        blocking(move || read::read(&folder, &query)).await
    }

    /// What `select` makes of the newest lines of a window, as far as it takes them.
    ///
    /// # Errors
    /// The files can't be read.
    pub(crate) async fn newest<T: Send + 'static>(
        &self,
        service_id: &str,
        window: Window,
        limit: LogLimit,
        select: impl Fn(&[u8]) -> Option<T> + Send + 'static,
    ) -> Result<Newest<T>, LogError> {
        self.flush().await;
        let folder = segments::folder(&self.folder, service_id);
        blocking(move || read::newest(&folder, &window, limit, |text| select(text.message))).await
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
