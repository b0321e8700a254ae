//! The database: SQLite in WAL mode, one writer, a few readers, and a copy of every service in
//! memory, so that lists and the reconciler never wait for the disk. No rules live here.

mod access;
mod error;
mod instances;
mod places;
mod services;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::id::InstallationId;

pub use access::{Grant, StoredSession};
pub use error::Error;
pub use instances::{SlotObservation, StoredVolume};
pub use services::ServiceChange;

/// The database's file in the data directory.
const FILE: &str = "pilothouse.db";
/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// The store of one data directory. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    write: SqlitePool,
    read: SqlitePool,
    installation: InstallationId,
    services: services::Copy,
}

/// Where the database of a data directory is.
pub fn database_file(data_dir: &Path) -> PathBuf {
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
    ///
    /// # Errors
    /// The file can't be opened, written or migrated.
    pub async fn open(data_dir: &Path) -> Result<Self, Error> {
        let options = options(&database_file(data_dir)).create_if_missing(true);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!().run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(Duration::from_secs(60))
            .connect_lazy_with(options.read_only(true));
        let installation = installation(&write).await?;
        let services = services::Copy::load(&write).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                write,
                read,
                installation,
                services,
            }),
        })
    }

    /// Identifies this data directory towards an engine that several platforms may share.
    pub fn installation(&self) -> InstallationId {
        self.inner.installation
    }

    /// Whether the database can be read now.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1 FROM installation")
            .execute(self.read())
            .await?;
        Ok(())
    }

    /// Flushes and closes every connection.
    pub async fn close(&self) {
        self.inner.read.close().await;
        self.inner.write.close().await;
    }

    fn read(&self) -> &SqlitePool {
        &self.inner.read
    }

    /// The one writer's next transaction. Hold it briefly, and wait for nothing else meanwhile.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        Ok(self.inner.write.begin_with("BEGIN IMMEDIATE").await?)
    }
}

async fn installation(write: &SqlitePool) -> Result<InstallationId, Error> {
    sqlx::query("INSERT OR IGNORE INTO installation (singleton, id, created) VALUES (1, ?, ?)")
        .bind(InstallationId::generate())
        .bind(Utc::now())
        .execute(write)
        .await?;
    Ok(sqlx::query_scalar("SELECT id FROM installation")
        .fetch_one(write)
        .await?)
}

/// Copies the database of a data directory into a new file; safe while the platform runs.
///
/// # Errors
/// There is no database, the file exists already, or it can't be written.
pub async fn backup(data_dir: &Path, file: &Path) -> Result<(), Error> {
    use sqlx::ConnectOptions;
    let mut connection = options(&database_file(data_dir)).connect().await?;
    sqlx::query("VACUUM INTO ?")
        .bind(file.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await?;
    Ok(())
}
