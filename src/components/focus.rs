//! Where the focus goes when what had it is gone.

use leptos::html::ElementType;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::reactive::effect;

/// Gives an element the focus as soon as it is in the page, unless something else has it.
pub fn take_focus<E>(node: NodeRef<E>)
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    effect(move || {
        if let Some(element) = node.get()
            && let Ok(element) = JsCast::dyn_into::<HtmlElement>(element)
        {
            request_animation_frame(move || focus_unless_busy(&element));
        }
    });
}

fn focus_unless_busy(element: &HtmlElement) {
    let focused = document().active_element();
    if focused.is_none_or(|focused| focused.tag_name() == "BODY") {
        // Fails only for an element that can't have the focus.
        let _ = element.focus();
    }
}
