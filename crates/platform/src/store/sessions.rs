//! Sessions of browsers. A session's secret gets successors while it is used.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::access::grant;
use super::{Generation, Holder, Owner, Store, StoreResult};

/// A session, by the secret that a request came with.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) holder: Holder,
    /// When it was last used; at most a minute old.
    pub(crate) seen: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub(crate) expires: DateTime<Utc>,
    /// When the secret was made.
    pub(crate) secret_made: DateTime<Utc>,
    /// Whether it came with a request before.
    pub(crate) came_back: bool,
    /// Whether it has come to its end, since a successor came back.
    pub(crate) is_ending: bool,
    /// When the key ends that it was opened with.
    key_expires: Option<DateTime<Utc>>,
}

impl SessionRow {
    fn is_open(&self, now: DateTime<Utc>, idle_since: DateTime<Utc>) -> bool {
        let has_key = self.key_expires.is_none_or(|expires| expires > now);
        self.expires > now && self.seen > idle_since && has_key
    }

    /// Whether nothing is to be noted of it the next time.
    fn is_settled(&self) -> bool {
        self.came_back && !self.is_ending
    }
}

impl Store {
    pub(crate) async fn insert_session(
        &self,
        id: &str,
        owner: &Owner,
        hash: &[u8],
        now: DateTime<Utc>,
        expires: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO sessions (id, person_id, key_id, created, seen, expires)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(owner.person())
        .bind(owner.key())
        .bind(now)
        .bind(now)
        .bind(expires)
        .execute(&mut *change)
        .await?;
        insert_secret(&mut change, id, hash, true, now).await?;
        Ok(change.commit().await?)
    }

    /// The session of a secret, that has not ended and was used since `idle_since`, and as of when that
    /// is known.
    pub(crate) async fn session(
        &self,
        hash: &[u8],
        now: DateTime<Utc>,
        idle_since: DateTime<Utc>,
    ) -> StoreResult<(Option<SessionRow>, Generation)> {
        let as_of = self.known.generation().await?;
        let key = hash.to_vec();
        let known = self.known.sessions.get(&key, as_of);
        // Another secret of the same session may have kept it from being idle.
        let known = match known.filter(|known| known.is_open(now, idle_since)) {
            Some(known) => Some(known),
            None => {
                let read = self.read_session(hash, now).await?;
                if let Some(read) = read.as_ref().filter(|read| read.is_settled()) {
                    self.known.sessions.keep(key, as_of, read.clone());
                }
                read
            }
        };
        let open = known.filter(|session| session.is_open(now, idle_since));
        Ok((open, as_of))
    }

    async fn read_session(
        &self,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<Option<SessionRow>> {
        let rows = sqlx::query(
            "SELECT sessions.id, sessions.person_id, sessions.key_id, seen, sessions.expires,
                    session_secrets.created AS secret_made,
                    came_back, session_secrets.expires IS NOT NULL AS is_ending,
                    coalesce(people.name, keys.name) AS name, keys.expires AS key_expires,
                    role, org_id, project_id, environment_id
             FROM session_secrets JOIN sessions ON sessions.id = session_id
             LEFT JOIN people ON people.id = sessions.person_id
             LEFT JOIN keys ON keys.id = sessions.key_id
             LEFT JOIN grants ON grants.person_id = sessions.person_id
                              OR grants.key_id = sessions.key_id
             WHERE session_secrets.hash = ?1
                   AND (session_secrets.expires IS NULL OR session_secrets.expires > ?2)",
        )
        .bind(hash)
        .bind(now)
        .fetch_all(&self.reader)
        .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let person = first
            .get::<Option<String>, _>("person_id")
            .map(Owner::Person);
        let owner = person.or_else(|| first.get::<Option<String>, _>("key_id").map(Owner::Key));
        Ok(owner.map(|owner| SessionRow {
            id: first.get("id"),
            holder: Holder {
                owner,
                name: first.get("name"),
                grants: rows.iter().filter_map(grant).collect(),
            },
            seen: first.get("seen"),
            expires: first.get("expires"),
            secret_made: first.get("secret_made"),
            came_back: first.get("came_back"),
            is_ending: first.get("is_ending"),
            key_expires: first.get("key_expires"),
        }))
    }

    /// Adds a successor to a secret, unless it got one after `since`, or has come to its end. `false`:
    /// it has.
    pub(crate) async fn add_successor(
        &self,
        before: &[u8],
        after: &[u8],
        now: DateTime<Utc>,
        since: DateTime<Utc>,
    ) -> StoreResult<bool> {
        let mut change = self.begin().await?;
        let succeeded = sqlx::query(
            "UPDATE session_secrets SET succeeded = ?
             WHERE hash = ? AND expires IS NULL AND (succeeded IS NULL OR succeeded <= ?)
             RETURNING session_id",
        )
        .bind(now)
        .bind(before)
        .bind(since)
        .fetch_optional(&mut *change)
        .await?;
        let Some(succeeded) = succeeded else {
            return Ok(false);
        };
        let session = succeeded.get("session_id");
        insert_secret(&mut change, session, after, false, now).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Notes that a secret came back: every other one of its session is taken until `until` only.
    pub(crate) async fn note_came_back(
        &self,
        session_id: &str,
        hash: &[u8],
        until: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("UPDATE session_secrets SET came_back = 1 WHERE hash = ?")
            .bind(hash)
            .execute(&mut *change)
            .await?;
        sqlx::query(
            "UPDATE session_secrets SET expires = ?
             WHERE session_id = ? AND hash <> ? AND expires IS NULL",
        )
        .bind(until)
        .bind(session_id)
        .bind(hash)
        .execute(&mut *change)
        .await?;
        Ok(change.commit().await?)
    }

    /// Notes that a session was used, with the secret of this hash.
    pub(crate) async fn note_session_seen(
        &self,
        id: &str,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        sqlx::query("UPDATE sessions SET seen = ? WHERE id = ?")
            .bind(now)
            .bind(id)
            .execute(&self.writer)
            .await?;
        self.known.sessions.forget(&hash.to_vec());
        Ok(())
    }

    /// Ends the session of a secret.
    pub(crate) async fn delete_session(&self, hash: &[u8]) -> StoreResult<()> {
        self.alone(
            sqlx::query(
                "DELETE FROM sessions WHERE id = (
                SELECT session_id FROM session_secrets WHERE hash = ?)",
            )
            .bind(hash),
        )
        .await?;
        Ok(())
    }

    /// Ends every session of somebody.
    pub(crate) async fn delete_sessions_of(&self, owner: &Owner) -> StoreResult<()> {
        self.alone(
            sqlx::query("DELETE FROM sessions WHERE person_id IS ?1 AND key_id IS ?2")
                .bind(owner.person())
                .bind(owner.key()),
        )
        .await?;
        Ok(())
    }

    /// Forgets what has ended: sessions, secrets that were replaced, links and invitations.
    pub(crate) async fn prune_sessions(
        &self,
        now: DateTime<Utc>,
        idle_since: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE expires <= ? OR seen <= ?")
            .bind(now)
            .bind(idle_since)
            .execute(&mut *change)
            .await?;
        for ended in [
            "DELETE FROM session_secrets WHERE expires <= ?",
            "DELETE FROM sign_in_tokens WHERE expires <= ?",
            "DELETE FROM invitations WHERE expires <= ?",
        ] {
            sqlx::query(ended).bind(now).execute(&mut *change).await?;
        }
        Ok(change.commit().await?)
    }
}

async fn insert_secret(
    change: &mut sqlx::SqliteConnection,
    session_id: &str,
    hash: &[u8],
    came_back: bool,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO session_secrets (hash, session_id, created, came_back) VALUES (?, ?, ?, ?)",
    )
    .bind(hash)
    .bind(session_id)
    .bind(now)
    .bind(came_back)
    .execute(change)
    .await?;
    Ok(())
}
