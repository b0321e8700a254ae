//! Which headers pass through the gateway: those that the API is made of, by name. What a browser
//! says of who it is stays here, and what the platform elsewhere wants to set in it, too.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::key::Key;
use crate::http::repeat;
use crate::ingress::strip_hop_by_hop;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const VIA: HeaderValue = HeaderValue::from_static("1.1 pilothouse");

/// What passes to the platform.
const OF_REQUESTS: [HeaderName; 11] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::USER_AGENT,
    repeat::KEY,
];

/// What passes back to the browser.
const OF_ANSWERS: [HeaderName; 16] = [
    header::AGE,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    header::VARY,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-total-count"),
    repeat::REPLAYED,
];

/// The headers of a request as the platform elsewhere gets them.
pub(super) fn of_request(headers: HeaderMap, key: &Key) -> HeaderMap {
    let mut passed = only(headers, &OF_REQUESTS);
    passed.insert(header::AUTHORIZATION, key.bearer.clone());
    passed.insert(API_KEY, key.bare.clone());
    passed.insert(header::VIA, VIA);
    passed
}

/// The headers of an answer as the browser gets them.
pub(super) fn of_answer(headers: HeaderMap) -> HeaderMap {
    only(headers, &OF_ANSWERS)
}

/// Those of these names, less what one connection says of itself (RFC 9110, 7.6.1).
fn only(mut headers: HeaderMap, names: &[HeaderName]) -> HeaderMap {
    strip_hop_by_hop(&mut headers);
    let mut passed = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            passed.append(name.clone(), value.clone());
        }
    }
    passed
}
