//! What was typed into a form that had to be left for the sign-in: kept in memory, for its address.

use std::any::Any;

use leptos::prelude::{
    LocalStorage, SetValue, StoredValue, UpdateValue, provide_context, use_context,
};

struct Draft {
    address: String,
    content: Box<dyn Any>,
}

/// The one draft that is kept.
#[derive(Clone, Copy)]
pub struct Drafts(StoredValue<Option<Draft>, LocalStorage>);

impl Drafts {
    /// Keeps a draft for the form at this address.
    pub fn keep(self, address: String, content: impl Any) {
        self.0.set_value(Some(Draft {
            address,
            content: Box::new(content),
        }));
    }

    /// Hands out the draft that was kept for the form at this address.
    pub fn take<T: Any>(self, address: &str) -> Option<T> {
        let mut taken = None;
        self.0.update_value(|kept| {
            if kept.as_ref().is_some_and(|draft| draft.address == address) {
                taken = kept.take();
            }
        });
        taken?.content.downcast().ok().map(|content| *content)
    }
}

/// Makes the store available to everything below.
pub fn provide_drafts() {
    provide_context(Drafts(StoredValue::new_local(None)));
}

/// The store of the page.
pub fn use_drafts() -> Drafts {
    use_context().unwrap_or_else(|| Drafts(StoredValue::new_local(None)))
}
