//! Dialogs: the browser's own, modal, closed by Escape, with the focus back where it was.

use leptos::html;
use leptos::prelude::*;

use super::button::{Button, IconButton};
use super::icon::Icon;

/// A modal dialog that is shown while `open` holds. Its content is made anew each time.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    open: RwSignal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get()
            && open.get()
            && !dialog.open()
        {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    let children = StoredValue::new(children);
    view! {
        <Show when=move || open.get()>
            <dialog
                class="dialog"
                node_ref=node
                aria-label=move || title.get()
                on:close=move |_| open.set(false)
            >
                <header>
                    <h2>{move || title.get()}</h2>
                    <IconButton label="Close" glyph=Icon::Cross on_click=move |()| open.set(false) />
                </header>
                {move || children.with_value(|children| children())}
            </dialog>
        </Show>
    }
}

/// The row of buttons that ends a dialog: cancel, and what the dialog is for.
#[component]
pub fn DialogButtons(open: RwSignal<bool>, children: Children) -> impl IntoView {
    view! {
        <footer>
            <Button
                label="Cancel"
                kind=super::button::Kind::Quiet
                on_click=move |()| open.set(false)
            />
            {children()}
        </footer>
    }
}
