//! Tells when an instance falls and when it runs well again. What can't be written down holds
//! nothing up: the instance matters more than its story.

use chrono::Utc;
use pilothouse_wire::event::EventKind;

use super::worker::Worker;
use crate::domain::{Result, own_words};
use crate::engine::{EngineInstance, RunState};
use crate::store::{Fall, NewEvent};

impl Worker {
    /// Takes up what was told before this process began.
    pub(super) async fn recall_falls(&mut self) -> Result<()> {
        if !self.watch.knows_falls() {
            let fallen = self.platform.store.fallen(&self.service_id).await?;
            self.watch.recall_falls(fallen);
        }
        Ok(())
    }

    /// Tells that an instance fell, and notes it.
    pub(super) async fn fell(&mut self, one: &EngineInstance, why: String) {
        let label = one.slot.label();
        let fall = Fall {
            kind: match one.state {
                RunState::Exited { .. } => EventKind::Crashed,
                RunState::Running | RunState::Pending { .. } | RunState::Leaving => {
                    EventKind::Unhealthy
                }
            },
            instance: label.clone(),
            release_version: one.release_version,
            why: own_words(&why).to_owned(),
        };
        let store = &self.platform.store;
        let noted = store.note_fall(&self.service_id, &fall, Utc::now()).await;
        self.warn_of(noted);
        self.watch.crashed(&label, why);
    }

    /// Tells which instances run well again.
    pub(super) async fn tell_who_recovered(&mut self) {
        for label in self.watch.take_recovered() {
            let one = self.last.iter().find(|one| one.slot.label() == label);
            if let Some(one) = one {
                let event = NewEvent::recovered(&label, one.release_version);
                self.note_event(&event).await;
            }
        }
    }

    /// Tells something of the service.
    pub(super) async fn note_event(&self, event: &NewEvent) {
        let store = &self.platform.store;
        let noted = store.note_event(&self.service_id, event, Utc::now()).await;
        self.warn_of(noted);
    }

    fn warn_of(&self, noted: crate::store::StoreResult<()>) {
        if let Err(error) = noted {
            tracing::warn!(service = %self.service_id, %error, "an event can't be written down");
        }
    }
}
