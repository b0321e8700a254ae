//! `ETag` and `If-Match`: which state of a thing a caller has seen.

use http::HeaderValue;
use http::header::{ETAG, IF_MATCH};
use pilothouse_wire::endpoint::Endpoint;

use super::answer::Reply;
use super::call::Call;
use crate::domain::Tagged;

/// The thing, with the state that it is in.
pub(super) fn tagged<T: Tagged>(thing: T) -> Reply<T> {
    let tag = thing.tag();
    with_tag(thing.into(), &tag)
}

/// The same of what has its state beside it.
pub(super) fn with_tag<T>(reply: Reply<T>, tag: &str) -> Reply<T> {
    match HeaderValue::try_from(format!("\"{tag}\"")) {
        Ok(etag) => reply.with(ETAG, etag),
        // Letters and digits between quotes always make a header.
        Err(_) => reply,
    }
}

/// The state that a change asks for. What is no state of ours fits none.
pub(super) fn expected<E: Endpoint>(call: &Call<E>) -> Option<String> {
    let header = call.request.headers.get(IF_MATCH)?;
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return None;
    }
    let tag = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    Some(tag.unwrap_or_default().to_owned())
}
