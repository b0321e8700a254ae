//! Bounds the texts of a reply: one that nobody could read would keep the browser busy for minutes.

/// The longest text that is taken over whole, in bytes as they are sent: twice what the longest value of
/// a variable has.
const LONGEST: usize = 128 * 1024;

/// Stands where a text was cut off.
const MARK: &str = "…";

/// A reply whose texts are no longer than that. What is no JSON stays none.
pub fn cut(reply: Vec<u8>) -> Vec<u8> {
    match reply.len() {
        // Nothing in it can be longer.
        ..=LONGEST => reply,
        _ => cut_to(reply, LONGEST),
    }
}

fn cut_to(reply: Vec<u8>, longest: usize) -> Vec<u8> {
    let mut short = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = quote(&reply, at) {
        let end = end_of(&reply, start + 1);
        if end - start - 1 > longest {
            let stop = boundary(&reply, start + 1, longest);
            short.extend_from_slice(reply.get(copied..stop).unwrap_or_default());
            short.extend_from_slice(MARK.as_bytes());
            copied = end;
        }
        at = end + 1;
    }
    if copied == 0 {
        return reply;
    }
    short.extend_from_slice(reply.get(copied..).unwrap_or_default());
    short
}

/// Where the next text begins.
fn quote(reply: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memchr(b'"', reply.get(from..)?)?)
}

/// Where the quote is that ends the text which begins here.
fn end_of(reply: &[u8], mut at: usize) -> usize {
    while let Some(found) = reply
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        match reply.get(at) {
            Some(b'\\') => at += 2,
            _ => return at,
        }
    }
    reply.len()
}

/// The last place, so many bytes into a text at the most, that is within no character.
fn boundary(reply: &[u8], start: usize, longest: usize) -> usize {
    let mut at = start;
    while let Some(length) = unit(reply.get(at..).unwrap_or_default()) {
        if at + length > start + longest {
            break;
        }
        at += length;
    }
    at
}

/// How many bytes the first character takes: an escape as a whole, and both halves of a pair.
fn unit(rest: &[u8]) -> Option<usize> {
    match rest {
        [] => None,
        [
            b'\\',
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'A' | b'b' | b'B',
            ..,
        ] => Some(12),
        [b'\\', b'u', ..] => Some(6),
        [b'\\', ..] => Some(2),
        [0xF0..=0xFF, ..] => Some(4),
        [0xE0..=0xEF, ..] => Some(3),
        [0xC0..=0xDF, ..] => Some(2),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::*;

    fn cut_value(value: &Value, longest: usize) -> Value {
        let text = serde_json::to_vec(value).unwrap();
        serde_json::from_slice(&cut_to(text, longest)).unwrap()
    }

    #[test]
    fn long_texts_are_cut_and_the_rest_stays() {
        let value = json!({"name": "x".repeat(50), "n": 1, "list": ["short", "\"\\".repeat(20)]});
        let expected = json!({"name": format!("{}…", "x".repeat(10)), "n": 1, "list": ["short", "\"\\\"\\\"…"]});
        assert_eq!(cut_value(&value, 10), expected);
        assert_eq!(cut_value(&value, 100), value);
        let whole = br#"["\ud83d\ude00\ud83d\ude00"]"#.to_vec();
        assert_eq!(cut_to(whole.clone(), 24), whole);
        assert_eq!(cut_to(whole, 23), "[\"\\ud83d\\ude00…\"]".as_bytes());
    }

    #[test]
    fn what_is_short_is_not_looked_at() {
        let reply = vec![b'"'; LONGEST];
        assert_eq!(cut(reply.clone()), reply);
        let long = format!("\"{}\"", "x".repeat(2 * LONGEST)).into_bytes();
        assert_eq!(cut(long).len(), LONGEST + MARK.len() + 2);
    }

    proptest! {
        #[test]
        fn what_was_json_still_is(text: String, escaped in any::<bool>(), longest in 0usize..40) {
            let mut sent = serde_json::to_string(&json!([text, {"k": text}])).unwrap();
            if escaped {
                // As a sender writes it that escapes all but ASCII.
                let units = sent.chars().map(|c| match c.is_ascii() {
                    true => c.to_string(),
                    false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
                });
                sent = units.collect();
            }
            let read: Value = serde_json::from_slice(&cut_to(sent.into_bytes(), longest)).unwrap();
            let got = read[0].as_str().unwrap();
            match got.strip_suffix('…') {
                Some(begin) if got != text => prop_assert!(text.starts_with(begin)),
                _ => prop_assert_eq!(got, text),
            }
        }

        #[test]
        fn nothing_breaks_it(bytes: Vec<u8>, longest in 0usize..10) {
            cut_to(bytes, longest);
        }
    }
}
