//! Menus.

use console::components::icon::Icon;
use console::components::menu::{Menu, MenuItem};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{KeyboardEvent, KeyboardEventInit};

use crate::page::{Page, frame};

fn press(page: &Page, key: &str) {
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_cancelable(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    page.focused().unwrap().dispatch_event(&event).unwrap();
}

fn focused_text(page: &Page) -> String {
    let text = page.focused().and_then(|focused| focused.text_content());
    text.unwrap_or_default().trim().to_owned()
}

#[wasm_bindgen_test]
async fn arrow_keys_open_it_and_go_through_it_and_a_choice_closes_it() {
    let chosen = RwSignal::new(String::new());
    let page = Page::show(move || {
        view! {
            <Menu label="More" glyph=Icon::More>
                <MenuItem label="Pause" on_click=move |()| chosen.set("Pause".to_owned()) />
                <MenuItem label="Delete" on_click=move |()| chosen.set("Delete".to_owned()) />
            </Menu>
        }
    });
    frame().await;
    let opener = page.find("button[popovertarget]");
    opener.focus().unwrap();
    press(&page, "ArrowDown");
    assert!(page.maybe(":popover-open").is_some());
    assert_eq!(focused_text(&page), "Pause");
    press(&page, "ArrowDown");
    assert_eq!(focused_text(&page), "Delete");
    press(&page, "ArrowDown");
    assert_eq!(focused_text(&page), "Pause");
    press(&page, "End");
    page.focused().unwrap().click();
    assert_eq!(chosen.get_untracked(), "Delete");
    assert!(page.maybe(":popover-open").is_none());
    assert_eq!(page.focused(), Some(opener));
}

#[wasm_bindgen_test]
async fn an_item_with_a_reason_against_it_stays_and_does_nothing() {
    let chosen = RwSignal::new(false);
    let page = Page::show(move || {
        view! {
            <Menu label="More" glyph=Icon::More>
                <MenuItem
                    label="Pause"
                    against=Signal::stored(Some("It is paused already.".to_owned()))
                    on_click=move |()| chosen.set(true)
                />
            </Menu>
        }
    });
    frame().await;
    page.find("button[popovertarget]").click();
    page.find(".item").click();
    assert!(!chosen.get_untracked());
    assert!(page.maybe(":popover-open").is_some());
}
