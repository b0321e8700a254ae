//! A button that opens a short list of links and actions.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::button::{Barrier, behind, go_around, is_absent};
use super::icon::{Icon, icon};
use crate::reactive::dynamic;

/// A menu. Escape and a click elsewhere close it, as the browser does with popovers; so does a
/// choice. The arrow keys go through it, and open it.
#[component]
pub fn Menu(
    /// What it is for.
    #[prop(into)]
    label: Signal<String>,
    glyph: Icon,
    /// What is shown beside the picture; nothing: the picture alone.
    #[prop(into, optional)]
    words: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let id = format!("menu-{}", next());
    let target = id.clone();
    let class = move || {
        if words.with(Option::is_some) {
            "btn"
        } else {
            "btn quiet icon"
        }
    };
    let list = NodeRef::<html::Div>::new();
    let through = move |event: ev::KeyboardEvent| {
        if let Some(list) = list.get_untracked()
            && move_focus(&list, &event.key())
        {
            event.prevent_default();
        }
    };
    let content = move || match words.get() {
        Some(words) => view! {
            {icon(glyph)}
            <span class="cut">{words}</span>
            {icon(Icon::Down)}
        }
        .into_any(),
        None => icon(glyph).into_any(),
    };
    view! {
        <div class="menu" on:keydown=through>
            <button type="button" class=class popovertarget=target aria-label=label title=label>
                {dynamic(content)}
            </button>
            <div
                id=id
                node_ref=list
                popover="auto"
                class="popover"
                on:click=|event| close_after_link(&event)
            >
                {children()}
            </div>
        </div>
    }
}

/// Numbers the menus of the page, so that each button finds its own.
fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Goes to the item that a key asks for; whether there was one.
fn move_focus(list: &HtmlElement, key: &str) -> bool {
    let items = items(list);
    let focused = document().active_element();
    let at = items
        .iter()
        .position(|item| focused.as_deref() == Some(item.as_ref()));
    let Some(to) = destination(key, at, items.len()) else {
        return false;
    };
    // Fails only for an element that is no popover, or one that is open already.
    let _ = list.show_popover();
    items.get(to).is_some_and(|item| item.focus().is_ok())
}

/// The item that a key leads to, from the one that has the focus, of so many.
fn destination(key: &str, at: Option<usize>, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowDown" => Some(at.map_or(0, |at| if at == last { 0 } else { at + 1 })),
        "ArrowUp" => Some(at.map_or(last, |at| at.checked_sub(1).unwrap_or(last))),
        "Home" if at.is_some() => Some(0),
        "End" if at.is_some() => Some(last),
        _ => None,
    }
}

fn items(list: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = list.query_selector_all(".item") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|place| found.item(place)?.dyn_into().ok())
        .collect()
}

/// A link of the menu leads to another page: the menu does not stay open over it.
fn close_after_link(event: &ev::MouseEvent) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    if target.is_some_and(|target| matches!(target.closest("a"), Ok(Some(_)))) {
        close_around(event);
    }
}

/// An action in a menu. With a reason against it, it says why and does nothing.
#[component]
pub fn MenuItem(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] glyph: Option<Icon>,
    #[prop(optional)] danger: bool,
    #[prop(into, optional)] against: Signal<Option<String>>,
    #[prop(into, optional)] barrier: Option<Barrier>,
    #[prop(into)] on_click: Callback<()>,
) -> impl IntoView {
    let against = behind(barrier, against);
    let press = move |event: ev::MouseEvent| {
        if against.with_untracked(Option::is_some) {
            go_around(barrier);
            return;
        }
        close_around(&event);
        on_click.run(());
    };
    view! {
        <button
            type="button"
            class=if danger { "item danger" } else { "item" }
            hidden=is_absent(barrier)
            aria-disabled=move || against.with(Option::is_some).then_some("true")
            title=against
            on:click=press
        >
            {glyph.map(icon)}
            <span>{label}</span>
        </button>
    }
}

/// Closes the popover that an event happened in.
fn close_around(event: &ev::MouseEvent) {
    let popover = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.closest("[popover]").ok().flatten())
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(popover) = popover {
        // Fails only for an element that is no popover, or not open.
        let _ = popover.hide_popover();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_round_and_open_at_an_end() {
        assert_eq!(destination("ArrowDown", None, 3), Some(0));
        assert_eq!(destination("ArrowUp", None, 3), Some(2));
        assert_eq!(destination("ArrowDown", Some(2), 3), Some(0));
        assert_eq!(destination("ArrowUp", Some(0), 3), Some(2));
        assert_eq!(destination("End", Some(0), 3), Some(2));
    }

    #[test]
    fn other_keys_and_empty_menus_lead_nowhere() {
        assert_eq!(destination("a", Some(1), 3), None);
        assert_eq!(destination("Home", None, 3), None);
        assert_eq!(destination("ArrowDown", None, 0), None);
    }
}
