//! The colours of a chart, as the style sheet says them at the moment.

use leptos::ev;
use leptos::leptos_dom::helpers::window_event_listener;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, MediaQueryList};

use crate::reactive::effect;
use crate::state::preference::use_preferences;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// What a chart is painted with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The line.
    pub line: Colour,
    /// The lines across the plot.
    pub grid: Colour,
    /// The numbers at the axes.
    pub number: Colour,
    /// The marks of releases.
    pub release: Colour,
    /// The marks of restarts.
    pub restart: Colour,
    /// The names of marks.
    pub name: Colour,
    /// A title.
    pub title: Colour,
    /// What is behind it all.
    pub ground: Colour,
    /// The names of the fonts, as CSS lists them.
    pub font: String,
}

/// The look of the moment: read anew when the theme changes, in the console or in the system.
pub fn use_look() -> ReadSignal<Look> {
    let (look, set_look) = signal(read().unwrap_or_default());
    let theme = use_preferences().theme;
    let again = move || {
        if let Some(new) = read()
            && look.try_with_untracked(|old| *old != new) == Some(true)
        {
            set_look.set(new);
        }
    };
    effect(move || {
        theme.track();
        again();
    });
    let queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];
    let followed = queries.map(|query| SendWrapper::new(Followed::new(query, again)));
    // A window that was asleep may have missed a change.
    let focus = window_event_listener(ev::focus, move |_| again());
    on_cleanup(move || {
        drop(followed);
        focus.remove();
    });
    look
}

/// A question to the browser whose answer may change; it is not asked any more when dropped.
struct Followed {
    query: Option<MediaQueryList>,
    _changed: Closure<dyn FnMut()>,
}

impl Followed {
    fn new(query: &str, changed: impl FnMut() + 'static) -> Self {
        let changed = Closure::<dyn FnMut()>::new(changed);
        let query = window().match_media(query).ok().flatten();
        if let Some(query) = &query {
            query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        }
        Self {
            query,
            _changed: changed,
        }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        if let Some(query) = &self.query {
            query.set_onchange(None);
        }
    }
}

/// Reads the style sheet's values by an element that is there only for that.
fn read() -> Option<Look> {
    let body = document().body()?;
    let probe: HtmlElement = document().create_element("span").ok()?.dyn_into().ok()?;
    body.append_child(&probe).ok()?;
    let look = read_by(&probe);
    probe.remove();
    look
}

fn read_by(probe: &HtmlElement) -> Option<Look> {
    let pixel = pixel()?;
    let style = window().get_computed_style(probe).ok()??;
    let colour = |name: &str| {
        let set = probe.style().set_property("color", &format!("var({name})"));
        set.ok()?;
        colour(&pixel, &style.get_property_value("color").ok()?)
    };
    Some(Look {
        line: colour("--accent")?,
        grid: colour("--line")?,
        number: colour("--t3")?,
        release: colour("--warn")?,
        restart: colour("--bad")?,
        name: colour("--t2")?,
        title: colour("--t1")?,
        ground: colour("--panel")?,
        font: style.get_property_value("font-family").ok()?,
    })
}

/// A canvas of one pixel: it makes red, green and blue of every colour that CSS knows.
fn pixel() -> Option<CanvasRenderingContext2d> {
    let canvas = document().create_element("canvas").ok()?;
    let canvas: HtmlCanvasElement = canvas.dyn_into().ok()?;
    canvas.set_width(1);
    canvas.set_height(1);
    let options = js_sys::Object::new();
    let is_read = JsValue::from_str("willReadFrequently");
    js_sys::Reflect::set(&options, &is_read, &JsValue::TRUE).ok()?;
    let context = canvas.get_context_with_context_options("2d", &options);
    context.ok()??.dyn_into().ok()
}

fn colour(pixel: &CanvasRenderingContext2d, css: &str) -> Option<Colour> {
    pixel.set_fill_style_str(css);
    pixel.fill_rect(0.0, 0.0, 1.0, 1.0);
    let data = pixel.get_image_data(0.0, 0.0, 1.0, 1.0).ok()?.data();
    data.0.get(..3)?.try_into().ok()
}
