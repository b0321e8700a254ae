//! Who may come in: keys, sessions, the first sign-in link.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use dashmap::DashMap;
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::session::{Role, Session, SignIn};
use sha2::{Digest, Sha256};

use super::{Error, Platform, Result};
use crate::store::{Holder, Store, StoreResult};

/// How long a browser session lasts, in seconds.
pub(crate) const SESSION_SECONDS: i64 = 14 * 24 * 60 * 60;
/// How long a sign-in link can be used.
const SIGN_IN_LINK: TimeDelta = TimeDelta::minutes(15);
/// Wrong credentials that one address may send within [`ATTEMPT_WINDOW`].
const MAX_ATTEMPTS: u32 = 10;
const ATTEMPT_WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at the most, so that a flood of them costs no memory.
const MAX_REMEMBERED: usize = 10_000;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor(Holder);

impl Actor {
    /// The name for the record.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    fn role(&self) -> Option<Role> {
        Role::from_word(&self.0.role)
    }

    /// Whether they may do what asks for a role.
    ///
    /// # Errors
    /// They may not: who may is told.
    pub(crate) fn may(&self, least: Role) -> Result<()> {
        match self.role() {
            Some(role) if role.admits(least) => Ok(()),
            _ => Err(Error::Forbidden {
                least,
                role: self.0.role.clone(),
            }),
        }
    }

    /// As the API tells it.
    pub(crate) fn session(&self) -> Session {
        Session {
            name: self.0.name.clone(),
            role: self
                .role()
                .map_or_else(|| Open::Unknown(self.0.role.clone()), Open::Known),
            expires: self.0.expires,
        }
    }
}

/// Wrong credentials by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts(DashMap<IpAddr, (u32, Instant)>);

impl Attempts {
    /// Counts a wrong credential and says why it is refused. Right ones are never held up by the
    /// wrong ones of others behind the same address.
    fn refuse(&self, from: IpAddr, words: &'static str) -> Error {
        if self.0.len() > MAX_REMEMBERED {
            self.0.retain(|_, entry| entry.1.elapsed() < ATTEMPT_WINDOW);
        }
        let mut entry = self.0.entry(from).or_insert((0, Instant::now()));
        if entry.1.elapsed() >= ATTEMPT_WINDOW {
            *entry = (0, Instant::now());
        }
        entry.0 += 1;
        if entry.0 <= MAX_ATTEMPTS {
            return Error::Unauthorized(words);
        }
        let left = ATTEMPT_WINDOW.saturating_sub(entry.1.elapsed());
        Error::TooManyAttempts {
            seconds: left.as_secs().max(1),
        }
    }
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

/// Makes a key and returns it: the only time that it is seen.
pub(crate) async fn create_key(store: &Store, name: &str, role: Role) -> StoreResult<String> {
    let key = secret("ph_");
    store
        .insert_key(name, role.word(), &hash(&key), Utc::now())
        .await?;
    Ok(key)
}

/// Makes the token of a sign-in link, as long as nobody has come in yet.
pub(crate) async fn first_sign_in(store: &Store) -> StoreResult<Option<String>> {
    if store.anybody().await? {
        return Ok(None);
    }
    let token = secret("pht_");
    store
        .replace_sign_in_token(&hash(&token), Utc::now() + SIGN_IN_LINK)
        .await?;
    Ok(Some(token))
}

impl Platform {
    /// Who holds this key.
    pub(crate) async fn key_holder(&self, key: &str, from: IpAddr) -> Result<Actor> {
        let holder = self.store.key_holder(&hash(key)).await?;
        holder.map(Actor).ok_or_else(|| {
            let words = "This key is not valid. Make one with `pilothouse key create`.";
            self.attempts.refuse(from, words)
        })
    }

    /// Who holds this session.
    pub(crate) async fn session_holder(&self, session: &str) -> Result<Actor> {
        self.store
            .session_holder(&hash(session), Utc::now())
            .await?
            .map(Actor)
            .ok_or(Error::Unauthorized("The session has ended. Sign in again."))
    }

    /// Opens a session for whoever holds a key or the first sign-in link. Returns its secret.
    pub(crate) async fn sign_in(&self, with: SignIn, from: IpAddr) -> Result<(String, Actor)> {
        let mut actor = match with {
            SignIn::Key(key) => self.key_holder(&key, from).await?,
            SignIn::Token(token) => self.token_holder(&token, from).await?,
        };
        actor.0.expires = Some(Utc::now() + TimeDelta::seconds(SESSION_SECONDS));
        let session = secret("phs_");
        self.store
            .insert_session(&hash(&session), &actor.0, Utc::now())
            .await?;
        Ok((session, actor))
    }

    async fn token_holder(&self, token: &str, from: IpAddr) -> Result<Actor> {
        if self
            .store
            .take_sign_in_token(&hash(token), Utc::now())
            .await?
        {
            return Ok(Actor(Holder {
                name: "first admin".to_owned(),
                role: Role::Admin.word().to_owned(),
                expires: None,
            }));
        }
        Err(self.attempts.refuse(
            from,
            "This sign-in link was used or is too old. Restart the platform for a fresh one, or sign in with a key.",
        ))
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, session: &str) -> Result<()> {
        Ok(self.store.delete_session(&hash(session)).await?)
    }
}
