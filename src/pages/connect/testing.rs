//! Looking at a platform before it is used: one look at a time, whose outcome stays until the next.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wire::envelope::Dialect;

use crate::api::connection::Platform;
use crate::api::probe::{Found, Trouble, probe};

/// What a look brought.
pub type Seen = Result<Found, Trouble>;

/// The look at a platform.
#[derive(Clone, Copy)]
pub struct Testing {
    /// Whether it goes on.
    pub pending: RwSignal<bool>,
    /// What the last one brought.
    pub seen: RwSignal<Option<Seen>>,
}

impl Default for Testing {
    fn default() -> Self {
        Self::new()
    }
}

impl Testing {
    /// Nothing was looked at yet.
    pub fn new() -> Self {
        Self {
            pending: RwSignal::new(false),
            seen: RwSignal::new(None),
        }
    }

    /// Looks at a platform; `then` follows with what was found where nothing stands against its use.
    pub fn run(
        self,
        platform: Platform,
        dialect: Option<Dialect>,
        then: impl FnOnce(Found) + 'static,
    ) {
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        self.seen.set(None);
        spawn_local(async move {
            let seen = probe(&platform, dialect).await;
            // The page may have been left meanwhile: then nothing follows.
            if self.pending.try_set(false).is_some() {
                return;
            }
            self.seen.set(Some(seen.clone()));
            if let Ok(found) = seen {
                then(found);
            }
        });
    }
}
