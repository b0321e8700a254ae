//! Services: their descriptions, their domains, and what should run of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, StoreResult};
use crate::domain::ServiceSpec;

/// A stored service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceRow {
    pub(crate) id: String,
    pub(crate) environment_id: String,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) spec: ServiceSpec,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// The release that should run.
    pub(crate) release_version: Option<u32>,
    /// The last release whose every instance was ready.
    pub(crate) good_version: Option<u32>,
    /// How many instances of each process should run; the description may be ahead of it.
    pub(crate) process_counts: BTreeMap<String, u32>,
    /// Counts restarts that were asked for.
    pub(crate) generation: u32,
    /// Whether it waits for the last of it to be removed.
    pub(crate) deleted: bool,
}

fn service(row: &SqliteRow) -> StoreResult<ServiceRow> {
    Ok(ServiceRow {
        id: row.get("id"),
        environment_id: row.get("environment_id"),
        name: row.get("name"),
        slug: row.get("slug"),
        spec: serde_json::from_str(row.get("spec"))?,
        created: row.get("created"),
        updated: row.get("updated"),
        release_version: row.get("release_version"),
        good_version: row.get("good_version"),
        process_counts: serde_json::from_str(row.get("process_counts"))?,
        generation: row.get("generation"),
        deleted: row.get("deleted"),
    })
}

impl Store {
    /// Every service that is not deleted.
    pub(super) async fn all_services(&self) -> StoreResult<Vec<ServiceRow>> {
        let rows = sqlx::query("SELECT * FROM services WHERE deleted = 0")
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(service).collect()
    }

    /// The ids of all services, the deleted ones that still wait for removal included.
    pub(crate) async fn service_ids(&self) -> StoreResult<Vec<String>> {
        Ok(sqlx::query_scalar("SELECT id FROM services")
            .fetch_all(&self.reader)
            .await?)
    }

    /// The service of an environment with this id or slug.
    pub(crate) async fn service(
        &self,
        environment_id: &str,
        reference: &str,
    ) -> StoreResult<Option<ServiceRow>> {
        let row = sqlx::query(
            "SELECT * FROM services WHERE environment_id = ?1 AND deleted = 0 AND (id = ?2 OR slug = ?2)
             ORDER BY id = ?2 DESC",
        )
        .bind(environment_id)
        .bind(reference)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(service).transpose()
    }

    /// The service with this id, deleted or not.
    pub(crate) async fn service_by_id(&self, id: &str) -> StoreResult<Option<ServiceRow>> {
        let row = sqlx::query("SELECT * FROM services WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(service).transpose()
    }

    /// The other service that one of these domains (lower case) belongs to, with the domain.
    pub(crate) async fn domain_owner(
        &self,
        domains: &[String],
        besides: &str,
    ) -> StoreResult<Option<(String, String)>> {
        for domain in domains {
            let owner: Option<String> = sqlx::query_scalar(
                "SELECT services.name FROM service_domains JOIN services ON services.id = service_id
                 WHERE domain = ? AND service_id <> ?",
            )
            .bind(domain)
            .bind(besides)
            .fetch_optional(&self.reader)
            .await?;
            if let Some(owner) = owner {
                return Ok(Some((domain.clone(), owner)));
            }
        }
        Ok(None)
    }

    /// Inserts a service with its domains.
    pub(crate) async fn insert_service(&self, new: &ServiceRow) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO services (id, environment_id, name, slug, spec, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(&new.environment_id)
        .bind(&new.name)
        .bind(&new.slug)
        .bind(serde_json::to_string(&new.spec)?)
        .bind(new.created)
        .bind(new.updated)
        .execute(&mut *change)
        .await?;
        insert_domains(&mut change, new).await?;
        self.commit(change, &new.id).await
    }

    /// Replaces a service's name, description, domains and counts. Domains that are still routed to
    /// it by its release stay its own.
    pub(crate) async fn update_service(&self, changed: &ServiceRow) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query(
            "UPDATE services SET name = ?, spec = ?, process_counts = ?, updated = ? WHERE id = ?",
        )
        .bind(&changed.name)
        .bind(serde_json::to_string(&changed.spec)?)
        .bind(serde_json::to_string(&changed.process_counts)?)
        .bind(changed.updated)
        .bind(&changed.id)
        .execute(&mut *change)
        .await?;
        sqlx::query(
            "DELETE FROM service_domains WHERE service_id = ?1 AND domain NOT IN (
                 SELECT lower(routed.value)
                 FROM services
                 JOIN releases ON releases.service_id = services.id AND version = release_version,
                      json_each(document, '$.domains') AS routed
                 WHERE services.id = ?1)",
        )
        .bind(&changed.id)
        .execute(&mut *change)
        .await?;
        insert_domains(&mut change, changed).await?;
        self.commit(change, &changed.id).await
    }

    /// Asks for one more rolling restart.
    pub(crate) async fn bump_generation(&self, id: &str) -> StoreResult<()> {
        sqlx::query("UPDATE services SET generation = generation + 1 WHERE id = ?")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Marks a service as deleted: its name and domains are free from now on.
    pub(crate) async fn mark_service_deleted(&self, id: &str) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("UPDATE services SET deleted = 1 WHERE id = ?")
            .bind(id)
            .execute(&mut *change)
            .await?;
        sqlx::query("DELETE FROM service_domains WHERE service_id = ?")
            .bind(id)
            .execute(&mut *change)
            .await?;
        self.commit(change, id).await
    }

    /// Forgets a deleted service of which nothing is left.
    pub(crate) async fn forget_service(&self, id: &str) -> StoreResult<()> {
        sqlx::query("DELETE FROM services WHERE id = ? AND deleted = 1")
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

async fn insert_domains(change: &mut sqlx::SqliteConnection, row: &ServiceRow) -> StoreResult<()> {
    for domain in &row.spec.domains {
        let domain = domain.to_ascii_lowercase();
        let done = sqlx::query(
            "INSERT INTO service_domains (domain, service_id) VALUES (?, ?)
             ON CONFLICT (domain) DO UPDATE SET service_id = excluded.service_id
             WHERE service_id = excluded.service_id",
        )
        .bind(&domain)
        .bind(&row.id)
        .execute(&mut *change)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Taken(domain));
        }
    }
    Ok(())
}
