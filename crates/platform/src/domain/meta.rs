//! What the platform says of itself.

use pilothouse_wire::meta::{Engine, Meta};
use pilothouse_wire::open::Open;

use super::Platform;
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
        let detail = self.engine.detail().await;
        Meta {
            name: "pilothouse".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dialects: ["workspaces", "environments"].map(str::to_owned).into(),
            engine: Engine {
                kind: Open::Known(self.engine.kind()),
                available: detail.is_ok(),
                detail: detail.unwrap_or_else(|error| error.to_string()),
            },
            features: FEATURES.map(str::to_owned).into(),
            ingress: Some(self.ingress_url.clone()),
            sign_in: self.oidc.iter().map(Oidc::told).collect(),
        }
    }
}
