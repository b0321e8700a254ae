//! Who is signed in, and that one no longer is.

use leptos::prelude::{RwSignal, Set, provide_context, use_context};
use wire::open::Open;
use wire::session::{Role, Session as Identity};

use crate::api::Failure;

/// The browser's session.
#[derive(Clone, Copy)]
pub struct Session {
    /// Who is signed in, as far as is known.
    pub who: RwSignal<Option<Identity>>,
    /// Whether the platform has said that nobody is.
    pub ended: RwSignal<bool>,
}

impl Session {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self {
            who: RwSignal::new(None),
            ended: RwSignal::new(false),
        }
    }

    /// Somebody has signed in.
    pub fn begin(self, who: Identity) {
        self.who.set(Some(who));
        self.ended.set(false);
    }

    /// Nobody is signed in any more.
    pub fn end(self) {
        self.who.set(None);
        self.ended.set(true);
    }

    /// Ends the session if this failure says so.
    pub fn note(self, failure: &Failure) {
        if failure.is_signed_out() {
            self.end();
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// Somebody of whom nothing is known but that a platform took their key: what they may do is for it to
/// say.
pub fn of_key(platform: &str) -> Identity {
    Identity {
        name: platform.to_owned(),
        role: Open::Known(Role::Admin),
        grants: None,
        expires: None,
    }
}

/// Makes the session available to everything below.
pub fn provide_session() -> Session {
    let session = Session::new();
    provide_context(session);
    session
}

/// The session of the page.
pub fn use_session() -> Session {
    use_context().unwrap_or_default()
}
