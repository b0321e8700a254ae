//! Keys, sessions and one-time tokens: only hashes of what opens the door.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Store, StoreResult};

/// Who a key or session belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) role: String,
    /// When a session ends; keys don't.
    pub(crate) expires: Option<DateTime<Utc>>,
}

impl Store {
    pub(crate) async fn insert_key(
        &self,
        name: &str,
        role: &str,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        sqlx::query("INSERT INTO keys (id, name, role, hash, created) VALUES (?, ?, ?, ?, ?)")
            .bind(uuid::Uuid::new_v4().to_string())
            .bind(name)
            .bind(role)
            .bind(hash)
            .bind(now)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(crate) async fn key_holder(&self, hash: &[u8]) -> StoreResult<Option<Holder>> {
        let row = sqlx::query("SELECT name, role FROM keys WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.reader)
            .await?;
        Ok(row.map(|row| Holder {
            name: row.get("name"),
            role: row.get("role"),
            expires: None,
        }))
    }

    /// Whether anybody could sign in: a key exists, or someone has a session.
    pub(crate) async fn anybody(&self) -> StoreResult<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM keys) OR EXISTS (SELECT 1 FROM sessions)",
        )
        .fetch_one(&self.reader)
        .await?)
    }

    pub(crate) async fn insert_session(
        &self,
        hash: &[u8],
        holder: &Holder,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        sqlx::query(
            "INSERT INTO sessions (hash, name, role, created, expires) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(hash)
        .bind(&holder.name)
        .bind(&holder.role)
        .bind(now)
        .bind(holder.expires.unwrap_or(now))
        .execute(&self.writer)
        .await?;
        sqlx::query("DELETE FROM sessions WHERE expires < ?")
            .bind(now)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(crate) async fn session_holder(
        &self,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<Option<Holder>> {
        let row =
            sqlx::query("SELECT name, role, expires FROM sessions WHERE hash = ? AND expires > ?")
                .bind(hash)
                .bind(now)
                .fetch_optional(&self.reader)
                .await?;
        Ok(row.map(|row| Holder {
            name: row.get("name"),
            role: row.get("role"),
            expires: row.get("expires"),
        }))
    }

    pub(crate) async fn delete_session(&self, hash: &[u8]) -> StoreResult<()> {
        sqlx::query("DELETE FROM sessions WHERE hash = ?")
            .bind(hash)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Puts a one-time token in the place of all earlier ones.
    pub(crate) async fn replace_sign_in_token(
        &self,
        hash: &[u8],
        expires: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM sign_in_tokens")
            .execute(&mut *change)
            .await?;
        sqlx::query("INSERT INTO sign_in_tokens (hash, expires) VALUES (?, ?)")
            .bind(hash)
            .bind(expires)
            .execute(&mut *change)
            .await?;
        Ok(change.commit().await?)
    }

    /// Takes a one-time token. `false`: there is none such, or not any more.
    pub(crate) async fn take_sign_in_token(
        &self,
        hash: &[u8],
        now: DateTime<Utc>,
    ) -> StoreResult<bool> {
        let done = sqlx::query("DELETE FROM sign_in_tokens WHERE hash = ? AND expires > ?")
            .bind(hash)
            .bind(now)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
