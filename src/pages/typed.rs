//! The text of a filter: what is typed holds at once, the address follows.

use leptos::prelude::*;

use crate::reactive::effect;
use crate::routes::{QueryText, query_text};
use crate::state::poll::Later;

/// Milliseconds after the last key until the address follows.
const TYPING: u32 = 300;

/// The text of a filter.
#[derive(Clone, Copy)]
pub struct Typed {
    /// What is typed.
    pub text: RwSignal<String>,
    address: QueryText,
    later: Later,
}

impl Typed {
    /// What the address keeps: it follows when the typing rests. Tracked.
    pub fn kept(self) -> String {
        self.address.get.get()
    }

    /// Another text.
    pub fn set(self, text: String) {
        self.text.set(text.clone());
        self.later.run(TYPING, move || self.address.set(text));
    }
}

/// The text of the filter that this parameter of the query keeps.
pub fn use_typed(name: &'static str) -> Typed {
    let address = query_text(name);
    let text = RwSignal::new(address.get.get_untracked());
    effect(move || {
        let kept = address.get.get();
        if text.get_untracked() != kept {
            text.set(kept);
        }
    });
    Typed {
        text,
        address,
        later: Later::new(),
    }
}
