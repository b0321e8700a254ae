//! Lines that come late: of all blocks only those are built anew in which such a line takes its place.

use std::borrow::Cow;

use super::super::block::{Block, ENTRY, Head, ROOM};
use super::super::reply::Row;
use super::Store;

/// A line on its way into a block.
type Entry<'a> = (Head, &'a [u8]);

impl Store {
    /// Puts lines, oldest first, where they belong among those that are held: after all that are not
    /// newer.
    pub(super) fn merge(&mut self, rows: &[Row<'_>]) {
        if rows.is_empty() || self.is_empty() {
            return;
        }
        let late = rows.iter();
        let late: Vec<Entry<'_>> = late
            .map(|row| (self.head_of(row), row.message.as_bytes()))
            .collect();
        let first = self.numbers().0;
        let mut rest = late.as_slice();
        // The last ones first: the blocks before them stay where they are.
        while let Some((head, _)) = rest.last() {
            let begins = |block: &Block| block.head(0).map_or(i64::MIN, |head| head.at);
            let after = self
                .blocks
                .partition_point(|block| begins(block) <= head.at);
            let place = after.saturating_sub(1);
            let begin = self.blocks.get(place).map_or(i64::MIN, begins);
            let here = match place {
                0 => 0,
                _ => rest.partition_point(|(head, _)| head.at < begin),
            };
            let (before, here) = rest.split_at(here.min(rest.len() - 1));
            self.rebuild(place, here);
            rest = before;
        }
        let mut number = first;
        for block in &mut self.blocks {
            block.first = number;
            number += block.len() as u64;
        }
    }

    /// Builds a block anew with these lines, too. What one room is too small for may have room in
    /// the next block; otherwise it is split into equal parts, so that the next late line finds room.
    fn rebuild(&mut self, place: usize, late: &[Entry<'_>]) {
        let Some(block) = self.blocks.get(place) else {
            return;
        };
        let added: usize = late.iter().map(|(_, text)| text.len() + ENTRY).sum();
        let all = filled(block) + added;
        let next = self.blocks.get(place + 1).map(filled);
        let (most, end) = match next {
            Some(next) if all > ROOM && all + next <= 2 * ROOM => (ROOM, place + 2),
            Some(_) if all > ROOM => (all.div_ceil(all.div_ceil(ROOM)), place + 1),
            // After the last block there is always room.
            _ => (ROOM, place + 1),
        };
        let mut built = Vec::new();
        let mut late = late.iter().copied().peekable();
        for block in self.blocks.range(place..end) {
            for known in entries(block) {
                while let Some(entry) = late.next_if(|(head, _)| head.at < known.0.at) {
                    put(&mut built, entry, most);
                    self.len += 1;
                }
                put(&mut built, known, most);
            }
        }
        for entry in late {
            put(&mut built, entry, most);
            self.len += 1;
        }
        let after = self.blocks.split_off(end);
        for block in self.blocks.drain(place..) {
            self.bytes -= block.size();
        }
        for mut block in built {
            block.stamp = self.stamp();
            self.bytes += block.size();
            self.blocks.push_back(block);
        }
        self.blocks.extend(after);
    }
}

/// The lines of a block whose owners have these names, as an answer has them.
pub(super) fn rows_of<'a>(block: &'a Block, names: &'a [String]) -> Vec<Row<'a>> {
    let row = |(head, text): Entry<'a>| Row {
        at: head.at,
        instance: Cow::Borrowed(names.get(usize::from(head.owner)).map_or("", |name| name)),
        is_error: head.is_error,
        message: String::from_utf8_lossy(text),
    };
    entries(block).map(row).collect()
}

fn entries(block: &Block) -> impl Iterator<Item = Entry<'_>> {
    (0..block.len()).filter_map(|line| Some((block.head(line)?, block.line(line)?)))
}

/// How much of a room the lines of a block take.
fn filled(block: &Block) -> usize {
    block.text().len() + block.len() * ENTRY
}

/// Adds a line to the last block, unless that holds as much as it should.
fn put(built: &mut Vec<Block>, (head, text): Entry<'_>, most: usize) {
    let has_room = |block: &Block| block.fits(text.len()) && filled(block) < most;
    if !built.last().is_some_and(has_room) {
        built.push(Block::new(0, text.len()));
    }
    if let Some(block) = built.last_mut() {
        block.push(head, text);
    }
}
