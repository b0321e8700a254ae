//! Images: what a build made of a commit, or what a registry handed out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::endpoint::Query;
use crate::open::{Open, words};
use crate::text::BranchName;

words! {
    /// How an image stands.
    pub enum ImageState {
        /// It waits for its turn.
        Queued = "queued",
        /// It is being built or fetched.
        Building = "building",
        /// It can be run.
        Built = "built",
        /// It could not be made.
        Failed = "failed",
        /// Somebody ended it.
        Cancelled = "cancelled",
    }
}

impl ImageState {
    /// Whether it will change by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Building)
    }
}

/// An image of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Image {
    /// UUID.
    #[serde(default)]
    pub id: String,
    /// Counts up from 1 in its service.
    pub version: u32,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ImageState>))]
    pub state: Option<Open<ImageState>>,
    /// `owner/name` of what was built, or the reference that was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_name: Option<String>,
    /// The engine's digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// Whether it can be run.
    #[serde(default)]
    pub built: bool,
    /// What failed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last lines before it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<String>,
    /// The branch, tag or commit that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_ref: Option<String>,
    /// The commit that was built, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    /// The path of its Dockerfile or Containerfile in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// Process → command, from its Procfile.
    #[serde(default)]
    pub processes: BTreeMap<String, String>,
    /// What else is known of it.
    #[serde(default)]
    pub image_metadata: ImageMetadata,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
}

impl Image {
    /// How it stands, also where a platform tells no state.
    pub fn state(&self) -> Open<ImageState> {
        self.state.clone().unwrap_or(Open::Known(if self.built {
            ImageState::Built
        } else if self.error.is_some() {
            ImageState::Failed
        } else {
            ImageState::Queued
        }))
    }

    /// Whether it will change by itself.
    pub fn is_under_way(&self) -> bool {
        let state = self.state().known();
        state.is_some_and(ImageState::is_under_way)
    }
}

/// What is known of an image beside its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageMetadata {
    /// In bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The TCP ports that it says it listens on (`EXPOSE`), the least first.
    #[serde(default)]
    pub exposed_ports: Vec<u16>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When work on it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<DateTime<Utc>>,
    /// When its log last grew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progressed: Option<DateTime<Utc>>,
    /// The newest releases that hold it, the newest first.
    #[serde(default)]
    pub releases: Vec<u32>,
}

/// The body of `POST S/{service}/images/build`, which may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildRequest {
    /// The branch, tag or commit to build. Left out: the branch that deploys by itself, else the
    /// repository's own default.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub reference: Option<BranchName>,
}

impl DecodeFields for BuildRequest {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reference: fields.optional("ref")?,
        })
    }
}

/// The reply of `POST S/{service}/images/build`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildStarted {
    /// Always `true`.
    #[serde(default)]
    pub ok: bool,
    /// UUID of the image.
    #[serde(default)]
    pub image_id: String,
    /// Counts up from 1 in its service.
    #[serde(default)]
    pub version: u32,
}

words! {
    /// How what a log tells of stands.
    pub enum LogStatus {
        /// It waits.
        Pending = "pending",
        /// It goes on: the log grows.
        Running = "running",
        /// It ended well.
        Success = "success",
        /// It failed.
        Error = "error",
        /// Somebody ended it.
        Cancelled = "cancelled",
    }
}

/// The log of a build, a release or a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkLog {
    /// How what it tells of stands.
    #[cfg_attr(feature = "openapi", schema(value_type = LogStatus))]
    pub status: Open<LogStatus>,
    /// The version of the image or release.
    #[serde(default)]
    pub version: u32,
    /// The text that was asked for: all of it, unless the query says otherwise.
    #[serde(default)]
    pub log_text: String,
    /// What failed, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last lines before it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<String>,
    /// What it is at, or what it failed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_step: Option<String>,
    /// The offset that follows the text, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}

/// Which part of a log to send. Nothing said: all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkLogQuery {
    /// Only what follows this many bytes.
    pub offset: Option<u64>,
    /// Only the last so many bytes.
    pub tail: Option<u64>,
}

impl Query for WorkLogQuery {
    const BEYOND: &'static [&'static str] = &["offset", "tail"];

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [("offset", self.offset), ("tail", self.tail)];
        let said = pairs.into_iter();
        said.filter_map(|(name, bytes)| Some((name, bytes?.to_string())))
            .collect()
    }

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            ("offset", "Only what follows this many bytes."),
            ("tail", "Only the last so many bytes."),
        ]
    }
}

impl DecodeFields for WorkLogQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let offset = fields.parameter("offset", bytes)?;
        let tail = fields.parameter("tail", bytes)?;
        if offset.is_some() && tail.is_some() {
            fields.fault("tail", "Give either an offset or a tail.");
        }
        Some(Self { offset, tail })
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "This takes a number of bytes.".to_owned())
}

/// One page of a long list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImagePage {
    /// The newest first.
    pub items: Vec<Image>,
    /// Where the page is in the list.
    #[serde(default)]
    pub pagination: Pagination,
}

/// Where a page is in its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pagination {
    /// Counts from 1.
    #[serde(default)]
    pub page: u32,
    /// How many a page holds.
    #[serde(default)]
    pub per_page: u32,
    /// How many there are in all.
    #[serde(default)]
    pub total: u32,
    /// How many pages that makes; 0 of an empty list.
    #[serde(default)]
    pub total_pages: u32,
}

impl Pagination {
    /// The place of a page in a list of `total`.
    pub fn of(query: PageQuery, total: u32) -> Self {
        Self {
            page: query.page,
            per_page: query.per_page,
            total,
            total_pages: total.div_ceil(query.per_page.max(1)),
        }
    }
}

/// Which page of a list to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// Counts from 1.
    pub page: u32,
    /// 1 to 100.
    pub per_page: u32,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            page: 1,
            per_page: 20,
        }
    }
}

impl Query for PageQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("page", self.page.to_string()),
            ("per_page", self.per_page.to_string()),
        ]
    }

    fn parameters() -> &'static [(&'static str, &'static str)] {
        &[
            ("page", "Which page, from 1."),
            ("per_page", "How many a page holds: 1 to 100, else 20."),
        ]
    }
}

impl DecodeFields for PageQuery {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let within = |range: std::ops::RangeInclusive<u32>, words: &'static str| {
            move |text: &str| {
                let number = text.parse().ok().filter(|number| range.contains(number));
                number.ok_or_else(|| words.to_owned())
            }
        };
        let page = fields.parameter("page", within(1..=1_000_000, "Pages count from 1."));
        let per_page = fields.parameter(
            "per_page",
            within(1..=100, "A page holds between 1 and 100."),
        );
        let default = Self::default();
        Some(Self {
            page: page?.unwrap_or(default.page),
            per_page: per_page?.unwrap_or(default.per_page),
        })
    }
}
