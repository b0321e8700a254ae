//! The form of a service: when it judges, what it says where, and what it would send.

use std::cell::RefCell;
use std::rc::Rc;

use console::components::field::go_to_first_fault;
use console::forms::service::Form;
use console::forms::service::draft::ServiceDraft;
use console::forms::service::rules::Rules;
use console::forms::service::sections::Sections;
use console::forms::service::summary::WillChange;
use leptos::prelude::*;
use pilothouse_wire::envelope::Dialect;
use pilothouse_wire::error::FieldErrors;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;

use crate::page::{Page, frame, until};

/// A form in the page that begins with what is given, and its state.
fn form(saved: ServiceDraft) -> (Page, Form) {
    let made = Rc::new(RefCell::new(None));
    let place = made.clone();
    let page = Page::show(move || {
        let form = Form::new(saved, Rules::of(Dialect::Workspace));
        place.replace(Some(form));
        view! {
            <Sections form ingress=None />
            <WillChange form />
        }
    });
    let form = made.take().unwrap();
    (page, form)
}

/// The control that this label names.
fn control(page: &Page, label: &str) -> HtmlInputElement {
    let labels = page.all("label");
    let found = labels
        .iter()
        .find(|known| known.text_content().as_deref() == Some(label));
    let id = found.unwrap().get_attribute("for").unwrap();
    page.find(&format!("#{id}")).dyn_into().unwrap()
}

fn type_into(control: &HtmlInputElement, text: &str) {
    control.focus().unwrap();
    control.set_value(text);
    let event = web_sys::InputEvent::new("input").unwrap();
    control.dispatch_event(&event).unwrap();
}

fn is_faulty(control: &HtmlInputElement) -> bool {
    control.has_attribute("aria-invalid")
}

#[wasm_bindgen_test]
async fn a_field_is_judged_when_it_is_left() {
    let (page, form) = form(ServiceDraft::new(Dialect::Workspace));
    frame().await;
    let port = control(&page, "Port");
    type_into(&port, "70000");
    frame().await;
    assert!(!is_faulty(&port), "judged while it is typed");
    port.blur().unwrap();
    frame().await;
    assert!(is_faulty(&port));
    assert!(!is_faulty(&control(&page, "Name")), "not come to yet");
    type_into(&port, "8080");
    frame().await;
    assert!(!is_faulty(&port));
    assert_eq!(
        form.draft.with_untracked(|draft| draft.port.clone()),
        "8080"
    );
}

#[wasm_bindgen_test]
async fn sent_too_early_it_leads_to_its_first_fault() {
    let (page, form) = form(ServiceDraft::new(Dialect::Workspace));
    frame().await;
    form.check();
    go_to_first_fault();
    until("every fault is shown", || {
        is_faulty(&control(&page, "Image"))
    })
    .await;
    let name = control(&page, "Name");
    assert!(is_faulty(&name));
    until("the first has the focus", || {
        page.focused()
            .is_some_and(|focused| focused.is_same_node(Some(&name)))
    })
    .await;
}

#[wasm_bindgen_test]
async fn what_the_platform_says_stands_until_something_is_changed() {
    let (page, form) = form(ServiceDraft::new(Dialect::Workspace));
    frame().await;
    let name = control(&page, "Name");
    type_into(&name, "cart");
    form.blame(FieldErrors::one("name", "The name 'cart' is taken."));
    frame().await;
    assert!(is_faulty(&name));
    type_into(&name, "carts");
    frame().await;
    assert!(!is_faulty(&name));
}

#[wasm_bindgen_test]
async fn an_edit_says_what_differs_and_what_it_does() {
    let saved = ServiceDraft {
        name: "cart".to_owned(),
        image: "shop:1".to_owned(),
        ..ServiceDraft::new(Dialect::Workspace)
    };
    let (page, form) = form(saved);
    frame().await;
    let says = |words: &str| {
        let text = page.text();
        text.contains(words)
    };
    assert!(says("Nothing differs from what is saved."));
    type_into(&control(&page, "Tags"), "edge");
    frame().await;
    assert!(says("no instance is restarted"));
    type_into(&control(&page, "Image"), "shop:2");
    frame().await;
    assert!(says("instances are replaced one at a time"));
    let changed = form.changed();
    assert!(changed.get_untracked());
    form.discard();
    frame().await;
    assert_eq!(control(&page, "Image").value(), "shop:1");
    assert!(!changed.get_untracked());
}
