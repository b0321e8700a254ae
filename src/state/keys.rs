//! Single keys that do something on a page, while nobody types into a field.

use leptos::ev;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::on_cleanup;
use wasm_bindgen::JsCast;

/// Calls `press` with each key for as long as the owner lives; `true` means that it was used.
pub fn use_keys(press: impl Fn(&str) -> bool + 'static) {
    let listener = window_event_listener(ev::keydown, move |event| {
        let with_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if !with_modifier && !is_busy(&event) && press(&event.key()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// Whether the key belongs to the element that has the focus, or to an open dialog.
fn is_busy(event: &web_sys::KeyboardEvent) -> bool {
    let element = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| {
        let takes = "input, textarea, select, dialog, dialog *, [popover] *";
        let takes_enter = event.key() == "Enter" && element.matches("a, button").unwrap_or(false);
        takes_enter || element.matches(takes).unwrap_or(false)
    })
}
