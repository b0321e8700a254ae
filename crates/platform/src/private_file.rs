//! Files that hold a secret: read only where nobody but their owner can read them.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What others than a file's owner may do with it.
const OTHERS: u32 = 0o077;
/// The longest file that is taken for a secret's, in bytes.
const LONGEST: u64 = 4096;

/// Why a file is not taken.
pub(crate) enum Unfit {
    /// It can't be read: the system's words.
    Unread(io::Error),
    /// Others can read it: its permissions.
    Open(u32),
}

/// The text of a file that nobody but its owner can read, without the white space around it.
///
/// # Errors
/// It can't be read, or others can read it too.
pub(crate) fn read(file: &Path) -> Result<String, Unfit> {
    let opened = File::open(file).map_err(Unfit::Unread)?;
    // Of the very file that is read.
    let mode = opened.metadata().map_err(Unfit::Unread)?.permissions();
    let mode = mode.mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(Unfit::Open(mode));
    }
    let mut text = String::new();
    let read = opened.take(LONGEST).read_to_string(&mut text);
    read.map_err(Unfit::Unread)?;
    Ok(text.trim().to_owned())
}
