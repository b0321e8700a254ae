//! A button that opens a short list of links and actions.

use leptos::prelude::*;

use super::icon::{Icon, icon};

/// A menu. Escape, a click elsewhere and a choice close it: the browser's own popover does that.
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
    let class = move || if words.with(Option::is_some) { "btn" } else { "btn quiet icon" };
    view! {
        <div class="menu">
            <button type="button" class=class popovertarget=target aria-label=move || label.get() title=move || label.get()>
                {icon(glyph)} {move || words.get()}
            </button>
            <div id=id popover="auto" class="popover">{children()}</div>
        </div>
    }
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An action in a menu. With a reason against it, it says why and does nothing.
#[component]
pub fn MenuItem(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] glyph: Option<Icon>,
    #[prop(optional)] danger: bool,
    #[prop(into, optional)] against: Signal<Option<String>>,
    #[prop(into)] on_click: Callback<()>,
) -> impl IntoView {
    let press = move |event: leptos::ev::MouseEvent| {
        if against.with_untracked(Option::is_some) {
            return;
        }
        close_around(&event);
        on_click.run(());
    };
    view! {
        <button
            type="button"
            class=if danger { "item danger" } else { "item" }
            aria-disabled=move || against.with(Option::is_some).then_some("true")
            title=move || against.get()
            on:click=press
        >
            {glyph.map(icon)} <span>{move || label.get()}</span>
        </button>
    }
}

/// Closes the popover that an event happened in.
fn close_around(event: &leptos::ev::MouseEvent) {
    use wasm_bindgen::JsCast;
    let popover = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .and_then(|element| element.closest("[popover]").ok().flatten())
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(popover) = popover {
        // Fails only for an element that is no popover, or not open.
        let _ = popover.hide_popover();
    }
}
