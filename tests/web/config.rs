//! The dialogs that change config: what they show of secrets, and what they refuse.

use console::forms::config::draft::Entry;
use console::forms::config::paste_form::{PasteForm, Pasted};
use console::forms::config::variable::{VariableDraft, VariableForm};
use leptos::prelude::*;
use pilothouse_wire::config::{MASK, MASKED};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use crate::page::{Page, frame, until};

/// Types into the value of the dialog.
fn type_value(page: &Page, text: &str) {
    let area: HtmlTextAreaElement = page.find("textarea").unchecked_into();
    area.set_value(text);
    let event = web_sys::InputEvent::new("input").unwrap();
    area.dispatch_event(&event).unwrap();
}

fn type_name(page: &Page, text: &str) {
    let input: HtmlInputElement = page.find("input").unchecked_into();
    input.set_value(text);
    let event = web_sys::InputEvent::new("input").unwrap();
    input.dispatch_event(&event).unwrap();
}

#[wasm_bindgen_test]
async fn a_secret_is_masked_while_typed_and_gone_once_kept() {
    let kept = RwSignal::new(None::<String>);
    let page = Page::show(move || {
        let open = RwSignal::new(true);
        let begin = RwSignal::new(VariableDraft::new());
        view! {
            <VariableForm
                open
                begin
                is_taken=Callback::new(|_| false)
                hides=Callback::new(|name: String| (name == "KEY").then(|| "Hides one.".to_owned()))
                done=Callback::new(move |(_, entry): (String, Entry)| kept.set(Some(entry.value)))
            />
        }
    });
    frame().await;
    type_name(&page, "KEY");
    page.find("button.toggle").click();
    type_value(&page, MASK);
    page.find("button[type=submit]").click();
    until("the mask is refused", || page.text().contains(MASKED)).await;
    assert!(page.find("textarea").class_list().contains("masked"));
    assert!(page.text().contains("Hides one."));
    type_value(&page, "hunter2");
    page.find("button[type=submit]").click();
    until("the dialog is gone", || page.maybe("dialog").is_none()).await;
    assert_eq!(kept.get_untracked().as_deref(), Some("hunter2"));
}

#[wasm_bindgen_test]
async fn every_bad_line_is_named() {
    let taken = RwSignal::new(0);
    let page = Page::show(move || {
        let open = RwSignal::new(true);
        let done = move |pasted: Pasted| taken.set(pasted.variables.len());
        view! { <PasteForm open done=Callback::new(done) /> }
    });
    frame().await;
    type_value(&page, "A=1\nno\nA=2");
    page.find("button[type=submit]").click();
    until("the lines are named", || page.count("[role=alert] li") == 2).await;
    assert!(
        page.text()
            .contains("Line 3: A is given on line 1 already.")
    );
    type_value(&page, "A=1\nB=2");
    page.find("button[type=submit]").click();
    until("the dialog is gone", || page.maybe("dialog").is_none()).await;
    assert_eq!(taken.get_untracked(), 2);
}
