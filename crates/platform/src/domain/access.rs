//! Who may come in, and what they may do where.

mod attempts;
mod grants;
mod keys;
mod oidc;
mod people;
mod sessions;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::endpoint::Access;
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::path::Place;
use pilothouse_wire::session::{self, Role, Session};
use sha2::{Digest, Sha256};

use super::{Error, Platform, Result};
use crate::store::{Generation, Holder, Owner, Slugs, Spot, Store, StoreResult};
pub(crate) use attempts::Attempts;
pub(crate) use grants::Shown;
pub(crate) use keys::create_key;
pub(crate) use oidc::{Back, Turned};
pub(in crate::domain) use people::not_found;

/// How long a sign-in link can be used.
const SIGN_IN_LINK: TimeDelta = TimeDelta::minutes(15);
/// What "last used" may be behind: it is not written down with every request.
const USED_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// Who calls, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    holder: Holder,
    /// When the session ends; keys end by themselves.
    expires: Option<DateTime<Utc>>,
    /// The place that is called.
    spot: Spot,
    /// Their role there.
    here: Option<Role>,
    /// As of when all this is known.
    as_of: Generation,
}

impl Actor {
    fn new(holder: Holder, expires: Option<DateTime<Utc>>, as_of: Generation) -> Self {
        Self {
            holder,
            expires,
            spot: Spot::default(),
            here: None,
            as_of,
        }
    }

    /// The name for the record.
    pub(crate) fn name(&self) -> &str {
        &self.holder.name
    }

    /// Their name, and what holds their roles.
    pub(super) fn owner(&self) -> (&str, &Owner) {
        (&self.holder.name, &self.holder.owner)
    }

    /// What holds their roles, by its id.
    pub(super) fn id(&self) -> &str {
        match &self.holder.owner {
            Owner::Person(id) | Owner::Key(id) => id,
        }
    }

    /// Whether they may do what asks for a role, at the place that is called.
    ///
    /// # Errors
    /// They may not: who may is told.
    pub(crate) fn may(&self, least: Role) -> Result<()> {
        match self.here {
            Some(role) if role.admits(least) => Ok(()),
            role => Err(Error::Forbidden { least, role }),
        }
    }

    /// Whether they have a role at a place or anywhere in it.
    pub(crate) fn reaches(&self, spot: &Spot) -> bool {
        grants::reach(&self.holder.grants, spot)
    }

    /// Their role at a place.
    pub(crate) fn role_at(&self, spot: &Spot) -> Option<Role> {
        grants::role_at(&self.holder.grants, spot)
    }

    /// The place that is called, by ids.
    pub(crate) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// The id of the org that is called, or that holds what is called.
    fn org(&self) -> &str {
        self.spot.org.as_deref().unwrap_or_default()
    }

    /// What they may see of the place that is called.
    pub(crate) fn shown(&self) -> Shown {
        grants::shown(&self.holder.grants, &self.spot)
    }

    /// The strongest role that they have anywhere, with its word where this platform knows none.
    fn strongest(&self) -> Open<Role> {
        let roles = self.holder.grants.iter().map(|grant| known(&grant.role));
        let strongest = roles.max_by_key(Open::known);
        strongest.unwrap_or_else(|| Open::Unknown("none".to_owned()))
    }
}

fn known(word: &str) -> Open<Role> {
    Role::from_word(word).map_or_else(|| Open::Unknown(word.to_owned()), Open::Known)
}

/// 256 random bits behind a prefix that tells secret scanners what it is.
fn secret(prefix: &str) -> String {
    use std::fmt::Write as _;
    let bytes: [u8; 32] = rand::random();
    bytes.iter().fold(prefix.to_owned(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is stored of a secret. The secrets are random and long, so a plain hash is enough, and
/// looking a hash up in an index tells an attacker nothing about the secret by its timing.
fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

fn told_grant(role: &str, at: Slugs) -> session::Grant {
    session::Grant {
        role: known(role),
        org: at.org,
        project: at.project,
        environment: at.environment,
    }
}

/// Makes the token of a sign-in link, as long as nobody has come in yet.
pub(crate) async fn first_sign_in(store: &Store) -> StoreResult<Option<String>> {
    if store.anybody().await? {
        return Ok(None);
    }
    let token = secret("pht_");
    store
        .replace_first_token(&hash(&token), Utc::now() + SIGN_IN_LINK)
        .await?;
    Ok(Some(token))
}

impl Platform {
    /// Who holds this key.
    pub(crate) async fn key_holder(&self, key: &str, from: IpAddr) -> Result<Actor> {
        let (now, hash) = (Utc::now(), hash(key));
        let (known, as_of) = self.store.key(&hash, now).await?;
        let Some(key) = known else {
            let words = "This key is not valid, or not any more. Ask an admin for another one.";
            return Err(self.attempts.refuse(from, words));
        };
        if let Owner::Key(id) = &key.holder.owner
            && key.used.is_none_or(|used| now - used >= USED_WITHIN)
        {
            self.store.note_key_used(id, &hash, now).await?;
        }
        Ok(Actor::new(key.holder, None, as_of))
    }

    /// Lets somebody in at the place that is called, or says why not. What they may not even see is
    /// told as what is not there.
    ///
    /// # Errors
    /// There is no such place for them, or their role there does not admit the call.
    pub(crate) async fn admit_at(
        &self,
        actor: &mut Actor,
        access: Access,
        place: Place<'_>,
    ) -> Result<()> {
        if matches!(access, Access::Public | Access::SignedIn) {
            return Ok(());
        }
        actor.spot = self.find_spot(actor, place).await?;
        actor.here = actor.role_at(&actor.spot);
        access.role().map_or(Ok(()), |least| actor.may(least))
    }

    /// The place by ids, as far as somebody may know of it.
    pub(crate) async fn find_spot(&self, actor: &Actor, place: Place<'_>) -> Result<Spot> {
        let Place {
            org,
            project,
            environment,
        } = place;
        if org.is_none() {
            return Ok(Spot::default());
        }
        let found = self.store.spot(place, actor.as_of).await?;
        let mut spot = Spot::default();
        let levels = [
            ("org", org, found.org),
            ("project", project, found.project),
            ("environment", environment, found.environment),
        ];
        for (at, (what, reference, id)) in levels.into_iter().enumerate() {
            let Some(reference) = reference else { break };
            let is_there = id.is_some();
            let reference = || reference.chars().take(64).collect();
            match at {
                0 => spot.org = id,
                1 => spot.project = id,
                _ => spot.environment = id,
            }
            if !is_there {
                let reference = reference();
                return Err(Error::NotFound { what, reference });
            }
            if !actor.reaches(&spot) {
                let reference = reference();
                return Err(Error::Hidden { what, reference });
            }
        }
        Ok(spot)
    }

    /// Whether somebody goes by a name, or holds a key that was made under it.
    pub(super) async fn is_by(&self, actor: &Actor, name: &str) -> Result<bool> {
        let maker = match &actor.holder.owner {
            Owner::Key(id) => self.store.key_maker(id).await?,
            Owner::Person(_) => None,
        };
        Ok(actor.name() == name || maker.as_deref() == Some(name))
    }

    /// Who somebody is and what they may do, as the API tells it.
    pub(crate) async fn session_of(&self, actor: &Actor) -> Result<Session> {
        let grants = self.store.grants_of(&actor.holder.owner).await?;
        let told = grants.into_iter().map(|(role, at)| told_grant(&role, at));
        Ok(Session {
            name: actor.holder.name.clone(),
            role: actor.strongest(),
            grants: Some(told.collect()),
            expires: actor.expires,
        })
    }
}
