//! What an overview takes from the database beside the services themselves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pilothouse_wire::build::ImageState;
use pilothouse_wire::environment::EnvironmentType;
use pilothouse_wire::open::{Open, Words};
use sqlx::Row;

use super::{ImageRow, Store, StoreResult};

/// An environment with the project that it is in.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) project_id: String,
    /// Slugs.
    pub(crate) environment: String,
    pub(crate) project: String,
    pub(crate) environment_name: String,
    pub(crate) project_name: String,
    pub(crate) env_type: Open<EnvironmentType>,
    pub(crate) protected: bool,
}

/// The newest image of a service, where it was to be built and could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedBuild {
    pub(crate) version: u32,
    pub(crate) error: Option<String>,
    pub(crate) ended: DateTime<Utc>,
}

impl FailedBuild {
    /// What a rollout fetches is no build: the deployment that failed of it tells.
    fn of(newest: ImageRow) -> Option<Self> {
        let is_failed = newest.state == ImageState::Failed && !newest.fetched;
        is_failed.then_some(Self {
            version: newest.version,
            error: newest.error,
            ended: newest.updated,
        })
    }
}

impl Store {
    /// Every environment of an org or a project, by project, or the one with this id.
    pub(crate) async fn places_below(&self, place_id: &str) -> StoreResult<Vec<Place>> {
        let rows = sqlx::query(
            "SELECT environments.id, project_id, environments.slug, environments.name, env_type, protected,
                    projects.slug AS project, projects.name AS project_name
             FROM environments JOIN projects ON projects.id = project_id
             WHERE ?1 IN (org_id, project_id, environments.id)
             ORDER BY projects.name, projects.id, environments.created, environments.id",
        )
        .bind(place_id)
        .fetch_all(&self.reader)
        .await?;
        let place = |row: &sqlx::sqlite::SqliteRow| {
            let env_type: String = row.get("env_type");
            Place {
                id: row.get("id"),
                project_id: row.get("project_id"),
                environment: row.get("slug"),
                project: row.get("project"),
                environment_name: row.get("name"),
                project_name: row.get("project_name"),
                env_type: EnvironmentType::from_word(&env_type)
                    .map_or(Open::Unknown(env_type), Open::Known),
                protected: row.get("protected"),
            }
        };
        Ok(rows.iter().map(place).collect())
    }

    /// The newest image of a service, if its build failed.
    pub(super) async fn failed_build(&self, service_id: &str) -> StoreResult<Option<FailedBuild>> {
        let newest = self.latest_image(service_id).await?;
        Ok(newest.and_then(FailedBuild::of))
    }

    /// The same of every service, by service id.
    pub(super) async fn failed_builds(&self) -> StoreResult<HashMap<String, FailedBuild>> {
        // Of the other columns, SQLite gives those of the row that holds the maximum.
        let rows = sqlx::query(
            "SELECT * FROM (
                 SELECT service_id, MAX(version) AS version, state, fetched, error, updated
                 FROM images GROUP BY service_id)
             WHERE state = 'failed' AND NOT fetched",
        )
        .fetch_all(&self.reader)
        .await?;
        let failed = rows.iter().map(|row| {
            let build = FailedBuild {
                version: row.get("version"),
                error: row.get("error"),
                ended: row.get("updated"),
            };
            (row.get("service_id"), build)
        });
        Ok(failed.collect())
    }
}
