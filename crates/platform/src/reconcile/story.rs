//! What a deployment tells while it goes on: each thing once, in its log.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::journal::Journals;
use crate::store::Deployment;

/// The story of the deployment that is under way, if one is.
#[derive(Debug)]
pub(super) struct Story {
    deployment: Option<String>,
    /// What was told of it. A few lines an instance.
    told: HashSet<String>,
    moved: Instant,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            deployment: None,
            told: HashSet::new(),
            moved: Instant::now(),
        }
    }
}

impl Story {
    /// Turns to the deployment that is under way now.
    pub(super) fn follow(&mut self, deployment: Option<&Deployment>) {
        let id = deployment.map(|deployment| &deployment.id);
        if self.deployment.as_ref() != id {
            *self = Self {
                deployment: id.cloned(),
                ..Self::default()
            };
        }
    }

    /// The id of the deployment.
    pub(super) fn deployment(&self) -> Option<&str> {
        self.deployment.as_deref()
    }

    /// Tells something, unless it was told already.
    pub(super) fn tell(&mut self, journals: &Journals, line: &str) {
        let Some(id) = &self.deployment else { return };
        if self.told.insert(line.to_owned()) {
            journals.note(id, line);
            self.moved = Instant::now();
        }
    }

    /// Notes that something moves of which there is nothing new to tell.
    pub(super) fn moves(&mut self) {
        self.moved = Instant::now();
    }

    /// How long nothing moved.
    pub(super) fn stands_still(&self) -> Duration {
        self.moved.elapsed()
    }
}
