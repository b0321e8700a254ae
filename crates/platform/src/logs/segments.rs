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
            segments.extend(sized(number, path)?);
        }
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// A segment that was listed; `None` where the writer has dropped it meanwhile.
fn sized(number: u32, path: PathBuf) -> io::Result<Option<Segment>> {
    let size = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?.len(),
    };
    Ok(Some(Segment { number, path, size }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_since_it_was_listed_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("00000007.log");
        assert_eq!(sized(7, path.clone()).unwrap(), None);
        fs::write(&path, "text").unwrap();
        let listed = list(folder.path()).unwrap();
        assert_eq!((listed[0].number, listed[0].size), (7, 4));
        assert_eq!(listed, [sized(7, path).unwrap().unwrap()]);
    }

    #[test]
    fn a_list_of_what_is_being_dropped_never_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u32| Segment::empty(folder.path(), number).path;
        std::thread::scope(|scope| {
            let dropping = scope.spawn(|| {
                for number in 0..5_000 {
                    fs::write(path(number), "text").unwrap();
                    fs::remove_file(path(number)).unwrap();
                }
            });
            while !dropping.is_finished() {
                assert!(list(folder.path()).is_ok());
            }
        });
    }
}
