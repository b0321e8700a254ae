//! What was typed into forms that had to be left for the sign-in, or by the browser's back button:
//! kept in memory, each for its address.

use std::any::Any;

use leptos::prelude::{LocalStorage, StoredValue, UpdateValue, provide_context, use_context};

/// How many are kept: the oldest goes.
const MOST: usize = 8;

struct Draft {
    address: String,
    content: Box<dyn Any>,
}

/// The drafts that are kept, one an address.
#[derive(Clone, Copy)]
pub struct Drafts(StoredValue<Vec<Draft>, LocalStorage>);

impl Drafts {
    fn new() -> Self {
        Self(StoredValue::new_local(Vec::new()))
    }

    /// Keeps a draft for the form at this address.
    pub fn keep(self, address: String, content: impl Any) {
        self.0.update_value(|kept| {
            kept.retain(|draft| draft.address != address);
            kept.push(Draft {
                address,
                content: Box::new(content),
            });
            let surplus = kept.len().saturating_sub(MOST);
            kept.drain(..surplus);
        });
    }

    /// Hands out the draft that was kept for the form at this address.
    pub fn take<T: Any>(self, address: &str) -> Option<T> {
        let mut taken = None;
        self.0.update_value(|kept| {
            let place = kept.iter().position(|draft| draft.address == address);
            taken = place.map(|place| kept.remove(place));
        });
        taken?.content.downcast().ok().map(|content| *content)
    }
}

/// Makes the store available to everything below.
pub fn provide_drafts() {
    provide_context(Drafts::new());
}

/// The store of the page.
pub fn use_drafts() -> Drafts {
    use_context().unwrap_or_else(Drafts::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::Owner;

    #[test]
    fn each_address_has_its_own_draft_once() {
        let owner = Owner::new();
        owner.with(|| {
            let drafts = Drafts::new();
            drafts.keep("a".to_owned(), 1);
            drafts.keep("b".to_owned(), 2);
            drafts.keep("a".to_owned(), 3);
            assert_eq!(drafts.take("a"), Some(3));
            assert_eq!(drafts.take::<i32>("a"), None);
            assert_eq!(drafts.take("b"), Some(2));
        });
    }

    #[test]
    fn the_oldest_goes() {
        let owner = Owner::new();
        owner.with(|| {
            let drafts = Drafts::new();
            for number in 0..=MOST {
                drafts.keep(number.to_string(), number);
            }
            assert_eq!(drafts.take::<usize>("0"), None);
            assert_eq!(drafts.take("1"), Some(1_usize));
        });
    }
}
