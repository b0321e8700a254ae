//! The browser's clipboard, which this page writes to and never reads.

use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// Copies a text, and tells whether the browser took it: it gives no clipboard to pages at an address
/// without TLS that is not this machine.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    if !window().is_secure_context() {
        done(false);
        return;
    }
    let copying = window().navigator().clipboard().write_text(text);
    spawn_local(async move { done(JsFuture::from(copying).await.is_ok()) });
}
