//! Handing texts and pictures to the browser as files.

use js_sys::JsString;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Blob, HtmlCanvasElement};

/// Saves a text as a file of this name. `None` where the browser refuses.
pub fn download(name: &str, text: &str) -> Option<()> {
    download_parts(name, [text.into()])
}

/// Saves a text that comes in pieces. `None` where the browser refuses.
pub fn download_parts(name: &str, pieces: impl IntoIterator<Item = JsString>) -> Option<()> {
    let parts: js_sys::Array = pieces.into_iter().collect();
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/plain");
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    save(name, &blob)
}

/// Saves what is on a canvas as a PNG of this name. `None` where the browser refuses.
pub fn download_picture(name: String, canvas: &HtmlCanvasElement) -> Option<()> {
    let take = move |blob: Option<Blob>| {
        // A picture that could not be made is not saved: an empty canvas alone is none.
        let _ = blob.and_then(|blob| save(&name, &blob));
    };
    let take = Closure::once_into_js(take);
    canvas.to_blob(take.unchecked_ref()).ok()
}

fn save(name: &str, blob: &Blob) -> Option<()> {
    let url = web_sys::Url::create_object_url_with_blob(blob).ok()?;
    let link = document().create_element("a").ok()?;
    let link: web_sys::HtmlAnchorElement = link.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&url).ok()
}
