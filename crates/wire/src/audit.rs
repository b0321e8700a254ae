//! The audit: who changed what, and who was refused.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, Words as _, words};
use crate::quantity::EventLimit;
use crate::release::FieldChange;
use crate::window::Window;

words! {
    /// What kind of caller it was.
    pub enum CallerKind {
        /// Somebody in a browser.
        Person = "person",
        /// A program.
        Key = "key",
        /// Whoever pushed, as the webhook of a Git host tells.
        Webhook = "webhook",
        /// Whoever runs commands on the platform's own machine.
        Machine = "machine",
        /// Whoever sent a credential that opens nothing.
        Nobody = "nobody",
    }
}

words! {
    /// What became of an attempt.
    pub enum AuditOutcome {
        /// It was done, or accepted.
        Done = "done",
        /// Whoever asked may not do it.
        Refused = "refused",
    }
}

/// A change that somebody asked for, or an attempt that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Counts up; unique in the platform.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the name that they had then.
    pub by: String,
    /// What kind of caller.
    #[cfg_attr(feature = "openapi", schema(value_type = CallerKind))]
    pub by_kind: Open<CallerKind>,
    /// The address that the request came from.
    #[serde(default)]
    pub address: String,
    /// The operation's name: `service.scale`.
    pub action: String,
    /// What became of it.
    #[cfg_attr(feature = "openapi", schema(value_type = AuditOutcome))]
    pub outcome: Open<AuditOutcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The path that was called, below the API's base.
    #[serde(default)]
    pub subject: String,
    /// Slug of the org.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Slug of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Slug of the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What became of which field. A secret shows [`crate::config::MASK`].
    #[serde(default)]
    pub changes: Vec<FieldChange>,
    /// What the platform's log knows the request by.
    #[serde(default)]
    pub request_id: String,
}

/// The reply of `GET …/audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audit {
    /// The newest first.
    #[serde(default)]
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones in the window.
    #[serde(default)]
    pub truncated: bool,
}

/// What the audit is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditQuery {
    /// When.
    pub window: Window,
    /// How many entries at the most.
    pub limit: Option<EventLimit>,
    /// Only what this id is greater than: the next page begins at the last id of the one before.
    pub before: Option<u64>,
    /// Only what names that contain this did, whatever the case.
    pub by: Option<String>,
    /// Only operations whose name contains this.
    pub action: Option<String>,
    /// Only this outcome.
    pub outcome: Option<AuditOutcome>,
}

/// Longest text to search a name by, in bytes.
const MAX_FILTER: usize = 200;

fn filter(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.len() > MAX_FILTER {
        return Err("At most 200 bytes.".to_owned());
    }
    Ok(text.to_owned())
}

impl DecodeFields for AuditQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let window = Window::decode(fields);
        let limit = fields.parameter("limit", str::parse);
        let before = fields.parameter("before", |text| {
            text.parse()
                .map_err(|_| "Give the id of an entry: a whole number.".to_owned())
        });
        let by = fields.parameter("by", filter);
        let action = fields.parameter("action", filter);
        let outcome = fields.parameter("outcome", |text| {
            let unknown = || "An outcome is one of: done, refused.".to_owned();
            AuditOutcome::from_word(text).ok_or_else(unknown)
        });
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        Some(Self {
            window: window?,
            limit: limit?,
            before: before?,
            by: text(by?),
            action: text(action?),
            outcome: outcome?,
        })
    }
}

impl Query for AuditQuery {
    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            Window::SINCE,
            Window::START,
            Window::END,
            (
                "limit",
                "The newest so many of the window: 1 to 1000, 100 where nothing is said.",
            ),
            (
                "before",
                "Only what is older than the entry with this id: how to ask for the next page.",
            ),
            ("by", "Only what somebody did whose name contains this."),
            (
                "action",
                "Only operations whose name contains this: deploy, config.set.",
            ),
            ("outcome", "Only this outcome: done or refused."),
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let [since, start, end] = self.window.pairs();
        [
            since,
            start,
            end,
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("before", self.before.map(|before| before.to_string())),
            ("by", self.by.clone()),
            ("action", self.action.clone()),
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}
