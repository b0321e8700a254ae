//! Handing texts to the browser as files.

use js_sys::JsString;
use leptos::prelude::document;
use wasm_bindgen::JsCast;

/// Saves a text as a file of this name. `None` where the browser refuses.
pub fn download(name: &str, text: &str) -> Option<()> {
    download_parts(name, [text.into()])
}

/// Saves a text that comes in pieces. `None` where the browser refuses.
pub fn download_parts(name: &str, pieces: impl IntoIterator<Item = JsString>) -> Option<()> {
    let parts: js_sys::Array = pieces.into_iter().collect();
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/plain");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link = document().create_element("a").ok()?;
    let link: web_sys::HtmlAnchorElement = link.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&url).ok()
}
