//! The database: SQLite in WAL mode, one writer, a few readers. No rules live here.

mod access;
mod audit;
mod config;
mod deployments;
mod edges;
mod error;
mod events;
mod identities;
mod images;
mod keys;
mod known;
mod orgs;
mod outcomes;
mod overview;
mod people;
mod prune;
mod pushes;
mod releases;
mod repeats;
mod rollouts;
mod services;
mod sessions;
mod shelf;
mod turns;
mod unfinished;
mod unwritten;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteQueryResult, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, Transaction};

pub(crate) use access::{Grant, Holder, Owner, Slugs, Spot};
pub(crate) use audit::NewAudit;
pub(crate) use config::{Change, Held, NewValue, VariableRow};
pub(crate) use deployments::{Attached, Deployment};
pub(crate) use error::StoreError;
pub(crate) use events::{EventPlace, Fall, NewEvent};
pub(crate) use identities::{Entered, Identity, Stranger};
pub(crate) use images::{
    Built, DescribedSource, ImageRow, ImageSource, NewImage, NewestImage, ThenDeploy,
};
pub(crate) use keys::KeyRow;
pub(crate) use known::Generation;
pub(crate) use outcomes::Outcomes;
pub(crate) use overview::{FailedBuild, Place};
pub(crate) use people::{InvitationRow, PersonRow};
pub(crate) use releases::{Release, listed};
pub(crate) use repeats::{Making, making};
pub(crate) use rollouts::{Cause, ReleaseImage, Rollout};
pub(crate) use services::{ServiceAddress, ServiceBelow, ServiceRow};
pub(crate) use shelf::Listed;
pub(crate) use unfinished::Unfinished;
pub(crate) use unwritten::telling;

type Statement<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The outcome of a read or write.
pub(crate) type StoreResult<T> = Result<T, StoreError>;

/// The database's file in the data directory.
pub(crate) const FILE: &str = "pilothouse.db";
/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Reads that may go on at once.
const READERS: u32 = 4;

/// The database of one data directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
    installation: String,
    shelf: Arc<shelf::Shelf>,
    known: Arc<known::Known>,
}

/// Where the database of a data directory is.
pub(crate) fn database_file(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        // What was answered must survive a power cut, so every commit reaches the disk.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
}

impl Store {
    /// Opens the database of a data directory that exists, making and migrating it as needed.
    pub(crate) async fn open(data_dir: &Path) -> StoreResult<Self> {
        let options = options(&database_file(data_dir)).create_if_missing(true);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // SQLite ends a transaction by itself where the disk is full, and sqlx counts it on: with
            // such a connection no other would ever begin.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            })
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!().run(&writer).await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options.clone().read_only(true));
        let installation = installation(&writer).await?;
        Ok(Self {
            writer,
            reader,
            installation,
            shelf: Arc::default(),
            known: Arc::new(known::Known::new(options.read_only(true))),
        })
    }

    /// Tells what belongs to this data directory in a container engine that others share.
    pub(crate) fn installation(&self) -> &str {
        &self.installation
    }

    /// The kind of engine that last served this data directory.
    pub(crate) async fn last_engine(&self) -> StoreResult<Option<String>> {
        Ok(sqlx::query_scalar("SELECT engine FROM installation")
            .fetch_one(&self.reader)
            .await?)
    }

    pub(crate) async fn note_engine(&self, kind: &str) -> StoreResult<()> {
        sqlx::query("UPDATE installation SET engine = ?")
            .bind(kind)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Whether the database can be read and written now.
    pub(crate) async fn check(&self) -> StoreResult<()> {
        sqlx::query("SELECT 1 FROM installation")
            .execute(&self.reader)
            .await?;
        let mut change = self.begin().await?;
        sqlx::query("UPDATE installation SET engine = engine")
            .execute(&mut *change)
            .await?;
        Ok(change.rollback().await?)
    }

    /// Bytes of the database.
    pub(crate) async fn size(&self) -> StoreResult<u64> {
        size(&self.reader).await
    }

    /// Finishes every write and closes the file.
    pub(crate) async fn close(&self) {
        self.known.close().await;
        self.reader.close().await;
        self.writer.close().await;
    }

    /// A change of one statement.
    async fn alone(&self, statement: Statement<'_>) -> StoreResult<SqliteQueryResult> {
        let mut change = self.begin().await?;
        let done = statement.execute(&mut *change).await?;
        change.commit().await?;
        Ok(done)
    }

    /// The next change. It takes the write lock at once, so that what it reads stays true.
    async fn begin(&self) -> StoreResult<Transaction<'static, Sqlite>> {
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        repeats::note_making(&mut change).await?;
        unwritten::note_telling(&mut change).await?;
        Ok(change)
    }
}

/// Bytes of the database that a pool reads.
pub(crate) async fn size(reader: &SqlitePool) -> StoreResult<u64> {
    let size: i64 = sqlx::query_scalar(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    )
    .fetch_one(reader)
    .await?;
    Ok(u64::try_from(size).unwrap_or_default())
}

async fn installation(writer: &SqlitePool) -> StoreResult<String> {
    sqlx::query(
        "INSERT INTO installation (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM installation)",
    )
    .bind(uuid::Uuid::new_v4().to_string())
    .execute(writer)
    .await?;
    Ok(sqlx::query_scalar("SELECT id FROM installation")
        .fetch_one(writer)
        .await?)
}

/// Copies the database of a data directory into a file that is not there yet; safe while the
/// platform runs.
pub(crate) async fn backup(data_dir: &Path, file: &Path) -> StoreResult<()> {
    let mut connection = options(&database_file(data_dir)).connect().await?;
    sqlx::query("VACUUM INTO ?")
        .bind(file.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_was_full_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        // The most pages that this connection may have: its disk is full.
        sqlx::query("PRAGMA max_page_count = 1")
            .execute(&store.writer)
            .await
            .unwrap();
        let mut change = store.begin().await.unwrap();
        let filled =
            sqlx::query("INSERT INTO pushes (digest, taken) VALUES (zeroblob(1000000), 0)")
                .execute(&mut *change)
                .await;
        assert!(filled.unwrap_err().to_string().contains("full"));
        drop(change);
        store.check().await.unwrap();
        store.note_engine("podman").await.unwrap();
    }
}
