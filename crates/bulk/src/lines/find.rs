//! Finding a text in all lines that are shown: how many hold it, and the next or previous of them.
//! Kept is one count a block, so that a million lines that hold it take no more than one.

use super::ansi::plain;
use super::block::Block;
use super::each_block::EachBlock;
use super::needle::Needle;
use super::rows::Rows;
use super::store::Store;

/// What is looked for, and how often it was found.
#[derive(Clone, Debug)]
pub struct Find {
    needle: Needle,
    counts: EachBlock<u32>,
    is_done: bool,
}

impl Find {
    /// Nothing was looked at yet.
    pub fn new(needle: Needle) -> Self {
        Self {
            needle,
            counts: EachBlock::default(),
            is_done: false,
        }
    }

    /// What is looked for.
    pub fn needle(&self) -> &Needle {
        &self.needle
    }

    /// Looks at more lines, as long as there is time. Says whether all were looked at.
    pub fn work(&mut self, store: &Store, rows: &Rows, has_time: &mut dyn FnMut() -> bool) -> bool {
        let needle = &self.needle;
        self.is_done = self.counts.work(store, has_time, |place, block| {
            let mut count = 0;
            let shown = rows.of(place);
            each(needle, block, |line| {
                count += u32::from(shown.has(line));
            });
            count
        });
        self.is_done
    }

    /// Looks at everything again: other lines are shown.
    pub fn forget(&mut self) {
        self.counts.clear();
        self.is_done = false;
    }

    /// How many of the lines that were looked at hold it.
    pub fn count(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// Whether all lines were looked at.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The how-manieth of those that hold it a line is, from one on.
    pub fn rank(&self, store: &Store, rows: &Rows, number: u64) -> Option<u32> {
        let place = store.block_of(number)?;
        let before: u32 = self.counts.iter().take(place).sum();
        let found = self.lines(store, rows, place);
        let at = found.iter().position(|found| *found == number)?;
        Some(before + u32::try_from(at).ok()? + 1)
    }

    /// The first line from this number on that holds it; after the last the first of all.
    pub fn next(&self, store: &Store, rows: &Rows, from: u64) -> Option<u64> {
        let (start, from) = store.block_of(from).map_or((0, 0), |place| (place, from));
        let count = store.blocks().len();
        let after = (start..count).chain(0..(start + 1).min(count));
        let mut is_first = true;
        after
            .filter_map(|place| {
                let lines = self.filled(store, rows, place);
                let least = if std::mem::take(&mut is_first) {
                    from
                } else {
                    0
                };
                lines.into_iter().find(|line| *line >= least)
            })
            .next()
    }

    /// The last line before this number that holds it; before the first the last of all.
    pub fn previous(&self, store: &Store, rows: &Rows, before: u64) -> Option<u64> {
        let count = store.blocks().len();
        let within = store.block_of(before).map(|place| (place + 1, before));
        let (end, before) = within.unwrap_or((count, u64::MAX));
        let back = (0..end).rev().chain((end.saturating_sub(1)..count).rev());
        let mut is_first = true;
        back.filter_map(|place| {
            let lines = self.filled(store, rows, place);
            let most = if std::mem::take(&mut is_first) {
                before
            } else {
                u64::MAX
            };
            lines.into_iter().rev().find(|line| *line < most)
        })
        .next()
    }

    /// The lines of a block that hold it, unless it is known that none does.
    fn filled(&self, store: &Store, rows: &Rows, place: usize) -> Vec<u64> {
        match self.is_done && self.counts.get(place) == Some(&0) {
            true => Vec::new(),
            false => self.lines(store, rows, place),
        }
    }

    fn lines(&self, store: &Store, rows: &Rows, place: usize) -> Vec<u64> {
        let mut found = Vec::new();
        if let Some(block) = store.blocks().get(place) {
            let shown = rows.of(place);
            each(&self.needle, block, |line| {
                if shown.has(line) {
                    found.push(block.first + line as u64);
                }
            });
            found.sort_unstable();
        }
        found
    }
}

/// Calls back for each line of a block that holds it. Where a line holds what tools write for
/// terminals, only what is shown of it counts.
pub fn each(needle: &Needle, block: &Block, mut found: impl FnMut(usize)) {
    let has_escapes = |line| block.facts(line).is_some_and(|facts| facts.has_escapes);
    let ends = block.ends().filter(|_| needle.is_bytes());
    if let Some(ends) = ends {
        let text = block.text();
        let mut line = 0;
        needle.each(text, |at| {
            let Some((within, end)) = ends.of(line, at) else {
                return text.len();
            };
            line = within;
            if at + needle.len() > end {
                // It begins in one line and ends in another.
                return at + 1;
            }
            if !(block.has_escapes() && has_escapes(line)) {
                found(line);
            }
            line += 1;
            end
        });
        if !block.has_escapes() {
            return;
        }
    }
    for line in 0..block.len() {
        let is_due = ends.is_none() || has_escapes(line);
        let text = block.line(line).filter(|_| is_due);
        let Some(Ok(text)) = text.map(std::str::from_utf8) else {
            continue;
        };
        if needle.is_in(plain(text).as_bytes()) {
            found(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::reply::Row;
    use super::super::selection::Selection;
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn store(lines: &[String]) -> Store {
        let mut store = Store::default();
        let row = |(at, line): (usize, &String)| Row {
            at: at as i64,
            instance: Cow::Borrowed(if at % 3 == 0 { "web.0" } else { "web.1" }),
            is_error: false,
            message: Cow::Owned(line.clone()),
        };
        store.extend(lines.iter().enumerate().map(row).collect());
        store
    }

    fn find(store: &Store, selection: Selection, text: &str) -> (Find, Rows) {
        let mut rows = Rows::default();
        rows.show(store, selection, None);
        rows.work(store, &mut || true);
        let mut find = Find::new(Needle::new(text, true, b"").unwrap());
        assert!(find.work(store, &rows, &mut || true));
        (find, rows)
    }

    #[test]
    fn it_goes_round_in_both_directions() {
        let lines: Vec<String> = (0..5_000)
            .map(|at| format!("{} {at}", "x".repeat(200)))
            .collect();
        let store = store(&lines);
        assert!(store.blocks().len() > 2);
        let (find, rows) = find(&store, Selection::default(), " 499");
        assert_eq!(find.count(), 11, "499 and 4990 to 4999");
        let first = store.numbers().0;
        let next = |from: u64| find.next(&store, &rows, first + from).map(|at| at - first);
        let previous = |before: u64| {
            find.previous(&store, &rows, first + before)
                .map(|at| at - first)
        };
        assert_eq!(
            (next(0), next(499), next(500)),
            (Some(499), Some(499), Some(4_990))
        );
        assert_eq!(next(5_000), Some(499), "from the end on the first");
        assert_eq!((previous(5_000), previous(4_990)), (Some(4_999), Some(499)));
        assert_eq!(previous(499), Some(4_999));
        assert_eq!(find.rank(&store, &rows, first + 4_990), Some(2));
        assert_eq!(find.rank(&store, &rows, first + 4), None);
    }

    #[test]
    fn only_what_is_shown_is_found() {
        let lines = [
            "\u{1b}[31mred\u{1b}[0m one",
            "red one",
            "r",
            "ed one",
            "31m",
        ];
        let store = store(&lines.map(str::to_owned));
        let count = |text| find(&store, Selection::default(), text).0.count();
        assert_eq!(count("red one"), 2, "also where a colour ends inside");
        assert_eq!(count("31m"), 1, "not in the colour itself");
        let only = Selection {
            instance: Some("web.0".to_owned()),
            ..Selection::default()
        };
        assert_eq!(find(&store, only, "one").0.count(), 2);
    }

    proptest! {
        #[test]
        fn lines_are_found_one_by_one(
            lines in proptest::collection::vec("(\u{1b}\\[1m)?[ab]{0,4}(\u{1b}\\[0m)?[ab]{0,2}", 0..40),
            text in "[ab]{1,3}",
        ) {
            let store = store(&lines);
            let (find, rows) = find(&store, Selection::default(), &text);
            let expected: Vec<u64> = (0u64..)
                .zip(&lines)
                .filter(|(_, line)| plain(line).contains(&text))
                .map(|(at, _)| store.numbers().0 + at)
                .collect();
            prop_assert_eq!(find.count() as usize, expected.len());
            let mut at = store.numbers().0;
            for expected in &expected {
                let found = find.next(&store, &rows, at);
                prop_assert_eq!(found, Some(*expected));
                at = expected + 1;
            }
        }
    }
}
