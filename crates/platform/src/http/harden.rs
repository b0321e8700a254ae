//! Headers that make a browser stricter, on every response.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

use super::policy;

/// Nothing of the API is kept.
const NEVER: HeaderValue = HeaderValue::from_static("no-store");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The console copies to the clipboard; of the rest of a device it wants nothing.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(self), \
     display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
     publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
);

/// A browser that came once over TLS does not come without it for a year. Other names of the same
/// domain are none of the platform's business.
const TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whether what is answered travels over TLS, by the platform's own or that of a proxy in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Secure(pub(crate) bool);

/// Adds the headers to a response. What a handler says of keeping, and the console of its page's
/// policy, stays.
pub(crate) async fn harden(
    State(Secure(secure)): State<Secure>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ALONE);
    }
    let policy = headers.entry(CONTENT_SECURITY_POLICY);
    policy.or_insert(policy::NOTHING);
    headers.entry(CACHE_CONTROL).or_insert(NEVER);
    response
}
