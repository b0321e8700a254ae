//! What the platform says of itself.

use pilothouse_wire::meta::{Engine, Meta};
use pilothouse_wire::open::Open;

use super::Platform;
use crate::engine::EngineError;
use crate::oidc::Oidc;

/// What goes beyond the services of the two dialects.
const FEATURES: [&str; 9] = [
    "config",
    "images",
    "releases",
    "deployments",
    "events",
    "verdict",
    "pipeline",
    "promotion",
    "github-webhook",
];

impl Platform {
    pub(crate) async fn meta(&self) -> Meta {
        // Where the engine takes no changes that was found out with patience: it may not say so at once.
        let detail = match self.observed.takes_changes() {
            Ok(()) => self.engine.detail().await,
            Err(leaderless) => Err(leaderless),
        };
        Meta {
            name: "pilothouse".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dialects: ["workspaces", "environments"].map(str::to_owned).into(),
            engine: Engine {
                kind: Open::Known(self.engine.kind()),
                available: detail.is_ok(),
                read_only: matches!(detail, Err(EngineError::Leaderless(_))),
                detail: detail.unwrap_or_else(|error| error.to_string()),
            },
            features: FEATURES.map(str::to_owned).into(),
            ingress: Some(self.ingress_url.clone()),
            sign_in: self.oidc.iter().map(Oidc::told).collect(),
        }
    }
}
