//! The end of a text that is past its limit, on the disk for as long as the text is written: whatever
//! ends the process, it is there.
//!
//! It comes in two files, each with as much text as is kept in the end: one grows, and takes the place
//! of the other when it is full. Each begins with two numbers of 8 bytes, the lowest first: how long the
//! text was before its tail, and how much of the tail came before the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much of the end of a text is kept that is past its limit.
pub(super) const TAIL: usize = 2 * 1024 * 1024;
/// How long the two numbers are, in bytes.
const NUMBERS: usize = 16;

/// A tail that is being written.
#[derive(Debug)]
pub(super) struct Tail {
    text: PathBuf,
    /// How long the text was before it.
    head: u64,
    /// How much of it came so far.
    came: u64,
    growing: Option<Growing>,
}

#[derive(Debug)]
struct Growing {
    file: File,
    length: usize,
}

/// What is kept of a tail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// How long the text was before it.
    pub(super) head: u64,
    /// How much is left out between the two, in bytes.
    pub(super) left_out: u64,
    pub(super) text: String,
}

impl Tail {
    /// Of the text in a file, which is so long.
    pub(super) fn of(text: &Path, head: u64) -> Self {
        Self {
            text: text.to_owned(),
            head,
            came: 0,
            growing: None,
        }
    }

    /// Adds to it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let surplus = bytes.len().saturating_sub(TAIL);
        let kept = bytes.get(surplus..).unwrap_or_default();
        self.came += surplus as u64;
        let mut growing = match self.growing.take() {
            Some(growing) if growing.length + kept.len() <= TAIL => growing,
            full_or_none => {
                if full_or_none.is_some() {
                    fs::rename(newer(&self.text), older(&self.text))?;
                }
                self.begin()?
            }
        };
        let end = (NUMBERS + growing.length) as u64;
        let written = growing.file.write_all_at(kept, end);
        if written.is_ok() {
            growing.length += kept.len();
            self.came += kept.len() as u64;
        } else {
            // Where not even that works, the next piece is written over it.
            let _ = growing.file.set_len(end);
        }
        self.growing = Some(growing);
        written
    }

    fn begin(&self) -> io::Result<Growing> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true);
        let mut file = options.open(newer(&self.text))?;
        let numbers = [self.head.to_le_bytes(), self.came.to_le_bytes()].concat();
        file.write_all(&numbers)?;
        Ok(Growing { file, length: 0 })
    }
}

/// What is kept of a text's tail, if it has one.
pub(super) fn kept(text: &Path) -> io::Result<Option<Kept>> {
    let older = read(&older(text))?;
    let Some((head, before, bytes)) = read(&newer(text))?.or_else(|| older.clone()) else {
        return Ok(None);
    };
    let end = before + bytes.len() as u64;
    // Only what the newer one goes on from.
    let older =
        older.filter(|(_, before_older, bytes)| before_older + bytes.len() as u64 == before);
    let mut all = older.map(|(.., bytes)| bytes).unwrap_or_default();
    all.extend(bytes);
    all.drain(..all.len().saturating_sub(TAIL));
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let cut = all.iter().take(3).take_while(is_inside).count();
    all.drain(..cut);
    Ok(Some(Kept {
        head,
        left_out: end.saturating_sub(all.len() as u64),
        text: String::from_utf8_lossy(&all).into_owned(),
    }))
}

/// Removes a text's tail.
pub(super) fn remove(text: &Path) -> io::Result<()> {
    for file in [older(text), newer(text)] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

type Read = (u64, u64, Vec<u8>);

/// Both numbers of a file, and its part of the tail.
fn read(file: &Path) -> io::Result<Option<Read>> {
    let mut bytes = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let number = |at: usize| {
        let number = bytes.get(at..at + NUMBERS / 2)?;
        Some(u64::from_le_bytes(number.try_into().ok()?))
    };
    // One that ended before its numbers holds nothing.
    let Some((head, before)) = number(0).zip(number(NUMBERS / 2)) else {
        return Ok(None);
    };
    bytes.drain(..NUMBERS);
    Ok(Some((head, before, bytes)))
}

fn newer(text: &Path) -> PathBuf {
    text.with_extension("tail")
}

fn older(text: &Path) -> PathBuf {
    text.with_extension("tail-before")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(pieces: &[String]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("a.log");
        let mut tail = Tail::of(&text, 7);
        for piece in pieces {
            tail.write(piece.as_bytes()).unwrap();
        }
        (folder, text)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_end_is_kept_at_any_moment(
            sizes in prop::collection::vec(1usize..TAIL / 2, 1..12), large in 0usize..12,
        ) {
            let mut pieces: Vec<String> = sizes
                .iter()
                .enumerate()
                .map(|(index, size)| format!("{index}ä").repeat(size / 3 + 1))
                .collect();
            if let Some(piece) = pieces.get_mut(large) {
                *piece = piece.repeat(TAIL * 2 / piece.len());
            }
            let (_folder, text) = written(&pieces);
            let all = pieces.concat();
            let kept = kept(&text).unwrap().unwrap();
            prop_assert!(all.ends_with(&kept.text));
            prop_assert_eq!(kept.left_out as usize + kept.text.len(), all.len());
            prop_assert!(kept.text.len() + 3 > all.len().min(TAIL), "{}", kept.text.len());
            prop_assert!(kept.text.len() <= TAIL);
            prop_assert_eq!(kept.head, 7);
        }
    }

    #[test]
    fn what_ends_between_two_files_loses_nothing() {
        let (_folder, text) = written(&["one".to_owned()]);
        fs::rename(newer(&text), older(&text)).unwrap();
        let whole = kept(&text).unwrap().unwrap();
        assert_eq!((whole.text.as_str(), whole.left_out), ("one", 0));
        // The next file was made, and its numbers not written.
        fs::write(newer(&text), [0; 5]).unwrap();
        assert_eq!(kept(&text).unwrap(), Some(whole));
        remove(&text).unwrap();
        assert_eq!(kept(&text).unwrap(), None);
        remove(&text).unwrap();
    }
}
