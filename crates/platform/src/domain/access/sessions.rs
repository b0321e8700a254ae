//! Sessions of browsers: how they begin, go on and end.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::open::Words as _;
use pilothouse_wire::session::{Role, SignIn};
use uuid::Uuid;

use super::{Actor, USED_WITHIN, hash, secret};
use crate::domain::{Error, Platform, Result};
use crate::store::{Grant, Holder, Owner, Spot};

/// How long a session lasts at the most.
const LASTS: TimeDelta = TimeDelta::days(14);
/// How long one lasts that is not used.
const IDLE: TimeDelta = TimeDelta::days(3);
/// How old a secret becomes before it gets a successor.
const SECRET_LASTS: TimeDelta = TimeDelta::hours(1);
/// How long it is still taken when that has come back: requests that are under way carry it. And how
/// long it waits for it before it gets another.
const OLD_SECRET_LASTS: TimeDelta = TimeDelta::minutes(1);

/// What a browser keeps in its cookie.
pub(crate) struct SessionSecret {
    pub(crate) secret: String,
    /// When the session ends.
    pub(crate) expires: DateTime<Utc>,
}

impl SessionSecret {
    /// How long it lasts from now on, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        (self.expires - Utc::now()).num_seconds().max(0)
    }
}

impl Platform {
    /// Who holds this session, and the secret that is to take the place of this one, if it is time.
    pub(crate) async fn session_holder(
        &self,
        session: &str,
    ) -> Result<(Actor, Option<SessionSecret>)> {
        let (now, before) = (Utc::now(), hash(session));
        let (row, as_of) = self.store.session(&before, now, now - IDLE).await?;
        let row = row.ok_or(Error::Unauthorized("The session has ended. Sign in again."))?;
        if now - row.seen >= USED_WITHIN {
            self.store.note_session_seen(&row.id, &before, now).await?;
        }
        if !row.came_back && !row.is_ending {
            let until = now + OLD_SECRET_LASTS;
            self.store.note_came_back(&row.id, &before, until).await?;
        }
        let mut fresh = None;
        if !row.is_ending && now - row.secret_made >= SECRET_LASTS {
            let secret = secret("phs_");
            let (after, since) = (hash(&secret), now - OLD_SECRET_LASTS);
            if self
                .store
                .add_successor(&before, &after, now, since)
                .await?
            {
                fresh = Some(SessionSecret {
                    secret,
                    expires: row.expires,
                });
            }
        }
        Ok((Actor::new(row.holder, Some(row.expires), as_of), fresh))
    }

    /// Opens a session for whoever holds a key or a sign-in link.
    pub(crate) async fn sign_in(
        &self,
        with: SignIn,
        from: IpAddr,
    ) -> Result<(SessionSecret, Actor)> {
        let holder = match with {
            SignIn::Key(key) => self.key_holder(&key, from).await?.holder,
            SignIn::Token(token) => self.token_holder(&token, from).await?,
        };
        self.open_session(holder).await
    }

    /// Opens a session for whoever has shown who they are.
    pub(super) async fn open_session(&self, holder: Holder) -> Result<(SessionSecret, Actor)> {
        let now = Utc::now();
        self.store.prune_sessions(now, now - IDLE).await?;
        let session = SessionSecret {
            secret: secret("phs_"),
            expires: now + LASTS,
        };
        let id = Uuid::new_v4().to_string();
        let hashed = hash(&session.secret);
        self.store
            .insert_session(&id, &holder.owner, &hashed, now, session.expires)
            .await?;
        let as_of = self.store.generation().await?;
        let expires = Some(session.expires);
        Ok((session, Actor::new(holder, expires, as_of)))
    }

    async fn token_holder(&self, token: &str, from: IpAddr) -> Result<Holder> {
        let first = Holder {
            owner: Owner::Person(Uuid::new_v4().to_string()),
            name: "first admin".to_owned(),
            grants: vec![Grant {
                role: Role::Admin.word().to_owned(),
                spot: Spot::default(),
            }],
        };
        let (hashed, now) = (hash(token), Utc::now());
        let mut holder = self.store.take_sign_in_token(&hashed, &first, now).await?;
        if holder.is_none() {
            let id = Uuid::new_v4().to_string();
            holder = self.store.take_invitation(&hashed, id, now).await?;
        }
        holder.ok_or_else(|| {
            self.attempts.refuse(
                from,
                "This sign-in link was used or is too old. Ask an admin for a fresh one, or sign in with a key.",
            )
        })
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, session: &str) -> Result<()> {
        Ok(self.store.delete_session(&hash(session)).await?)
    }

    /// Ends every session of whoever calls, in every browser.
    pub(crate) async fn sign_out_everywhere(&self, actor: &Actor) -> Result<()> {
        Ok(self.store.delete_sessions_of(&actor.holder.owner).await?)
    }
}
