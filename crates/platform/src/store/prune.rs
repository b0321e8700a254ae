//! What nobody needs any more: never what a kept release holds.

use sqlx::Row;

use super::images::image as stored_image;
use super::{ImageRow, Store, StoreResult};

/// Ids that one query looks for.
const ASKED_AT_ONCE: usize = 1_000;

impl Store {
    /// The services of which there is more than is kept: of most there is nothing to remove.
    pub(crate) async fn crowded_services(
        &self,
        keep_releases: u32,
        keep_images: u32,
    ) -> StoreResult<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT service_id FROM deployments GROUP BY service_id HAVING COUNT(*) > ?1
             UNION SELECT service_id FROM releases GROUP BY service_id HAVING COUNT(*) > ?1
             UNION SELECT service_id FROM images GROUP BY service_id HAVING COUNT(*) > ?2",
        )
        .bind(keep_releases)
        .bind(keep_images)
        .fetch_all(&self.reader)
        .await?)
    }

    /// Forgets deployments and releases but the newest `keep`, and gives the deployments' ids. What
    /// runs, what was last healthy and what is under way stays.
    pub(crate) async fn forget_old_deployments(
        &self,
        service_id: &str,
        keep: u32,
    ) -> StoreResult<Vec<String>> {
        let mut change = self.begin().await?;
        let rows = sqlx::query(
            "DELETE FROM deployments
             WHERE service_id = ?1 AND state NOT IN ('pending', 'running') AND id NOT IN (
                 SELECT id FROM deployments WHERE service_id = ?1
                 ORDER BY created DESC, rowid DESC LIMIT ?2)
             RETURNING id",
        )
        .bind(service_id)
        .bind(keep)
        .fetch_all(&mut *change)
        .await?;
        sqlx::query(
            "DELETE FROM releases
             WHERE service_id = ?1
                   AND version NOT IN (
                       SELECT version FROM releases WHERE service_id = ?1
                       ORDER BY version DESC LIMIT ?2)
                   AND version NOT IN (
                       SELECT release_version FROM services WHERE id = ?1 AND release_version IS NOT NULL
                       UNION SELECT good_version FROM services WHERE id = ?1 AND good_version IS NOT NULL
                       UNION SELECT release_version FROM deployments WHERE service_id = ?1)",
        )
        .bind(service_id)
        .bind(keep)
        .execute(&mut *change)
        .await?;
        change.commit().await?;
        Ok(rows.iter().map(|row| row.get("id")).collect())
    }

    /// Images that ended, beyond the newest `keep` that were built and as many that were not, and
    /// that no release holds. The newest that was built stays: it is what a deploy would take.
    pub(crate) async fn unneeded_images(
        &self,
        service_id: &str,
        keep: u32,
    ) -> StoreResult<Vec<ImageRow>> {
        let versions: Vec<u32> = sqlx::query_scalar(
            "SELECT version FROM images
             WHERE service_id = ?1 AND state NOT IN ('queued', 'building')
                   AND version NOT IN (
                       SELECT version FROM images WHERE service_id = ?1 AND state = 'built'
                       ORDER BY version DESC LIMIT MAX(?2, 1))
                   AND version NOT IN (
                       SELECT version FROM images WHERE service_id = ?1 AND state <> 'built'
                       ORDER BY version DESC LIMIT ?2)
                   AND version NOT IN (
                       SELECT image_version FROM releases
                       WHERE service_id = ?1 AND image_version IS NOT NULL)",
        )
        .bind(service_id)
        .bind(keep)
        .fetch_all(&self.reader)
        .await?;
        let mut images = Vec::with_capacity(versions.len());
        for version in versions {
            images.extend(self.image(service_id, version).await?);
        }
        Ok(images)
    }

    /// Forgets an image.
    pub(crate) async fn forget_image(&self, id: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM images WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// The other images that run by the same reference, but those of services that go.
    pub(crate) async fn sharers(&self, image: &ImageRow) -> StoreResult<Vec<ImageRow>> {
        let rows = sqlx::query(
            "SELECT * FROM images WHERE reference = ? AND id <> ?
             AND service_id NOT IN (SELECT id FROM services WHERE deleted)",
        )
        .bind(&image.built.reference)
        .bind(&image.id)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(stored_image).collect()
    }

    /// Forgets the secrets that no variable and no release names.
    pub(crate) async fn forget_unused_secrets(&self) -> StoreResult<()> {
        sqlx::query(
            "DELETE FROM secrets
             WHERE id NOT IN (SELECT secret_id FROM config WHERE secret_id IS NOT NULL)
                   AND id NOT IN (
                       SELECT held.value FROM releases, json_each(document, '$.secrets') AS held)",
        )
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Those of these ids that are neither an image nor a deployment.
    pub(crate) async fn unknown_work(&self, ids: &[String]) -> StoreResult<Vec<String>> {
        let mut unknown = Vec::new();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let found: Vec<String> = sqlx::query_scalar(
                "SELECT value FROM json_each(?)
                 WHERE value NOT IN (SELECT id FROM images)
                       AND value NOT IN (SELECT id FROM deployments)",
            )
            .bind(serde_json::to_string(some)?)
            .fetch_all(&self.reader)
            .await?;
            unknown.extend(found);
        }
        Ok(unknown)
    }

    /// Every piece of work of a service that has a log.
    pub(crate) async fn journal_ids(&self, service_id: &str) -> StoreResult<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT id FROM images WHERE service_id = ?1
             UNION ALL SELECT id FROM deployments WHERE service_id = ?1",
        )
        .bind(service_id)
        .fetch_all(&self.reader)
        .await?)
    }
}
