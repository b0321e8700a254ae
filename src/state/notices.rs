//! The notices of what was done: shown for a few seconds, failures until they are closed.

use leptos::prelude::{RwSignal, Update, WithUntracked, provide_context, use_context};

use super::poll::Later;
use crate::components::toast::Toast;

/// How long a notice is shown, in milliseconds; several go one after the other.
const SHOWN: u32 = 5_000;

/// How many notices are shown at once.
const MOST: usize = 3;

/// The notices of the moment.
#[derive(Clone, Copy)]
pub struct Notices {
    /// Oldest first.
    pub toasts: RwSignal<Vec<Toast>>,
    later: Later,
}

impl Notices {
    /// Says what was done.
    pub fn say(self, words: impl Into<String>) {
        self.push(words.into(), false);
        self.expire_later();
    }

    /// Says what failed.
    pub fn complain(self, words: impl Into<String>) {
        self.push(words.into(), true);
    }

    /// Takes a notice away.
    pub fn close(self, id: u32) {
        self.toasts
            .update(|toasts| toasts.retain(|toast| toast.id != id));
    }

    /// The oldest notice goes, and so on until only failures are left.
    fn expire_later(self) {
        self.later.run(SHOWN, move || {
            self.toasts.update(|toasts| {
                if let Some(place) = toasts.iter().position(|toast| !toast.bad) {
                    toasts.remove(place);
                }
            });
            if self
                .toasts
                .with_untracked(|toasts| toasts.iter().any(|toast| !toast.bad))
            {
                self.expire_later();
            }
        });
    }

    fn push(self, words: String, bad: bool) {
        let last = self
            .toasts
            .with_untracked(|toasts| toasts.last().map(|toast| toast.id));
        let id = last.map_or(0, |id| id.wrapping_add(1));
        self.toasts.update(|toasts| {
            toasts.push(Toast { id, words, bad });
            let surplus = toasts.len().saturating_sub(MOST);
            toasts.drain(..surplus);
        });
    }
}

/// Makes the notices available to everything below.
pub fn provide_notices() -> Notices {
    let notices = Notices {
        toasts: RwSignal::new(Vec::new()),
        later: Later::new(),
    };
    provide_context(notices);
    notices
}

/// The notices of the page.
pub fn use_notices() -> Notices {
    use_context().unwrap_or_else(provide_notices)
}
