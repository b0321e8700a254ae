//! Who calls: a key in either header, or the session cookie of the page itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method};
use pilothouse_wire::error::ErrorCode;

use super::Context;
use super::answer::Failure;
use super::trace::RequestId;
use crate::domain::Actor;

/// The cookie that holds a session's secret.
const SESSION_COOKIE: &str = "pilothouse_session";
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The address that a request came from: the last hop that a trusted proxy saw, or the peer.
pub(super) fn peer(context: &Context, request: &Parts) -> IpAddr {
    let forwarded = || {
        let hops = request.headers.get(FORWARDED_FOR)?.to_str().ok()?;
        hops.rsplit(',').next()?.trim().parse().ok()
    };
    let connected = || {
        let info = request.extensions.get::<ConnectInfo<SocketAddr>>();
        info.map(|info| info.0.ip())
    };
    let forwarded = context.behind_proxy.then(forwarded).flatten();
    forwarded
        .or_else(connected)
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// Who calls, by the first credential that is given, and the `Set-Cookie` that replaces it, if it is
/// time for that.
pub(super) async fn identify(
    context: &Context,
    request: &Parts,
    id: &RequestId,
) -> Result<(Actor, Option<HeaderValue>), Failure> {
    let platform = &context.platform;
    let identified = if let Some(key) = key(&request.headers) {
        let holder = platform.key_holder(key, peer(context, request)).await;
        holder.map(|actor| (actor, None))
    } else if let Some(session) = session(&request.headers) {
        refuse_foreign_page(request)?;
        let holder = platform.session_holder(session).await;
        holder.map(|(actor, fresh)| {
            let cookie =
                fresh.and_then(|fresh| session_cookie(context, &fresh.secret, fresh.seconds()));
            (actor, cookie)
        })
    } else {
        return Err(Failure::new(
            ErrorCode::Unauthorized,
            "Sign in, or send a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
        ));
    };
    identified.map_err(|error| Failure::of(error, id))
}

/// Whether a request comes with a key, right or wrong.
pub(super) fn has_key(request: &Parts) -> bool {
    key(&request.headers).is_some()
}

fn key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or_else(|| headers.get(API_KEY)?.to_str().ok().map(str::trim))
}

/// The secret in the session cookie.
pub(super) fn session(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// What a cookie holds.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, named: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == named && !value.is_empty()).then_some(value))
}

/// Refuses a change that a page of another site makes with the browser's cookie. The cookie is
/// `SameSite=Strict` already; this holds where a browser or a sibling domain gets around it.
///
/// # Errors
/// The request comes from another site's page.
pub(super) fn refuse_foreign_page(request: &Parts) -> Result<(), Failure> {
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    if is_of_own_page(request) {
        return Ok(());
    }
    Err(Failure::new(
        ErrorCode::Forbidden,
        "This request comes from another site's page. Use the console itself, or a key.",
    ))
}

/// Whether a page of this very site asks, or none at all.
pub(crate) fn is_of_own_page(request: &Parts) -> bool {
    let text = |name: HeaderName| {
        let value = request.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    match (text(FETCH_SITE), text(ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == self::host(request)
        }
        // No browser of today leaves both out.
        (None, None) => true,
    }
}

/// The host that a request is for: HTTP/2 tells it in the address.
pub(crate) fn host(request: &Parts) -> Option<&str> {
    let named = request.uri.authority().map(Authority::as_str);
    let header = || request.headers.get(HOST)?.to_str().ok();
    named.or_else(header)
}

/// The `Set-Cookie` that opens a session in the browser, or ends it with an empty secret.
pub(super) fn session_cookie(context: &Context, secret: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if context.secure().0 { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{SESSION_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    ))
    .ok()
}
