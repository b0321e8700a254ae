//! What can go wrong with the store, sorted by what to do about it.

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

/// A write or read that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something that must be unique is there already: what SQLite says of it.
    #[error("it is taken: {0}")]
    Taken(String),
    /// The database can't be read or written; the sentence says what to do.
    #[error("{0}")]
    Unavailable(&'static str),
    /// The database holds what this build can't read.
    #[error("the database holds a document that this version can't read: {0}")]
    Document(#[from] serde_json::Error),
    /// The database can't be brought to this version.
    #[error("the database can't be brought to this version: {0}")]
    Migration(#[source] MigrateError),
    /// Anything else.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
}

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
mod code {
    pub(super) const PERM: i64 = 3;
    pub(super) const BUSY: i64 = 5;
    pub(super) const LOCKED: i64 = 6;
    pub(super) const READONLY: i64 = 8;
    pub(super) const IOERR: i64 = 10;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const CANTOPEN: i64 = 14;
    pub(super) const NOTADB: i64 = 26;
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        let unavailable = match &error {
            MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
                inner.as_database_error().and_then(advice)
            }
            _ => None,
        };
        unavailable.map_or(Self::Migration(error), Self::Unavailable)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => {
                return Self::Unavailable(
                    "The database is busy with other requests. Try again in a moment.",
                );
            }
            sqlx::Error::Database(database) => {
                if database.is_unique_violation() {
                    return Self::Taken(database.message().to_owned());
                }
                if let Some(words) = advice(database.as_ref()) {
                    return Self::Unavailable(words);
                }
            }
            _ => {}
        }
        Self::Database(error)
    }
}

/// What to do about what SQLite says.
fn advice(error: &dyn DatabaseError) -> Option<&'static str> {
    let code: i64 = error.code()?.parse().ok()?;
    let primary = code & 0xff;
    Some(match primary {
        code::FULL => {
            "The disk of the data directory is full. Free some space there, then try again."
        }
        code::READONLY | code::PERM => {
            "The data directory can't be written. Check its owner, its permissions and whether its disk is mounted read-only."
        }
        code::CORRUPT | code::NOTADB => {
            "The database file is damaged. Stop the platform and put a file that `pilothouse backup` made in its place, as pilothouse.db."
        }
        code::IOERR | code::CANTOPEN => {
            "The disk of the data directory failed. Check that it is there and has free space, then try again."
        }
        code::BUSY | code::LOCKED => {
            "The database is held by another process. Try again in a moment."
        }
        _ => return None,
    })
}
