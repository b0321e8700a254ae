//! Takes a reply's body over from the browser: a part at a time through one small buffer, so that a
//! long one is never in memory twice, and sooner than in one piece.

use std::ops::RangeInclusive;

use js_sys::{Error, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamByobReader, ReadableStreamReadResult};

/// The bytes of the buffer.
const PART: RangeInclusive<u32> = 16 * 1024..=1024 * 1024;

/// The most bytes that are kept ready because a reply says that it is long.
const READY: u32 = 16 * 1024 * 1024;

/// What reads a body in parts. An older browser has none.
pub(super) fn reader(body: &ReadableStream) -> Option<ReadableStreamByobReader> {
    ReadableStreamByobReader::new(body).ok()
}

/// The whole body, which says that it has so many bytes.
///
/// # Errors
/// The connection broke, or the call was given up: the name of the browser's error.
pub(super) async fn read(
    reader: &ReadableStreamByobReader,
    length: u32,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(length.min(READY) as usize);
    let part = length.clamp(*PART.start(), *PART.end());
    let mut buffer = Uint8Array::new_with_length(part);
    loop {
        let read = JsFuture::from(reader.read_with_array_buffer_view(&buffer)).await;
        let read: ReadableStreamReadResult = read.map_err(|error| name(&error))?.unchecked_into();
        let Ok(part) = read.get_value().dyn_into::<Uint8Array>() else {
            return Ok(bytes);
        };
        let start = bytes.len();
        bytes.resize(start + part.length() as usize, 0);
        if let Some(room) = bytes.get_mut(start..) {
            part.copy_to(room);
        }
        if read.get_done() == Some(true) {
            return Ok(bytes);
        }
        // It changes hands with each part, and comes back with it.
        buffer = Uint8Array::new(&part.buffer());
    }
}

fn name(error: &JsValue) -> String {
    let error = error.dyn_ref::<Error>();
    error.map_or_else(String::new, |error| String::from(error.name()))
}
