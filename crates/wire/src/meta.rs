//! What a platform says of itself, without a key.

use serde::{Deserialize, Serialize};

use crate::open::{Open, words};
use crate::sign_in::Provider;

words! {
    /// The kinds of engine that run instances.
    pub enum EngineKind {
        /// Real containers over the Docker Engine API.
        Containers = "containers",
        /// A cluster of Docker Swarm nodes.
        Swarm = "swarm",
        /// No containers: plausible life for a look around.
        Simulated = "simulated",
    }
}

/// The engine behind the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Engine {
    /// Which kind.
    #[cfg_attr(feature = "openapi", schema(value_type = EngineKind))]
    pub kind: Open<EngineKind>,
    /// Product, version and whether it answers, for people.
    #[serde(default)]
    pub detail: String,
    /// Whether it answers now.
    #[serde(default = "yes")]
    pub available: bool,
    /// Whether it takes no changes now, since most managers of its cluster are away.
    #[serde(default)]
    pub read_only: bool,
}

fn yes() -> bool {
    true
}

/// The reply of `GET /meta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Meta {
    /// `pilothouse`.
    pub name: String,
    /// The platform's version.
    pub version: String,
    /// `workspaces`, `environments`.
    #[serde(default)]
    pub dialects: Vec<String>,
    /// What runs the instances.
    pub engine: Engine,
    /// Parts of the API that this platform implements beyond the services.
    #[serde(default)]
    pub features: Vec<String>,
    /// Where ingress listens, as seen by a browser: `http://127.0.0.1:7080`. A domain's link is
    /// this with its host replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<String>,
    /// Where people may sign in elsewhere, to be let in here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_in: Vec<Provider>,
}
