//! The strips above a page that concern everything: no network, an engine that does not answer.

use leptos::ev;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;

use crate::components::button::Button;
use crate::components::feedback::Note;
use crate::reactive::{When, dynamic, memo};
use crate::state::tree::use_tree;
use crate::state::version::{Hosted, use_version};

/// Every strip that holds now.
#[component]
pub fn Strips() -> impl IntoView {
    let online = use_online();
    let tree = use_tree();
    let silent = memo(move || {
        let meta = tree.meta.get()?;
        let title = match meta.engine.read_only {
            true => "Read-only. ",
            false => "The container engine does not answer. ",
        };
        (!meta.engine.available).then(|| (title, meta.engine.detail.clone()))
    });
    let hosted = use_version().map(Hosted::is_other);
    let is_outdated = move || hosted.is_some_and(|is_other| is_other.get());
    view! {
        <When is=is_outdated>
            <Note>
                <span class="grow">
                    "A new version of this console is there. Reload when it suits you: what you typed and did not send is lost then."
                </span>
                <Button label="Reload" on_click=move |()| reload() />
            </Note>
        </When>
        <When is=move || !online.get()>
            <Note>
                <span class="grow">
                    "You are offline. What you see is the last that was known; the page goes on by itself."
                </span>
            </Note>
        </When>
        {dynamic(move || {
            silent
                .get()
                .map(|(title, detail)| {
                    view! {
                        <Note bad=true>
                            <span class="grow">
                                <b>{title}</b>
                                {detail}
                            </span>
                        </Note>
                    }
                })
                .into_any()
        })}
    }
}

/// Loads the page anew.
pub fn reload() {
    // A page that can't be reloaded stays as it is.
    let _ = window().location().reload();
}

fn use_online() -> RwSignal<bool> {
    let online = RwSignal::new(window().navigator().on_line());
    let listeners = [
        window_event_listener(ev::online, move |_| online.set(true)),
        window_event_listener(ev::offline, move |_| online.set(false)),
    ];
    on_cleanup(move || {
        for listener in listeners {
            listener.remove();
        }
    });
    online
}
