//! Keys: how they are made and revoked.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pilothouse_wire::key::{Key, KeyCreate, NewKey};
use pilothouse_wire::open::Words;
use pilothouse_wire::session::Role;
use uuid::Uuid;

use super::people::{in_words, not_found, role_in_words};
use super::{Actor, hash, secret, told_grant};
use crate::domain::{Platform, Result, audit};
use crate::store::{Grant, KeyRow, Slugs, Spot, Store, StoreResult};

/// Makes a key with a role on the whole platform and returns it: the only time that it is seen.
pub(crate) async fn create_key(store: &Store, name: &str, role: Role) -> StoreResult<String> {
    let key = secret("ph_");
    let row = KeyRow {
        id: Uuid::new_v4().to_string(),
        name: name.to_owned(),
        created: Utc::now(),
        created_by: "the command line".to_owned(),
        expires: None,
        used: None,
    };
    let grant = Grant {
        role: role.word().to_owned(),
        spot: Spot::default(),
    };
    store.insert_key(&row, &grant, &hash(&key)).await?;
    Ok(key)
}

impl Platform {
    pub(crate) async fn list_keys(&self, actor: &Actor) -> Result<Vec<Key>> {
        let keys = self.store.keys(actor.org(), None).await?;
        let told = keys.into_iter();
        Ok(told
            .map(|(row, role, at)| told_key(row, &role, at))
            .collect())
    }

    /// Makes a key in the org that is called.
    pub(crate) async fn make_key(&self, actor: &Actor, create: KeyCreate) -> Result<NewKey> {
        let grant = self.grant_at(actor, &create.at, "").await?;
        let now = Utc::now();
        let lifetime = create.expires_in;
        let row = KeyRow {
            id: Uuid::new_v4().to_string(),
            name: create.name.to_string(),
            created: now,
            created_by: actor.name().to_owned(),
            expires: lifetime.map(|seconds| now + TimeDelta::seconds(seconds.get().into())),
            used: None,
        };
        let secret = secret("ph_");
        self.store.insert_key(&row, &grant, &hash(&secret)).await?;
        audit::note("name", None, Some(row.name.clone()));
        audit::note("role", None, Some(role_in_words(&create.at)));
        audit::note("expires", None, row.expires.map(written));
        let key = self.find_key(actor, &row.id).await?;
        Ok(NewKey { key, secret })
    }

    pub(crate) async fn revoke_key(&self, actor: &Actor, id: &str) -> Result<()> {
        let key = self.find_key(actor, id).await?;
        self.store.delete_key(actor.org(), id).await?;
        audit::note("name", Some(key.name), None);
        audit::note("role", Some(in_words(&[key.grant])), None);
        Ok(())
    }
}

impl Platform {
    async fn find_key(&self, actor: &Actor, id: &str) -> Result<Key> {
        let found = self.store.keys(actor.org(), Some(id)).await?;
        let key = found.into_iter().next();
        let (row, role, at) = key.ok_or_else(|| not_found("key", id))?;
        Ok(told_key(row, &role, at))
    }
}

/// An instant to the second, in UTC.
fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn told_key(row: KeyRow, role: &str, at: Slugs) -> Key {
    Key {
        id: row.id,
        name: row.name,
        grant: told_grant(role, at),
        created_by: row.created_by,
        created: Some(row.created),
        expires: row.expires,
        used: row.used,
    }
}
