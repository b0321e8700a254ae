//! Deploys and scaling: what makes a description take effect.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{Decode, DecodeFields, Fields, decode_word};
use crate::error::FieldErrors;
use crate::open::words;
use crate::quantity::{InstanceCount, ReleaseNumber};
use crate::service::{ProcessCounts, limits};

/// The body of `POST S/{service}/scale`: exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scale {
    /// How many instances of `web` should run. 0 pauses.
    Instances(InstanceCount),
    /// How many instances of each named process should run; others stay as they are.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, InstanceCount>))]
    ProcessCounts(ProcessCounts),
}

impl DecodeFields for Scale {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let instances = fields.optional("instances");
        let counts = fields.optional::<ProcessCounts>("process_counts");
        match (instances?, counts?) {
            (Some(instances), None) => Some(Self::Instances(instances)),
            (None, Some(counts)) if !counts.is_empty() && counts.len() <= limits::PROCESSES => {
                Some(Self::ProcessCounts(counts))
            }
            _ => {
                fields.fault("instances", "Say how many instances should run.");
                None
            }
        }
    }
}

/// The longest reason, in characters.
const MAX_MESSAGE: usize = 500;

words! {
    /// What happens when a deployment is still under way.
    pub enum WhenBusy {
        /// The new one takes its place.
        Replace = "replace",
        /// The new one waits until it has ended.
        Wait = "wait",
    }
}

impl Decode for WhenBusy {
    fn decode(value: Value, at: &str, errors: &mut FieldErrors) -> Option<Self> {
        decode_word(value, at, errors)
    }
}

/// The body of `POST S/{service}/deploy`, which may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployRequest {
    /// An existing release to deploy again, which is a rollback. Left out: a new one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<u32>,
    /// Why, kept with the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What happens when a deployment is still under way; `replace` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_busy: Option<WhenBusy>,
}

impl DecodeFields for DeployRequest {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let release = fields.optional::<ReleaseNumber>("release");
        let message = message(fields);
        let when_busy = fields.optional("when_busy");
        Some(Self {
            release: release?.map(ReleaseNumber::get),
            message: message?,
            when_busy: when_busy?,
        })
    }
}

/// Reads the reason that somebody gives.
pub(crate) fn message(fields: &mut Fields<'_>) -> Option<Option<String>> {
    let message: Option<String> = fields.optional("message")?;
    match reason(&message.unwrap_or_default()) {
        Ok(message) => Some(message),
        Err(words) => {
            fields.fault("message", words);
            None
        }
    }
}

/// Checks the reason that somebody gives; an empty one is none.
///
/// # Errors
/// The sentence that says how long it may be.
pub fn reason(text: &str) -> Result<Option<String>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text if text.chars().count() > MAX_MESSAGE => Err("A reason is at most 500 characters."),
        text => Ok(Some(text.to_owned())),
    }
}

/// The reply of `POST S/{service}/deploy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deployed {
    /// Always `true`.
    #[serde(default)]
    pub ok: bool,
    /// UUID of the release.
    #[serde(default)]
    pub release_id: String,
    /// UUID of the deployment that rolls it out.
    #[serde(default)]
    pub deployment_id: String,
    /// Counts up from 1 in its service.
    #[serde(default)]
    pub release_version: u32,
    /// Whether it begins only when another admin has approved it.
    #[serde(default)]
    pub needs_approval: bool,
}
