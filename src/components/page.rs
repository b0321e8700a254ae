//! The parts of a page's layout: head, panel, list of facts.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A page's title line with what can be done there.
#[component]
pub fn Head(
    #[prop(into)] title: Signal<String>,
    /// The sentence below the title.
    #[prop(optional, into)]
    about: Option<ViewFn>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="head">
            <div class="grow">
                <h1>{title}</h1>
                {about
                    .map(|about| view! { <div class="dim about-line">{move || about.run()}</div> })}
            </div>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
}

/// A framed part of a page.
#[component]
pub fn Panel(
    #[prop(into)] title: Signal<String>,
    /// What stands at the end of the title line.
    #[prop(optional, into)]
    aside: Option<ViewFn>,
    /// Whether the content goes to the frame's edges: tables.
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel">
            <header>
                <h2>{title}</h2>
                {aside.map(|aside| view! { <div class="aside">{move || aside.run()}</div> })}
            </header>
            <div class=if flush { "flush" } else { "body" }>{children()}</div>
        </section>
    }
}

/// Gives the focus to the page, if what had it is gone: the keyboard goes on from there.
pub fn keep_focus() {
    request_animation_frame(|| {
        let focused = document().active_element();
        let is_lost = focused.is_none_or(|element| element.tag_name() == "BODY");
        let page = document().get_element_by_id("main").filter(|_| is_lost);
        if let Some(page) = page.and_then(|page| page.dyn_into::<web_sys::HtmlElement>().ok()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            // Fails only for an element that can't have the focus.
            let _ = page.focus_with_options(&options);
        }
    });
}

/// One line of a list of facts.
pub fn fact(name: &'static str, value: impl IntoView + 'static) -> AnyView {
    view! {
        <dt>{name}</dt>
        <dd>{value}</dd>
    }
    .into_any()
}
