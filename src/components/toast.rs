//! Notices of what was done, in a corner, for a few seconds.

use leptos::prelude::*;

use super::button::IconButton;
use super::icon::Icon;

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Numbered, so that equal notices are told apart.
    pub id: u32,
    /// What was done, or failed.
    pub words: String,
    /// Whether it tells of a failure.
    pub bad: bool,
}

/// The notices of the moment.
#[component]
pub fn Toasts(
    #[prop(into)] toasts: Signal<Vec<Toast>>,
    #[prop(into)] on_close: Callback<u32>,
) -> impl IntoView {
    view! {
        <div class="toasts" aria-live="polite">
            <For each=move || toasts.get() key=|toast| toast.id let(toast)>
                <div
                    class=if toast.bad { "toast bad" } else { "toast" }
                    role=toast.bad.then_some("alert")
                >
                    <span class="grow">{toast.words}</span>
                    <IconButton
                        label="Close"
                        glyph=Icon::Cross
                        on_click=move |()| on_close.run(toast.id)
                    />
                </div>
            </For>
        </div>
    }
}
