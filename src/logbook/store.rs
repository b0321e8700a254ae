//! The lines that were loaded: text in large blocks, and a small entry a line.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use wire::logs::{LogLine, LogStream};
use wire::open::Open;

/// How many lines are kept: the oldest go first.
pub const CAPACITY: usize = 200_000;

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

    /// The instant of the newest line: the next question begins there.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        self.entries.back().map(|entry| entry.timestamp)
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

    /// Takes over an answer that begins at [`Store::newest`]: lines of that very instant that are
    /// held already are left out. Gives how many lines were new.
    pub fn append(&mut self, lines: &[LogLine]) -> usize {
        let newest = self.newest();
        let mut known = self.at_newest();
        let mut added = 0;
        for line in lines {
            if newest.is_some_and(|newest| line.timestamp < newest) {
                continue;
            }
            let known = known.iter_mut().find(|known| known.as_ref() == Some(line));
            match known {
                Some(known) => *known = None,
                None => {
                    self.push(line);
                    added += 1;
                }
            }
        }
        self.trim();
        added
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

    /// The held lines of the newest instant.
    fn at_newest(&self) -> Vec<Option<LogLine>> {
        let Some(newest) = self.newest() else {
            return Vec::new();
        };
        (0..self.len())
            .rev()
            .map_while(|place| self.get(place).filter(|line| line.timestamp == newest))
            .map(|line| {
                Some(LogLine {
                    timestamp: line.timestamp,
                    instance: line.instance.to_owned(),
                    stream: Open::Known(stream_of(line.is_error)),
                    message: line.message.to_owned(),
                })
            })
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
        self.entries.push_back(Entry {
            timestamp: line.timestamp,
            block: number,
            start,
            end,
            instance,
            is_error: line.stream.known() == Some(LogStream::Stderr),
        });
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
        self.entries.drain(..surplus);
        let needed = self.entries.front().map(|entry| entry.block);
        while needed.is_some_and(|needed| needed > self.first_block) {
            self.blocks.pop_front();
            self.first_block += 1;
        }
    }
}

fn stream_of(is_error: bool) -> LogStream {
    if is_error {
        LogStream::Stderr
    } else {
        LogStream::Stdout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(store.append(&[line(1, "web.0", "old")]), 0);
        assert_eq!(store.len(), 5);
        assert_eq!(store.get(4).unwrap().message, "c");
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
