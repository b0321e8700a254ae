//! Paths and queries as they stand in a URL.

use super::Params;

/// Fills a template's `{parts}`, each encoded so that it stays one segment (RFC 3986, 3.3).
pub(crate) fn fill(template: &str, params: &impl Params) -> String {
    let mut path = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        encode(params.value(name).unwrap_or_default(), &mut path);
        rest = after;
    }
    path.push_str(rest);
    path
}

/// Percent-encodes everything but unreserved characters, and the dots of `.` and `..`, which a URL
/// parser would take for folders.
fn encode(segment: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let dots_only = segment.bytes().all(|b| b == b'.');
    for byte in segment.bytes() {
        match byte {
            b'.' if !dots_only => into.push('.'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => {
                into.push('%');
                into.push(char::from(HEX[usize::from(byte >> 4)]));
                into.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// Encodes a query string from name and value pairs, with its `?`; empty without pairs.
pub(crate) fn query_string(pairs: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        encode(value, &mut text);
    }
    text
}
