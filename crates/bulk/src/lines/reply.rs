//! A log reply, read from its bytes line by line into a store of its own: of no line there is a copy
//! on the way.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use wire::envelope::{Dialect, decode_reply};
use wire::instant;
use wire::logs::LogCursor;

use super::store::Store;

/// The reply of `GET S/{service}/logs`, as [`wire::logs::Logs`] says it.
#[derive(Debug, Deserialize)]
pub struct Reply {
    /// Oldest first, in whichever order they came.
    #[serde(deserialize_with = "lines")]
    pub lines: Store,
    /// Whether the window holds older lines.
    #[serde(default)]
    pub truncated: bool,
    /// Where those are that stand before.
    #[serde(default)]
    pub older: Option<LogCursor>,
    /// Where those will be that are stored from now on.
    #[serde(default)]
    pub newer: Option<LogCursor>,
}

/// Reads the body of a reply: here, where what is made of [`decode_reply`] is compiled for speed.
///
/// # Errors
/// It is something else.
pub fn read(dialect: Dialect, body: &[u8]) -> Result<Reply, serde_json::Error> {
    decode_reply(dialect, body)
}

fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Store, D::Error> {
    struct Lines;
    impl<'de> Visitor<'de> for Lines {
        type Value = Store;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("lines")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Store, A::Error> {
            let mut store = Store::unbounded();
            let mut late = Vec::new();
            while let Some(row) = rows.next_element::<Row<'de>>()? {
                late.extend(store.push(row));
            }
            if !late.is_empty() {
                store.extend(late);
            }
            Ok(store)
        }
    }
    deserializer.deserialize_seq(Lines)
}

/// One line of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row<'a> {
    /// Nanoseconds since 1970.
    #[serde(rename = "timestamp", deserialize_with = "nanos")]
    pub at: i64,
    /// `web.0`
    #[serde(borrow, default)]
    pub instance: Cow<'a, str>,
    /// Whether it came over standard error.
    #[serde(rename = "stream", default, deserialize_with = "is_stderr")]
    pub is_error: bool,
    /// The text.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

fn nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    fn read(text: &str) -> Result<i64, String> {
        instant::read(text).ok_or_else(|| format!("'{text}' is no instant"))
    }
    deserializer.deserialize_str(Text(read))
}

fn is_stderr<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    fn read(text: &str) -> Result<bool, String> {
        Ok(text == "stderr")
    }
    deserializer.deserialize_str(Text(read))
}

/// Reads a text without a copy of it, or says what is wrong with it.
struct Text<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use wire::logs::{LogLine, LogStream, Logs};
    use wire::open::Open;

    fn reply(text: &str) -> Result<Reply, serde_json::Error> {
        read(Dialect::Environment, text.as_bytes())
    }

    #[test]
    fn lines_are_read_in_order_whatever_else_is_there() {
        let text = r#"{"lines":[
            {"timestamp":"2026-04-22T12:00:00Z","instance":"web.0","stream":"stderr","message":"plain"},
            {"timestamp":"2026-04-22T12:00:02Z","message":"a \"quoted\" one"},
            {"timestamp":"2026-04-22T12:00:01Z","message":"late"}
        ],"truncated":true,"something":"newer"}"#;
        let reply = reply(text).unwrap();
        let line = |at: u64| reply.lines.get(reply.lines.numbers().0 + at).unwrap();
        assert!(line(0).is_error && line(0).instance == "web.0");
        assert_eq!(
            (line(1).message, line(2).message),
            ("late", r#"a "quoted" one"#)
        );
        assert!(!line(2).is_error && line(2).instance.is_empty());
        assert!(reply.truncated);
    }

    #[test]
    fn a_line_without_an_instant_is_no_line() {
        let error = reply(r#"{"lines":[{"timestamp":"soon","message":"x"}]}"#).unwrap_err();
        assert!(
            error.to_string().contains("'soon' is no instant"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn it_reads_what_the_wire_says(
            lines in proptest::collection::vec((0i64..4_000_000_000, any::<bool>(), any::<String>()), 0..20),
        ) {
            let mut lines: Vec<LogLine> = lines
                .into_iter()
                .map(|(second, is_error, message)| LogLine {
                    timestamp: chrono::DateTime::from_timestamp(second, 5).unwrap(),
                    instance: "web.0".to_owned(),
                    stream: Open::Known(if is_error { LogStream::Stderr } else { LogStream::Stdout }),
                    message,
                })
                .collect();
            let text = serde_json::to_string(&Logs { lines: lines.clone(), ..Logs::default() }).unwrap();
            let held = reply(&text).unwrap().lines;
            prop_assert_eq!(held.len(), lines.len());
            lines.sort_by_key(|line| line.timestamp);
            for (number, line) in (held.numbers().0..).zip(&lines) {
                let row = held.get(number).unwrap();
                prop_assert_eq!(Some(row.at), line.timestamp.timestamp_nanos_opt());
                prop_assert_eq!(row.message, &*line.message);
                prop_assert_eq!(row.is_error, line.stream.known() == Some(LogStream::Stderr));
            }
        }
    }
}
