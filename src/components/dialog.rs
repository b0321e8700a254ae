//! Dialogs: the browser's own, modal, closed by Escape, with the focus back where it was.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::button::{Button, IconButton};
use super::icon::Icon;

/// A modal dialog that is shown while `open` holds. Its content is made anew each time.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    open: RwSignal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let children = StoredValue::new(children);
    let modal = move || {
        open.get().then(|| {
            let node = show_while_alive();
            view! {
                <dialog
                    class="dialog"
                    node_ref=node
                    aria-label=move || title.get()
                    on:close=move |_| open.set(false)
                >
                    <header>
                        <h2>{move || title.get()}</h2>
                        <IconButton
                            label="Close"
                            glyph=Icon::Cross
                            on_click=move |()| open.set(false)
                        />
                    </header>
                    {children.with_value(|children| children())}
                </dialog>
            }
        })
    };
    view! { {modal} }
}

/// Shows a dialog as soon as it is in the page. When it goes, the focus returns to what had it
/// before: the browser does that for a dialog that is closed, not for one that is taken away.
fn show_while_alive() -> NodeRef<html::Dialog> {
    let node = NodeRef::<html::Dialog>::new();
    let before = StoredValue::new_local(document().active_element());
    Effect::new(move |_| {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || {
        let before = before.try_get_value().flatten();
        let before = before.and_then(|before| before.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(before) = before.filter(|before| before.is_connected()) {
            // Fails only for an element that can't have the focus.
            let _ = before.focus();
        }
    });
    node
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
