//! How large a chart is on the page, in whole pixels of the device, kept up to date.

use leptos::ev;
use leptos::html;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

use super::frame::Frame;
use crate::reactive::effect;

/// The frame of the canvas that fills an element.
pub fn use_frame(element: NodeRef<html::Div>) -> ReadSignal<Frame> {
    let (frame, set_frame) = signal(Frame::default());
    let look = move || {
        let element = element.try_get_untracked().flatten();
        if let Some(new) = element.map(|element| measure(&element))
            && frame.try_get_untracked().is_some_and(|old| old != new)
        {
            set_frame.set(new);
        }
    };
    let watched = StoredValue::new_local(None::<Watched>);
    effect(move || {
        if let Some(element) = element.get() {
            watched.set_value(Watched::new(&element, look));
            look();
        }
    });
    // A window that comes to a screen of another resolution is told of by this event alone.
    let resized = window_event_listener(ev::resize, move |_| look());
    on_cleanup(move || {
        watched.try_update_value(Option::take);
        resized.remove();
    });
    frame
}

fn measure(element: &HtmlElement) -> Frame {
    let size = element.get_bounding_client_rect();
    Frame::new(size.width(), size.height(), window().device_pixel_ratio())
}

/// An element whose size is watched until this is dropped.
struct Watched {
    observer: ResizeObserver,
    _changed: SendWrapper<Closure<dyn FnMut()>>,
}

impl Watched {
    fn new(element: &HtmlElement, changed: impl FnMut() + 'static) -> Option<Self> {
        let changed = Closure::<dyn FnMut()>::new(changed);
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _changed: SendWrapper::new(changed),
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
