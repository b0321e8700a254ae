//! The HTTP side of the API: unpack a request, call the rules, wrap what they answer.

mod access;
mod answer;
mod call;
mod cors;
mod credentials;
mod delivery;
mod events;
pub(crate) mod fallback;
mod figures;
mod harden;
mod meta;
mod mount;
mod nodes;
mod oidc;
mod openapi;
mod orgs;
mod overview;
mod policy;
mod push;
mod services;
mod session;
mod trace;
mod witness;

mod config;
pub(crate) mod console;
pub(crate) mod repeat;
mod revision;
pub(crate) mod router;

use std::sync::Arc;

use crate::domain::Platform;

pub(crate) use answer::{Failure, json};
pub(crate) use credentials::{host, is_of_own_page};
pub(crate) use fallback::dialect_of;
pub(crate) use figures::Figures;
pub(crate) use harden::{Secure, harden};
pub(crate) use meta::healthz;
pub(crate) use trace::{RequestId, trace};

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct Context {
    platform: Arc<Platform>,
    /// Whether a proxy in front ends TLS: then it tells who calls.
    behind_proxy: bool,
    /// Whether the platform itself ends TLS.
    tls: bool,
    figures: Figures,
}

impl Context {
    pub(crate) fn new(platform: Arc<Platform>, behind_proxy: bool, tls: bool) -> Self {
        Self {
            platform,
            behind_proxy,
            tls,
            figures: Figures::default(),
        }
    }

    /// Whether what is answered travels over TLS, and cookies are for TLS only.
    fn secure(&self) -> Secure {
        Secure(self.behind_proxy || self.tls)
    }

    /// Whether a proxy in front ends TLS.
    pub(crate) fn behind_proxy(&self) -> bool {
        self.behind_proxy
    }
}
