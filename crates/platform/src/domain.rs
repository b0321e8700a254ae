//! What the platform does, in its own words: no HTTP, no SQL, no containers.

mod access;
mod at_once;
mod audit;
mod config;
mod deployments;
mod deploys;
mod error;
mod events;
mod images;
mod listing;
mod meta;
mod nodes;
mod observed;
mod orgs;
mod overview;
mod pipeline;
mod procfile;
mod push;
mod releases;
mod repeats;
mod scope;
mod services;
mod spec;
mod tags;
mod telemetry;
mod verdict;
mod vitals;

use std::sync::Arc;

use crate::build::{BuildSettings, Builds};
use crate::engine::Engine;
use crate::ingress::Ingress;
use crate::journal::Journals;
use crate::logs::LogStore;
use crate::oidc::Oidc;
use crate::reconcile::{Pace, Wake};
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::vault::Vault;

pub(crate) use access::{Actor, Attempts, Back, Shown, Turned, create_key, first_sign_in};
pub(crate) use audit::{Attempt, Ended, Refusals, by_command, finish_audit, gather};
pub(crate) use config::{Frozen, LevelVariables, Revised, diff, frozen, resolve, told};
pub(crate) use error::Error;
pub(crate) use events::{LAST_LINE, own_words};
pub(crate) use listing::{Listing, Written};
pub(crate) use observed::{Observed, ObservedService};
pub(crate) use procfile::{argv, parse as parse_procfile};
pub(crate) use push::Taken;
pub(crate) use repeats::{Keyed, Repeat, UnderWay};
pub(crate) use services::is_ahead;
pub(crate) use spec::{ReleaseDocument, ServiceSpec, WEB};
pub(crate) use tags::Tagged;
pub(crate) use vitals::Vitals;

/// The outcome of an operation.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Everything that an operation may need. One for the life of the process.
pub(crate) struct Platform {
    pub(crate) store: Store,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) ingress: Ingress,
    pub(crate) logs: LogStore,
    pub(crate) telemetry: Telemetry,
    pub(crate) journals: Journals,
    pub(crate) builds: Builds,
    pub(crate) build_settings: BuildSettings,
    /// What a Git host signs pushes with.
    pub(crate) webhook_secret: String,
    pub(crate) vault: Vault,
    pub(crate) observed: Observed,
    pub(crate) wake: Wake,
    pub(crate) pace: Pace,
    pub(crate) attempts: Attempts,
    pub(crate) refusals: Refusals,
    /// The provider of identities that people may sign in at.
    pub(crate) oidc: Option<Oidc>,
    pub(crate) under_way: UnderWay,
    /// Held while a stored service is read, changed and written back, so that of two changes at
    /// once none is lost.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Where ingress is reached, as a browser sees it.
    pub(crate) ingress_url: String,
}
