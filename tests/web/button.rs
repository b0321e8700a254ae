//! Buttons, and forms that they send.

use console::components::button::Button;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{Page, frame};

#[wasm_bindgen_test]
async fn a_form_is_sent_once_however_often_its_button_is_pressed() {
    let sent = RwSignal::new(0);
    let pending = RwSignal::new(false);
    let page = Page::show(move || {
        let submit = move |event: SubmitEvent| {
            event.prevent_default();
            sent.update(|sent| *sent += 1);
            pending.set(true);
        };
        view! {
            <form on:submit=submit>
                <Button label="Create" submit=true pending />
            </form>
        }
    });
    frame().await;
    let button = page.find("button");
    button.click();
    button.click();
    frame().await;
    button.click();
    assert_eq!(sent.get_untracked(), 1);
    assert_eq!(button.get_attribute("aria-busy").as_deref(), Some("true"));

    pending.set(false);
    frame().await;
    button.click();
    assert_eq!(sent.get_untracked(), 2);
}

#[wasm_bindgen_test]
async fn a_button_with_a_reason_against_it_says_so_keeps_the_focus_and_does_nothing() {
    let pressed = RwSignal::new(0);
    let against = RwSignal::new(Some("It is paused.".to_owned()));
    let page = Page::show(move || {
        view! { <Button label="Restart" against on_click=move |()| pressed.update(|count| *count += 1) /> }
    });
    frame().await;
    let button = page.find("button");
    button.focus().unwrap();
    button.click();
    assert_eq!(pressed.get_untracked(), 0);
    assert_eq!(button.title(), "It is paused.");
    assert_eq!(page.focused(), Some(button.clone()));

    against.set(None);
    frame().await;
    button.click();
    assert_eq!(pressed.get_untracked(), 1);
    assert!(!button.has_attribute("aria-disabled"));
}
