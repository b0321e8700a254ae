//! What happened to services, and to the config around them, one sentence each.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, Words, words};
use crate::quantity::EventLimit;
use crate::window::Window;

words! {
    /// What kind of thing happened.
    pub enum EventKind {
        /// A service was described for the first time.
        Created = "created",
        /// The description changed.
        Updated = "updated",
        /// Variables of some level changed.
        ConfigChanged = "config_changed",
        /// A commit was built, or an image was fetched and pinned.
        ImageBuilt = "image_built",
        /// An image could not be made.
        BuildFailed = "build_failed",
        /// Every instance of a release was ready.
        Deployed = "deployed",
        /// The same, of a release that had run before.
        RolledBack = "rolled_back",
        /// A release did not become healthy, and what ran before went on.
        DeployFailed = "deploy_failed",
        /// Somebody ended a deployment, or a newer one took its place.
        DeployCancelled = "deploy_cancelled",
        /// Another count of instances was asked for.
        Scaled = "scaled",
        /// The same, of none at all.
        Paused = "paused",
        /// Somebody asked for fresh instances.
        Restarted = "restarted",
        /// The fresh instances did not become healthy.
        RestartFailed = "restart_failed",
        /// An instance ended by itself.
        Crashed = "crashed",
        /// An instance no longer answered its health check, and was replaced.
        Unhealthy = "unhealthy",
        /// An instance that had crashed, or was unhealthy, has run well for a minute.
        Recovered = "recovered",
        /// A service was deleted.
        Deleted = "deleted",
    }
}

impl EventKind {
    /// Whether somebody should look at it.
    pub fn is_trouble(self) -> bool {
        matches!(
            self,
            Self::BuildFailed
                | Self::DeployFailed
                | Self::RestartFailed
                | Self::Crashed
                | Self::Unhealthy
        )
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Unique on its platform.
    pub id: String,
    /// What kind of thing.
    #[cfg_attr(feature = "openapi", schema(value_type = EventKind))]
    pub kind: Open<EventKind>,
    /// When; where it happened more than once, when it last did.
    pub timestamp: DateTime<Utc>,
    /// The same in one sentence. It holds no value of any variable, and nothing that a service wrote.
    #[serde(default)]
    pub message: String,
    /// Who did it; absent where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Slug.
    #[serde(default)]
    pub org: String,
    /// Slug; absent where it concerns the whole org.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Slug; absent where it concerns the whole project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Slug; absent where it concerns the whole environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The service's name, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// The release that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_version: Option<u32>,
    /// The instance that it is about: `web.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// How often it happened on end, where that is more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// When it first happened, where it did more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// The reply of `GET …/events`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Events {
    /// Newest first.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Whether the window holds older ones than the limit let through.
    #[serde(default)]
    pub truncated: bool,
}

/// Which events to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsQuery {
    /// Of which window.
    pub window: Window,
    /// The newest so many; 100 where nothing is said.
    pub limit: Option<EventLimit>,
    /// Any of these; all where there is none.
    pub kinds: Vec<EventKind>,
}

impl EventsQuery {
    /// The newest so many of all kinds.
    pub fn newest(limit: EventLimit) -> Self {
        Self {
            limit: Some(limit),
            ..Self::default()
        }
    }
}

impl DecodeFields for EventsQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let window = Window::decode(fields);
        let limit = fields.parameter("limit", str::parse);
        let kinds = fields.parameter("kinds", kinds);
        Some(Self {
            window: window?,
            limit: limit?,
            kinds: kinds?.unwrap_or_default(),
        })
    }
}

fn kinds(text: &str) -> Result<Vec<EventKind>, String> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let mut kinds = Vec::new();
    for word in words {
        let kind = EventKind::from_word(word).ok_or_else(|| {
            let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.word()).collect();
            format!("A kind is one of: {}.", known.join(", "))
        })?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

impl Query for EventsQuery {
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
                "kinds",
                "Any of these, with commas between them: deployed,crashed.",
            ),
        ]
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.word()).collect();
        let [since, start, end] = self.window.pairs();
        [
            since,
            start,
            end,
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("kinds", Some(kinds.join(","))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect()
    }
}
