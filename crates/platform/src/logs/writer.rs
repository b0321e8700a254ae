//! The one writer: a thread that gathers what the instances write and appends it in batches.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, oneshot};

use super::cursor::Cursor;
use super::files::Files;
use super::frame::{Frame, Kind, source};
use super::{Retention, StoredLine, weight};
use crate::clock::Clock;

/// The longest time that a line waits to be written.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// A batch is written when it has grown to this, in bytes.
const BATCH: usize = 1024 * 1024;
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often lines are dropped for their age, while the clock is steady.
const DROP_EVERY: Duration = Duration::from_secs(60 * 60);

/// What the writer is asked to do.
pub(super) enum Order {
    Append(StoredLine),
    /// Several at once.
    AppendAll(Vec<StoredLine>),
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
    let mut writer = Writer::new(
        Files::new(folder, retention),
        room,
        Instant::now(),
        Utc::now(),
    );
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
    clock: Clock,
    /// When it is looked at.
    look_at: Instant,
    /// When lines are dropped for their age, at the earliest.
    drop_at: Instant,
    room: Arc<Semaphore>,
}

impl Writer {
    fn new(files: Files, room: Arc<Semaphore>, at: Instant, shown: DateTime<Utc>) -> Self {
        Self {
            files,
            batch: HashMap::new(),
            size: 0,
            deadline: None,
            clock: Clock::new(at, shown),
            look_at: at + LOOK_EVERY,
            drop_at: at,
            room,
        }
    }

    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let until = self.deadline.unwrap_or(self.look_at).min(self.look_at);
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
            Order::Append(line) => {
                self.add(&line);
                self.take(line.weight());
            }
            Order::AppendAll(lines) => {
                lines.iter().for_each(|line| self.add(line));
                self.take(weight(&lines));
            }
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
    }

    /// Takes account of what lines took of the room.
    fn take(&mut self, weight: usize) {
        self.size += weight;
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
        let now = Instant::now();
        if now >= self.look_at {
            self.look(now, Utc::now());
        }
    }

    /// Looks at the clock, and drops what is too old by it once it was steady long enough.
    fn look(&mut self, at: Instant, shown: DateTime<Utc>) {
        self.look_at = at + LOOK_EVERY;
        let is_steady = self.clock.look(at, shown);
        if !is_steady || at < self.drop_at {
            return;
        }
        self.drop_at = at + DROP_EVERY;
        if let Err(error) = self.files.drop_aged(shown.into()) {
            tracing::warn!(%error, "old log lines can't be dropped; trying again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use chrono::TimeDelta;
    use pilothouse_wire::logs::LogStream;
    use tempfile::TempDir;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const MINUTE: Duration = Duration::from_secs(60);

    /// A writer that keeps lines for ten days, and has written one.
    fn writer(folder: &Path, at: Instant, shown: DateTime<Utc>) -> Writer {
        let retention = Retention {
            age: 10 * DAY,
            ..Retention::default()
        };
        let files = Files::new(folder.to_owned(), retention);
        let mut writer = Writer::new(files, Arc::new(Semaphore::new(0)), at, shown);
        writer.add(&StoredLine {
            service_id: "service".to_owned(),
            engine_id: "a".to_owned(),
            instance: "web.0".to_owned(),
            nanos: shown.timestamp_nanos_opt().unwrap(),
            stream: LogStream::Stdout,
            message: "kept".to_owned(),
        });
        writer.write();
        writer
    }

    #[test]
    fn a_clock_that_jumps_ahead_costs_no_line() {
        let folder = TempDir::new().unwrap();
        let (start, noon) = (Instant::now(), Utc::now());
        let mut writer = writer(folder.path(), start, noon);
        let first = folder.path().join("service/00000001.log");
        let mut look = |minutes: u32, ahead: TimeDelta| {
            let passed = minutes * MINUTE;
            writer.look(start + passed, noon + passed + ahead);
            first.exists()
        };
        let year = TimeDelta::days(365);
        assert!((1..=15).all(|minute| look(minute, TimeDelta::zero())));
        // Wrong for nine minutes, past the next time that something would be dropped.
        assert!((70..79).all(|minute| look(minute, year)));
        assert!((79..200).all(|minute| look(minute, TimeDelta::zero())));
        // One that shows the same for so long is believed.
        assert!((200..210).all(|minute| look(minute, year)));
        assert!(!look(210, year));
    }

    #[test]
    fn what_is_too_old_is_dropped_once_the_clock_was_steady() {
        let folder = TempDir::new().unwrap();
        let (start, noon) = (Instant::now(), Utc::now());
        let mut writer = writer(folder.path(), start, noon);
        let first = folder.path().join("service/00000001.log");
        let file = fs::File::options().write(true).open(&first).unwrap();
        file.set_modified((noon - TimeDelta::days(11)).into())
            .unwrap();
        for minute in 1..=10 {
            assert!(first.exists(), "{minute}");
            writer.look(start + minute * MINUTE, noon + minute * MINUTE);
        }
        assert!(!first.exists());
        assert!(folder.path().join("service/00000002.log").exists());
        let cursor = writer.files.cursor("service", source("a")).unwrap();
        assert_eq!(cursor.map(|cursor| cursor.stored), Some(1));
    }
}
