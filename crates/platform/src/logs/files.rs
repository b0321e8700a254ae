//! Appending: the newest segment of each service, its repair after a crash, and how long the others
//! stay.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Retention;
use super::cursor::{Cursor, Cursors};
use super::frame::{Kind, frames, whole};
use super::segments::{self, SEGMENT, Segment};

/// A segment is closed after this part of the time that lines are kept, so that the lines of one
/// that is dropped are not much too old.
const AGE_SHARE: u32 = 8;

/// What is written to of each service.
pub(super) struct Files {
    folder: PathBuf,
    retention: Retention,
    open: HashMap<String, Newest>,
}

/// The newest segment of a service, and where the lines stored so far end.
struct Newest {
    segment: Segment,
    /// When it was begun, or its first line was written.
    begun: SystemTime,
    cursors: Cursors,
}

impl Files {
    pub(super) fn new(folder: PathBuf, retention: Retention) -> Self {
        Self {
            folder,
            retention,
            open: HashMap::new(),
        }
    }

    /// Where the stored lines of a source end.
    pub(super) fn cursor(&mut self, service_id: &str, source: u64) -> io::Result<Option<Cursor>> {
        Ok(self.newest(service_id)?.cursors.get(source))
    }

    /// Appends whole records: all of them, or none.
    pub(super) fn append(&mut self, service_id: &str, records: &[u8]) -> io::Result<()> {
        let most = self.retention.age / AGE_SHARE;
        let newest = self.newest(service_id)?;
        if newest.segment.size >= SEGMENT || newest.age() > most {
            self.begin_next(service_id)?;
        }
        let newest = self.newest(service_id)?;
        write(&newest.segment.path, newest.segment.size, records)?;
        newest.segment.size += records.len() as u64;
        for frame in frames(records) {
            newest.cursors.note(&frame);
        }
        Ok(())
    }

    /// Begins the next segment of a service, and drops the oldest for which there is no room.
    fn begin_next(&mut self, service_id: &str) -> io::Result<()> {
        let folder = segments::folder(&self.folder, service_id);
        let limit = self.retention.bytes;
        let newest = self.newest(service_id)?;
        let next = Segment::empty(&folder, newest.segment.number + 1);
        write(&next.path, 0, &newest.cursors.marks())?;
        newest.segment = Segment {
            size: fs::metadata(&next.path)?.len(),
            ..next
        };
        newest.begun = SystemTime::now();
        drop_oldest(&folder, limit)
    }

    /// Drops the segments of all services to which nothing was written for longer than lines are
    /// kept.
    pub(super) fn drop_aged(&mut self, now: SystemTime) -> io::Result<()> {
        let Some(oldest) = now.checked_sub(self.retention.age) else {
            return Ok(());
        };
        for entry in fs::read_dir(&self.folder)? {
            if let Ok(service_id) = entry?.file_name().into_string() {
                self.drop_aged_of(&service_id, oldest)?;
            }
        }
        Ok(())
    }

    fn drop_aged_of(&mut self, service_id: &str, oldest: SystemTime) -> io::Result<()> {
        let segments = segments::list(&segments::folder(&self.folder, service_id))?;
        let mut aged = Vec::new();
        for segment in &segments {
            if segments::written(segment)? < oldest {
                aged.push(segment);
            }
        }
        // The newest one knows how far each instance's lines are stored.
        if aged
            .last()
            .is_some_and(|last| Some(*last) == segments.last())
        {
            self.begin_next(service_id)?;
        }
        for segment in aged {
            match fs::remove_file(&segment.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                // There was no room for it either.
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, service_id: &str) {
        self.open.remove(service_id);
        if let Err(error) = fs::remove_dir_all(segments::folder(&self.folder, service_id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%service_id, %error, "stored log lines can't be removed");
        }
    }

    fn newest(&mut self, service_id: &str) -> io::Result<&mut Newest> {
        if !self.open.contains_key(service_id) {
            let newest = Newest::open(&segments::folder(&self.folder, service_id))?;
            self.open.insert(service_id.to_owned(), newest);
        }
        self.open
            .get_mut(service_id)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Newest {
    /// How long ago it was begun.
    fn age(&self) -> Duration {
        // A clock that was set back says nothing.
        self.begun.elapsed().unwrap_or_default()
    }

    /// Takes up the newest segment, without what a crash tore, or begins the first.
    fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut cursors = Cursors::default();
        let mut segment = Segment::empty(folder, 1);
        let mut begun = SystemTime::now();
        // The head of the newest one may be torn, but then the one before holds every cursor.
        let segments = segments::list(folder)?;
        for found in segments.into_iter().rev().take(2).rev() {
            let bytes = fs::read(&found.path)?;
            for frame in frames(&bytes) {
                cursors.note(&frame);
            }
            segment = Segment {
                size: whole(&bytes) as u64,
                ..found
            };
            let first = frames(&bytes).find(|frame| matches!(frame.kind, Kind::Line(_)));
            let first = first.and_then(|first| u64::try_from(first.nanos).ok());
            begun = first.map_or_else(SystemTime::now, |nanos| {
                SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
            });
        }
        Ok(Self {
            segment,
            begun,
            cursors,
        })
    }
}

/// Writes at the end that is known to be good: what an interrupted write left after it is cut off.
fn write(path: &Path, end: u64, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .append(true)
        .open(path)?;
    if file.metadata()?.len() != end {
        file.set_len(end)?;
    }
    file.write_all(bytes)
}

/// Drops the oldest segments until there is room for one more; the newest two always stay.
fn drop_oldest(folder: &Path, limit: u64) -> io::Result<()> {
    let mut segments = segments::list(folder)?;
    segments.truncate(segments.len().saturating_sub(2));
    let kept: u64 = segments.iter().map(|segment| segment.size).sum();
    let mut size = kept + 2 * SEGMENT;
    for segment in segments {
        if size <= limit {
            break;
        }
        fs::remove_file(&segment.path)?;
        size -= segment.size;
    }
    Ok(())
}
