//! Access logs: a row for each request that ingress answered for a service.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::instant::required;
use crate::logs::{LogCursor, Page, filter};
use crate::quantity::LogLimit;
use crate::window::Window;

/// One request that ingress answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessRow {
    /// When its answer ended.
    #[serde(deserialize_with = "required")]
    pub timestamp: DateTime<Utc>,
    /// `GET`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The host that was asked.
    #[serde(default)]
    pub host: String,
    /// The status of the answer.
    pub status: u16,
    /// From the request's head to the end of the answer, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// Bytes of the request's body.
    #[serde(default)]
    pub bytes_in: u64,
    /// Bytes of the answer's body that were sent.
    #[serde(default)]
    pub bytes_out: u64,
    /// The address that asked.
    #[serde(default)]
    pub client: String,
    /// Which instance answered: `web.0`. Empty where none did, and ingress answered itself.
    #[serde(default)]
    pub instance: String,
    /// The id that the instance was given of the request, for its own log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
}

/// The reply of `GET S/{service}/access-logs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessLogs {
    /// Newest first.
    pub rows: Vec<AccessRow>,
    /// Whether the window holds older rows than the limit let through.
    #[serde(default)]
    pub truncated: bool,
    /// Where these rows end, if there are older ones: sent back as `before`, it brings them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub older: Option<LogCursor>,
    /// Where the log ended: sent back as `after`, it brings what was stored since. Absent from an
    /// answer to `before`, which tells only of what was stored when the first of its pages was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub newer: Option<LogCursor>,
}

/// Which statuses to send: one, or all of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusFilter {
    /// `404`.
    Exactly(u16),
    /// `5xx`: by the first digit.
    Class(u16),
}

impl StatusFilter {
    /// Whether it lets a status through.
    pub fn matches(self, status: u16) -> bool {
        match self {
            Self::Exactly(one) => status == one,
            Self::Class(class) => status / 100 == class,
        }
    }
}

impl fmt::Display for StatusFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(one) => write!(f, "{one}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

impl FromStr for StatusFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let found = match text.strip_suffix("xx") {
            Some(class) => class.parse().ok().map(Self::Class),
            None => text.parse().ok().map(Self::Exactly),
        };
        let is_status = |filter: &Self| match *filter {
            Self::Exactly(one) => (100..=599).contains(&one),
            Self::Class(class) => (1..=5).contains(&class),
        };
        found
            .filter(is_status)
            .ok_or_else(|| "A status is between 100 and 599, or a class like 5xx.".to_owned())
    }
}

/// The most statuses or methods of one query.
const MAX_CHOICES: usize = 32;

/// Which rows to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessQuery {
    /// Of which window.
    pub window: Window,
    /// The newest so many rows; 1,000 where nothing is said.
    pub limit: Option<LogLimit>,
    /// Any of these; all where there is none.
    pub status: Vec<StatusFilter>,
    /// Any of these methods, in capitals; all where there is none.
    pub method: Vec<String>,
    /// Only paths that hold this text, case-sensitive.
    pub path_contains: Option<String>,
    /// The way on from an answer before.
    pub page: Page,
}

impl DecodeFields for AccessQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let window = Window::decode(fields);
        let limit = fields.parameter("limit", str::parse);
        let status = fields.parameter("status", |text| choices(text, str::parse));
        let method = fields.parameter("method", |text| choices(text, method));
        let path_contains = filter(fields, "path_contains");
        let page = Page::decode(fields);
        Some(Self {
            window: window?,
            limit: limit?,
            status: status?.unwrap_or_default(),
            method: method?.unwrap_or_default(),
            path_contains: path_contains?,
            page: page?,
        })
    }
}

fn choices<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    let found: Vec<T> = parts.map(read).collect::<Result<_, _>>()?;
    match found.len() {
        0..=MAX_CHOICES => Ok(found),
        _ => Err(format!("Give at most {MAX_CHOICES}.")),
    }
}

fn method(text: &str) -> Result<String, String> {
    let method = text.trim().to_ascii_uppercase();
    let is_token = method.len() <= 32 && method.bytes().all(|byte| byte.is_ascii_uppercase());
    match is_token {
        true => Ok(method),
        false => Err("A method looks like GET.".to_owned()),
    }
}

impl Query for AccessQuery {
    const BEYOND: &'static [&'static str] = Page::BEYOND;

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            Window::SINCE,
            Window::START,
            Window::END,
            (
                "limit",
                "The newest so many rows of the window: 1 to 100000, 1000 where nothing is said.",
            ),
            (
                "status",
                "Any of these, with commas between them: 404, or a class like 5xx.",
            ),
            (
                "method",
                "Any of these, with commas between them: GET,POST.",
            ),
            (
                "path_contains",
                "Only paths that hold this text, case-sensitive; at most 4 KiB.",
            ),
            Page::BEFORE,
            Page::AFTER,
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let status: Vec<String> = self.status.iter().map(ToString::to_string).collect();
        let [since, start, end] = self.window.pairs();
        let [before, after] = self.page.pairs();
        [
            since,
            start,
            end,
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("status", Some(status.join(","))),
            ("method", Some(self.method.join(","))),
            ("path_contains", self.path_contains.clone()),
            before,
            after,
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect()
    }
}
