//! Which element shows which row. A row keeps its element for as long as it is drawn; a row that
//! comes takes over the element of one that goes, so that little is made and thrown away.

use std::ops::Range;

/// One element of the table's body, and the row that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Tells the element from others, for as long as it is there.
    pub(super) id: u32,
    key: u64,
}

/// The rows that are in the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    start: usize,
    slots: Vec<Slot>,
    /// How many elements there were so far.
    made: u32,
}

impl Drawn {
    /// The elements for these places of the list with these keys.
    pub(super) fn next(&self, places: Range<usize>, keys: &[u64]) -> Self {
        let keys = keys.get(places.clone()).unwrap_or_default();
        let known = |key: &u64| self.slots.iter().find(|slot| slot.key == *key);
        let mut free = self.slots.iter().filter(|slot| !keys.contains(&slot.key));
        let mut made = self.made;
        let slot = |key: &u64| {
            let id = known(key).or_else(|| free.next()).map(|slot| slot.id);
            let id = id.unwrap_or_else(|| {
                made = made.wrapping_add(1);
                made
            });
            Slot { id, key: *key }
        };
        Self {
            slots: keys.iter().map(slot).collect(),
            start: places.start,
            made,
        }
    }

    /// The elements in order.
    pub(super) fn slots(&self) -> Vec<Slot> {
        self.slots.clone()
    }

    /// The place of the row that an element shows.
    pub(super) fn place(&self, id: u32) -> Option<usize> {
        let offset = self.slots.iter().position(|slot| slot.id == id)?;
        Some(self.start + offset)
    }

    /// Whether the row at this place is in the page.
    pub(super) fn holds(&self, place: usize) -> bool {
        (self.start..self.start + self.slots.len()).contains(&place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(drawn: &Drawn) -> Vec<u32> {
        drawn.slots.iter().map(|slot| slot.id).collect()
    }

    #[test]
    fn a_row_keeps_its_element_wherever_it_moves() {
        let first = Drawn::default().next(0..3, &[7, 8, 9]);
        let moved = first.next(0..3, &[9, 7, 8]);
        let [a, b, c] = ids(&first).try_into().unwrap();
        assert_eq!(ids(&moved), [c, a, b]);
        assert_eq!(moved.place(a), Some(1));
    }

    #[test]
    fn a_row_that_comes_takes_the_element_of_one_that_goes() {
        let first = Drawn::default().next(0..3, &[7, 8, 9]);
        let scrolled = first.next(1..4, &[7, 8, 9, 10]);
        let [a, b, c] = ids(&first).try_into().unwrap();
        assert_eq!(ids(&scrolled), [b, c, a]);
        assert_eq!(scrolled.place(a), Some(3));
        assert!(scrolled.holds(3) && !scrolled.holds(0));
    }

    proptest! {
        #[test]
        fn no_element_is_used_twice(
            lists in proptest::collection::vec(proptest::collection::btree_set(0_u64..40, 0..20), 1..6),
        ) {
            let mut drawn = Drawn::default();
            let mut most = 0;
            for list in lists {
                let keys: Vec<u64> = list.into_iter().collect();
                let before = drawn.clone();
                drawn = drawn.next(0..keys.len(), &keys);
                let mut seen = ids(&drawn);
                seen.sort_unstable();
                seen.dedup();
                prop_assert_eq!(seen.len(), keys.len());
                for slot in &drawn.slots {
                    let stayed = before.slots.iter().find(|known| known.key == slot.key);
                    prop_assert!(stayed.is_none_or(|known| known.id == slot.id));
                }
                let new = ids(&drawn).iter().filter(|id| **id > before.made).count();
                prop_assert_eq!(new, keys.len().saturating_sub(before.slots.len()));
                most = most.max(keys.len());
            }
        }
    }
}
