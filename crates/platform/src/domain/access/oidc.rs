//! Coming in by an account at a provider of identities.

use std::net::IpAddr;

use chrono::Utc;
use pilothouse_wire::email::Email;
use pilothouse_wire::path::Place;
use pilothouse_wire::sign_in::Refusal;
use uuid::Uuid;

use super::people::in_words;
use super::sessions::SessionSecret;
use super::{Actor, secret, told_grant};
use crate::domain::{Error, Platform, Result, audit};
use crate::oidc::{Account, Fault, Flow, Joins, Oidc, place};
use crate::store::{Entered, Grant, Identity, Stranger};

/// What a browser is given that sets out to the provider.
pub(crate) struct Departure {
    /// Where it goes.
    pub(crate) address: String,
    /// By what the sign-in is known when it comes back.
    pub(crate) state: String,
    /// What shows then that it is the same browser.
    pub(crate) browser: String,
}

/// What a browser brings back from the provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Back {
    pub(crate) state: String,
    /// What its cookie for that state holds.
    pub(crate) browser: String,
    pub(crate) code: Option<String>,
    /// Why the provider did not let them in.
    pub(crate) error: Option<String>,
}

/// Somebody who has come in.
pub(crate) struct Arrival {
    pub(crate) secret: SessionSecret,
    pub(crate) actor: Actor,
    /// Where in the console they wanted to be.
    pub(crate) next: String,
}

/// Somebody who has not come in.
#[derive(Debug)]
pub(crate) struct Turned {
    pub(crate) refusal: Refusal,
    /// Where in the console they wanted to be.
    pub(crate) next: String,
    /// Why, for the audit; nothing where nobody was refused.
    pub(crate) reason: Option<String>,
}

impl Turned {
    /// Something failed, and nobody was refused.
    pub(crate) fn failed(refusal: Refusal, next: &str) -> Self {
        Self {
            refusal,
            next: next.to_owned(),
            reason: None,
        }
    }
}

impl Platform {
    /// Sends a browser to the provider, from where it comes back to a place of the console.
    pub(crate) async fn set_out(
        &self,
        oidc: &Oidc,
        next: Option<&str>,
        from: IpAddr,
    ) -> std::result::Result<Departure, Turned> {
        let next = place(&oidc.settings.public, next);
        let begun = oidc.begin().await;
        let begun = begun.map_err(|_| Turned::failed(Refusal::ProviderUnavailable, &next))?;
        let departure = Departure {
            address: begun.address,
            state: begun.state.into_secret(),
            browser: secret("phb_"),
        };
        let flow = Flow {
            nonce: begun.nonce,
            verifier: begun.verifier,
            next: next.clone(),
            from,
        };
        let remembered = (oidc.flows).remember(&departure.state, &departure.browser, flow);
        match remembered {
            true => Ok(departure),
            false => Err(Turned::failed(Refusal::TooManyAttempts, &next)),
        }
    }

    /// Lets somebody in who comes back from the provider, if it vouches for them and they may. What
    /// becomes of a person by that is said as a change.
    pub(crate) async fn arrive(
        &self,
        oidc: &Oidc,
        back: Back,
        from: IpAddr,
    ) -> std::result::Result<Arrival, Turned> {
        let Some(flow) = oidc.flows.take(&back.state, &back.browser) else {
            let words =
                "The sign-in was not begun in this browser, was used before, or is too old.";
            return Err(self.refuse(Refusal::Expired, "/", words.to_owned(), from));
        };
        let Flow {
            nonce,
            verifier,
            next,
            ..
        } = flow;
        let Some(code) = back.code.filter(|_| back.error.is_none()) else {
            return Err(Turned::failed(turned_back(back.error.as_deref()), &next));
        };
        let account = match oidc.account(code, &nonce, verifier).await {
            Ok(account) => account,
            Err(Fault::Unavailable(why)) => {
                tracing::warn!(why, "the provider of identities does not answer");
                return Err(Turned::failed(Refusal::ProviderUnavailable, &next));
            }
            Err(Fault::Failed(why)) => {
                tracing::warn!(why, "what the provider of identities answers is not taken");
                let words = "What the provider answered can't be trusted. The log says why.";
                return Err(self.refuse(Refusal::ProviderFailed, &next, words.to_owned(), from));
            }
        };
        let entered = match self.enter(oidc, &account).await {
            Ok(Ok(entered)) => entered,
            Ok(Err(stranger)) => {
                let (refusal, words) = words_for(stranger, &account);
                return Err(self.refuse(refusal, &next, words, from));
            }
            Err(error) => return Err(broken(&error, &next)),
        };
        let (linked, given) = (entered.linked, entered.given.clone());
        let opened = self.open_session(entered.holder).await;
        let (secret, actor) = opened.map_err(|error| broken(&error, &next))?;
        let noted = self.note_arrival(&account, &actor, linked, &given).await;
        noted.map_err(|error| broken(&error, &next))?;
        Ok(Arrival {
            secret,
            actor,
            next,
        })
    }

    async fn enter(
        &self,
        oidc: &Oidc,
        account: &Account,
    ) -> Result<std::result::Result<Entered, Stranger>> {
        // So that nobody makes a link for somebody whose roles become more meanwhile.
        let _changing = self.changing.lock().await;
        let joins = match (&oidc.settings.joins, &account.email) {
            (Some(joins), Some(email)) => self.role_of_joining(joins, email).await?,
            _ => None,
        };
        let email = account.email.as_ref().map(Email::canonical);
        let identity = Identity {
            issuer: &account.issuer,
            subject: &account.subject,
            email: email.as_deref(),
        };
        let id = Uuid::new_v4().to_string();
        let entered = self.store.enter(&identity, joins.as_ref(), id, Utc::now());
        Ok(entered.await?)
    }

    /// The role that an address comes in with that was not invited.
    async fn role_of_joining(&self, joins: &Joins, email: &Email) -> Result<Option<Grant>> {
        if !email.is_of(&joins.domain) {
            return Ok(None);
        }
        let org = Place {
            org: Some(&joins.org),
            ..Place::default()
        };
        let as_of = self.store.generation().await?;
        let spot = self.store.spot(org, as_of).await?;
        if spot.org.is_none() {
            tracing::warn!(org = joins.org, "the org of --oidc-org is not there");
            return Ok(None);
        }
        Ok(Some(Grant {
            role: joins.role.to_string(),
            spot,
        }))
    }

    /// Says what became of a person who has come in: nothing, where all was known.
    async fn note_arrival(
        &self,
        account: &Account,
        actor: &Actor,
        linked: bool,
        given: &[Grant],
    ) -> Result<()> {
        if linked {
            let words = format!("{} at {}", account.subject, account.issuer);
            audit::note("account", None, Some(words));
            audit::note("email", None, account.email.as_ref().map(Email::canonical));
        }
        if !given.is_empty() {
            let all = self.store.grants_of(&actor.holder.owner).await?;
            let told: Vec<_> = all
                .into_iter()
                .map(|(role, at)| told_grant(&role, at))
                .collect();
            audit::note("roles", None, Some(in_words(&told)));
        }
        Ok(())
    }

    /// Counts somebody who may not come in, and slows down who tries over and over.
    fn refuse(&self, refusal: Refusal, next: &str, words: String, from: IpAddr) -> Turned {
        let slowed = self.attempts.refuse(from, "");
        Turned {
            refusal: match slowed {
                Error::TooManyAttempts { .. } => Refusal::TooManyAttempts,
                _ => refusal,
            },
            next: next.to_owned(),
            reason: Some(words),
        }
    }
}

/// What an error in the provider's own words means
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>).
fn turned_back(error: Option<&str>) -> Refusal {
    match error {
        Some("access_denied") => Refusal::Cancelled,
        Some("temporarily_unavailable" | "server_error") => Refusal::ProviderUnavailable,
        error => {
            tracing::warn!(?error, "the provider of identities sends somebody back");
            Refusal::ProviderFailed
        }
    }
}

fn words_for(stranger: Stranger, account: &Account) -> (Refusal, String) {
    let who = account
        .email
        .as_ref()
        .map_or(account.subject.as_str(), Email::as_str);
    match stranger {
        Stranger::Unverified => (
            Refusal::Unverified,
            format!("The provider does not vouch for an e-mail address of {who}."),
        ),
        Stranger::NotInvited => (Refusal::NotInvited, format!("Nobody has invited {who}.")),
        Stranger::Removed => (
            Refusal::NotInvited,
            format!("{who} was removed, and nobody has invited them again."),
        ),
        Stranger::AddressTaken => (
            Refusal::AddressTaken,
            format!(
                "The address {who} is that of somebody with another account, or of several people."
            ),
        ),
    }
}

fn broken(error: &Error, next: &str) -> Turned {
    tracing::error!(%error, "somebody could not be let in");
    Turned::failed(Refusal::Failed, next)
}
