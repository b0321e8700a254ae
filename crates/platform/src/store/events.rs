//! What happened: written within the change that it tells of, read back by place, bounded.

use chrono::{DateTime, TimeDelta, Utc};
use pilothouse_wire::event::{Event, EventKind, Events, EventsQuery};
use pilothouse_wire::open::{Open, Words};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Store, StoreResult};

/// How long an event is kept.
const KEEP: TimeDelta = TimeDelta::days(90);
/// Events that are kept of one service, or of one level by itself.
const KEPT_OF_ONE: u32 = 500;
/// Events that are kept of an org with all that is in it.
const KEPT_OF_ORG: u32 = 20_000;
/// Crashes of an instance that follow each other this closely are one event.
const EPISODE: TimeDelta = TimeDelta::minutes(10);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEvent {
    pub(crate) kind: EventKind,
    pub(crate) message: String,
    pub(crate) by: Option<String>,
    pub(crate) release_version: Option<u32>,
    pub(crate) instance: Option<String>,
}

/// An instance that ended by itself, or no longer answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fall {
    /// [`EventKind::Crashed`] or [`EventKind::Unhealthy`].
    pub(crate) kind: EventKind,
    /// `web.0`.
    pub(crate) instance: String,
    pub(crate) release_version: u32,
    /// Why, the last time: `it ended with exit code 1`.
    pub(crate) why: String,
}

impl Fall {
    fn words(&self, times: u32) -> String {
        let Self { instance, why, .. } = self;
        let fell = match self.kind {
            EventKind::Unhealthy => "was replaced",
            _ => "crashed",
        };
        match times {
            1 => format!("{instance} {fell}: {why}."),
            _ => format!("{instance} {fell} {times} times, at last because {why}."),
        }
    }
}

/// The place whose events are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EventPlace {
    Org,
    Project,
    Environment,
    Service,
}

impl EventPlace {
    fn select(self) -> &'static str {
        macro_rules! of {
            ($column:literal) => {
                concat!(
                    "SELECT * FROM events WHERE ",
                    $column,
                    " = ?1 AND at >= ?2 AND at < ?3
                      AND (?4 = '[]' OR kind IN (SELECT value FROM json_each(?4)))
                      AND (?6 IS NULL OR project_id IN (SELECT value FROM json_each(?6))
                                      OR environment_id IN (SELECT value FROM json_each(?6)))
                      ORDER BY at DESC, id DESC LIMIT ?5"
                )
            };
        }
        match self {
            Self::Org => of!("org_id"),
            Self::Project => of!("project_id"),
            Self::Environment => of!("environment_id"),
            Self::Service => of!("service_id"),
        }
    }
}

/// Writes down what happened at an org, a project, an environment or a service.
pub(super) async fn note(
    change: &mut SqliteConnection,
    owner_id: &str,
    event: &NewEvent,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO events (at, since, kind, message, by, release_version, instance,
                             org_id, project_id, environment_id, service_id,
                             org, project, environment, service, service_name)
         SELECT ?2, ?2, ?3, ?4, ?5, ?6, ?7, org_id, project_id, environment_id, service_id,
                org, project, environment, service, service_name
         FROM places WHERE id = ?1",
    )
    .bind(owner_id)
    .bind(now.timestamp_micros())
    .bind(event.kind.word())
    .bind(&event.message)
    .bind(&event.by)
    .bind(event.release_version)
    .bind(&event.instance)
    .execute(change)
    .await?;
    Ok(())
}

fn event(row: &SqliteRow) -> Event {
    let kind: String = row.get("kind");
    let at = |column| DateTime::from_timestamp_micros(row.get(column)).unwrap_or_default();
    let times = Some(row.get::<u32, _>("times")).filter(|times| *times > 1);
    Event {
        id: row.get::<i64, _>("id").to_string(),
        kind: EventKind::from_word(&kind).map_or(Open::Unknown(kind), Open::Known),
        timestamp: at("at"),
        message: row.get("message"),
        by: row.get("by"),
        org: row.get("org"),
        project: row.get("project"),
        environment: row.get("environment"),
        service: row.get("service"),
        service_name: row.get("service_name"),
        release_version: row.get("release_version"),
        instance: row.get("instance"),
        since: times.map(|_| at("since")),
        times,
    }
}

impl Store {
    /// The newest events of a place and of all that is in it; with `only`, of the projects and
    /// environments with these ids.
    pub(crate) async fn events(
        &self,
        place: EventPlace,
        id: &str,
        only: Option<&[String]>,
        query: &EventsQuery,
        now: DateTime<Utc>,
    ) -> StoreResult<Events> {
        let limit = query.limit.unwrap_or_default().get();
        let micros = |at: DateTime<Utc>| at.timestamp_micros();
        let kinds: Vec<&str> = query.kinds.iter().map(|kind| kind.word()).collect();
        let rows = sqlx::query(place.select())
            .bind(id)
            .bind(query.window.start(now).map_or(i64::MIN, micros))
            .bind(query.window.end.map_or(i64::MAX, micros))
            .bind(serde_json::to_string(&kinds)?)
            .bind(limit + 1)
            .bind(only.map(serde_json::to_string).transpose()?)
            .fetch_all(&self.reader)
            .await?;
        let mut events: Vec<Event> = rows.iter().map(event).collect();
        let truncated = events.len() > limit as usize;
        events.truncate(limit as usize);
        Ok(Events { events, truncated })
    }

    /// Writes down that an instance fell. Falls that follow each other are one event, which counts
    /// them: what falls over and over must not push out what else happened.
    pub(crate) async fn note_fall(
        &self,
        service_id: &str,
        fall: &Fall,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO crashes (service_id, release_version, at, times) VALUES (?, ?, ?, 1)
             ON CONFLICT DO UPDATE SET times = times + 1",
        )
        .bind(service_id)
        .bind(fall.release_version)
        .bind(now.timestamp())
        .execute(&mut *change)
        .await?;
        let before = sqlx::query(
            "SELECT id, kind, release_version, at, times FROM events
             WHERE service_id = ? AND instance = ? ORDER BY at DESC, id DESC LIMIT 1",
        )
        .bind(service_id)
        .bind(&fall.instance)
        .fetch_optional(&mut *change)
        .await?;
        let goes_on = before.filter(|row| {
            row.get::<&str, _>("kind") == fall.kind.word()
                && row.get::<Option<u32>, _>("release_version") == Some(fall.release_version)
                && now.timestamp_micros() - row.get::<i64, _>("at")
                    < EPISODE.num_microseconds().unwrap_or_default()
        });
        match goes_on {
            Some(row) => {
                let times = row.get::<u32, _>("times").saturating_add(1);
                sqlx::query("UPDATE events SET at = ?, times = ?, message = ? WHERE id = ?")
                    .bind(now.timestamp_micros())
                    .bind(times)
                    .bind(fall.words(times))
                    .bind(row.get::<i64, _>("id"))
                    .execute(&mut *change)
                    .await?;
            }
            None => {
                let first = NewEvent {
                    kind: fall.kind,
                    message: fall.words(1),
                    by: None,
                    release_version: Some(fall.release_version),
                    instance: Some(fall.instance.clone()),
                };
                note(&mut change, service_id, &first, now).await?;
            }
        }
        Ok(change.commit().await?)
    }

    /// The instances of a service that fell, and of which nothing better was told since.
    pub(crate) async fn fallen(&self, service_id: &str) -> StoreResult<Vec<String>> {
        // Of the other columns, SQLite gives those of the row that holds the maximum.
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT instance, kind, MAX(id) FROM events
             WHERE service_id = ? AND instance IS NOT NULL GROUP BY instance",
        )
        .bind(service_id)
        .fetch_all(&self.reader)
        .await?;
        let is_down = |kind: &str| kind != EventKind::Recovered.word();
        Ok(rows
            .into_iter()
            .filter(|(_, kind, _)| is_down(kind))
            .map(|(instance, ..)| instance)
            .collect())
    }

    /// Writes down what happened to a service beside any other change.
    pub(crate) async fn note_event(
        &self,
        service_id: &str,
        event: &NewEvent,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        note(&mut change, service_id, event, now).await?;
        Ok(change.commit().await?)
    }

    /// How often instances of a release fell from an instant on and before another.
    pub(crate) async fn falls(
        &self,
        service_id: &str,
        release_version: u32,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> StoreResult<u64> {
        let times: i64 = sqlx::query_scalar(
            "SELECT COALESCE(SUM(times), 0) FROM crashes
             WHERE service_id = ? AND release_version = ? AND at >= ? AND at < ?",
        )
        .bind(service_id)
        .bind(release_version)
        .bind(from.timestamp())
        .bind(to.timestamp())
        .fetch_one(&self.reader)
        .await?;
        Ok(u64::try_from(times).unwrap_or(0))
    }

    /// Forgets what is older, or more, than is kept.
    pub(crate) async fn forget_old_events(&self, now: DateTime<Utc>) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("DELETE FROM crashes WHERE at < ?")
            .bind((now - KEEP).timestamp())
            .execute(&mut *change)
            .await?;
        sqlx::query("DELETE FROM events WHERE at < ?")
            .bind((now - KEEP).timestamp_micros())
            .execute(&mut *change)
            .await?;
        sqlx::query(
            "DELETE FROM events WHERE id IN (
                 SELECT id FROM (
                     SELECT id,
                            ROW_NUMBER() OVER (
                                PARTITION BY COALESCE(service_id, environment_id, project_id, org_id)
                                ORDER BY at DESC, id DESC) AS of_one,
                            ROW_NUMBER() OVER (PARTITION BY org_id ORDER BY at DESC, id DESC) AS of_org
                     FROM events)
                 WHERE of_one > ? OR of_org > ?)",
        )
        .bind(KEPT_OF_ONE)
        .bind(KEPT_OF_ORG)
        .execute(&mut *change)
        .await?;
        Ok(change.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store with an org that holds all down to one service, `s`.
    async fn store(folder: &std::path::Path) -> Store {
        let store = Store::open(folder).await.unwrap();
        for insert in [
            "INSERT INTO orgs VALUES ('o', 'Acme', 'acme', '', '')",
            "INSERT INTO projects VALUES ('p', 'o', 'Shop', 'shop', '', '')",
            "INSERT INTO environments (id, project_id, name, slug, env_type, protected, ephemeral, created, updated)
             VALUES ('e', 'p', 'Live', 'live', 'production', 0, 0, '', '')",
            "INSERT INTO services (id, environment_id, name, slug, spec, created, updated)
             VALUES ('s', 'e', 'Api', 'api', '{}', '', '')",
        ] {
            sqlx::query(insert).execute(&store.writer).await.unwrap();
        }
        store
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn fall(instance: &str, release_version: u32) -> Fall {
        Fall {
            kind: EventKind::Crashed,
            instance: instance.to_owned(),
            release_version,
            why: "it ended with exit code 1".to_owned(),
        }
    }

    async fn told(store: &Store) -> Vec<Event> {
        let query = EventsQuery::newest("1000".parse().unwrap());
        let events = store
            .events(EventPlace::Org, "o", None, &query, at(0))
            .await;
        events.unwrap().events
    }

    #[tokio::test]
    async fn what_falls_over_and_over_is_one_event_until_it_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        for second in 0..12 {
            let one = fall("web.0", 1);
            store.note_fall("s", &one, at(second)).await.unwrap();
        }
        // Another instance, and another release, are others.
        let other = fall("web.1", 1);
        store.note_fall("s", &other, at(20)).await.unwrap();
        let next = fall("web.0", 2);
        store.note_fall("s", &next, at(30)).await.unwrap();
        let events = told(&store).await;
        assert_eq!(events.len(), 3);
        let many = &events[2];
        assert_eq!((many.times, many.since), (Some(12), Some(at(0))));
        assert!(many.message.starts_with("web.0 crashed 12 times"));
        assert_eq!(store.fallen("s").await.unwrap(), ["web.0", "web.1"]);
        // Every one of them is counted where it was.
        let falls = async |release, from, to| {
            let falls = store.falls("s", release, (at(from), at(to))).await;
            falls.unwrap()
        };
        assert_eq!(falls(1, 0, 100).await, 13);
        assert_eq!((falls(1, 3, 5).await, falls(2, 0, 100).await), (2, 1));

        let better = NewEvent::recovered("web.0", 2);
        store.note_event("s", &better, at(100)).await.unwrap();
        assert_eq!(store.fallen("s").await.unwrap(), ["web.1"]);
        store.note_fall("s", &next, at(110)).await.unwrap();
        store.note_fall("s", &next, at(5_000)).await.unwrap();
        let kinds: Vec<_> = told(&store).await.into_iter().map(|one| one.kind).collect();
        assert_eq!(kinds.len(), 6, "neither goes on with one of before");
    }

    #[tokio::test]
    async fn a_feed_is_bounded_by_age_and_by_count() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path()).await;
        let event = NewEvent::restarted("ann");
        let day = 86_400;
        let mut change = store.begin().await.unwrap();
        note(&mut change, "e", &event, at(-91 * day)).await.unwrap();
        note(&mut change, "e", &event, at(-89 * day)).await.unwrap();
        for second in 0..i64::from(KEPT_OF_ONE) + 20 {
            note(&mut change, "s", &event, at(second)).await.unwrap();
        }
        change.commit().await.unwrap();
        store.forget_old_events(at(1_000)).await.unwrap();
        let events = told(&store).await;
        assert_eq!(events.len(), KEPT_OF_ONE as usize + 1);
        let oldest: Vec<_> = events
            .iter()
            .rev()
            .map(|one| one.timestamp)
            .take(2)
            .collect();
        assert_eq!(oldest, [at(-89 * day), at(20)]);
        // All goes with the org.
        for delete in [
            "DELETE FROM services",
            "DELETE FROM environments",
            "DELETE FROM projects",
            "DELETE FROM orgs",
        ] {
            sqlx::query(delete).execute(&store.writer).await.unwrap();
        }
        assert!(told(&store).await.is_empty());
    }
}
