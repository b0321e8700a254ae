//! Variables of every level, their secrets and their history.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pilothouse_wire::config::{ChangeKind, ConfigEvent, ConfigScope, MASK, VariableChange};
use pilothouse_wire::open::{Open, Words};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::events::note;
use super::{NewEvent, Store, StoreResult};

/// What a variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A value for everybody to read.
    Plain(String),
    /// The id of a secret.
    Sealed(String),
}

impl Held {
    /// As every read shows it.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Plain(value) => value,
            Self::Sealed(_) => MASK,
        }
    }

    pub(crate) fn is_secret(&self) -> bool {
        matches!(self, Self::Sealed(_))
    }
}

/// A stored variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VariableRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) held: Held,
    pub(crate) buildtime: bool,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

/// A new value of a variable.
#[derive(Clone, Debug)]
pub(crate) enum NewValue {
    Plain(String),
    /// The id and the sealed bytes of a new secret.
    Sealed(String, Vec<u8>),
    /// A secret that is there already.
    Kept(String),
}

/// A change of one variable.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// As the history tells it.
    pub(crate) told: VariableChange,
    /// What it becomes, and whether for builds alone. `None`: it goes.
    pub(crate) to: Option<(NewValue, bool)>,
}

/// Events that a level's history shows.
const HISTORY: u32 = 200;

fn variable(row: &SqliteRow) -> VariableRow {
    let value: Option<String> = row.get("value");
    let secret: Option<String> = row.get("secret_id");
    VariableRow {
        id: row.get("id"),
        name: row.get("name"),
        held: match secret {
            Some(id) => Held::Sealed(id),
            None => Held::Plain(value.unwrap_or_default()),
        },
        buildtime: row.get("buildtime"),
        created: row.get("created"),
        updated: row.get("updated"),
    }
}

impl Store {
    /// The variables of one level, by name.
    pub(crate) async fn variables(&self, owner_id: &str) -> StoreResult<Vec<VariableRow>> {
        let rows = sqlx::query("SELECT * FROM config WHERE owner_id = ? ORDER BY name")
            .bind(owner_id)
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(variable).collect())
    }

    /// The variables of several levels, in their order.
    pub(crate) async fn levels(
        &self,
        owners: &[(ConfigScope, String)],
    ) -> StoreResult<Vec<(ConfigScope, Vec<VariableRow>)>> {
        let mut levels = Vec::with_capacity(owners.len());
        for (scope, owner) in owners {
            levels.push((*scope, self.variables(owner).await?));
        }
        Ok(levels)
    }

    /// The variables of every level, by its owner.
    pub(super) async fn all_variables(&self) -> StoreResult<HashMap<String, Vec<VariableRow>>> {
        let rows = sqlx::query("SELECT * FROM config ORDER BY owner_id, name")
            .fetch_all(&self.reader)
            .await?;
        let mut variables: HashMap<String, Vec<VariableRow>> = HashMap::new();
        for row in &rows {
            let of = variables.entry(row.get("owner_id")).or_default();
            of.push(variable(row));
        }
        Ok(variables)
    }

    /// How often a level was changed.
    pub(crate) async fn config_revision(&self, owner_id: &str) -> StoreResult<u32> {
        Ok(sqlx::query_scalar(
            "SELECT COALESCE(MAX(revision), 0) FROM config_history WHERE owner_id = ?",
        )
        .bind(owner_id)
        .fetch_one(&self.reader)
        .await?)
    }

    /// The last changes of a level, the newest first.
    pub(crate) async fn config_history(&self, owner_id: &str) -> StoreResult<Vec<ConfigEvent>> {
        let rows = sqlx::query(
            "SELECT * FROM config_history WHERE owner_id = ? ORDER BY revision DESC, name LIMIT ?",
        )
        .bind(owner_id)
        .bind(HISTORY)
        .fetch_all(&self.reader)
        .await?;
        let event = |row: &SqliteRow| {
            let kind: String = row.get("kind");
            ConfigEvent {
                revision: row.get("revision"),
                change: VariableChange {
                    name: row.get("name"),
                    kind: ChangeKind::from_word(&kind).map_or(Open::Unknown(kind), Open::Known),
                    before: row.get("before"),
                    after: row.get("after"),
                },
                by: row.get("changed_by"),
                at: row.get("at"),
            }
        };
        Ok(rows.iter().map(event).collect())
    }

    /// Makes changes of one level, all or none, and gives its new revision.
    pub(crate) async fn change_config(
        &self,
        owner_id: &str,
        changes: &[Change],
        by: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<u32> {
        let mut change = self.begin().await?;
        let revision = write_changes(&mut change, owner_id, changes, by, now).await?;
        if let Some(event) = told_changes(changes, by) {
            note(&mut change, owner_id, &event, now).await?;
        }
        change.commit().await?;
        self.everything_changed();
        Ok(revision)
    }

    /// The sealed bytes of a secret.
    pub(crate) async fn secret(&self, id: &str) -> StoreResult<Option<Vec<u8>>> {
        Ok(
            sqlx::query_scalar("SELECT sealed FROM secrets WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.reader)
                .await?,
        )
    }

    /// Whether any secret was ever sealed here.
    pub(crate) async fn has_secrets(&self) -> StoreResult<bool> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM secrets)")
            .fetch_one(&self.reader)
            .await?)
    }
}

/// The event that tells of changes, if there are any.
pub(super) fn told_changes(changes: &[Change], by: &str) -> Option<NewEvent> {
    let names: Vec<&str> = changes.iter().map(|one| one.told.name.as_str()).collect();
    NewEvent::config_changed(by, &names)
}

/// Writes changes of one level with their history, and gives its new revision.
pub(super) async fn write_changes(
    change: &mut sqlx::SqliteConnection,
    owner_id: &str,
    changes: &[Change],
    by: &str,
    now: DateTime<Utc>,
) -> StoreResult<u32> {
    let before: u32 = sqlx::query_scalar(
        "SELECT COALESCE(MAX(revision), 0) FROM config_history WHERE owner_id = ?",
    )
    .bind(owner_id)
    .fetch_one(&mut *change)
    .await?;
    let revision = before + u32::from(!changes.is_empty());
    for one in changes {
        write_change(change, owner_id, one, now).await?;
        sqlx::query(
            "INSERT INTO config_history (owner_id, revision, name, kind, before, after, changed_by, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(owner_id)
        .bind(revision)
        .bind(&one.told.name)
        .bind(one.told.kind.word())
        .bind(&one.told.before)
        .bind(&one.told.after)
        .bind(by)
        .bind(now)
        .execute(&mut *change)
        .await?;
    }
    Ok(revision)
}

async fn write_change(
    change: &mut sqlx::SqliteConnection,
    owner_id: &str,
    one: &Change,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let Some((value, buildtime)) = &one.to else {
        sqlx::query("DELETE FROM config WHERE owner_id = ? AND name = ?")
            .bind(owner_id)
            .bind(&one.told.name)
            .execute(change)
            .await?;
        return Ok(());
    };
    if let NewValue::Sealed(id, sealed) = value {
        sqlx::query("INSERT INTO secrets (id, sealed) VALUES (?, ?)")
            .bind(id)
            .bind(sealed)
            .execute(&mut *change)
            .await?;
    }
    let (plain, secret) = match value {
        NewValue::Plain(value) => (Some(value), None),
        NewValue::Sealed(id, _) | NewValue::Kept(id) => (None, Some(id)),
    };
    sqlx::query(
        "INSERT INTO config (id, owner_id, name, value, secret_id, buildtime, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
         ON CONFLICT (owner_id, name) DO UPDATE SET
             value = excluded.value, secret_id = excluded.secret_id,
             buildtime = excluded.buildtime, updated = excluded.updated",
    )
    .bind(uuid::Uuid::new_v4().to_string())
    .bind(owner_id)
    .bind(&one.told.name)
    .bind(plain)
    .bind(secret)
    .bind(buildtime)
    .bind(now)
    .execute(change)
    .await?;
    Ok(())
}
