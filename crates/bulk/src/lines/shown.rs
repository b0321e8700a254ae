//! The shown lines of a store and what is looked for in them, worked out a little at a time.

use super::find::Find;
use super::needle::Needle;
use super::rows::Rows;
use super::selection::Selection;
use super::store::Store;

/// The lines that are shown, and which of them hold what is looked for.
#[derive(Debug, Default)]
pub struct Shown {
    rows: Rows,
    find: Option<Find>,
}

impl Shown {
    /// The rows of the lines.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// What is looked for.
    pub fn find(&self) -> Option<&Find> {
        self.find.as_ref()
    }

    /// What is looked for in a line.
    pub fn needle(&self) -> Option<&Needle> {
        self.find.as_ref().map(Find::needle)
    }

    /// Shows these lines, with so many columns a row or without a wrap.
    pub fn show(&mut self, store: &Store, selection: Selection, columns: Option<u32>) {
        let are_others = self.rows.show(store, selection, columns);
        if let Some(find) = self.find.as_mut().filter(|_| are_others) {
            find.forget();
        }
    }

    /// Looks for something else, or for nothing.
    pub fn look_for(&mut self, needle: Option<Needle>) {
        if self.needle() != needle.as_ref() {
            self.find = needle.map(Find::new);
        }
    }

    /// Opens or closes a line.
    pub fn toggle(&mut self, store: &Store, number: u64) {
        self.rows.toggle(store, number);
    }

    /// Works on as long as there is time. Says whether all is done.
    pub fn work(&mut self, store: &Store, has_time: &mut dyn FnMut() -> bool) -> bool {
        self.rows.work(store, has_time)
            && self
                .find
                .as_mut()
                .is_none_or(|find| find.work(store, &self.rows, has_time))
    }

    /// The line with what is looked for that comes after this one, or before it.
    pub fn found_from(&self, store: &Store, from: u64, is_next: bool) -> Option<u64> {
        let find = self.find()?;
        match is_next {
            true => find.next(store, &self.rows, from),
            false => find.previous(store, &self.rows, from),
        }
    }
}
