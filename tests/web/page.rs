//! A piece of page to test on, gone when the test is over.

use std::cell::Cell;
use std::rc::Rc;

use leptos::mount::{UnmountHandle, mount_to};
use leptos::prelude::{IntoAny, IntoView};
use leptos::tachys::view::any_view::AnyViewState;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement};

/// Frames after which what was waited for will not happen any more: a few seconds.
const PATIENCE: usize = 300;

const STYLE: [&str; 7] = [
    include_str!("../../style/tokens.css"),
    include_str!("../../style/base.css"),
    include_str!("../../style/components/button.css"),
    include_str!("../../style/components/table.css"),
    include_str!("../../style/components/log.css"),
    include_str!("../../style/components/chart.css"),
    include_str!("../../style/components/overlay.css"),
];

/// A view in the page.
pub(crate) struct Page {
    root: HtmlElement,
    style: Element,
    mounted: Option<UnmountHandle<AnyViewState>>,
}

impl Page {
    /// Puts a view into the page.
    pub(crate) fn show<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Self {
        let style = document().create_element("style").unwrap();
        style.set_text_content(Some(&STYLE.concat()));
        document().head().unwrap().append_child(&style).unwrap();
        let root: HtmlElement = document()
            .create_element("div")
            .unwrap()
            .dyn_into()
            .unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let mounted = mount_to(root.clone(), || view().into_any());
        Self {
            root,
            style,
            mounted: Some(mounted),
        }
    }

    /// The first element that fits.
    pub(crate) fn maybe(&self, selector: &str) -> Option<HtmlElement> {
        let found = self.root.query_selector(selector).unwrap();
        found.map(|element| element.dyn_into().unwrap())
    }

    /// The first element that fits, which must be there.
    pub(crate) fn find(&self, selector: &str) -> HtmlElement {
        self.maybe(selector)
            .unwrap_or_else(|| panic!("nothing fits {selector}"))
    }

    /// Every element that fits.
    pub(crate) fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length())
            .map(|place| found.item(place).unwrap().dyn_into().unwrap())
            .collect()
    }

    /// All that can be read.
    pub(crate) fn text(&self) -> String {
        self.root.text_content().unwrap()
    }

    /// How many elements fit.
    pub(crate) fn count(&self, selector: &str) -> u32 {
        self.root.query_selector_all(selector).unwrap().length()
    }

    /// The element that has the focus.
    pub(crate) fn focused(&self) -> Option<HtmlElement> {
        document().active_element()?.dyn_into().ok()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.root.remove();
        self.style.remove();
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Waits, frame by frame, until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..PATIENCE {
        if holds() {
            return;
        }
        frame().await;
    }
    panic!("it did not come about that {what}");
}

/// Waits until the browser has drawn, and everything that was due has run.
pub(crate) async fn frame() {
    let drawn = js_sys::Promise::new(&mut |resolve, _| {
        window().request_animation_frame(&resolve).unwrap();
    });
    JsFuture::from(drawn).await.unwrap();
    leptos::task::tick().await;
}

/// Counts what nobody caught from now on: what runs in a frame fails no test by itself.
pub(crate) fn faults() -> Rc<Cell<u32>> {
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    let listener = Closure::<dyn Fn()>::new(move || counted.set(counted.get() + 1));
    let listener = listener.into_js_value();
    window()
        .add_event_listener_with_callback("error", listener.unchecked_ref())
        .unwrap();
    count
}

pub(crate) fn window() -> web_sys::Window {
    web_sys::window().unwrap()
}

pub(crate) fn document() -> Document {
    window().document().unwrap()
}
