//! Log lines and the query that asks for them.

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, words};
use crate::quantity::LogLimit;
use crate::text::{check, text};
use crate::window::Window;
use chrono::{DateTime, Utc};

words! {
    /// Where a line was written.
    pub enum LogStream {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
    }
}

/// One line of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// When it was written, to the nanosecond where the engine tells.
    pub timestamp: DateTime<Utc>,
    /// Which instance wrote it: `web.0`.
    #[serde(default)]
    pub instance: String,
    /// Where.
    #[serde(default = "stdout")]
    #[cfg_attr(feature = "openapi", schema(value_type = LogStream))]
    pub stream: Open<LogStream>,
    /// The line, without its end.
    pub message: String,
}

fn stdout() -> Open<LogStream> {
    Open::Known(LogStream::Stdout)
}

text! {
    /// A place in a log, between two of its lines: so that many lines of one instant are neither
    /// skipped nor sent twice. Only the platform that made it can read it.
    pub struct LogCursor;
    |text| check(
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()),
        "Send older or newer as an answer holds it.",
    )
}

/// The reply of `GET S/{service}/logs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Logs {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Whether the window holds older lines than the limit let through.
    #[serde(default)]
    pub truncated: bool,
    /// Where these lines begin, if there are older ones: sent back as `before`, it brings them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub older: Option<LogCursor>,
    /// Where the log ended: sent back as `after`, it brings what was stored since, which may be
    /// older than what is known already where an instance's lines came late. Absent from an answer
    /// to `before`, which tells only of what was stored when the first of its pages was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub newer: Option<LogCursor>,
}

/// The longest filter, in bytes.
pub const MAX_FILTER: usize = 4 * 1024;

/// Which lines to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Of which window.
    pub window: Window,
    /// The newest so many lines of the window; 1,000 where nothing is said.
    pub limit: Option<LogLimit>,
    /// Only lines that hold this text, case-sensitive.
    pub filter: Option<String>,
    /// The way on from an answer before.
    pub page: Page,
}

/// Which part of a window to send: all of it where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only what stands before this place: an answer's `older`.
    pub before: Option<LogCursor>,
    /// Only what was stored after this place: an answer's `newer`.
    pub after: Option<LogCursor>,
}

impl Page {
    pub(crate) const BEYOND: &'static [&'static str] = &["before", "after"];
    pub(crate) const BEFORE: (&'static str, &'static str) = (
        "before",
        "Only what stands before this place: `older` of an answer to the same question.",
    );
    pub(crate) const AFTER: (&'static str, &'static str) = (
        "after",
        "Only what was stored after this place: `newer` of an answer to the same question.",
    );

    pub(crate) fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let before = fields.parameter("before", str::parse);
        let after = fields.parameter("after", str::parse);
        Some(Self {
            before: before?,
            after: after?,
        })
    }

    pub(crate) fn pairs(&self) -> [(&'static str, Option<String>); 2] {
        let text = |cursor: &Option<LogCursor>| cursor.as_ref().map(ToString::to_string);
        [("before", text(&self.before)), ("after", text(&self.after))]
    }
}

/// Reads a filter's text; an empty one lets everything through.
pub(crate) fn filter(fields: &mut Fields<'_>, name: &str) -> Option<Option<String>> {
    let filter = fields.parameter(name, |text| match text.len() {
        0..=MAX_FILTER => Ok(text.to_owned()),
        _ => Err("A filter holds at most 4 KiB.".to_owned()),
    });
    Some(filter?.filter(|text| !text.is_empty()))
}

impl DecodeFields for LogQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let window = Window::decode(fields);
        let limit = fields.parameter("limit", str::parse);
        let filter = filter(fields, "filter");
        let page = Page::decode(fields);
        Some(Self {
            window: window?,
            limit: limit?,
            filter: filter?,
            page: page?,
        })
    }
}

impl Query for LogQuery {
    const BEYOND: &'static [&'static str] = Page::BEYOND;

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            Window::SINCE,
            Window::START,
            Window::END,
            (
                "limit",
                "The newest so many lines of the window: 1 to 100000, 1000 where nothing is said.",
            ),
            (
                "filter",
                "Only lines that hold this text, case-sensitive; at most 4 KiB.",
            ),
            Page::BEFORE,
            Page::AFTER,
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let [since, start, end] = self.window.pairs();
        let [before, after] = self.page.pairs();
        [
            since,
            start,
            end,
            ("limit", self.limit.map(|value| value.to_string())),
            ("filter", self.filter.clone()),
            before,
            after,
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}
