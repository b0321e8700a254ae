//! A button that copies a change as a command for a terminal.

use leptos::prelude::*;

use super::button::{Button, IconButton, Kind};
use super::clipboard::copy as copy_text;
use super::icon::Icon;

use crate::reactive::memo;

/// Writes a change as commands for a terminal; nothing while what it needs is not given.
pub type Commands = Callback<(), Option<String>>;

/// Copies commands. Where the browser gives pages no clipboard, there is no button.
#[component]
pub fn CopyCurl(
    /// The commands, written when they are asked for.
    commands: Commands,
    /// Whether it is a picture alone, beside what is small.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |()| {
        // Without any, the form says what is missing.
        let Some(text) = commands.run(()) else {
            return;
        };
        // The button may be gone by then.
        copy_text(&text, move |is_done| {
            copied.try_set(is_done);
        });
    };
    let words = memo(move || match copied.get() {
        true => "Copied".to_owned(),
        false => "Copy as curl".to_owned(),
    });
    let glyph = move || match copied.get() {
        true => Icon::Check,
        false => Icon::Copy,
    };
    let button = move || {
        match small {
        true => view! { <IconButton label=words glyph=Signal::derive(glyph) on_click=copy /> }
            .into_any(),
        false => view! { <Button label=words kind=Kind::Quiet glyph=Icon::Copy done=copied on_click=copy /> }
            .into_any(),
    }
    };
    let button = move || {
        view! {
            <span
                class="copy"
                on:focusout=move |_| {
                    let _ = copied.try_set(false);
                }
            >
                {button()}
            </span>
        }
    };
    window().is_secure_context().then(button)
}
