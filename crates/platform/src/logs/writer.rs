//! The one writer: a thread that gathers what the instances write and appends it in batches.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Semaphore, oneshot};

use super::cursor::Cursor;
use super::files::Files;
use super::frame::{Frame, Kind, source};
use super::{Retention, StoredLine};

/// The longest time that a line waits to be written.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// A batch is written when it has grown to this, in bytes.
const BATCH: usize = 1024 * 1024;
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often lines are dropped for their age.
const DROP_EVERY: Duration = Duration::from_secs(60 * 60);

/// What the writer is asked to do.
pub(super) enum Order {
    Append(StoredLine),
    /// Answers when all before it is written.
    Flush(oneshot::Sender<()>),
    /// Where the stored lines of a source of a service end.
    Cursor {
        service_id: String,
        engine_id: String,
        answer: oneshot::Sender<io::Result<Option<Cursor>>>,
    },
    /// Removes all lines of a service.
    Remove(String, oneshot::Sender<()>),
}

/// Starts the writer, which ends when every sender is dropped. The semaphore holds the bytes that
/// may wait for it: whoever appends takes them, the writer gives them back.
pub(super) fn start(
    folder: PathBuf,
    retention: Retention,
    room: Arc<Semaphore>,
) -> io::Result<Sender<Order>> {
    let (sender, orders) = channel();
    let mut writer = Writer {
        files: Files::new(folder, retention),
        batch: HashMap::new(),
        size: 0,
        deadline: None,
        drop_at: Instant::now(),
        room,
    };
    thread::Builder::new()
        .name("log-writer".to_owned())
        .spawn(move || writer.run(&orders))?;
    Ok(sender)
}

struct Writer {
    files: Files,
    /// Records that wait, by service.
    batch: HashMap<String, Vec<u8>>,
    /// What the waiting lines took of the room, in bytes.
    size: usize,
    /// When the batch is written at the latest.
    deadline: Option<Instant>,
    /// When lines are dropped for their age.
    drop_at: Instant,
    room: Arc<Semaphore>,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let until = self.deadline.unwrap_or(self.drop_at).min(self.drop_at);
            match orders.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(order) => self.carry_out(order),
                Err(RecvTimeoutError::Timeout) => self.write(),
                Err(RecvTimeoutError::Disconnected) => return self.write(),
            }
        }
    }

    /// Whoever asked may wait no longer: an answer that nobody takes is fine.
    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Append(line) => self.add(&line),
            Order::Flush(done) => {
                self.write();
                let _ = done.send(());
            }
            Order::Cursor {
                service_id,
                engine_id,
                answer,
            } => {
                self.write();
                let _ = answer.send(self.files.cursor(&service_id, source(&engine_id)));
            }
            Order::Remove(service_id, done) => {
                self.write();
                self.files.remove(&service_id);
                let _ = done.send(());
            }
        }
    }

    fn add(&mut self, line: &StoredLine) {
        let frame = Frame {
            nanos: line.nanos,
            source: source(&line.engine_id),
            kind: Kind::Line(line.stream),
            instance: line.instance.as_bytes(),
            rest: line.message.as_bytes(),
        };
        match self.batch.get_mut(&line.service_id) {
            Some(buffer) => frame.write(buffer),
            None => frame.write(self.batch.entry(line.service_id.clone()).or_default()),
        }
        self.size += line.weight();
        self.deadline
            .get_or_insert_with(|| Instant::now() + FLUSH_EVERY);
        if self.size >= BATCH {
            self.write();
        }
    }

    /// Writes the batch, again and again until it is written: a full disk delays lines, it does
    /// not lose them.
    fn write(&mut self) {
        for (service_id, buffer) in std::mem::take(&mut self.batch) {
            while let Err(error) = self.files.append(&service_id, &buffer) {
                tracing::error!(%service_id, %error, "log lines can't be written; trying again");
                thread::sleep(RETRY);
            }
        }
        self.room.add_permits(std::mem::take(&mut self.size));
        self.deadline = None;
        if Instant::now() >= self.drop_at {
            self.drop_aged();
        }
    }

    fn drop_aged(&mut self) {
        self.drop_at = Instant::now() + DROP_EVERY;
        if let Err(error) = self.files.drop_aged(SystemTime::now()) {
            tracing::warn!(%error, "old log lines can't be dropped; trying again later");
        }
    }
}
