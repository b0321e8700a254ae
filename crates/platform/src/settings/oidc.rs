//! The settings of signing in at a provider of identities.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pilothouse_wire::session::Role;
use pilothouse_wire::text::{Domain, Name};

use crate::oidc::{Issuer, Joins, OidcError, Settings, client_secret};
use crate::origin::Origin;

/// A provider of identities that people may sign in at.
#[derive(Args, Clone, Debug)]
pub struct OidcArgs {
    /// Let people sign in at the OpenID Connect provider with this issuer: whoever was invited with
    /// an e-mail address that it vouches for. It is asked for the first time when somebody signs in.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_client_id",
        conflicts_with = "upstream"
    )]
    pub oidc_issuer: Option<Issuer>,
    /// What the provider knows this platform as. The redirect URI to register there is
    /// PUBLIC_URL/api/v1/auth/oidc/callback.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_CLIENT_ID",
        value_name = "ID",
        requires = "oidc_issuer"
    )]
    pub oidc_client_id: Option<String>,
    /// The file that holds the client's secret, readable by its owner alone. A public client has none.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_CLIENT_SECRET_FILE",
        value_name = "FILE",
        requires = "oidc_issuer"
    )]
    pub oidc_client_secret_file: Option<PathBuf>,
    /// What people call the provider, for the button. [default: its host]
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_NAME",
        value_name = "NAME",
        requires = "oidc_issuer"
    )]
    pub oidc_name: Option<Name>,
    /// Let everybody with an address of this domain in without an invitation, into --oidc-org. Who
    /// was removed here stays out until they are invited again.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_DOMAIN",
        value_name = "DOMAIN",
        requires = "oidc_org",
        requires = "oidc_issuer",
        value_parser = domain
    )]
    pub oidc_domain: Option<Domain>,
    /// The org that addresses of --oidc-domain come into, by id or slug.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_ORG",
        value_name = "ORG",
        requires = "oidc_domain"
    )]
    pub oidc_org: Option<String>,
    /// What they may do there at first; an admin changes it under People.
    #[arg(
        long,
        env = "PILOTHOUSE_OIDC_ROLE",
        value_name = "ROLE",
        default_value = "viewer"
    )]
    pub oidc_role: JoinRole,
    /// Where browsers reach the console, if that is not the address of --listen on this machine:
    /// https://pilothouse.example. The provider sends them back there.
    #[arg(
        long,
        env = "PILOTHOUSE_PUBLIC_URL",
        value_name = "URL",
        requires = "oidc_issuer"
    )]
    pub public_url: Option<Origin>,
}

/// The roles that somebody can come in with who was not invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JoinRole {
    /// Reads everything but the values of config.
    Viewer,
    /// Ships: deploys, restarts, scales, edits services and plain config.
    Member,
}

impl From<JoinRole> for Role {
    fn from(role: JoinRole) -> Self {
        match role {
            JoinRole::Viewer => Self::Viewer,
            JoinRole::Member => Self::Member,
        }
    }
}

fn domain(text: &str) -> Result<Domain, String> {
    let domain = Domain::new(text)?;
    match domain.is_wildcard() {
        true => Err("name one domain: what is below it counts as another".to_owned()),
        false => Ok(domain),
    }
}

impl OidcArgs {
    /// The provider, if one is named. `here`: where a browser on this machine reaches the console, if
    /// no other one does.
    ///
    /// # Errors
    /// The secret can't be read, or nobody says where browsers reach the console.
    pub(crate) fn named(&self, here: Option<Origin>) -> Result<Option<Settings>, OidcError> {
        let (Some(issuer), Some(client_id)) = (&self.oidc_issuer, &self.oidc_client_id) else {
            return Ok(None);
        };
        let secret = self.oidc_client_secret_file.clone();
        let public = self.public_url.clone().or(here);
        let name = self.oidc_name.as_ref().map(Name::as_str);
        let joins = self.oidc_domain.as_ref().zip(self.oidc_org.as_ref());
        Ok(Some(Settings {
            client_id: client_id.clone(),
            client_secret: secret.map(client_secret).transpose()?,
            name: name.unwrap_or(issuer.host()).to_owned(),
            public: public.ok_or(OidcError::NoPublicUrl)?,
            joins: joins.map(|(domain, org)| Joins {
                domain: domain.canonical(),
                org: org.clone(),
                role: self.oidc_role.into(),
            }),
            issuer: issuer.clone(),
        }))
    }
}
