//! What a visitor says of itself: `Host`, `Forwarded`, `X-Forwarded-*`, `Connection`, cookies.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use pilothouse::fuzzing::visitor;

const VISITOR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let host = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut headers = HeaderMap::new();
    for line in lines.take(50) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    let (heard, client) = visitor(headers, &host, VISITOR);
    assert!(!client.is_empty());
    assert!(!heard.contains_key("forwarded") && !heard.contains_key("transfer-encoding"));
    assert!(heard.get("x-request-id").is_some_and(|id| !id.is_empty()));
    assert!(heard.get_all("cookie").iter().count() <= 1);
    let last = heard.get_all("x-forwarded-for").iter().next_back();
    let last = last.and_then(|value| value.to_str().ok());
    assert!(
        last.is_none_or(|path| path.ends_with("127.0.0.1")),
        "{last:?}"
    );
});
