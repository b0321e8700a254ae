//! Dialogs.

use console::components::dialog::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlDialogElement;

use crate::page::{Page, until};

/// A page with a button that opens a dialog, just pressed by keyboard.
async fn opened() -> (Page, RwSignal<bool>) {
    let open = RwSignal::new(false);
    let page = Page::show(move || {
        view! {
            <button id="opener" on:click=move |_| open.set(true)>
                "Open"
            </button>
            <Dialog title="Scale" open>
                <input id="count" autofocus />
            </Dialog>
        }
    });
    let opener = page.find("#opener");
    opener.focus().unwrap();
    opener.click();
    until("the dialog is open", || {
        page.maybe("dialog[open]").is_some()
    })
    .await;
    (page, open)
}

fn focus_is_at(page: &Page, id: &str) -> bool {
    page.focused().is_some_and(|focused| focused.id() == id)
}

#[wasm_bindgen_test]
async fn it_is_modal_and_starts_at_its_field() {
    let (page, _) = opened().await;
    assert!(page.maybe("dialog:modal").is_some());
    assert!(focus_is_at(&page, "count"));
}

#[wasm_bindgen_test]
async fn closed_by_its_button_it_goes_and_gives_the_focus_back() {
    let (page, open) = opened().await;
    page.find("dialog header button").click();
    until("the dialog is gone", || page.maybe("dialog").is_none()).await;
    assert!(!open.get_untracked());
    until("the opener has the focus", || focus_is_at(&page, "opener")).await;
}

#[wasm_bindgen_test]
async fn closed_by_the_browser_it_goes_and_gives_the_focus_back() {
    let (page, open) = opened().await;
    // What the browser does on Escape.
    let dialog: HtmlDialogElement = page.find("dialog").unchecked_into();
    dialog.close();
    until("the dialog is gone", || page.maybe("dialog").is_none()).await;
    assert!(!open.get_untracked());
    assert!(focus_is_at(&page, "opener"));
}
