//! The words on the browser's tab.

use leptos::prelude::document;

use crate::reactive::effect;

/// Keeps the tab's title up to date for as long as the page is there.
pub fn use_title(title: impl Fn() -> String + 'static) {
    effect(move || document().set_title(&format!("{} · Pilothouse", title())));
}
