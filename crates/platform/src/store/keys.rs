//! Keys: their hashes, what they may do, and when they were last used.

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::access::{Slugs, grant, insert_grant, slugs};
use super::known::KnownKey;
use super::{Generation, Grant, Holder, Owner, Store, StoreResult};

/// A key as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) created_by: String,
    pub(crate) expires: Option<DateTime<Utc>>,
    pub(crate) used: Option<DateTime<Utc>>,
}

impl Store {
    pub(crate) async fn insert_key(
        &self,
        row: &KeyRow,
        grant: &Grant,
        hash: &[u8],
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO keys (id, name, hash, created, created_by, expires)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&row.id)
        .bind(&row.name)
        .bind(hash)
        .bind(row.created)
        .bind(&row.created_by)
        .bind(row.expires)
        .execute(&mut *change)
        .await?;
        insert_grant(&mut change, &Owner::Key(row.id.clone()), grant).await?;
        Ok(change.commit().await?)
    }

    /// The key with this hash, as long as it has not expired, and as of when that is known.
    pub(crate) async fn key(
        &self,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<(Option<KnownKey>, Generation)> {
        let as_of = self.known.generation().await?;
        let hash = hash.to_vec();
        let known = match self.known.keys.get(&hash, as_of) {
            Some(known) => Some(known),
            None => {
                let read = self.read_key(&hash).await?;
                if let Some(read) = &read {
                    self.known.keys.keep(hash, as_of, read.clone());
                }
                read
            }
        };
        // By the clock of this very request.
        let opens = |key: &KnownKey| key.expires.is_none_or(|expires| expires > now);
        Ok((known.filter(opens), as_of))
    }

    async fn read_key(&self, hash: &[u8]) -> StoreResult<Option<KnownKey>> {
        let rows = sqlx::query(
            "SELECT keys.id, keys.name, keys.used, keys.expires,
                    role, org_id, project_id, environment_id
             FROM keys LEFT JOIN grants ON grants.key_id = keys.id WHERE hash = ?",
        )
        .bind(hash)
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.first().map(|first| KnownKey {
            holder: Holder {
                owner: Owner::Key(first.get("id")),
                name: first.get("name"),
                grants: rows.iter().filter_map(grant).collect(),
            },
            used: first.get("used"),
            expires: first.get("expires"),
        }))
    }

    /// Notes that the key with this id and hash was used.
    pub(crate) async fn note_key_used(
        &self,
        id: &str,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        sqlx::query("UPDATE keys SET used = ? WHERE id = ?")
            .bind(now)
            .bind(id)
            .execute(&self.writer)
            .await?;
        self.known.keys.forget(&hash.to_vec());
        Ok(())
    }

    /// Who made a key.
    pub(crate) async fn key_maker(&self, id: &str) -> StoreResult<Option<String>> {
        Ok(
            sqlx::query_scalar("SELECT created_by FROM keys WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.reader)
                .await?,
        )
    }

    /// The keys of an org with their role and place, the newest first; with `key`, that one alone.
    pub(crate) async fn keys(
        &self,
        org_id: &str,
        key: Option<&str>,
    ) -> StoreResult<Vec<(KeyRow, String, Slugs)>> {
        let rows = sqlx::query(
            "SELECT keys.*, role, orgs.slug AS org, projects.slug AS project,
                    environments.slug AS environment
             FROM keys JOIN grants ON grants.key_id = keys.id
             JOIN orgs ON orgs.id = grants.org_id
             LEFT JOIN projects ON projects.id = grants.project_id
             LEFT JOIN environments ON environments.id = grants.environment_id
             WHERE grants.org_id = ?1 AND (?2 IS NULL OR keys.id = ?2)
             ORDER BY keys.created DESC, keys.id",
        )
        .bind(org_id)
        .bind(key)
        .fetch_all(&self.reader)
        .await?;
        let told = |row: &SqliteRow| (key_row(row), row.get("role"), slugs(row));
        Ok(rows.iter().map(told).collect())
    }

    /// The keys that hold on the whole platform with their role, the newest first.
    pub(crate) async fn platform_keys(&self) -> StoreResult<Vec<(KeyRow, String)>> {
        let rows = sqlx::query(
            "SELECT keys.*, role FROM keys JOIN grants ON grants.key_id = keys.id
             WHERE grants.org_id IS NULL ORDER BY keys.created DESC, keys.id",
        )
        .fetch_all(&self.reader)
        .await?;
        Ok(rows
            .iter()
            .map(|row| (key_row(row), row.get("role")))
            .collect())
    }

    /// Removes a key that holds on the whole platform with its sessions, if there is one such.
    pub(crate) async fn delete_platform_key(&self, id: &str) -> StoreResult<()> {
        self.alone(
            sqlx::query(
                "DELETE FROM keys WHERE id = ?1
             AND id IN (SELECT key_id FROM grants WHERE org_id IS NULL)",
            )
            .bind(id),
        )
        .await?;
        Ok(())
    }

    /// Removes a key of an org with its sessions, if there is one such.
    pub(crate) async fn delete_key(&self, org_id: &str, id: &str) -> StoreResult<()> {
        self.alone(
            sqlx::query(
                "DELETE FROM keys WHERE id = ?1
             AND id IN (SELECT key_id FROM grants WHERE org_id = ?2)",
            )
            .bind(id)
            .bind(org_id),
        )
        .await?;
        Ok(())
    }
}

fn key_row(row: &SqliteRow) -> KeyRow {
    KeyRow {
        id: row.get("id"),
        name: row.get("name"),
        created: row.get("created"),
        created_by: row.get("created_by"),
        expires: row.get("expires"),
        used: row.get("used"),
    }
}
