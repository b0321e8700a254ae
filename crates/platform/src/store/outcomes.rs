//! Counts over all services, for who watches the platform itself.

use sqlx::Row;

use super::{Store, StoreResult};

/// What goes on, and what has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    /// Builds that go on or wait, by state.
    pub(crate) builds_under_way: Vec<(String, u64)>,
    /// Deployments that go on or wait, by state.
    pub(crate) deploys_under_way: Vec<(String, u64)>,
    /// Builds that have ended, by how.
    pub(crate) builds_ended: Vec<(String, u64)>,
    /// Deployments that have ended, by how.
    pub(crate) deploys_ended: Vec<(String, u64)>,
    /// Instances that should run.
    pub(crate) desired: u64,
}

const BUILDS: &str = "SELECT state, count(*) FROM images
    WHERE state IN ('queued', 'building') AND NOT fetched GROUP BY state";
const DEPLOYS: &str =
    "SELECT state, count(*) FROM deployments WHERE state IN ('pending', 'running') GROUP BY state";
const ENDED: &str = "SELECT outcome, count FROM outcomes WHERE what = ?";
const DESIRED: &str = "SELECT COALESCE(sum(counts.value), 0)
    FROM services, json_each(services.process_counts) AS counts
    WHERE deleted = 0 AND release_version IS NOT NULL";

impl Store {
    /// What goes on and what has ended, of all services together.
    pub(crate) async fn outcomes(&self) -> StoreResult<Outcomes> {
        let desired: i64 = sqlx::query_scalar(DESIRED).fetch_one(&self.reader).await?;
        Ok(Outcomes {
            builds_under_way: with(self.counts(BUILDS, "").await?, ["queued", "building"]),
            deploys_under_way: with(self.counts(DEPLOYS, "").await?, ["pending", "running"]),
            builds_ended: self.counts(ENDED, "build").await?,
            deploys_ended: self.counts(ENDED, "deploy").await?,
            desired: u64::try_from(desired).unwrap_or_default(),
        })
    }

    async fn counts(&self, query: &'static str, what: &str) -> StoreResult<Vec<(String, u64)>> {
        let mut asked = sqlx::query(query);
        if !what.is_empty() {
            asked = asked.bind(what.to_owned());
        }
        let rows = asked.fetch_all(&self.reader).await?;
        let count = |row: &sqlx::sqlite::SqliteRow| {
            let count: i64 = row.try_get(1)?;
            Ok((row.try_get(0)?, u64::try_from(count).unwrap_or_default()))
        };
        rows.iter().map(count).collect()
    }
}

/// The same with a zero for each state of which there is none.
fn with(mut counts: Vec<(String, u64)>, states: [&str; 2]) -> Vec<(String, u64)> {
    for state in states {
        if !counts.iter().any(|(known, _)| known == state) {
            counts.push((state.to_owned(), 0));
        }
    }
    counts
}
