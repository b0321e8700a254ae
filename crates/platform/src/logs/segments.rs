//! The segment files of a service: `00000001.log`, `00000002.log`, …

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

/// A segment is closed when it has grown to this, in bytes.
pub(super) const SEGMENT: u64 = 16 * 1024 * 1024;

/// One segment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) path: PathBuf,
    /// Bytes.
    pub(super) size: u64,
}

impl Segment {
    /// A segment with nothing in it yet.
    pub(super) fn empty(folder: &Path, number: u32) -> Self {
        Self {
            number,
            path: folder.join(format!("{number:08}.log")),
            size: 0,
        }
    }
}

/// The folder of a service. Ids are UUIDs made by the platform, so they are safe as names.
pub(super) fn folder(logs: &Path, service_id: &str) -> PathBuf {
    logs.join(service_id)
}

/// The segments of a service, oldest first; none where nothing was ever stored.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut segments = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".log"))
            .and_then(|number| number.parse().ok());
        if let Some(number) = number {
            segments.push(Segment {
                number,
                size: entry.metadata()?.len(),
                path,
            });
        }
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// When a segment was last written to.
pub(super) fn written(segment: &Segment) -> io::Result<SystemTime> {
    fs::metadata(&segment.path)?.modified()
}

/// The bytes of a segment; `None` where the writer has dropped it meanwhile.
pub(super) fn bytes(segment: &Segment) -> io::Result<Option<Vec<u8>>> {
    match fs::read(&segment.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.map(Some),
    }
}
