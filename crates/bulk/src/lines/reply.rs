//! A log reply, read from its bytes without copying what it holds: the lines go from there straight
//! into the store.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use wire::instant;
use wire::logs::LogCursor;

/// The reply of `GET S/{service}/logs`, as [`wire::logs::Logs`] says it.
#[derive(Debug, Deserialize)]
pub struct Reply<'a> {
    /// Oldest first.
    #[serde(borrow)]
    pub lines: Vec<Row<'a>>,
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
    struct Instant;
    impl Visitor<'_> for Instant {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an instant")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
            instant::read(text).ok_or_else(|| E::custom(format_args!("'{text}' is no instant")))
        }
    }
    deserializer.deserialize_str(Instant)
}

fn is_stderr<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Stream;
    impl Visitor<'_> for Stream {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a stream")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
            Ok(text == "stderr")
        }
    }
    deserializer.deserialize_str(Stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use wire::logs::{LogLine, LogStream, Logs};
    use wire::open::Open;

    #[test]
    fn a_line_is_borrowed_unless_it_was_escaped() {
        let text = r#"{"lines":[
            {"timestamp":"2026-04-22T12:00:00Z","instance":"web.0","stream":"stderr","message":"plain"},
            {"timestamp":"2026-04-22T12:00:00Z","message":"a \"quoted\" one"}
        ],"truncated":true,"something":"newer"}"#;
        let reply: Reply<'_> = serde_json::from_str(text).unwrap();
        assert!(matches!(reply.lines[0].message, Cow::Borrowed("plain")));
        assert!(reply.lines[0].is_error);
        assert_eq!(reply.lines[1].message, "a \"quoted\" one");
        assert!(!reply.lines[1].is_error && reply.lines[1].instance.is_empty());
        assert!(reply.truncated);
    }

    #[test]
    fn a_line_without_an_instant_is_no_line() {
        let text = r#"{"lines":[{"timestamp":"soon","message":"x"}]}"#;
        let error = serde_json::from_str::<Reply<'_>>(text).unwrap_err();
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
            let lines: Vec<LogLine> = lines
                .into_iter()
                .map(|(second, is_error, message)| LogLine {
                    timestamp: chrono::DateTime::from_timestamp(second, 5).unwrap(),
                    instance: "web.0".to_owned(),
                    stream: Open::Known(if is_error { LogStream::Stderr } else { LogStream::Stdout }),
                    message,
                })
                .collect();
            let text = serde_json::to_vec(&Logs { lines: lines.clone(), ..Logs::default() }).unwrap();
            let reply: Reply<'_> = serde_json::from_slice(&text).unwrap();
            prop_assert_eq!(reply.lines.len(), lines.len());
            for (row, line) in reply.lines.iter().zip(&lines) {
                prop_assert_eq!(Some(row.at), line.timestamp.timestamp_nanos_opt());
                prop_assert_eq!(&*row.message, &*line.message);
                prop_assert_eq!(row.is_error, line.stream.known() == Some(LogStream::Stderr));
            }
        }
    }
}
