//! The patterns of a log: what its lines have in common, how many are of each, and when they came.

pub mod template;
pub mod tree;

use std::collections::{BTreeMap, HashMap};

use super::block::Block;
use super::each_block::EachBlock;
use super::selection::Selection;
use super::store::Store;
use template::{Template, Words};
use tree::{Id, Tree};

/// Into so many parts at the most a pattern's time is cut.
pub const SLOTS: i64 = 48;

/// The length of the shortest slot, in nanoseconds.
const SHORTEST: i64 = 250_000_000;

/// What is known of the lines of one pattern in one block and one slot of time.
#[derive(Clone, Copy, Debug)]
struct Share {
    id: Id,
    slot: i64,
    count: u32,
    /// When the first of them came.
    first: i64,
}

/// A pattern as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What its lines have in common; nothing where they are those of no pattern.
    pub template: Option<Template>,
    /// How many lines it has.
    pub count: u32,
    /// When the first one came, in nanoseconds since 1970.
    pub first: i64,
    /// When they came: a count for each slot of all lines' time.
    pub over_time: Vec<u32>,
}

/// The patterns of a store's lines.
#[derive(Clone, Debug)]
pub struct Patterns {
    tree: Tree,
    shares: EachBlock<Vec<Share>>,
    selection: Selection,
    /// The length of a slot in nanoseconds.
    slot: i64,
    is_done: bool,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            shares: EachBlock::default(),
            selection: Selection::default(),
            slot: SHORTEST,
            is_done: false,
        }
    }
}

impl Patterns {
    /// Reads only these lines. What they have in common with others stays known.
    pub fn read_only(&mut self, selection: Selection) {
        if self.selection != selection {
            self.shares.clear();
            self.selection = selection;
            self.is_done = false;
        }
    }

    /// Reads lines, as long as there is time. Says whether all were read.
    pub fn work(&mut self, store: &Store, has_time: &mut dyn FnMut() -> bool) -> bool {
        self.fit(store);
        let picker = self.selection.of(store);
        let (tree, slot) = (&mut self.tree, self.slot);
        let mut words = Words::default();
        self.is_done = self.shares.work(store, has_time, |_, block| {
            let mut shares: HashMap<(Id, i64), Share> = HashMap::new();
            for line in (0..block.len()).filter(|line| picker.picks(block, *line)) {
                let text = block.line(line).map(std::str::from_utf8);
                let (Some(Ok(text)), Some(head)) = (text, block.head(line)) else {
                    continue;
                };
                words.read(text);
                if words.is_empty() {
                    continue;
                }
                let (id, slot) = (tree.learn(&words), head.at.div_euclid(slot));
                let share = shares.entry((id, slot)).or_insert(Share {
                    id,
                    slot,
                    count: 0,
                    first: head.at,
                });
                share.count += 1;
            }
            shares.into_values().collect()
        });
        self.is_done
    }

    /// Whether all lines were read.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The patterns, those with the most lines first.
    pub fn list(&self, store: &Store) -> Vec<Pattern> {
        let Some((first, last)) = extent(store) else {
            return Vec::new();
        };
        let (start, end) = (first.div_euclid(self.slot), last.div_euclid(self.slot));
        let slots = usize::try_from(end - start + 1).unwrap_or(1);
        let mut all: BTreeMap<Id, Pattern> = BTreeMap::new();
        for share in self.shares.iter().flatten() {
            let pattern = all.entry(share.id).or_insert_with(|| Pattern {
                template: self.tree.template(share.id).cloned(),
                count: 0,
                first: share.first,
                over_time: vec![0; slots],
            });
            pattern.count += share.count;
            pattern.first = pattern.first.min(share.first);
            let slot = usize::try_from(share.slot - start).ok();
            if let Some(count) = slot.and_then(|slot| pattern.over_time.get_mut(slot)) {
                *count += share.count;
            }
        }
        let mut all: Vec<Pattern> = all.into_values().collect();
        all.sort_by(|one, other| (other.count, one.first).cmp(&(one.count, other.first)));
        all
    }

    /// Makes slots longer until all lines' time has few enough.
    fn fit(&mut self, store: &Store) {
        let Some((first, last)) = extent(store) else {
            return;
        };
        let count = |slot: i64| last.div_euclid(slot) - first.div_euclid(slot) + 1;
        let before = self.slot;
        while count(self.slot) > SLOTS && self.slot < i64::MAX / 2 {
            self.slot *= 2;
        }
        if self.slot != before {
            let longer = self.slot / before;
            self.shares.change(|shares| {
                for share in shares {
                    share.slot = share.slot.div_euclid(longer);
                }
            });
        }
    }
}

/// The instants of the first and of the last line.
pub fn extent(store: &Store) -> Option<(i64, i64)> {
    let at = |block: &Block, line: usize| Some(block.head(line)?.at);
    let (first, last) = (store.blocks().front()?, store.blocks().back()?);
    Some((at(first, 0)?, at(last, last.len().checked_sub(1)?)?))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::reply::Row;
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    const SECOND: i64 = 1_000_000_000;

    fn row(at: i64, message: impl Into<Cow<'static, str>>) -> Row<'static> {
        let message = message.into();
        Row {
            at,
            instance: Cow::Borrowed("web.0"),
            is_error: message.contains("error"),
            message,
        }
    }

    fn read(store: &Store) -> Patterns {
        let mut patterns = Patterns::default();
        assert!(patterns.work(store, &mut || true));
        patterns
    }

    #[test]
    fn patterns_are_counted_over_time() {
        let mut store = Store::default();
        let rows = (0..3_600).map(|second| match second % 60 {
            0 => row(second * SECOND, format!("error: {second} files left")),
            _ => row(
                second * SECOND,
                format!("GET /users/{second} 200 {}ms", second % 7),
            ),
        });
        store.extend(rows.collect());
        let list = read(&store).list(&store);
        let texts: Vec<_> = list
            .iter()
            .map(|it| it.template.as_ref().unwrap().to_string())
            .collect();
        assert_eq!(texts, ["GET /users/* * *ms", "error: * files left"]);
        assert_eq!((list[0].count, list[1].count), (3_540, 60));
        assert_eq!(list[1].first, 0);
        for pattern in &list {
            assert!(pattern.over_time.len() <= SLOTS as usize && pattern.over_time.len() > 20);
            assert_eq!(pattern.over_time.iter().sum::<u32>(), pattern.count);
        }
    }

    #[test]
    fn only_the_lines_of_a_selection_are_read() {
        let mut store = Store::default();
        store.extend(vec![row(1, "error a"), row(2, "fine b"), row(3, "error a")]);
        let mut patterns = read(&store);
        assert_eq!(patterns.list(&store).len(), 2);
        patterns.read_only(Selection {
            is_error: Some(true),
            ..Selection::default()
        });
        patterns.work(&store, &mut || true);
        let list = patterns.list(&store);
        assert_eq!((list.len(), list[0].count), (1, 2));
    }

    #[test]
    fn lines_that_went_are_counted_no_more() {
        let mut store = Store::bounded(3_000, usize::MAX);
        let mut patterns = Patterns::default();
        for page in 0..20 {
            let text = "x".repeat(200);
            store.extend(
                (0..500)
                    .map(|at| row(page * 500 + at, format!("{text} {at}")))
                    .collect(),
            );
            patterns.work(&store, &mut || true);
        }
        let list = patterns.list(&store);
        assert_eq!(
            list.iter().map(|it| it.count as usize).sum::<usize>(),
            store.len()
        );
    }

    proptest! {
        #[test]
        fn every_line_is_counted_once_with_what_it_matches(
            lines in proptest::collection::vec(("(go|stop|wait) [a-c]( [a-c0-9]{1,2}){0,3}", any::<u32>()), 1..60),
        ) {
            let mut store = Store::default();
            store.extend(lines.iter().map(|(line, at)| row(i64::from(*at), line.clone())).collect());
            let list = read(&store).list(&store);
            prop_assert_eq!(list.iter().map(|it| it.count as usize).sum::<usize>(), lines.len());
            for (line, _) in &lines {
                let matching = list.iter().filter(|it| it.template.as_ref().is_some_and(|it| it.matches(line)));
                prop_assert_eq!(matching.count() > 0, true);
            }
        }
    }
}
