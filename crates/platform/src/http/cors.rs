//! Pages of other origins, as far as they are let in: with a key of their own, never with the cookie of
//! this one.

use std::time::Duration;

use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, HeaderName, IF_MATCH, RETRY_AFTER,
};
use http::{HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::credentials::API_KEY;
use super::{repeat, trace};
use crate::origin::Origin;

/// How long a browser may remember what it was allowed.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// What tells browsers which pages may call the API and read its answers.
pub(super) fn cors(origins: &[Origin]) -> CorsLayer {
    // An origin is made of what may stand in a header.
    let named = origins.iter().map(Origin::to_string);
    let named = named.filter_map(|origin| HeaderValue::from_str(&origin).ok());
    let methods = [
        Method::GET,
        Method::POST,
        Method::PATCH,
        Method::PUT,
        Method::DELETE,
    ];
    let sent: [HeaderName; 6] = [
        ACCEPT,
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        API_KEY,
        repeat::KEY,
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(named))
        .allow_methods(methods)
        .allow_headers(sent)
        .expose_headers([ETAG, RETRY_AFTER, DATE, trace::HEADER])
        .max_age(REMEMBERED)
}
