//! How an org, a project or an environment does at a glance: counts, what needs attention, and what
//! runs where.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::environment::EnvironmentType;
use crate::open::{Open, words};
use crate::release::DeploymentState;
use crate::status::ServiceState;

/// The most entries of [`Overview::attention`]; further ones are counted.
pub const MAX_ATTENTION: usize = 100;

/// The share of requests that may fail without anybody being told, in percent.
pub const CALM_ERRORS: u64 = 1;

words! {
    /// Why a service needs attention, the worst first.
    pub enum Concern {
        /// Instances are wanted and none is ready.
        Down = "down",
        /// Some wanted instances are not ready.
        Degraded = "degraded",
        /// More than one in a hundred of its last requests failed.
        Errors = "errors",
        /// Its newest deployment failed, and what ran before goes on.
        DeployFailed = "deploy_failed",
        /// Its newest build failed.
        BuildFailed = "build_failed",
    }
}

/// How many services are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateCount {
    /// The state.
    #[cfg_attr(feature = "openapi", schema(value_type = ServiceState))]
    pub state: Open<ServiceState>,
    /// How many.
    pub count: u32,
}

/// Requests, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorShare {
    /// How many requests were answered: the size of the sample.
    pub requests: u64,
    /// How many of them with a status of 500 or more.
    pub errors: u64,
    /// How long they were counted, up to now, in seconds.
    #[serde(default)]
    pub seconds: u32,
}

impl ErrorShare {
    /// Whether more of them failed than may without anybody being told.
    pub fn is_high(self) -> bool {
        // In 128 bits no count is too large to be compared.
        u128::from(self.errors) * 100 > u128::from(self.requests) * u128::from(CALM_ERRORS)
    }
}

/// A service that somebody should look at, and one reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attention {
    /// The reason.
    #[cfg_attr(feature = "openapi", schema(value_type = Concern))]
    pub concern: Open<Concern>,
    /// Slug of the project.
    pub project: String,
    /// Slug of the environment.
    pub environment: String,
    /// Slug of the service.
    pub service: String,
    /// The service's name.
    #[serde(default)]
    pub name: String,
    /// Since when the state holds, or when the work failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Why, in one sentence, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The version of the release whose deployment failed, or of the image whose build did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Its last requests, where they are the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorShare>,
}

/// The newest deployment of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CellDeployment {
    /// Slug of the service.
    pub service: String,
    /// The service's name.
    #[serde(default)]
    pub name: String,
    /// The version of its release.
    pub release: u32,
    /// The version that should serve, where that is another one: after a deployment that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<u32>,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DeploymentState>))]
    pub state: Option<Open<DeploymentState>>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An environment of a project: what runs there and how it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cell {
    /// Slug of the project.
    pub project: String,
    /// The project's name.
    #[serde(default)]
    pub project_name: String,
    /// Slug of the environment.
    pub environment: String,
    /// The environment's name.
    #[serde(default)]
    pub environment_name: String,
    /// What the environment is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EnvironmentType>))]
    pub env_type: Option<Open<EnvironmentType>>,
    /// Whether a deploy needs an approval.
    #[serde(default)]
    pub protected: bool,
    /// The state of its service that needs attention most; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ServiceState>))]
    pub state: Option<Open<ServiceState>>,
    /// Its services by state, what needs attention first.
    #[serde(default)]
    pub services: Vec<StateCount>,
    /// Its newest deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<CellDeployment>,
}

/// The reply of `GET …/overview`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// Its services by state, what needs attention first; states that none is in are left out.
    #[serde(default)]
    pub services: Vec<StateCount>,
    /// What needs attention: production before the rest, there by reason, the newest first.
    #[serde(default)]
    pub attention: Vec<Attention>,
    /// How many more need attention than are told.
    #[serde(default)]
    pub more_attention: u32,
    /// Every environment, by project.
    #[serde(default)]
    pub cells: Vec<Cell>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_is_calm_and_one_more_is_not() {
        let share = |errors, requests| ErrorShare {
            requests,
            errors,
            seconds: 900,
        };
        assert!(!share(0, 0).is_high());
        assert!(!share(1, 100).is_high());
        assert!(share(1, 99).is_high());
        assert!(share(u64::MAX, u64::MAX).is_high());
    }

    #[test]
    fn what_a_newer_platform_says_is_kept() {
        let text = r#"{"attention": [{"concern": "bored", "project": "shop", "mood": 1,
            "environment": "production", "service": "api"}], "weather": "fine"}"#;
        let overview: Overview = serde_json::from_str(text).unwrap();
        assert_eq!(overview.attention[0].concern.word(), "bored");
        assert_eq!(overview.more_attention, 0);
    }
}
