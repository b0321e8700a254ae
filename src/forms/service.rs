//! The form that creates and edits a service.

pub mod changes;
pub mod draft;
pub mod field;
pub mod lists;
pub mod request;
pub mod rules;
pub mod sections;
pub mod summary;

use std::sync::Arc;

use leptos::prelude::*;
use wire::envelope::Dialect;
use wire::error::FieldErrors;
use wire::service::{ServiceCreate, ServicePatch};

use draft::ServiceDraft;
use field::Field;
use request::faults_of;
use rules::Rules;

use crate::reactive::memo;

/// The state of the form: what was typed, what is saved, and what is wrong with it.
#[derive(Clone, Copy)]
pub struct Form {
    /// What was typed.
    pub draft: RwSignal<ServiceDraft>,
    /// What it is compared with: the saved service, or the untouched form.
    pub saved: RwSignal<ServiceDraft>,
    /// Whose rules and defaults hold, and which fields there are.
    pub rules: StoredValue<Rules>,
    left: RwSignal<Vec<Field>>,
    checked: RwSignal<bool>,
    sent: RwSignal<Arc<FieldErrors>>,
    own: Memo<Arc<FieldErrors>>,
}

impl Form {
    /// A form that begins with what is saved.
    pub fn new(saved: ServiceDraft, rules: Rules) -> Self {
        let saved = rules.fit(saved);
        let draft = RwSignal::new(saved.clone());
        let rules = StoredValue::new(rules);
        let own = memo(move || {
            let errors = draft.with(|draft| rules.with_value(|rules| draft.create(rules)).err());
            Arc::new(errors.unwrap_or_default())
        });
        Self {
            draft,
            saved: RwSignal::new(saved),
            rules,
            left: RwSignal::new(Vec::new()),
            checked: RwSignal::new(false),
            sent: RwSignal::new(Arc::default()),
            own,
        }
    }

    /// Whose defaults hold.
    pub fn dialect(self) -> Dialect {
        self.rules.with_value(|rules| rules.dialect)
    }

    /// Whether the platform takes a field.
    pub fn takes(self, field: Field) -> bool {
        self.rules.with_value(|rules| rules.takes(field))
    }

    /// The request that creates what was typed.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn creation(self) -> Result<ServiceCreate, FieldErrors> {
        self.draft
            .with_untracked(|draft| self.rules.with_value(|rules| draft.create(rules)))
    }

    /// The request that leads from what is saved to what was typed. Tracked.
    ///
    /// # Errors
    /// Every fault, by field path.
    pub fn patch(self) -> Result<ServicePatch, FieldErrors> {
        let patch = |saved: &_| {
            self.draft
                .with(|draft| self.rules.with_value(|rules| draft.patch(saved, rules)))
        };
        self.saved.with(patch)
    }

    /// Whether something would be lost.
    pub fn changed(self) -> Memo<bool> {
        memo(move || {
            let draft = self.draft.with(ServiceDraft::effective);
            self.saved.with(|saved| saved.effective() != draft)
        })
    }

    /// The form's own faults, shown or not.
    pub fn own(self) -> Memo<Arc<FieldErrors>> {
        self.own
    }

    /// What is said under a field: its faults once it was left or the form was sent, and what the
    /// platform said of it until it is changed.
    pub fn faults(self, field: Field) -> Signal<Vec<String>> {
        Signal::derive(move || {
            let shown = self.checked.get() || self.left.with(|left| left.contains(&field));
            let draft = self.draft.read();
            let mut words = Vec::new();
            if shown {
                words = faults_of(field, &draft, &self.own.get());
            }
            words.extend(faults_of(field, &draft, &self.sent.get()));
            words
        })
    }

    /// The text of a field.
    pub fn text(self, field: Field) -> Memo<String> {
        memo(move || self.draft.with(|draft| field.read(draft).to_owned()))
    }

    /// Takes over what was typed into a field.
    pub fn write(self, field: Field, text: String) {
        self.draft.update(|draft| field.write(draft, text));
        if !self.sent.with_untracked(|sent| sent.is_empty()) {
            self.sent.set(Arc::default());
        }
    }

    /// The person went on to another field: this one may be judged.
    pub fn leave(self, field: Field) {
        if !self.left.with_untracked(|left| left.contains(&field)) {
            self.left.update(|left| left.push(field));
        }
    }

    /// The form is about to be sent: every field is judged from now on.
    pub fn check(self) {
        self.checked.set(true);
        self.sent.set(Arc::default());
    }

    /// Takes over what the platform said of the fields.
    pub fn blame(self, errors: FieldErrors) {
        self.sent.set(Arc::new(errors));
    }

    /// Begins anew with what is saved now.
    pub fn settle(self, saved: ServiceDraft) {
        let saved = self.rules.with_value(|rules| rules.fit(saved));
        self.saved.set(saved.clone());
        self.draft.set(saved);
        self.left.set(Vec::new());
        self.checked.set(false);
        self.sent.set(Arc::default());
    }

    /// Takes in what others saved meanwhile: what was typed stays.
    pub fn rebase(self, saved: ServiceDraft) {
        let saved = self.rules.with_value(|rules| rules.fit(saved));
        let before = self.saved.get_untracked();
        self.draft.update(|draft| draft.rebase(&before, &saved));
        self.saved.set(saved);
    }

    /// Forgets what was typed.
    pub fn discard(self) {
        self.settle(self.saved.get_untracked());
    }
}
