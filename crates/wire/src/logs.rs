//! Log lines and the query that asks for them.

use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, words};
use crate::quantity::LogLimit;
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

/// The reply of `GET S/{service}/logs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Logs {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Whether the window holds older lines than the limit let through.
    #[serde(default)]
    pub truncated: bool,
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
}

impl DecodeFields for LogQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let window = Window::decode(fields);
        let limit = fields.parameter("limit", str::parse);
        let filter = fields.parameter("filter", |text| {
            if text.len() > MAX_FILTER {
                return Err("A filter holds at most 4 KiB.".to_owned());
            }
            Ok(text.to_owned())
        });
        Some(Self {
            window: window?,
            limit: limit?,
            filter: filter?.filter(|text| !text.is_empty()),
        })
    }
}

impl Query for LogQuery {
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
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let [since, start, end] = self.window.pairs();
        [
            since,
            start,
            end,
            ("limit", self.limit.map(|value| value.to_string())),
            ("filter", self.filter.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}
