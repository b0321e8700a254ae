//! The data directory: made private, and held by one serving process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::settings::DataArgs;
use crate::start::StartError;

/// Names the installation, by which its containers are labelled, for scripts.
const INSTALLATION_FILE: &str = "installation";
const LOCK_FILE: &str = "lock";

/// A data directory that nobody else serves as long as this lives.
#[derive(Debug)]
pub(crate) struct Held {
    folder: PathBuf,
    /// The system lets go of the lock when the file is closed, however the process ends.
    _lock: File,
}

impl Held {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes down which installation this is.
    pub(crate) fn note_installation(&self, id: &str) -> Result<(), StartError> {
        let file = self.folder.join(INSTALLATION_FILE);
        fs::write(file, format!("{id}\n")).map_err(|source| unusable(&self.folder, source))
    }
}

/// The folder of choice, made where it is not there, for its owner alone.
pub(crate) fn open(data: &DataArgs) -> Result<PathBuf, StartError> {
    let folder = data.folder().ok_or(StartError::NoDataDir)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|source| unusable(&folder, source))?;
    Ok(folder)
}

/// Takes the folder of choice for this process.
pub(crate) fn hold(data: &DataArgs) -> Result<Held, StartError> {
    let folder = open(data)?;
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(LOCK_FILE))
        .map_err(|source| unusable(&folder, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(Held {
            folder,
            _lock: lock,
        }),
        Err(TryLockError::WouldBlock) => Err(StartError::Locked(folder)),
        Err(TryLockError::Error(source)) => Err(unusable(&folder, source)),
    }
}

fn unusable(folder: &Path, source: io::Error) -> StartError {
    StartError::DataDir {
        folder: folder.to_owned(),
        source,
    }
}
