//! What builds and deployments tell while they work: one text a piece of work, which only grows.
//!
//! A text has a limit. Its head is written as it comes; what comes past the head is kept back in files
//! of its own, of which the last part follows when the work ends, after a line that says how much was
//! left out. Where the process ends first, it follows when the text is next begun.

mod tail;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use pilothouse_wire::build::WorkLogQuery;

use self::tail::{TAIL, Tail};

/// The folder in the data directory.
const FOLDER: &str = "work";
/// How much more a text takes that is begun again past its limit: what became of the work.
const EPILOGUE: usize = 4 * 1024;
/// What a text says where its head is full.
const FULL: &str = "\n[… the log has reached its limit: what follows is kept back, and its end shown when the work ends …]\n";
/// How often it is noted that what is kept back grew.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// The most that a read from an offset gives at once.
const PIECE: u64 = 4 * 1024 * 1024;

/// Every text of one data directory. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Journals {
    folder: PathBuf,
    limit: usize,
}

/// A part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// The offset of what follows.
    pub(crate) next_offset: u64,
}

impl Journals {
    /// Opens the folder of a data directory, making it as needed. `limit` is in bytes.
    pub(crate) fn open(data_dir: &Path, limit: usize) -> io::Result<Self> {
        let folder = data_dir.join(FOLDER);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, limit })
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.log"))
    }

    /// Begins or continues a text, which nobody else is writing.
    pub(crate) fn begin(&self, id: &str) -> io::Result<Journal> {
        let path = self.file(id);
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        add_tail(&path, &mut file)?;
        let written = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let head = match self.limit.saturating_sub(TAIL).saturating_sub(written) {
            0 => EPILOGUE,
            head => head,
        };
        Ok(Journal {
            path,
            file,
            head,
            tail: None,
            noted: None,
        })
    }

    /// Adds a line with its time to a text of a few lines. A line that can't be written is lost: the
    /// work that it tells of matters more.
    pub(crate) fn note(&self, id: &str, line: &str) {
        let now = Utc::now().format("%H:%M:%S%.3f");
        let noted = self
            .begin(id)
            .and_then(|mut journal| journal.write(&format!("{now}  {line}\n")));
        if let Err(error) = noted {
            tracing::warn!(%id, %error, "a line of a log can't be written");
        }
    }

    /// A part of a text; empty of one that is not there.
    pub(crate) fn read(&self, id: &str, query: WorkLogQuery) -> io::Result<Part> {
        let mut file = match File::open(self.file(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Part::default()),
            opened => opened?,
        };
        let length = file.metadata()?.len();
        let from = match query {
            WorkLogQuery {
                offset: Some(offset),
                ..
            } => offset.min(length),
            WorkLogQuery {
                tail: Some(tail), ..
            } => length.saturating_sub(tail),
            _ => 0,
        };
        let most = if query.offset.is_some() {
            PIECE
        } else {
            length
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(most.min(length - from)).read_to_end(&mut bytes)?;
        Ok(whole_characters(bytes, from))
    }

    /// The id of every text.
    pub(crate) fn ids(&self) -> io::Result<Vec<String>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            ids.extend(
                name.to_str()
                    .and_then(|name| Some(name.strip_suffix(".log")?.to_owned())),
            );
        }
        Ok(ids)
    }

    /// When a text last grew.
    pub(crate) fn grew(&self, id: &str) -> Option<DateTime<Utc>> {
        let modified = fs::metadata(self.file(id)).ok()?.modified().ok()?;
        Some(modified.into())
    }

    /// Forgets a text.
    pub(crate) fn remove(&self, id: &str) {
        let file = self.file(id);
        if let Err(error) = tail::remove(&file).and_then(|()| fs::remove_file(file))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%id, %error, "a log can't be removed");
        }
    }
}

/// Leaves out the parts of characters at both ends that a cut at a byte made.
fn whole_characters(mut bytes: Vec<u8>, from: u64) -> Part {
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let skipped = bytes.iter().take(3).take_while(is_inside).count();
    bytes.drain(..skipped);
    let whole = match std::str::from_utf8(&bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    bytes.truncate(whole);
    Part {
        next_offset: from + (skipped + bytes.len()) as u64,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// A text that is being written.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// How many bytes the head still takes.
    head: usize,
    /// What comes past the head.
    tail: Option<Tail>,
    /// When it was last noted that what is kept back grew.
    noted: Option<Instant>,
}

impl Journal {
    /// Adds to the text.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        let mut cut = self.head.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let (head, rest) = text.split_at(cut);
        self.head -= head.len();
        self.file.write_all(head.as_bytes())?;
        if rest.is_empty() {
            return Ok(());
        }
        // Nothing more goes into the head: the text stays in order.
        self.head = 0;
        let tail = match &mut self.tail {
            Some(tail) => tail,
            none => {
                self.file.write_all(FULL.as_bytes())?;
                none.insert(Tail::of(&self.path, self.file.metadata()?.len()))
            }
        };
        tail.write(rest.as_bytes())?;
        self.note_growth()
    }

    /// What is kept back grows the text too, for whoever asks when it last did.
    fn note_growth(&mut self) -> io::Result<()> {
        if self.noted.is_some_and(|noted| noted.elapsed() < NOTE_EVERY) {
            return Ok(());
        }
        self.noted = Some(Instant::now());
        self.file.set_modified(SystemTime::now())
    }

    /// Writes the part that was kept back. The text grows no more by this writer.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        match self.tail {
            Some(_) => add_tail(&self.path, &mut self.file),
            None => Ok(()),
        }
    }
}

/// Adds what was kept back of a text to it, if that has not been done; one that was cut short begins
/// again.
fn add_tail(path: &Path, file: &mut File) -> io::Result<()> {
    let Some(kept) = tail::kept(path)? else {
        return Ok(());
    };
    file.set_len(kept.head)?;
    if kept.left_out > 0 {
        let mark = format!(
            "\n[… {} bytes are left out here: the log was longer than its limit …]\n",
            kept.left_out
        );
        file.write_all(mark.as_bytes())?;
    }
    file.write_all(kept.text.as_bytes())?;
    tail::remove(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn journals(limit: usize) -> (tempfile::TempDir, Journals) {
        let folder = tempfile::tempdir().unwrap();
        let journals = Journals::open(folder.path(), limit).unwrap();
        (folder, journals)
    }

    fn all(journals: &Journals) -> String {
        let part = journals.read("a", WorkLogQuery::default());
        part.unwrap().text
    }

    #[test]
    fn a_long_text_keeps_its_head_and_its_tail() {
        let (_folder, journals) = journals(TAIL + 1_000);
        let mut journal = journals.begin("a").unwrap();
        journal.write("begins\n").unwrap();
        for _ in 0..300_000 {
            journal.write("0123456789\n").unwrap();
        }
        let before = all(&journals);
        assert!(before.len() <= 1_000 + FULL.len() && before.starts_with("begins\n"));
        assert!(before.ends_with(FULL), "who follows it is told");
        let old = SystemTime::UNIX_EPOCH;
        let file = File::options().append(true).open(journals.file("a"));
        file.unwrap().set_modified(old).unwrap();
        journal.noted = None;
        journal.write("grows\n").unwrap();
        assert!(journals.grew("a").unwrap() > DateTime::<Utc>::from(old));
        journal.write("ends\n").unwrap();
        journal.finish().unwrap();
        let after = all(&journals);
        assert!(after.starts_with(&before) && after.ends_with("\nends\n"));
        assert!(after.contains("are left out here"));
        assert!(after.len() < TAIL + 2_000, "{}", after.len());
    }

    #[test]
    fn what_is_kept_back_outlives_the_process() {
        let (folder, journals) = journals(TAIL + 1_000);
        let mut journal = journals.begin("a").unwrap();
        for line in 0..400_000 {
            journal.write(&format!("line {line}\n")).unwrap();
        }
        // Nobody finishes it; a first try to add the tail is cut short too.
        drop(journal);
        let file = File::options().append(true).open(journals.file("a"));
        file.unwrap().write_all(b"\n[\xe2\x80").unwrap();
        let mut again = journals.begin("a").unwrap();
        again.write("It was interrupted.\n").unwrap();
        again.finish().unwrap();
        let text = all(&journals);
        assert!(text.starts_with("line 0\n"), "its head");
        assert!(
            text.ends_with("\nline 399999\nIt was interrupted.\n"),
            "its tail"
        );
        for mark in [FULL, "bytes are left out here"] {
            assert_eq!(text.matches(mark).count(), 1, "{mark}");
        }
        assert!(text.len() < TAIL + 2_000, "{}", text.len());
        let files = fs::read_dir(folder.path().join(FOLDER)).unwrap();
        assert_eq!(files.count(), 1, "nothing is left beside it");
        journals.note("a", "later");
        assert!(all(&journals).ends_with("  later\n"));
        journals.remove("a");
        assert_eq!(all(&journals), "");
    }

    #[test]
    fn a_text_that_was_cut_short_goes_on() {
        let (_folder, journals) = journals(TAIL + 1_000);
        journals.begin("a").unwrap().write("one\n").unwrap();
        journals.note("a", "two");
        let text = all(&journals);
        assert!(
            text.starts_with("one\n") && text.ends_with("  two\n"),
            "{text}"
        );
        journals.remove("a");
        assert_eq!(all(&journals), "");
    }

    proptest! {
        #[test]
        fn following_gives_the_whole_text(pieces in prop::collection::vec("[aä€😀\n]{0,9}", 0..9)) {
            let (_folder, journals) = journals(TAIL + 1_000);
            let mut journal = journals.begin("a").unwrap();
            let (mut followed, mut offset) = (String::new(), 0);
            for piece in &pieces {
                journal.write(piece).unwrap();
                let query = WorkLogQuery { offset: Some(offset), tail: None };
                let part = journals.read("a", query).unwrap();
                followed.push_str(&part.text);
                offset = part.next_offset;
            }
            prop_assert_eq!(&followed, &pieces.concat());
            prop_assert_eq!(all(&journals), pieces.concat());
        }

        #[test]
        fn a_tail_is_an_end_of_whole_characters(text in "[aä€😀\n]{0,40}", tail in 0u64..50) {
            let (_folder, journals) = journals(TAIL + 1_000);
            journals.begin("a").unwrap().write(&text).unwrap();
            let query = WorkLogQuery { offset: None, tail: Some(tail) };
            let part = journals.read("a", query).unwrap();
            prop_assert!(text.ends_with(&part.text));
            prop_assert!(part.text.len() as u64 <= tail);
            prop_assert_eq!(part.next_offset, text.len() as u64);
        }
    }
}
