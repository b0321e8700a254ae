//! The lines that were loaded, oldest first: blocks of one size, each with its own index. A line has
//! a number that stays as it is when older lines go or come.

mod merge;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use wire::instant::instant;

use super::block::{Block, Head, OWNERS};
use super::reply::Row;

/// How many lines are kept: past it the oldest block goes.
pub const MOST_LINES: usize = 1_000_000;

/// How many bytes are kept, with all that stands beside the text: past it the oldest block goes.
pub const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How much later than a line that was written after it a line may come, in nanoseconds.
const LATENESS: i64 = 3_000_000_000;

/// The number of the first line of all: as many older ones may come.
const FIRST: u64 = 1 << 40;

/// A line as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was written, in nanoseconds since 1970.
    pub at: i64,
    /// `web.0`
    pub instance: &'a str,
    /// Whether it came over standard error.
    pub is_error: bool,
    /// The text. What is no UTF-8 came as that, and never gets here.
    pub message: &'a str,
}

impl Line<'_> {
    /// When it was written.
    pub fn instant(&self) -> DateTime<Utc> {
        instant(self.at)
    }
}

/// Lines, oldest first.
#[derive(Debug)]
pub struct Store {
    blocks: VecDeque<Block>,
    /// The id of the first block: the ones after it count on.
    first_block: i64,
    len: usize,
    bytes: usize,
    instances: Vec<String>,
    stamps: u32,
    has_dropped: bool,
    most: (usize, usize),
}

impl Default for Store {
    fn default() -> Self {
        Self::bounded(MOST_LINES, MOST_BYTES)
    }
}

impl Store {
    /// An empty one that keeps about so many lines and bytes.
    pub fn bounded(lines: usize, bytes: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            first_block: 0,
            len: 0,
            bytes: 0,
            instances: Vec::new(),
            stamps: 0,
            has_dropped: false,
            most: (lines, bytes),
        }
    }

    /// An empty one that keeps all it is given: an answer on its way into another.
    pub fn unbounded() -> Self {
        Self::bounded(usize::MAX, usize::MAX)
    }

    /// How many lines are held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no line is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes all of it takes.
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// Whether older lines would be the next to go.
    pub fn is_full(&self) -> bool {
        self.has_dropped || self.len >= self.most.0 || self.bytes >= self.most.1
    }

    /// Whether older lines went.
    pub fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// The names of the instances whose lines were loaded, in the order of their first line.
    pub fn instances(&self) -> &[String] {
        &self.instances
    }

    /// The place among the owners of lines of an instance that has some.
    pub fn owner(&self, name: &str) -> Option<u16> {
        let place = self.instances.iter().position(|known| known == name)?;
        u16::try_from(place).ok()
    }

    /// Its blocks, oldest first.
    pub fn blocks(&self) -> &VecDeque<Block> {
        &self.blocks
    }

    /// The id of the first block; those after it count on from there.
    pub fn first_block(&self) -> i64 {
        self.first_block
    }

    /// The numbers of the oldest line, and of the one that will come next.
    pub fn numbers(&self) -> (u64, u64) {
        let first = self.blocks.front().map_or(FIRST, |block| block.first);
        (first, first + self.len as u64)
    }

    /// Where the next question begins for a platform that gives no cursors: some time before the
    /// newest line, since a line of another instance may come later than one written after it.
    pub fn resume(&self) -> Option<DateTime<Utc>> {
        let newest = self.newest()?;
        Some(instant(newest.saturating_sub(LATENESS)))
    }

    /// A line by its number.
    pub fn get(&self, number: u64) -> Option<Line<'_>> {
        let block = self.blocks.get(self.block_of(number)?)?;
        self.line(block, usize::try_from(number - block.first).ok()?)
    }

    /// A line by its place in a block.
    pub fn line<'a>(&'a self, block: &'a Block, place: usize) -> Option<Line<'a>> {
        let head = block.head(place)?;
        Some(Line {
            at: head.at,
            instance: self.instances.get(usize::from(head.owner))?,
            is_error: head.is_error,
            message: std::str::from_utf8(block.line(place)?).ok()?,
        })
    }

    /// The place among the blocks of the one that holds this line.
    pub fn block_of(&self, number: u64) -> Option<usize> {
        let after = self.blocks.partition_point(|block| block.first <= number);
        let place = after.checked_sub(1)?;
        let block = self.blocks.get(place)?;
        (number < block.first + block.len() as u64).then_some(place)
    }

    /// The number of the first line that was not written before this instant.
    pub fn first_since(&self, at: i64) -> u64 {
        let before = |block: &Block| block.head(0).is_some_and(|head| head.at < at);
        let after = self.blocks.partition_point(before);
        let Some(block) = after.checked_sub(1).and_then(|at| self.blocks.get(at)) else {
            return self.numbers().0;
        };
        let (mut low, mut high) = (0, block.len());
        while low < high {
            let middle = low.midpoint(high);
            match block.head(middle).is_some_and(|head| head.at < at) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        block.first + low as u64
    }

    /// Takes all lines away. What is known of its blocks is not taken for those that come.
    pub fn clear(&mut self) {
        *self = Self {
            first_block: self.first_block + self.blocks.len() as i64,
            stamps: self.stamps,
            ..Self::bounded(self.most.0, self.most.1)
        };
    }

    /// Takes over an answer that may repeat lines that are held: those are left out. Gives how many
    /// lines were new.
    pub fn append(&mut self, answer: &Self) -> usize {
        let new = self.new_among(answer.rows());
        let count = new.len();
        self.extend(new);
        count
    }

    /// Takes over lines that are not held yet. One that is older than others takes its place; in a
    /// store that is full there is none before the oldest.
    pub fn extend(&mut self, mut rows: Vec<Row<'_>>) {
        sort(&mut rows);
        let newest = self.newest();
        let late = rows.partition_point(|row| newest.is_some_and(|newest| row.at < newest));
        let (late, newer) = rows.split_at(late);
        let is_full = self.is_full();
        let oldest = self.oldest().filter(|_| is_full);
        let gone = late.partition_point(|row| oldest.is_some_and(|oldest| row.at < oldest));
        self.merge(late.get(gone..).unwrap_or_default());
        for row in newer {
            self.push_row(row);
        }
        self.trim();
    }

    /// Takes over a line that was written after all that are held, or else gives it back.
    pub fn push<'a>(&mut self, row: Row<'a>) -> Option<Row<'a>> {
        if self.newest().is_some_and(|newest| row.at < newest) {
            return Some(row);
        }
        self.push_row(&row);
        None
    }

    /// Takes over an older page of the log. It stands before all lines that are held, but for those
    /// that came late themselves. The newest line keeps its number.
    pub fn prepend(&mut self, page: Self) {
        let oldest = self.oldest().unwrap_or(i64::MAX);
        if page.newest().is_none_or(|newest| newest <= oldest) {
            self.put_before(page);
            return;
        }
        let mut older = page.rows();
        let between = older.split_off(older.partition_point(|row| row.at <= oldest));
        let mut before = Self::unbounded();
        before.extend(older);
        self.put_before(before);
        let end = self.numbers().1;
        self.extend(between);
        let moved = self.numbers().1 - end;
        for block in &mut self.blocks {
            block.first -= moved;
        }
    }

    /// Takes over newer lines. Blocks that are well filled change hands; all other lines are taken
    /// one by one.
    pub fn join(&mut self, other: Self) {
        for mut block in other.blocks {
            let first = block.head(0).map(|head| head.at);
            if block.is_well_filled() && first >= self.newest() {
                block.first = self.numbers().1;
                self.adopt(&mut block, &other.instances);
                self.blocks.push_back(block);
            } else {
                self.extend(merge::rows_of(&block, &other.instances));
            }
        }
        self.trim();
    }

    fn put_before(&mut self, mut page: Self) {
        // Nothing is added to it any more: half a room for each page would be a lot.
        if let Some(block) = page.blocks.back_mut() {
            block.shrink();
        }
        let mut first = self.numbers().0;
        self.first_block -= page.blocks.len() as i64;
        for mut block in page.blocks.into_iter().rev() {
            self.adopt(&mut block, &page.instances);
            first -= block.len() as u64;
            block.first = first;
            self.blocks.push_front(block);
        }
    }

    /// Counts a block as its own, and its lines as those of its own instances.
    fn adopt(&mut self, block: &mut Block, names: &[String]) {
        let owners: Vec<u16> = names.iter().map(|name| self.own(name)).collect();
        block.own(&owners);
        block.stamp = self.stamp();
        self.len += block.len();
        self.bytes += block.size();
    }

    /// All lines, as an answer has them.
    fn rows(&self) -> Vec<Row<'_>> {
        let blocks = self.blocks.iter();
        let rows = blocks.flat_map(|block| merge::rows_of(block, &self.instances));
        rows.collect()
    }

    /// The lines of an answer that are not held. Of equal lines as many are new as the answer has
    /// more of.
    fn new_among<'a>(&self, mut rows: Vec<Row<'a>>) -> Vec<Row<'a>> {
        let Some(oldest) = rows.iter().map(|row| row.at).min() else {
            return rows;
        };
        let mut held: BTreeMap<(i64, &str, bool, &str), usize> = BTreeMap::new();
        for number in self.first_since(oldest)..self.numbers().1 {
            if let Some(line) = self.get(number) {
                let line = (line.at, line.instance, line.is_error, line.message);
                *held.entry(line).or_default() += 1;
            }
        }
        let are_new: Vec<bool> = rows
            .iter()
            .map(|row| {
                let key = (row.at, &*row.instance, row.is_error, &*row.message);
                match held.get_mut(&key) {
                    Some(count) if *count > 0 => {
                        *count -= 1;
                        false
                    }
                    _ => true,
                }
            })
            .collect();
        let mut are_new = are_new.into_iter();
        rows.retain(|_| are_new.next() == Some(true));
        rows
    }

    fn push_row(&mut self, row: &Row<'_>) {
        let head = self.head_of(row);
        let text = row.message.as_bytes();
        if self
            .blocks
            .back()
            .is_none_or(|block| !block.fits(text.len()))
        {
            let block = Block::new(self.numbers().1, text.len());
            self.bytes += block.size();
            self.blocks.push_back(block);
        }
        let stamp = self.stamp();
        if let Some(block) = self.blocks.back_mut() {
            let before = block.size();
            block.push(head, text);
            block.stamp = stamp;
            self.len += 1;
            self.bytes += block.size() - before;
        }
    }

    fn head_of(&mut self, row: &Row<'_>) -> Head {
        Head {
            at: row.at,
            owner: self.own(&row.instance),
            is_error: row.is_error,
        }
    }

    fn own(&mut self, name: &str) -> u16 {
        let known = self.instances.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            // More than that no service has; a log of so many names calls the rest by one.
            if self.instances.len() + 1 < usize::from(OWNERS) {
                self.instances.push(name.to_owned());
            } else if self.instances.len() < usize::from(OWNERS) {
                self.instances.push("others".to_owned());
            }
            self.instances.len() - 1
        });
        u16::try_from(place).unwrap_or(OWNERS - 1)
    }

    fn oldest(&self) -> Option<i64> {
        Some(self.blocks.front()?.head(0)?.at)
    }

    fn newest(&self) -> Option<i64> {
        let block = self.blocks.back()?;
        Some(block.head(block.len().checked_sub(1)?)?.at)
    }

    fn trim(&mut self) {
        while let Some(block) = self.blocks.front() {
            let (lines, bytes) = self.most;
            let is_too_much = self.len - block.len() >= lines || self.bytes > bytes;
            if !is_too_much || self.blocks.len() == 1 {
                return;
            }
            self.len -= block.len();
            self.bytes -= block.size();
            self.blocks.pop_front();
            self.first_block += 1;
            self.has_dropped = true;
        }
    }

    fn stamp(&mut self) -> u32 {
        // 0 is the state of a block that nobody looked at.
        self.stamps = self.stamps.wrapping_add(1).max(1);
        self.stamps
    }
}

fn sort(rows: &mut [Row<'_>]) {
    if !rows.is_sorted_by_key(|row| row.at) {
        rows.sort_by_key(|row| row.at);
    }
}

#[cfg(test)]
mod tests;
