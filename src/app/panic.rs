//! The screen for a fault of the console itself: readable, with a way on.

use std::panic::PanicHookInfo;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Element, HtmlElement};

/// Shows every panic on the page from now on.
pub fn show_panics() {
    std::panic::set_hook(Box::new(|info| {
        // Without a document there is nobody to tell.
        let _ = show(info);
    }));
}

fn show(info: &PanicHookInfo<'_>) -> Option<()> {
    let window = web_sys::window()?;
    let document = window.document()?;
    let details = format!(
        "{info}\n\n{}\n{}",
        window.location().pathname().unwrap_or_default(),
        window.navigator().user_agent().unwrap_or_default(),
    );
    web_sys::console::error_1(&details.as_str().into());
    let screen = part(&document, "div", "crash", "")?;
    screen.set_attribute("role", "alertdialog").ok()?;
    let reload = button(&document, "Reload", || {
        // A page that can't be reloaded stays as it is.
        let _ = web_sys::window().map(|window| window.location().reload());
    })?;
    let shown = details.clone();
    let copy = button(&document, "Copy details", move || {
        if let Some(window) = web_sys::window() {
            drop(window.navigator().clipboard().write_text(&details));
        }
    })?;
    let words = "The console has come upon a fault of its own and stopped. What runs on the \
                 platform goes on. Reload the page; if it happens again, report these details.";
    for child in [
        part(&document, "h1", "", "This page has stopped")?,
        part(&document, "p", "", words)?,
        reload,
        copy,
        part(&document, "pre", "mono", &shown)?,
    ] {
        screen.append_child(&child).ok()?;
    }
    document.body()?.replace_children_with_node_1(&screen);
    Some(())
}

fn part(document: &Document, name: &str, class: &str, text: &str) -> Option<Element> {
    let element = document.create_element(name).ok()?;
    element.set_class_name(class);
    element.set_text_content(Some(text));
    Some(element)
}

fn button(document: &Document, label: &str, press: impl Fn() + 'static) -> Option<Element> {
    let element = part(document, "button", "btn", label)?;
    // The screen stays until the page is reloaded, and so does what its buttons do.
    let press = Closure::<dyn Fn()>::new(press).into_js_value();
    let html: &HtmlElement = element.dyn_ref()?;
    html.set_onclick(Some(press.unchecked_ref()));
    Some(element)
}
