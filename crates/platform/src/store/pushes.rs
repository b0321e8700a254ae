//! Pushes that were taken, and the services that they concern.

use chrono::Utc;
use sqlx::Row;

use super::images::insert;
use super::services::service;
use super::{NewImage, ServiceRow, Spot, Store, StoreResult};

/// Pushes that are remembered, the newest: an old one whose signature is right must not bring its
/// commit back. A row takes some 100 bytes.
const REMEMBERED: u32 = 1_000_000;

impl Store {
    /// Takes a push with this digest: queues the images that it asks for, all or none. `false`: it was
    /// taken before.
    pub(crate) async fn take_push(
        &self,
        digest: &[u8],
        images: Vec<NewImage<'_>>,
    ) -> StoreResult<bool> {
        let now = Utc::now();
        let mut change = self.begin().await?;
        let done = sqlx::query("INSERT OR IGNORE INTO pushes (digest, taken) VALUES (?, ?)")
            .bind(digest)
            .bind(now)
            .execute(&mut *change)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM pushes WHERE rowid <= (SELECT MAX(rowid) FROM pushes) - ?")
            .bind(REMEMBERED)
            .execute(&mut *change)
            .await?;
        for image in images {
            insert(&mut change, image, now).await?;
        }
        change.commit().await?;
        self.everything_changed();
        Ok(true)
    }

    /// The services that deploy a branch of a repository by themselves. One that names no branch
    /// deploys that of its environment.
    /// The ids above an environment, and its own.
    pub(crate) async fn spot_of_environment(&self, id: &str) -> StoreResult<Spot> {
        let row = sqlx::query(
            "SELECT org_id, project_id, environments.id AS environment_id
             FROM environments JOIN projects ON projects.id = project_id
             WHERE environments.id = ?",
        )
        .bind(id)
        .fetch_one(&self.reader)
        .await?;
        Ok(Spot {
            org: row.get("org_id"),
            project: row.get("project_id"),
            environment: row.get("environment_id"),
        })
    }

    pub(crate) async fn services_of_branch(
        &self,
        repository: &str,
        branch: &str,
    ) -> StoreResult<Vec<ServiceRow>> {
        let rows = sqlx::query(
            "SELECT described_services.* FROM described_services
             JOIN environments ON environments.id = environment_id
             WHERE deleted = 0
                   AND lower(json_extract(spec, '$.github_repository')) = lower(?)
                   AND COALESCE(json_extract(spec, '$.auto_deploy_branch'), auto_deploy_branch) = ?
             ORDER BY described_services.id",
        )
        .bind(repository)
        .bind(branch)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(service).collect()
    }
}
