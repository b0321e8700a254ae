//! Form fields.

use console::components::field::{SelectField, TextField, go_to_first_fault};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{Page, document, frame, until};

#[wasm_bindgen_test]
async fn a_fault_takes_the_place_of_the_hint_and_is_tied_to_the_control() {
    let faults = RwSignal::new(Vec::new());
    let page = Page::show(move || {
        view! { <TextField label="Port" value="70000" hint="Where it listens" faults on_input=|_| () /> }
    });
    frame().await;
    let control = page.find("input");
    let about = control.get_attribute("aria-describedby").unwrap();
    let words = || {
        let about = document().get_element_by_id(&about).unwrap();
        about.text_content().unwrap()
    };
    assert_eq!(page.find("label").get_attribute("for"), Some(control.id()));
    assert_eq!(words(), "Where it listens");
    assert!(!control.has_attribute("aria-invalid"));

    faults.set(vec!["A port is between 1 and 65535.".to_owned()]);
    frame().await;
    assert_eq!(words().trim(), "A port is between 1 and 65535.");
    assert_eq!(
        control.get_attribute("aria-invalid").as_deref(),
        Some("true")
    );

    faults.set(Vec::new());
    frame().await;
    assert_eq!(words(), "Where it listens");
    assert!(!control.has_attribute("aria-invalid"));
}

#[wasm_bindgen_test]
async fn leaving_the_control_is_told() {
    let left = RwSignal::new(0);
    let page = Page::show(move || {
        view! {
            <TextField
                label="Port"
                value=""
                on_input=|_| ()
                on_blur=move |()| left.update(|left| *left += 1)
            />
        }
    });
    frame().await;
    let control = page.find("input");
    control.focus().unwrap();
    control.blur().unwrap();
    assert_eq!(left.get_untracked(), 1);
}

#[wasm_bindgen_test]
async fn the_first_fault_of_a_form_can_be_gone_to() {
    let faults = RwSignal::new(Vec::new());
    let page = Page::show(move || {
        view! {
            <TextField label="Name" value="" on_input=|_| () />
            <TextField label="Port" value="" faults on_input=|_| () />
        }
    });
    frame().await;
    faults.set(vec!["A port is between 1 and 65535.".to_owned()]);
    go_to_first_fault();
    until("the field has the focus", || {
        let focused = page.focused();
        focused.is_some_and(|focused| focused.has_attribute("aria-invalid"))
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_field_with_choices_stays_while_others_come_and_go() {
    let choice = |name: &str| (name.to_owned(), name.to_owned());
    let choices = RwSignal::new(vec![choice("all"), choice("web.1")]);
    let value = RwSignal::new("web.1".to_owned());
    let page = Page::show(move || {
        view! {
            <SelectField
                label="Instance"
                choices=choices
                value
                on_choose=move |name| value.set(name)
            />
        }
    });
    frame().await;
    let select: web_sys::HtmlSelectElement = page.find("select").unchecked_into();
    select.focus().unwrap();
    let is_same = || page.focused().is_some_and(|focused| focused == *select);
    assert_eq!(select.value(), "web.1");

    choices.set(["all", "web.0", "web.1", "web.2"].map(choice).to_vec());
    frame().await;
    assert_eq!(select.length(), 4);
    assert_eq!((select.value().as_str(), is_same()), ("web.1", true));
    value.set("web.2".to_owned());
    frame().await;
    assert_eq!(select.value(), "web.2");

    // One that comes with its choice, as from an address, is chosen.
    value.set("web.9".to_owned());
    choices.set(["all", "web.2", "web.9"].map(choice).to_vec());
    frame().await;
    assert_eq!(select.value(), "web.9");
    choices.update(|choices| choices.retain(|(name, _)| name != "web.2"));
    frame().await;
    assert_eq!((select.value().as_str(), select.length()), ("web.9", 2));
    assert!(is_same());
}
