//! The lines that were loaded: text in large blocks, and a small entry a line.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use wire::logs::{LogLine, LogStream};

/// How many lines are kept: the oldest go first.
pub const CAPACITY: usize = 200_000;

/// How much later than a line that was written after it a line may come.
const LATENESS: TimeDelta = TimeDelta::seconds(3);

/// Bytes after which a block of text is full.
const BLOCK: usize = 256 * 1024;

/// One line, without its text.
#[derive(Clone, Copy, Debug)]
struct Entry {
    timestamp: DateTime<Utc>,
    block: u32,
    start: u32,
    end: u32,
    instance: u16,
    is_error: bool,
}

/// A line as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was written.
    pub timestamp: DateTime<Utc>,
    /// `web.0`
    pub instance: &'a str,
    /// Whether it came over standard error.
    pub is_error: bool,
    /// The text.
    pub message: &'a str,
}

/// Which of the loaded lines are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only this instance's.
    pub instance: Option<String>,
    /// Only those of standard error, or only the others.
    pub is_error: Option<bool>,
}

/// Lines, oldest first.
#[derive(Debug, Default)]
pub struct Store {
    entries: VecDeque<Entry>,
    blocks: VecDeque<String>,
    /// The number of the first block that is still held.
    first_block: u32,
    instances: Vec<String>,
    revision: u32,
}

impl Store {
    /// How many lines are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no line is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names of the instances whose lines were loaded, in the order of their first line.
    pub fn instances(&self) -> &[String] {
        &self.instances
    }

    /// Where the next question begins: some time before the newest line, since a line of another
    /// instance may come later than one that was written after it.
    pub fn resume(&self) -> Option<DateTime<Utc>> {
        let newest = self.entries.back()?.timestamp;
        newest.checked_sub_signed(LATENESS)
    }

    /// Changes when places do: when the oldest lines went, or one came between others.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// A line by its place.
    pub fn get(&self, index: usize) -> Option<Line<'_>> {
        let entry = self.entries.get(index)?;
        let block = self.blocks.get((entry.block - self.first_block) as usize)?;
        Some(Line {
            timestamp: entry.timestamp,
            instance: self.instances.get(usize::from(entry.instance))?,
            is_error: entry.is_error,
            message: block.get(entry.start as usize..entry.end as usize)?,
        })
    }

    /// Takes over an answer that may repeat lines that are held: those are left out. Gives how many
    /// lines were new.
    pub fn append(&mut self, lines: &[LogLine]) -> usize {
        let new = self.new_among(lines);
        for line in &new {
            self.push(line);
        }
        self.trim();
        new.len()
    }

    /// The lines of an answer, oldest first, that are not held. Of equal lines as many are new as
    /// the answer has more of.
    fn new_among<'a>(&self, lines: &'a [LogLine]) -> Vec<&'a LogLine> {
        let Some(oldest) = lines.first().map(|line| line.timestamp) else {
            return Vec::new();
        };
        let mut held: BTreeMap<_, usize> = BTreeMap::new();
        let again = (0..self.len()).rev().map_while(|place| self.get(place));
        for line in again.take_while(|line| line.timestamp >= oldest) {
            let line = (line.timestamp, line.instance, line.is_error, line.message);
            *held.entry(line).or_default() += 1;
        }
        let mut new = Vec::new();
        for line in lines {
            let is_error = line.stream.known() == Some(LogStream::Stderr);
            let key = (line.timestamp, &*line.instance, is_error, &*line.message);
            match held.get_mut(&key) {
                Some(count) if *count > 0 => *count -= 1,
                _ => new.push(line),
            }
        }
        new
    }

    /// The places of the lines that a selection shows, from place `from` on.
    pub fn select(&self, selection: &Selection, from: usize) -> Vec<u32> {
        let instance = selection.instance.as_ref().map(|wanted| {
            let place = self.instances.iter().position(|known| known == wanted);
            place.unwrap_or(usize::MAX)
        });
        (from..)
            .zip(self.entries.range(from.min(self.len())..))
            .filter(|(_, entry)| {
                instance.is_none_or(|wanted| usize::from(entry.instance) == wanted)
                    && selection
                        .is_error
                        .is_none_or(|wanted| entry.is_error == wanted)
            })
            .filter_map(|(place, _)| u32::try_from(place).ok())
            .collect()
    }

    fn push(&mut self, line: &LogLine) {
        let instance = self.instance(&line.instance);
        if self.blocks.back().is_none_or(|block| block.len() >= BLOCK) {
            self.blocks.push_back(String::new());
        }
        let number = self.first_block as usize + self.blocks.len() - 1;
        let Some(block) = self.blocks.back_mut() else {
            return;
        };
        let start = block.len();
        block.push_str(&line.message);
        let (Ok(number), Ok(start), Ok(end)) = (
            u32::try_from(number),
            u32::try_from(start),
            u32::try_from(block.len()),
        ) else {
            return;
        };
        let entry = Entry {
            timestamp: line.timestamp,
            block: number,
            start,
            end,
            instance,
            is_error: line.stream.known() == Some(LogStream::Stderr),
        };
        let later = self.entries.iter().rev();
        let later = later.take_while(|known| known.timestamp > entry.timestamp);
        match later.count() {
            0 => self.entries.push_back(entry),
            later => {
                self.entries.insert(self.len() - later, entry);
                self.revision += 1;
            }
        }
    }

    fn instance(&mut self, name: &str) -> u16 {
        let place = self.instances.iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| {
            self.instances.push(name.to_owned());
            self.instances.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    fn trim(&mut self) {
        let surplus = self.len().saturating_sub(CAPACITY);
        if surplus == 0 {
            return;
        }
        self.entries.drain(..surplus);
        self.revision += 1;
        // A line that came late stands before others whose text is older than its own.
        let needed = self.entries.iter().map(|entry| entry.block).min();
        while needed.is_some_and(|needed| needed > self.first_block) {
            self.blocks.pop_front();
            self.first_block += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::open::Open;

    use super::*;

    fn stream_of(is_error: bool) -> LogStream {
        match is_error {
            true => LogStream::Stderr,
            false => LogStream::Stdout,
        }
    }

    fn line(second: i64, instance: &str, message: &str) -> LogLine {
        LogLine {
            timestamp: DateTime::from_timestamp(second, 0).unwrap(),
            instance: instance.to_owned(),
            stream: Open::Known(stream_of(message.contains("error"))),
            message: message.to_owned(),
        }
    }

    #[test]
    fn an_answer_that_overlaps_adds_only_what_is_new() {
        let mut store = Store::default();
        let first = [
            line(1, "web.0", "a"),
            line(2, "web.0", "b"),
            line(2, "web.1", "b"),
        ];
        assert_eq!(store.append(&first), 3);
        let next = [
            line(2, "web.0", "b"),
            line(2, "web.1", "b"),
            line(2, "web.0", "b"),
            line(3, "web.0", "c"),
        ];
        assert_eq!(
            store.append(&next),
            2,
            "a third equal line of the same instant is new"
        );
        assert_eq!(store.len(), 5);
        assert_eq!(store.get(4).unwrap().message, "c");
        assert_eq!(store.revision(), 0);
    }

    #[test]
    fn a_line_that_comes_late_takes_its_place() {
        let mut store = Store::default();
        store.append(&[line(1, "web.0", "a"), line(3, "web.0", "c")]);
        let late = [
            line(1, "web.0", "a"),
            line(2, "web.1", "b"),
            line(3, "web.0", "c"),
        ];
        assert_eq!(store.append(&late), 1);
        let texts: Vec<_> = (0..3).map(|at| store.get(at).unwrap().message).collect();
        assert_eq!(texts, ["a", "b", "c"]);
        assert_eq!(store.revision(), 1, "places moved");
        assert_eq!(store.resume(), DateTime::from_timestamp(0, 0));
    }

    #[test]
    fn a_selection_shows_one_instance_or_stream() {
        let mut store = Store::default();
        store.append(&[
            line(1, "web.0", "a"),
            line(2, "web.1", "error"),
            line(3, "web.0", "error"),
        ]);
        let select = |instance: Option<&str>, is_error| {
            store.select(
                &Selection {
                    instance: instance.map(str::to_owned),
                    is_error,
                },
                0,
            )
        };
        assert_eq!(select(None, None), [0, 1, 2]);
        assert_eq!(select(Some("web.0"), None), [0, 2]);
        assert_eq!(select(Some("web.0"), Some(true)), [2]);
        assert!(select(Some("gone"), None).is_empty());
    }

    #[test]
    fn the_oldest_lines_go_first() {
        let mut store = Store::default();
        let text = "x".repeat(100);
        for start in (0..210_000).step_by(10_000) {
            let lines: Vec<LogLine> = (start..start + 10_000)
                .map(|n| line(n, "web.0", &format!("{n} {text}")))
                .collect();
            store.append(&lines);
        }
        assert_eq!(store.len(), CAPACITY);
        assert!(store.get(0).unwrap().message.starts_with("10000 "));
        assert!(
            store
                .get(CAPACITY - 1)
                .unwrap()
                .message
                .starts_with("209999 ")
        );
        let held: usize = store.blocks.iter().map(String::len).sum();
        assert!(held < CAPACITY * 110 + BLOCK);
    }
}
