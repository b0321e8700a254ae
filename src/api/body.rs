//! Takes a reply's body over from the browser: a part at a time through one small buffer, so that a
//! long one is never in memory twice, and sooner than in one piece.

use gloo_net::http::Response;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamByobReader, ReadableStreamReadResult};

use super::Failure;
use super::client::{lost, network_failure};

/// The bytes of the buffer, at the least and at the most.
const PART: std::ops::RangeInclusive<u32> = 16 * 1024..=1024 * 1024;

/// The most bytes that are kept ready because a reply says that it is long.
const READY: usize = 16 * 1024 * 1024;

/// The whole body.
///
/// # Errors
/// The connection broke, or the call was given up.
pub(super) async fn read(response: &Response) -> Result<Vec<u8>, Failure> {
    let Some(stream) = response.body() else {
        return Ok(Vec::new());
    };
    let Ok(reader) = ReadableStreamByobReader::new(&stream) else {
        // An older browser.
        return response.binary().await.map_err(network_failure);
    };
    let length = response.headers().get("Content-Length");
    let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(length.min(READY));
    let part = u32::try_from(length).unwrap_or(u32::MAX);
    let mut buffer = Uint8Array::new_with_length(part.clamp(*PART.start(), *PART.end()));
    loop {
        let read = JsFuture::from(reader.read_with_array_buffer_view(&buffer)).await;
        let read: ReadableStreamReadResult = read.map_err(|error| broken(&error))?.unchecked_into();
        let part = read.get_value().dyn_into::<Uint8Array>();
        if let Ok(part) = &part {
            let start = bytes.len();
            bytes.resize(start + part.length() as usize, 0);
            if let Some(room) = bytes.get_mut(start..) {
                part.copy_to(room);
            }
        }
        match part {
            // The buffer changes hands with each part, and comes back with it.
            Ok(part) if read.get_done() != Some(true) => buffer = Uint8Array::new(&part.buffer()),
            _ => return Ok(bytes),
        }
    }
}

fn broken(error: &JsValue) -> Failure {
    let error = error.dyn_ref::<js_sys::Error>();
    lost(&error.map_or_else(String::new, |error| String::from(error.name())))
}
