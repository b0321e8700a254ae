//! Dialogs: the browser's own, modal, closed by Escape, with the focus back where it was.

use leptos::html;
use leptos::prelude::*;

use super::button::{Button, IconButton};
use super::curl::{Commands, CopyCurl};
use super::icon::Icon;

use crate::reactive::{dynamic, effect, memo};

/// A modal dialog that is shown while `open` holds. Its content is made anew each time.
#[component]
pub fn Dialog(
    #[prop(into)] title: Signal<String>,
    open: RwSignal<bool>,
    /// Whether it holds more than a few fields: tables.
    #[prop(optional)]
    large: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let class = if large { "dialog large" } else { "dialog" };
    let children = StoredValue::new(children);
    let modal = move || {
        open.get().then(|| {
            let node = show_while_alive();
            // The event comes late: by then this dialog may be gone, and the next one open.
            let close = move |_| {
                if node.try_get_untracked().flatten().is_some() {
                    open.set(false);
                }
            };
            view! {
                <dialog class=class node_ref=node aria-label=title on:close=close>
                    <header>
                        <h2>{title}</h2>
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
    dynamic(move || modal().into_any())
}

/// Whether the dialog about something is open: as long as there is something; closing it lets go of
/// that.
pub fn open_about<T: Send + Sync + 'static>(about: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    let is_some = memo(move || about.with(Option::is_some));
    // Not again when what it is about is only read anew: it would close and open.
    effect(move || open.set(is_some.get()));
    effect(move || {
        if !open.get() && about.with_untracked(Option::is_some) {
            about.set(None);
        }
    });
    open
}

/// Shows a dialog as soon as it is in the page. Before it goes it is closed, for that is when the
/// browser gives the focus back to what had it; behind an open one nothing can have it.
fn show_while_alive() -> NodeRef<html::Dialog> {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || {
        if let Some(dialog) = node.try_get_untracked().flatten() {
            dialog.close();
        }
    });
    node
}

/// The row of buttons that ends a dialog: its change for a terminal, cancel, and what the dialog is
/// for.
#[component]
pub fn DialogButtons(
    open: RwSignal<bool>,
    #[prop(optional)] commands: Option<Commands>,
    children: Children,
) -> impl IntoView {
    view! {
        <footer>
            {commands.map(|commands| view! { <CopyCurl commands /> })}
            <Button
                label="Cancel"
                kind=super::button::Kind::Quiet
                on_click=move |()| open.set(false)
            /> {children()}
        </footer>
    }
}
