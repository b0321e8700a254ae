//! Signing in at a provider of identities by OpenID Connect: the authorization code flow with PKCE
//! (<https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth>, RFC 7636).

mod ask;
mod flows;
mod issuer;
mod next;
mod provider;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use openidconnect::{ClientSecret, CsrfToken, Nonce, PkceCodeVerifier};
use pilothouse_wire::email::Email;
use pilothouse_wire::endpoint::BASE;
use pilothouse_wire::session::Role;
use pilothouse_wire::sign_in;
use tokio::sync::Mutex;

use crate::origin::Origin;
use crate::private_file::{self, Unfit};
use ask::Asker;
use provider::Known;

pub(crate) use flows::{Flow, Flows};
pub use issuer::Issuer;
pub(crate) use next::place;

/// Where a sign-in begins, below the API's base.
pub(crate) const START: &str = "/auth/oidc/start";
/// Where the provider sends browsers back to, below the API's base.
pub(crate) const CALLBACK: &str = "/auth/oidc/callback";

/// How long somebody may take at the provider.
pub(crate) const FLOW_LASTS: Duration = Duration::from_secs(10 * 60);

/// The provider, what it knows this platform as, and who may come in by it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The provider.
    pub issuer: Issuer,
    /// What it knows this platform as.
    pub client_id: String,
    /// What proves that to it; nothing for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What people call the provider.
    pub name: String,
    /// Where browsers reach the console.
    pub public: Origin,
    /// Who comes in without an invitation.
    pub joins: Option<Joins>,
}

/// A domain whose addresses come in without an invitation, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joins {
    /// The domain, and none below it.
    pub domain: String,
    /// Id or slug of the org that they get a role in.
    pub org: String,
    /// The role.
    pub role: Role,
}

/// Why nobody can sign in at a provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The secret can't be read.
    #[error("the secret file {} can't be read ({source}): check --oidc-client-secret-file", .file.display())]
    Secret {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Others on this machine can read the secret.
    #[error("the secret file {} can be read by others than its owner (mode {mode:03o}): run `chmod 600` on it, and make a new secret if somebody may have read it", .file.display())]
    OpenSecret {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is empty.
    #[error("the secret file {} is empty: put the client's secret into it, or leave --oidc-client-secret-file out for a public client", .0.display())]
    NoSecret(PathBuf),
    /// The provider could not send anybody back.
    #[error(
        "the provider has to know where browsers reach the console: name that with --public-url https://HOST"
    )]
    NoPublicUrl,
    /// Sessions would travel in the clear.
    #[error(
        "sessions would travel unencrypted to {0}: name the address that browsers use with https:// in --public-url"
    )]
    OpenPublicUrl(Origin),
    /// No certificate of the provider would be believed.
    #[error(
        "no certificates of authorities can be read on this machine ({0}): install its package ca-certificates, or name a file of them in SSL_CERT_FILE"
    )]
    Roots(io::Error),
}

/// The secret in a file that nobody but its owner can read.
///
/// # Errors
/// It can't be read, others can read it, or it is empty.
pub(crate) fn client_secret(file: PathBuf) -> Result<ClientSecret, OidcError> {
    match private_file::read(&file) {
        Ok(text) if text.is_empty() => Err(OidcError::NoSecret(file)),
        Ok(text) => Ok(ClientSecret::new(text)),
        Err(Unfit::Unread(source)) => Err(OidcError::Secret { file, source }),
        Err(Unfit::Open(mode)) => Err(OidcError::OpenSecret { file, mode }),
    }
}

/// Whom the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) issuer: String,
    /// Never given to anybody else at this issuer.
    pub(crate) subject: String,
    /// An address that the provider has seen to be theirs.
    pub(crate) email: Option<Email>,
}

/// Why the provider does not tell who somebody is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It does not answer.
    #[error("the provider does not answer: {0}")]
    Unavailable(String),
    /// Its answer can't be understood or trusted.
    #[error("the provider's answer is not taken: {0}")]
    Failed(String),
}

/// A sign-in that has begun.
pub(crate) struct Begun {
    /// Where the browser goes now.
    pub(crate) address: String,
    pub(crate) state: CsrfToken,
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
}

/// A provider of identities, asked for the first time when somebody signs in.
pub(crate) struct Oidc {
    pub(crate) settings: Settings,
    pub(crate) flows: Flows,
    asker: Asker,
    known: Mutex<Known>,
}

impl Oidc {
    pub(crate) fn new(settings: Settings) -> Result<Self, OidcError> {
        if !settings.public.is_private() {
            return Err(OidcError::OpenPublicUrl(settings.public));
        }
        let asker = Asker::new(settings.issuer.speaks_tls()).map_err(OidcError::Roots)?;
        Ok(Self {
            settings,
            flows: Flows::default(),
            asker,
            known: Mutex::default(),
        })
    }

    /// As the page for signing in shows it.
    pub(crate) fn told(&self) -> sign_in::Provider {
        sign_in::Provider {
            name: self.settings.name.clone(),
            url: format!("{}{BASE}{START}", self.settings.public),
        }
    }
}
