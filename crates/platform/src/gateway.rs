//! The gateway: the console for a platform elsewhere, whose key stays in this process. Only the API
//! is passed on, only to one origin, and only for pages of this very site.

mod admit;
mod forward;
mod headers;
mod key;
mod limits;
mod ready;
mod serve;

use std::path::PathBuf;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use pilothouse_wire::endpoint::BASE;

use crate::http::console::console;
use crate::http::{Figures, Secure, fallback, harden, healthz, trace};

pub use crate::origin::Origin;
pub use admit::Hosts;
pub use key::Key;
pub use limits::Limits;

pub(crate) use serve::serve;

use forward::Forwarder;

/// Why there is no gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The key can't be read.
    #[error("the key file {} can't be read ({source}): check --upstream-key-file", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Others on this machine can read the key.
    #[error("the key file {} can be read by others than its owner (mode {mode:03o}): run `chmod 600` on it, and make a new key if somebody may have read it", .file.display())]
    OpenKey {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds no key.
    #[error("the key file {} holds no key: put the key into it, one line without spaces", .file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
    },
    /// No certificate of the platform elsewhere would be believed.
    #[error(
        "no certificates of authorities can be read on this machine ({0}): install its package ca-certificates, or name a file of them in SSL_CERT_FILE"
    )]
    Roots(std::io::Error),
}

/// What a gateway is made of.
#[derive(Debug)]
pub struct Parts {
    /// The platform elsewhere.
    pub upstream: Origin,
    /// The key for it.
    pub key: Key,
    /// The folder of the console's build.
    pub console: Option<PathBuf>,
    /// By which names browsers may know this process.
    pub hosts: Hosts,
    /// Whether browsers come over TLS.
    pub secure: bool,
    /// How much passes, and how long it may take.
    pub limits: Limits,
}

/// Everything that a gateway serves.
///
/// # Errors
/// The platform elsewhere speaks TLS, and nobody is known here who could vouch for it.
pub fn router(parts: Parts) -> Result<Router, GatewayError> {
    let forwarder = Forwarder::new(parts.upstream, parts.key, parts.limits)?;
    let admitted = from_fn_with_state(parts.hosts, admit::admit);
    let api = [
        BASE.to_owned(),
        format!("{BASE}/"),
        format!("{BASE}/{{*rest}}"),
    ];
    let api = api.iter().fold(Router::new(), |api, path| {
        api.route(path, any(forward::forward))
    });
    let api = api.layer(admitted).with_state(forwarder.clone());
    // No other address of the API is ever answered with the page.
    let api = ["/api", "/api/", "/api/{*rest}"]
        .into_iter()
        .fold(api, |api, path| api.route(path, any(fallback::not_found)));
    let probes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(ready::readyz))
        .with_state(forwarder);
    let router = api.merge(probes).fallback_service(console(parts.console));
    Ok(router
        .layer(from_fn_with_state(Secure(parts.secure), harden))
        .layer(from_fn_with_state(Figures::default(), trace)))
}
