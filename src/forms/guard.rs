//! Asks before a changed form is left: by a link of the page, or by closing the tab. While the form
//! is being saved, who leaves waits for the outcome and is asked only where it failed.

use leptos::ev;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::reactive::effect;

/// Guards a form for as long as it is on the page.
#[component]
pub fn LeaveGuard(
    /// Whether something would be lost.
    #[prop(into)]
    changed: Signal<bool>,
    /// Forgets what was typed.
    #[prop(into)]
    discard: Callback<()>,
    /// Whether what was typed is on its way to the platform.
    #[prop(into, optional)]
    saving: Signal<bool>,
) -> impl IntoView {
    let asked = RwSignal::new(false);
    let waits = RwSignal::new(false);
    let wanted = RwSignal::new(String::new());
    let navigate = SendWrapper::new(use_navigate());
    let go = Callback::new(move |()| {
        navigate(&wanted.get_untracked(), NavigateOptions::default());
    });
    guard_links(changed, move |path| {
        wanted.set(path);
        match saving.get_untracked() {
            true => waits.set(true),
            false => asked.set(true),
        }
    });
    effect(move || {
        if waits.get() && !saving.get() {
            waits.set(false);
            match changed.get_untracked() {
                true => asked.set(true),
                false => go.run(()),
            }
        }
    });
    guard_tab(changed);
    let leave = move |()| {
        asked.set(false);
        discard.run(());
        go.run(());
    };
    view! {
        <Dialog title="Leave without saving?" open=asked>
            <div class="body">"What you typed here is not saved yet."</div>
            <DialogButtons open=asked>
                <Button label="Leave and lose it" kind=Kind::Danger on_click=leave />
            </DialogButtons>
        </Dialog>
    }
}

/// Stops a click on a link of the page before the router sees it.
fn guard_links(changed: Signal<bool>, ask: impl Fn(String) + 'static) {
    let stop = move |event: web_sys::Event| {
        if !changed.try_get_untracked().unwrap_or(false) {
            return;
        }
        if let Some(path) = path_of_link(&event) {
            event.prevent_default();
            event.stop_propagation();
            ask(path);
        }
    };
    let stop = SendWrapper::new(Closure::<dyn Fn(web_sys::Event)>::new(stop));
    // Both fail only for arguments of the wrong type.
    let _ = document().add_event_listener_with_callback_and_bool(
        "click",
        stop.as_ref().unchecked_ref(),
        true,
    );
    on_cleanup(move || {
        let _ = document().remove_event_listener_with_callback_and_bool(
            "click",
            stop.as_ref().unchecked_ref(),
            true,
        );
    });
}

/// Lets the browser ask before the tab is closed or loaded anew.
fn guard_tab(changed: Signal<bool>) {
    let listener = window_event_listener(ev::beforeunload, move |event| {
        if changed.try_get_untracked().unwrap_or(false) {
            event.prevent_default();
        }
    });
    on_cleanup(move || listener.remove());
}

/// The path behind a plain click on a link that stays within the console.
fn path_of_link(event: &web_sys::Event) -> Option<String> {
    let click = event.dyn_ref::<web_sys::MouseEvent>()?;
    if click.button() != 0 || click.ctrl_key() || click.meta_key() || click.shift_key() {
        return None;
    }
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = target.closest("a[href]").ok()??;
    let link = link.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
    let stays = link.target().is_empty()
        && link.download().is_empty()
        && link.origin() == window().location().origin().ok()?;
    stays.then(|| link.pathname() + &link.search())
}
