//! A button that copies a change as a command for a terminal.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::button::{Button, Kind};
use super::icon::Icon;

use crate::reactive::memo;

/// Copies a command. Where the browser gives pages no clipboard, there is no button.
#[component]
pub fn CopyCurl(
    /// The command, written when it is asked for.
    #[prop(into)]
    command: Callback<(), String>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |()| {
        let clipboard = window().navigator().clipboard();
        let done = clipboard.write_text(&command.run(()));
        spawn_local(async move {
            let is_done = JsFuture::from(done).await.is_ok();
            // The button may be gone by now.
            copied.try_set(is_done);
        });
    };
    let words = memo(move || match copied.get() {
        true => "Copied".to_owned(),
        false => "Copy as curl".to_owned(),
    });
    let button = move || {
        view! {
            <span
                class="copy"
                on:focusout=move |_| {
                    let _ = copied.try_set(false);
                }
            >
                <Button label=words kind=Kind::Quiet glyph=Icon::Copy on_click=copy />
            </span>
        }
    };
    window().is_secure_context().then(button)
}
