//! Something that is known of each block of a store, kept as long as the block stays as it is.

use std::collections::VecDeque;

use super::block::Block;
use super::store::Store;

/// What is known, beside the state of the block of which it is.
#[derive(Clone, Debug)]
pub struct EachBlock<T> {
    /// The id of the first block.
    first: i64,
    items: VecDeque<(u32, T)>,
}

/// The state of a block that was not looked at.
const UNSEEN: u32 = 0;

impl<T> Default for EachBlock<T> {
    fn default() -> Self {
        Self {
            first: 0,
            items: VecDeque::new(),
        }
    }
}

impl<T: Default> EachBlock<T> {
    /// What is known of a block by its place; of one that was not looked at the default.
    pub fn get(&self, place: usize) -> Option<&T> {
        self.items.get(place).map(|(_, item)| item)
    }

    /// What is known, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    /// Changes what is known.
    pub fn change(&mut self, mut change: impl FnMut(&mut T)) {
        self.items.iter_mut().for_each(|(_, item)| change(item));
    }

    /// Forgets what is known of one block.
    pub fn forget(&mut self, place: usize) {
        if let Some((stamp, _)) = self.items.get_mut(place) {
            *stamp = UNSEEN;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Follows the store: what is known of blocks that went goes, new ones are not looked at yet.
    pub fn align(&mut self, store: &Store) {
        let (first, len) = (store.first_block(), store.blocks().len());
        if self.items.is_empty() {
            self.first = first;
        }
        while self.first < first && self.items.pop_front().is_some() {
            self.first += 1;
        }
        if self.items.is_empty() {
            self.first = first;
        }
        while self.first > first {
            self.items.push_front((UNSEEN, T::default()));
            self.first -= 1;
        }
        self.items.truncate(len);
        self.items.resize_with(len, || (UNSEEN, T::default()));
    }

    /// Looks at the blocks that are not as they were, the newest first, as long as there is time.
    /// Says whether all are known.
    pub fn work(
        &mut self,
        store: &Store,
        has_time: &mut dyn FnMut() -> bool,
        mut look: impl FnMut(usize, &Block) -> T,
    ) -> bool {
        self.align(store);
        let blocks = store.blocks().iter().enumerate().rev();
        for ((place, block), (stamp, item)) in blocks.zip(self.items.iter_mut().rev()) {
            if *stamp == block.stamp {
                continue;
            }
            if !has_time() {
                return false;
            }
            *item = look(place, block);
            *stamp = block.stamp;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::reply::Row;
    use super::*;

    fn rows(from: i64, count: i64) -> Vec<Row<'static>> {
        let row = |at| Row {
            at,
            instance: Cow::Borrowed("web.0"),
            is_error: false,
            message: Cow::Owned("x".repeat(1_000)),
        };
        (from..from + count).map(row).collect()
    }

    /// Looks at what changed, and says how many blocks that were.
    fn look(known: &mut EachBlock<usize>, store: &Store) -> usize {
        let mut looks = 0;
        known.work(store, &mut || true, |_, block| {
            looks += 1;
            block.len()
        });
        assert_eq!(known.iter().sum::<usize>(), store.len());
        looks
    }

    #[test]
    fn only_what_changed_is_looked_at_again() {
        let mut store = Store::bounded(2_000, usize::MAX);
        let mut known = EachBlock::default();
        store.extend(rows(10_000, 1_000));
        assert_eq!(look(&mut known, &store), 4);
        assert_eq!(look(&mut known, &store), 0);
        store.extend(rows(11_000, 10));
        assert_eq!(look(&mut known, &store), 1, "the last one grew");
        let mut older = Store::unbounded();
        older.extend(rows(9_000, 500));
        store.prepend(older);
        assert_eq!(look(&mut known, &store), 2, "two came before");
        store.extend(rows(20_000, 3_000));
        let blocks = store.blocks().len();
        assert!(look(&mut known, &store) >= blocks - 1);
        store.extend(rows(22_900, 1));
        assert_eq!(look(&mut known, &store), 1, "a late line");
    }

    #[test]
    fn work_stops_when_its_time_is_over() {
        let mut store = Store::default();
        store.extend(rows(0, 1_000));
        let mut known = EachBlock::default();
        let mut left = 2;
        let mut has_time = || {
            left -= 1;
            left >= 0
        };
        assert!(!known.work(&store, &mut has_time, |_, block| block.len()));
        assert_eq!(known.get(0), Some(&0));
        assert!(
            known.get(3).is_some_and(|lines| *lines > 0),
            "the newest first"
        );
        assert!(known.work(&store, &mut || true, |_, block| block.len()));
    }
}
