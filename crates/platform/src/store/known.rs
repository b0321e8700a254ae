//! What is remembered of who may do what, so that a request need not read it again. All of it holds as
//! long as nothing that it rests on was written, by this process or another: a request asks SQLite for
//! that, and for no more while there was no write at all.

use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sqlx::ConnectOptions;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::Mutex;

use super::sessions::SessionRow;
use super::{Holder, Spot, StoreResult};

/// Keys, sessions and places remembered at the most, each: below 1 KB for one.
const MOST: usize = 4_096;

/// A state of all that tells who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(i64);

/// A key, as long as it opens something.
#[derive(Clone, Debug)]
pub(crate) struct KnownKey {
    pub(crate) holder: Holder,
    pub(crate) used: Option<DateTime<Utc>>,
    pub(super) expires: Option<DateTime<Utc>>,
}

/// A place as a request names it.
pub(super) type Named = [Option<String>; 3];

/// What is remembered.
pub(super) struct Known {
    watch: Mutex<Option<Watch>>,
    options: SqliteConnectOptions,
    pub(super) keys: Remembered<Vec<u8>, KnownKey>,
    pub(super) sessions: Remembered<Vec<u8>, SessionRow>,
    pub(super) places: Remembered<Named, Spot>,
}

/// A connection that does nothing but look for writes of others: SQLite counts those for each by
/// itself (<https://www.sqlite.org/pragma.html#pragma_data_version>).
struct Watch {
    connection: SqliteConnection,
    version: i64,
    generation: Generation,
}

impl Known {
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            watch: Mutex::default(),
            options,
            keys: Remembered::new(),
            sessions: Remembered::new(),
            places: Remembered::new(),
        }
    }

    /// The state that holds now. What is read from here on is of this one or a later one.
    pub(super) async fn generation(&self) -> StoreResult<Generation> {
        let mut held = self.watch.lock().await;
        // One that fails is not used again, and neither is one whose request went away.
        let mut watch = match held.take() {
            Some(watch) => watch,
            None => Watch::open(&self.options).await?,
        };
        let generation = watch.look().await?;
        *held = Some(watch);
        Ok(generation)
    }

    pub(super) async fn close(&self) {
        self.watch.lock().await.take();
    }
}

impl Watch {
    async fn open(options: &SqliteConnectOptions) -> StoreResult<Self> {
        let mut connection = options.connect().await?;
        let version = version(&mut connection).await?;
        let generation = generation(&mut connection).await?;
        Ok(Self {
            connection,
            version,
            generation,
        })
    }

    async fn look(&mut self) -> StoreResult<Generation> {
        let version = version(&mut self.connection).await?;
        if version != self.version {
            self.generation = generation(&mut self.connection).await?;
            self.version = version;
        }
        Ok(self.generation)
    }
}

async fn version(connection: &mut SqliteConnection) -> StoreResult<i64> {
    Ok(sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await?)
}

async fn generation(connection: &mut SqliteConnection) -> StoreResult<Generation> {
    let moved = sqlx::query_scalar("SELECT moved FROM access_generation");
    Ok(Generation(moved.fetch_one(connection).await?))
}

/// Values by key, each of one generation. Which of too many is forgotten is left to the cache.
pub(super) struct Remembered<K, V>(Cache<K, (Generation, V)>);

impl<K: std::hash::Hash + Eq, V: Clone> Remembered<K, V> {
    fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// What was read in this generation.
    pub(super) fn get(&self, key: &K, generation: Generation) -> Option<V> {
        let (read, value) = self.0.get(key)?;
        (read == generation).then_some(value)
    }

    /// Remembers what was read after this generation was looked up.
    pub(super) fn keep(&self, key: K, generation: Generation, value: V) {
        self.0.insert(key, (generation, value));
    }

    pub(super) fn forget(&self, key: &K) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::{Grant, KeyRow, Owner, Store};

    fn viewer() -> Grant {
        Grant {
            role: "viewer".to_owned(),
            spot: Spot::default(),
        }
    }

    async fn with_key(expires: Option<DateTime<Utc>>) -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let row = KeyRow {
            id: "1".to_owned(),
            name: "ci".to_owned(),
            created: Utc::now(),
            created_by: String::new(),
            expires,
            used: None,
        };
        store.insert_key(&row, &viewer(), b"hash").await.unwrap();
        (store, folder)
    }

    #[tokio::test]
    async fn what_another_process_takes_away_is_gone_at_once() {
        let (store, folder) = with_key(None).await;
        let other = Store::open(folder.path()).await.unwrap();
        let now = Utc::now();
        let (first, as_of) = store.key(b"hash", now).await.unwrap();
        assert_eq!(first.unwrap().holder.grants, [viewer()]);
        // That it was used, and whatever else is written, takes nothing away.
        other.note_key_used("1", b"hash", now).await.unwrap();
        other.note_engine("podman").await.unwrap();
        let (again, same) = store.key(b"hash", now).await.unwrap();
        assert!(again.is_some() && same == as_of);
        let mut change = other.begin().await.unwrap();
        sqlx::query("UPDATE grants SET role = 'admin'")
            .execute(&mut *change)
            .await
            .unwrap();
        let (before, _) = store.key(b"hash", now).await.unwrap();
        assert_eq!(before.unwrap().holder.grants, [viewer()]);
        change.commit().await.unwrap();
        let (after, moved) = store.key(b"hash", now).await.unwrap();
        assert!(after.unwrap().holder.grants[0].role == "admin" && moved != as_of);
        other.delete_platform_key("1").await.unwrap();
        assert!(store.key(b"hash", now).await.unwrap().0.is_none());
    }

    #[tokio::test]
    async fn a_key_and_its_session_end_by_the_clock() {
        let now = Utc::now();
        let ends = now + TimeDelta::seconds(10);
        let (store, _folder) = with_key(Some(ends)).await;
        let owner = Owner::Key("1".to_owned());
        let session_ends = now + TimeDelta::days(1);
        let opened = store.insert_session("s", &owner, b"secret", now, session_ends);
        opened.await.unwrap();
        let idle_since = now - TimeDelta::days(1);
        for (at, open) in [(now, true), (now, true), (ends, false)] {
            assert_eq!(store.key(b"hash", at).await.unwrap().0.is_some(), open);
            let session = store.session(b"secret", at, idle_since).await.unwrap();
            assert_eq!(session.0.is_some(), open);
        }
        let idle = store.session(b"secret", now, now).await.unwrap();
        assert!(idle.0.is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let remembered = Remembered::new();
        for at in 0..3 * MOST {
            remembered.keep(at, Generation(1), at);
        }
        let held = (0..3 * MOST).filter(|at| remembered.get(at, Generation(1)).is_some());
        assert!(held.count() <= MOST + MOST / 10);
        assert_eq!(remembered.get(&(3 * MOST - 1), Generation(2)), None);
    }
}
