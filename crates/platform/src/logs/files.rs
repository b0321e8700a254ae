//! Appending: the newest segment of each service, its repair after a crash, and the limit.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::cursor::{Cursor, Cursors};
use super::frame::{frames, whole};
use super::segments::{self, SEGMENT, Segment};

/// What is written to of each service.
pub(super) struct Files {
    folder: PathBuf,
    /// Bytes that a service may keep.
    limit: u64,
    open: HashMap<String, Newest>,
}

/// The newest segment of a service, and where the lines stored so far end.
struct Newest {
    segment: Segment,
    cursors: Cursors,
}

impl Files {
    pub(super) fn new(folder: PathBuf, limit: u64) -> Self {
        Self {
            folder,
            limit,
            open: HashMap::new(),
        }
    }

    /// Where the stored lines of a source end.
    pub(super) fn cursor(&mut self, service_id: &str, source: u64) -> io::Result<Option<Cursor>> {
        Ok(self.newest(service_id)?.cursors.get(source))
    }

    /// Appends whole records: all of them, or none.
    pub(super) fn append(&mut self, service_id: &str, records: &[u8]) -> io::Result<()> {
        let folder = segments::folder(&self.folder, service_id);
        let limit = self.limit;
        let newest = self.newest(service_id)?;
        if newest.segment.size >= SEGMENT {
            let next = Segment::empty(&folder, newest.segment.number + 1);
            write(&next.path, 0, &newest.cursors.marks())?;
            newest.segment = Segment {
                size: fs::metadata(&next.path)?.len(),
                ..next
            };
            drop_oldest(&folder, limit)?;
        }
        write(&newest.segment.path, newest.segment.size, records)?;
        newest.segment.size += records.len() as u64;
        for frame in frames(records) {
            newest.cursors.note(&frame);
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
    /// Takes up the newest segment, without what a crash tore, or begins the first.
    fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut cursors = Cursors::default();
        let mut segment = Segment::empty(folder, 1);
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
        }
        Ok(Self { segment, cursors })
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
