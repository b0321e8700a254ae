//! Which headers pass from the visitor to the instance and back.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

/// Headers that speak of one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id of a request that a visitor may give it, in bytes.
const MAX_ID: usize = 64;

/// The host that a request is for: of its address where that is whole, else of its header.
pub(super) fn host(parts: &Parts) -> String {
    let named = parts.uri.authority().map(http::uri::Authority::as_str);
    let header = || parts.headers.get(header::HOST)?.to_str().ok();
    named.or_else(header).unwrap_or_default().to_owned()
}

/// Who asked: the last of whom the proxy in front tells, as the ones before it are the visitor's own
/// words; without a proxy the visitor. Headers as [`prepare`] leaves them.
pub(crate) fn client(headers: &HeaderMap, visitor: IpAddr) -> String {
    let path = headers
        .get(FORWARDED_FOR)
        .and_then(|path| path.to_str().ok());
    // What is no address is not told as one.
    let told = path.and_then(|path| path.rsplit(',').nth(1)?.trim().parse::<IpAddr>().ok());
    told.unwrap_or(visitor).to_string()
}

/// The id by which the instance knows the request. Headers as [`prepare`] leaves them.
pub(super) fn request_id(headers: &HeaderMap) -> &str {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default()
}

/// Whether the visitor asks to speak a protocol that is not HTTP: requests that an instance was sent
/// past ingress would have no row and any headers.
pub(super) fn wants_upgrade(headers: &HeaderMap) -> bool {
    let is_http = |protocol: &str| {
        let name = protocol.split('/').next().unwrap_or_default();
        let other = ["h2", "h2c", "h3", "http", "tls"];
        other.iter().any(|http| name.eq_ignore_ascii_case(http))
    };
    let mut connection = tokens(headers, header::CONNECTION);
    let mut protocols = tokens(headers, header::UPGRADE).peekable();
    connection.any(|option| option.eq_ignore_ascii_case("upgrade"))
        && protocols.peek().is_some()
        && !protocols.any(is_http)
}

/// The words of a header that is a list.
fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let words = values.flat_map(|value| value.split(','));
    words.map(str::trim).filter(|word| !word.is_empty())
}

/// Makes the visitor's headers fit for the instance.
pub(crate) fn prepare(headers: &mut HeaderMap, host: &str, visitor: IpAddr, behind_proxy: bool) {
    let upgrade = wants_upgrade(headers);
    strip_hop_by_hop(headers);
    if upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    } else {
        headers.remove(header::UPGRADE);
    }
    join_cookies(headers);
    set(headers, header::HOST, host);
    forwarded(headers, host, visitor, behind_proxy);
    let id = request_id(headers);
    if id.is_empty() || id.len() > MAX_ID {
        set(headers, REQUEST_ID, &uuid::Uuid::new_v4().to_string());
    }
}

/// Says who asked, and for what. What a visitor claims of itself is not believed; what the proxy in
/// front says is kept.
fn forwarded(headers: &mut HeaderMap, host: &str, visitor: IpAddr, behind_proxy: bool) {
    headers.remove(header::FORWARDED);
    if !behind_proxy {
        for claim in [FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO] {
            headers.remove(claim);
        }
    }
    let before = headers.get_all(FORWARDED_FOR);
    let mut path: Vec<&str> = before
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let visitor = visitor.to_string();
    path.push(&visitor);
    let path = path.join(", ");
    set(headers, FORWARDED_FOR, &path);
    for (name, value) in [(FORWARDED_HOST, host), (FORWARDED_PROTO, "http")] {
        if !headers.contains_key(&name) {
            set(headers, name, value);
        }
    }
}

/// Makes an answer's headers fit for the visitor, who learns by which id the request is known.
pub(super) fn prepare_answer(headers: &mut HeaderMap, request_id: &str) {
    strip_hop_by_hop(headers);
    headers.remove(header::UPGRADE);
    name_answer(headers, request_id);
}

/// Says by which id the request is known, unless the instance does.
pub(super) fn name_answer(headers: &mut HeaderMap, request_id: &str) {
    if !headers.contains_key(REQUEST_ID) {
        set(headers, REQUEST_ID, request_id);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // A value that no header can hold never came in one.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// HTTP/2 may send a cookie header in parts, which HTTP/1.1 has no place for (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let parts: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if parts.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&parts.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, whole);
    }
}

/// Removes what speaks of one connection only, and what that connection names itself.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = tokens(headers, header::CONNECTION)
        .filter_map(|name| name.parse().ok())
        .filter(|name| *name != header::UPGRADE)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn prepared(claims: &[(&str, &str)], behind_proxy: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in claims {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        prepare(
            &mut headers,
            "shop.example",
            Ipv4Addr::LOCALHOST.into(),
            behind_proxy,
        );
        headers
    }

    #[test]
    fn only_what_is_no_http_is_switched_to() {
        let wants = |connection: &str, protocol: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONNECTION, connection.parse().unwrap());
            headers.insert(header::UPGRADE, protocol.parse().unwrap());
            wants_upgrade(&headers)
        };
        assert!(wants("keep-alive, Upgrade", "websocket"));
        assert!(wants("upgrade", "websocket, other/2"));
        for protocol in ["h2c", "websocket, H2C", "HTTP/2.0", "TLS/1.0", ""] {
            assert!(!wants("upgrade", protocol), "{protocol}");
        }
        assert!(!wants("upgraded", "websocket"));
        assert!(!wants("keep-alive", "websocket"));
        let headers = prepared(
            &[
                ("connection", "upgrade"),
                ("upgrade", "h2c"),
                ("http2-settings", "AAMAAABk"),
            ],
            false,
        );
        for name in ["connection", "upgrade", "http2-settings"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    }

    #[test]
    fn what_speaks_of_one_connection_stays_behind() {
        let sent = [
            ("connection", "close, x-secret"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("x-secret", "1"),
            ("x-kept", "1"),
        ];
        let headers = prepared(&sent, false);
        let left = ["connection", "keep-alive", "te", "upgrade", "x-secret"];
        assert!(
            left.iter().all(|name| !headers.contains_key(*name)),
            "{headers:?}"
        );
        assert_eq!(headers["x-kept"], "1");
    }

    #[test]
    fn an_upgrade_passes() {
        let headers = prepared(
            &[
                ("connection", "keep-alive, Upgrade"),
                ("upgrade", "websocket"),
            ],
            false,
        );
        assert_eq!(
            (&headers["connection"], &headers["upgrade"]),
            (&"upgrade".parse().unwrap(), &"websocket".parse().unwrap())
        );
    }

    #[test]
    fn a_visitors_claims_are_believed_only_behind_a_proxy() {
        let claims = [
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-proto", "https"),
            ("host", "else.example"),
        ];
        let headers = prepared(&claims, false);
        assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(
            (&headers["host"], &headers["x-forwarded-host"]),
            (&headers["host"], &headers["host"])
        );
        let headers = prepared(&claims, true);
        assert_eq!(headers["x-forwarded-for"], "6.6.6.6, 127.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["host"], "shop.example");
    }

    #[test]
    fn a_cookie_in_parts_is_made_whole() {
        let headers = prepared(&[("cookie", "a=1"), ("cookie", "b=2; c=3")], false);
        let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3"]);
    }

    #[test]
    fn the_client_is_whom_the_proxy_saw() {
        let told = |claims: &[(&str, &str)], behind| {
            client(&prepared(claims, behind), Ipv4Addr::LOCALHOST.into())
        };
        let claims = [("x-forwarded-for", "6.6.6.6, 7.7.7.7")];
        assert_eq!(told(&claims, true), "7.7.7.7");
        assert_eq!(told(&claims, false), "127.0.0.1");
        assert_eq!(told(&[], true), "127.0.0.1");
        let odd = [("x-forwarded-for", "<script>")];
        assert_eq!(told(&odd, true), "127.0.0.1");
    }

    #[test]
    fn every_request_has_an_id() {
        let id = |claims: &[(&str, &str)]| request_id(&prepared(claims, false)).to_owned();
        assert_eq!(id(&[("x-request-id", "mine")]), "mine");
        assert_ne!(id(&[]), id(&[]));
        let long = "x".repeat(MAX_ID + 1);
        for odd in ["", "\u{e9}", &long] {
            let id = id(&[("x-request-id", odd)]);
            assert!(id != odd && (1..=MAX_ID).contains(&id.len()), "{id}");
        }
    }

    #[test]
    fn an_answer_has_the_id_of_its_request_unless_it_brings_one() {
        let mut headers = HeaderMap::new();
        prepare_answer(&mut headers, "mine");
        assert_eq!(headers["x-request-id"], "mine");
        prepare_answer(&mut headers, "another");
        assert_eq!(headers["x-request-id"], "mine");
    }

    proptest! {
        #[test]
        fn no_header_is_fatal(name in "[a-z-]{1,12}", value in "[ -~]{0,40}", host in ".{0,20}") {
            let mut headers = HeaderMap::new();
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
            headers.append(header::CONNECTION, value.parse().unwrap());
            prepare(&mut headers, &host, Ipv4Addr::LOCALHOST.into(), true);
            prepare_answer(&mut headers, "mine");
            prop_assert!(!headers.contains_key(header::CONNECTION));
        }
    }
}
