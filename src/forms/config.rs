//! The editor of a level's variables: changes are collected, reviewed and sent together.

pub mod draft;
pub mod merge;
pub mod paste;
pub mod paste_form;
pub mod variable;

use std::sync::Arc;

use leptos::prelude::*;

use draft::{Draft, Entry, Snapshot};
use merge::{Row, Verdict, compare};

use crate::reactive::memo;

/// The changes that are not sent yet, and what they are compared with.
#[derive(Clone, Copy)]
pub struct Form {
    /// The changes.
    pub draft: RwSignal<Draft>,
    /// The variables as they were when the changes were begun.
    pub base: RwSignal<Arc<Snapshot>>,
}

/// A form as it is kept while it is not on the page.
pub struct Kept {
    draft: Draft,
    base: Arc<Snapshot>,
}

impl Form {
    /// A form without changes.
    pub fn new() -> Self {
        Self {
            draft: RwSignal::new(Draft::default()),
            base: RwSignal::new(Arc::default()),
        }
    }

    /// Whether something would be lost.
    pub fn changed(self) -> Memo<bool> {
        memo(move || self.draft.with(|draft| !draft.is_empty()))
    }

    /// A variable is to be so.
    pub fn set(self, name: &str, entry: Entry) {
        let base = self.base.get_untracked();
        self.draft.update(|draft| draft.set(&base, name, entry));
    }

    /// A variable is to go.
    pub fn remove(self, name: &str) {
        let base = self.base.get_untracked();
        self.draft.update(|draft| draft.remove(&base, name));
    }

    /// A variable is to stay as it is saved.
    pub fn undo(self, name: &str) {
        self.draft.update(|draft| draft.undo(name));
    }

    /// Forgets every change.
    pub fn discard(self) {
        self.draft.set(Draft::default());
    }

    /// The variables were read again. They are what changes are compared with, unless that would
    /// hide what others did meanwhile.
    pub fn read(self, newest: Arc<Snapshot>) {
        let is_mine = |row: &Row| row.verdict == Verdict::Mine;
        let is_new = self.base.with_untracked(|base| *base != newest);
        let hides_nothing = self.draft.with_untracked(Draft::is_empty)
            || self.differences(&newest).iter().all(is_mine);
        if is_new && hides_nothing {
            self.base.set(newest);
        }
    }

    /// What this person and others changed, each against the variables as they were.
    pub fn differences(self, newest: &Snapshot) -> Vec<Row> {
        let base = self.base.get_untracked();
        self.draft
            .with_untracked(|draft| compare(&base, draft, newest))
    }

    /// Goes on with these changes, compared with these variables.
    pub fn settle(self, draft: Draft, base: Arc<Snapshot>) {
        self.base.set(base);
        self.draft.set(draft);
    }

    /// To be kept, if something would be lost.
    pub fn keep(self) -> Option<Kept> {
        let draft = self.draft.try_get_untracked()?;
        let base = self.base.try_get_untracked()?;
        (!draft.is_empty()).then_some(Kept { draft, base })
    }

    /// Goes on where it was left.
    pub fn resume(self, kept: Kept) {
        self.settle(kept.draft, kept.base);
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::config::Variable;

    fn snapshot(values: &[(&str, &str)]) -> Arc<Snapshot> {
        let variable = |(name, value): &(&str, &str)| Variable {
            id: String::new(),
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            secret: false,
            buildtime: false,
            created: None,
            updated: None,
        };
        Arc::new(Snapshot {
            revision: Some(format!("{values:?}")),
            variables: values.iter().map(variable).collect(),
        })
    }

    fn entry(value: &str) -> Entry {
        Entry {
            value: value.to_owned(),
            secret: false,
            buildtime: false,
        }
    }

    #[test]
    fn what_others_did_is_not_hidden_from_a_draft() {
        Owner::new().with(|| {
            let form = Form::new();
            form.read(snapshot(&[("A", "1")]));
            form.read(snapshot(&[("A", "2")]));
            assert_eq!(form.base.get_untracked(), snapshot(&[("A", "2")]));
            form.set("A", entry("3"));
            form.read(snapshot(&[("A", "2"), ("B", "1")]));
            assert_eq!(form.base.get_untracked(), snapshot(&[("A", "2")]));
            let newest = snapshot(&[("A", "2"), ("B", "1")]);
            assert_eq!(form.differences(&newest).len(), 2);
            form.discard();
            form.read(newest.clone());
            assert_eq!(form.base.get_untracked(), newest);
        });
    }

    #[test]
    fn a_revision_that_changed_nothing_is_taken_over() {
        Owner::new().with(|| {
            let form = Form::new();
            form.read(snapshot(&[("A", "1")]));
            form.set("A", entry("2"));
            let same = Arc::new(Snapshot {
                revision: Some("next".to_owned()),
                ..(*snapshot(&[("A", "1")])).clone()
            });
            form.read(same.clone());
            assert_eq!(form.base.get_untracked(), same);
        });
    }
}
