//! Form fields.

use console::components::field::{TextField, go_to_first_fault};
use leptos::prelude::*;
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
