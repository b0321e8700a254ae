//! Where the shown lines of a store are: how many lines and rows each block has, and only of the
//! blocks near the view which ones. A million lines take a few kilobytes here.

use super::block::Block;
use super::each_block::EachBlock;
use super::json;
use super::layout::{MARGIN, ROW, columns_of, rows};
use super::line::{LineId, columns};
use super::selection::Selection;
use super::store::Store;

/// What is known of a block.
#[derive(Clone, Debug, Default)]
struct Tally {
    shown: Chosen,
    lines: u32,
    rows: u32,
}

/// Which lines of a block are shown.
#[derive(Clone, Debug, Default)]
pub enum Chosen {
    /// Not worked out yet.
    #[default]
    Unknown,
    /// Every one.
    All,
    /// A bit for each line.
    Some(Box<[u64]>),
}

/// A line that is opened, and how many rows it has then beside its own.
#[derive(Clone, Copy, Debug)]
struct Opened {
    id: LineId,
    rows: u32,
}

/// The lines that are to be drawn, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The first row of the first line.
    pub row: u32,
    /// Their numbers.
    pub numbers: Vec<u64>,
}

/// The rows of the lines that are shown.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    tallies: EachBlock<Tally>,
    selection: Selection,
    columns: Option<u32>,
    opened: Vec<Opened>,
    is_done: bool,
}

impl Rows {
    /// Shows these lines; `columns` characters fit a row, or lines do not wrap. Says whether that
    /// is something else than before.
    pub fn show(&mut self, store: &Store, selection: Selection, columns: Option<u32>) -> bool {
        let is_same = self.selection == selection;
        let fits_same = self.columns == columns;
        if !is_same || !fits_same {
            self.tallies.clear();
            self.is_done = false;
            self.selection = selection;
            self.columns = columns;
        }
        if !fits_same {
            self.measure_opened(store);
        }
        !is_same
    }

    /// Counts what is new in the store, or not counted yet, as long as there is time. Says whether
    /// all is counted.
    pub fn work(&mut self, store: &Store, has_time: &mut dyn FnMut() -> bool) -> bool {
        let picker = self.selection.of(store);
        let is_all = self.selection.is_all();
        let columns = self.columns;
        let opened = &self.opened;
        self.is_done = self.tallies.work(store, has_time, |_, block| {
            let mut tally = Tally {
                shown: Chosen::All,
                lines: block.len() as u32,
                rows: 0,
            };
            if !is_all {
                let mut bits = vec![0_u64; block.len().div_ceil(64)];
                for line in (0..block.len()).filter(|line| picker.picks(block, *line)) {
                    bits[line / 64] |= 1 << (line % 64);
                }
                tally.lines = bits.iter().map(|bits| bits.count_ones()).sum();
                tally.shown = Chosen::Some(bits.into());
            }
            tally.rows = tally.lines;
            if columns.is_some() {
                let lines = (0..block.len()).filter(|line| tally.shown.has(*line));
                tally.rows = lines.map(|line| own_rows(block, line, columns)).sum();
            }
            for opened in opened {
                let line = line_of(store, block, opened.id);
                tally.rows += line
                    .filter(|line| tally.shown.has(*line))
                    .map_or(0, |_| opened.rows);
            }
            tally
        });
        self.is_done
    }

    /// Whether all lines are counted.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// How many lines are shown.
    pub fn len(&self) -> usize {
        self.tallies.iter().map(|tally| tally.lines as usize).sum()
    }

    /// How many lines are shown that have this number or a higher one.
    pub fn len_from(&self, store: &Store, number: u64) -> usize {
        let blocks = store.blocks().iter().zip(self.tallies.iter());
        let counts = blocks.map(|(block, tally)| {
            let before = number.saturating_sub(block.first);
            match usize::try_from(before) {
                Ok(0) => tally.lines as usize,
                Ok(before) => (before..block.len())
                    .filter(|line| tally.shown.has(*line))
                    .count(),
                Err(_) => 0,
            }
        });
        counts.sum()
    }

    /// Whether no line is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The height of all lines in CSS pixels.
    pub fn height(&self) -> f64 {
        let rows = self.tallies.iter().map(|tally| f64::from(tally.rows));
        rows.sum::<f64>() * ROW
    }

    /// Which lines of a block are shown, as far as that is worked out.
    pub fn of(&self, place: usize) -> &Chosen {
        let tally = self.tallies.get(place);
        tally.map_or(&Chosen::Unknown, |tally| &tally.shown)
    }

    /// The numbers of all lines that are shown, oldest first, one block after another.
    pub fn numbers<'a>(&'a self, store: &'a Store) -> impl Iterator<Item = Vec<u64>> + 'a {
        store
            .blocks()
            .iter()
            .enumerate()
            .map(move |(place, block)| {
                let lines = (0..block.len()).filter(|line| self.of(place).has(*line));
                lines.map(|line| block.first + line as u64).collect()
            })
    }

    /// The lines to draw for a view of this height that is scrolled to this offset.
    pub fn visible(&self, store: &Store, scroll: f64, height: f64) -> Drawn {
        let (top, bottom) = (
            (scroll - MARGIN).max(0.0) / ROW,
            (scroll + height + MARGIN) / ROW,
        );
        let mut drawn = Drawn::default();
        let mut row = 0;
        for (place, (block, tally)) in store.blocks().iter().zip(self.tallies.iter()).enumerate() {
            let end = row + tally.rows;
            if f64::from(end) <= top {
                row = end;
                continue;
            }
            for line in (0..block.len()).filter(|line| self.of(place).has(*line)) {
                if f64::from(row) > bottom {
                    return drawn;
                }
                let end = row + self.rows_of(store, block, line);
                if f64::from(end) > top {
                    if drawn.numbers.is_empty() {
                        drawn.row = row;
                    }
                    drawn.numbers.push(block.first + line as u64);
                }
                row = end;
            }
        }
        drawn
    }

    /// The top of a line in CSS pixels, if it is shown and counted.
    pub fn top(&self, store: &Store, number: u64) -> Option<f64> {
        let place = store.block_of(number)?;
        let block = store.blocks().get(place)?;
        let wanted = usize::try_from(number - block.first).ok()?;
        if !self.of(place).has(wanted) {
            return None;
        }
        let before = self.tallies.iter().take(place);
        let before: f64 = before.map(|tally| f64::from(tally.rows)).sum();
        let lines = (0..wanted).filter(|line| self.of(place).has(*line));
        let inside: u32 = lines.map(|line| self.rows_of(store, block, line)).sum();
        Some((before + f64::from(inside)) * ROW)
    }

    /// The line at this offset, if one is there, and where it begins.
    pub fn at(&self, store: &Store, offset: f64) -> Option<(u64, f64)> {
        let drawn = self.visible(store, offset + MARGIN, -MARGIN);
        let first = drawn.numbers.first()?;
        Some((*first, f64::from(drawn.row) * ROW))
    }

    /// Opens or closes a line.
    pub fn toggle(&mut self, store: &Store, number: u64) {
        let (Some(line), Some(id)) = (store.get(number), store.id_of(number)) else {
            return;
        };
        match self.opened.iter().position(|opened| opened.id == id) {
            Some(place) => {
                self.opened.remove(place);
            }
            None => self.opened.push(Opened {
                id,
                rows: self.field_rows(line.message),
            }),
        }
        if let Some(place) = store.block_of(number) {
            self.tallies.forget(place);
        }
    }

    /// Whether a line is open.
    pub fn is_open(&self, id: LineId) -> bool {
        self.opened.iter().any(|opened| opened.id == id)
    }

    /// Counts the rows of open lines anew.
    fn measure_opened(&mut self, store: &Store) {
        let mut opened = std::mem::take(&mut self.opened);
        for open in &mut opened {
            let line = store.line_of(open.id).and_then(|number| store.get(number));
            open.rows = line.map_or(0, |line| self.field_rows(line.message));
        }
        opened.retain(|open| open.rows > 0);
        self.opened = opened;
    }

    fn field_rows(&self, message: &str) -> u32 {
        let fields = json::fields(message);
        match self.columns {
            None => fields.len() as u32,
            Some(columns) => fields
                .iter()
                .map(|field| rows(columns_of(&field.text()), columns))
                .sum(),
        }
    }

    fn rows_of(&self, store: &Store, block: &Block, line: usize) -> u32 {
        let own = own_rows(block, line, self.columns);
        if self.opened.is_empty() {
            return own;
        }
        let at = block.head(line).map(|head| head.at);
        let number = block.first + line as u64;
        let is_it = |id: LineId| Some(id.key.at) == at && store.line_of(id) == Some(number);
        let opened = self.opened.iter().filter(|opened| is_it(opened.id));
        own + opened.map(|opened| opened.rows).sum::<u32>()
    }
}

impl Chosen {
    /// Whether a line of the block is one of them.
    #[inline]
    pub fn has(&self, line: usize) -> bool {
        match self {
            Self::Unknown => false,
            Self::All => true,
            Self::Some(bits) => bits
                .get(line / 64)
                .is_some_and(|bits| bits >> (line % 64) & 1 == 1),
        }
    }
}

/// The rows that a line takes when it is closed. Of most the entry alone tells.
fn own_rows(block: &Block, line: usize, fit: Option<u32>) -> u32 {
    let Some(fit) = fit else {
        return 1;
    };
    let Some(text) = block.line(line) else {
        return 1;
    };
    let is_plain = block.facts(line).is_some_and(|facts| facts.is_plain);
    if is_plain && text.len() <= super::line::LONGEST {
        return rows(text.len() as u32, fit);
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    rows(columns(text), fit)
}

/// The place of a line in a block, if it stands there.
fn line_of(store: &Store, block: &Block, id: LineId) -> Option<usize> {
    let number = store.line_of(id)?;
    let line = number.checked_sub(block.first)? as usize;
    (line < block.len()).then_some(line)
}

#[cfg(test)]
mod tests;
