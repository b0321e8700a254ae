//! Pushes that were taken, and the services that they concern.

use chrono::{TimeDelta, Utc};

use super::services::service;
use super::{ServiceRow, Store, StoreResult};

/// How long a push is remembered. A host tells of it again for days at the most.
const REMEMBERED: TimeDelta = TimeDelta::days(90);

impl Store {
    /// Notes that a push with this digest is taken. `false`: it was taken before.
    pub(crate) async fn take_push(&self, digest: &[u8]) -> StoreResult<bool> {
        let now = Utc::now();
        sqlx::query("DELETE FROM pushes WHERE taken < ?")
            .bind(now - REMEMBERED)
            .execute(&self.writer)
            .await?;
        let done = sqlx::query("INSERT OR IGNORE INTO pushes (digest, taken) VALUES (?, ?)")
            .bind(digest)
            .bind(now)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets a push that came to nothing: it may come again.
    pub(crate) async fn forget_push(&self, digest: &[u8]) -> StoreResult<()> {
        sqlx::query("DELETE FROM pushes WHERE digest = ?")
            .bind(digest)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The services that deploy a branch of a repository by themselves. One that names no branch
    /// deploys that of its environment.
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
