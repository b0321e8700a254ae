//! Services: their descriptions, their domains, and what should run of them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pilothouse_wire::config::ConfigScope;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::config::{told_changes, write_changes};
use super::events::note;
use super::{
    Attached, Change, Held, NewEvent, NewValue, Store, StoreError, StoreResult, Unfinished,
    unfinished,
};
use crate::domain::{ServiceSpec, told};

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
    /// Domains and volumes as last deployed; the description may be ahead of them.
    pub(crate) attached: Attached,
    /// Counts restarts that were asked for.
    pub(crate) generation: u32,
    /// Whether it waits for the last of it to be removed.
    pub(crate) deleted: bool,
}

/// A service with the places that it is in, for what concerns many at once.
#[derive(Clone, Debug)]
pub(crate) struct ServiceBelow {
    id: String,
    environment_id: String,
    project_id: String,
    org_id: String,
    pub(crate) name: String,
    /// Slugs.
    pub(crate) slug: String,
    pub(crate) environment: String,
    pub(crate) project: String,
}

/// Where a service is, by slugs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceAddress {
    pub(crate) org: String,
    pub(crate) project: String,
    pub(crate) environment: String,
    pub(crate) service: String,
    /// Whether its instances have disks.
    pub(crate) has_disk: bool,
}

impl ServiceBelow {
    /// Whose variables it receives, the farthest level first.
    pub(crate) fn owners(&self) -> [(ConfigScope, &str); 4] {
        [
            (ConfigScope::Org, &self.org_id),
            (ConfigScope::Project, &self.project_id),
            (ConfigScope::Environment, &self.environment_id),
            (ConfigScope::Service, &self.id),
        ]
    }
}

fn below(row: &SqliteRow) -> ServiceBelow {
    ServiceBelow {
        id: row.get("id"),
        environment_id: row.get("environment_id"),
        project_id: row.get("project_id"),
        org_id: row.get("org_id"),
        name: row.get("name"),
        slug: row.get("slug"),
        environment: row.get("environment"),
        project: row.get("project"),
    }
}

/// The columns of a [`ServiceBelow`].
const BELOW: &str =
    "SELECT services.id, services.name, services.slug, environment_id, project_id, org_id,
            environments.slug AS environment, projects.slug AS project
     FROM services
     JOIN environments ON environments.id = environment_id
     JOIN projects ON projects.id = project_id
     WHERE services.deleted = 0";

pub(super) fn service(row: &SqliteRow) -> StoreResult<ServiceRow> {
    Ok(ServiceRow {
        id: row.get("id"),
        environment_id: row.get("environment_id"),
        name: row.get("name"),
        slug: row.get("slug"),
        spec: ServiceSpec {
            env: serde_json::from_str(row.get("env"))?,
            ..serde_json::from_str(row.get("spec"))?
        },
        created: row.get("created"),
        updated: row.get("updated"),
        release_version: row.get("release_version"),
        good_version: row.get("good_version"),
        process_counts: serde_json::from_str(row.get("process_counts"))?,
        attached: serde_json::from_str(row.get("attached"))?,
        generation: row.get("generation"),
        deleted: row.get("deleted"),
    })
}

impl Store {
    /// Every service that is not deleted.
    pub(super) async fn all_services(&self) -> StoreResult<Vec<ServiceRow>> {
        let rows = sqlx::query("SELECT * FROM described_services WHERE deleted = 0")
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
            "SELECT * FROM described_services WHERE environment_id = ?1 AND deleted = 0 AND (id = ?2 OR slug = ?2)
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
        let row = sqlx::query("SELECT * FROM described_services WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(service).transpose()
    }

    /// Every service with its places, by id.
    pub(super) async fn all_config_owners(&self) -> StoreResult<HashMap<String, ServiceBelow>> {
        let rows = sqlx::query(BELOW).fetch_all(&self.reader).await?;
        let services = rows.iter().map(below);
        Ok(services
            .map(|service| (service.id.clone(), service))
            .collect())
    }

    /// Every service of an org, a project or an environment.
    pub(crate) async fn services_below(&self, place_id: &str) -> StoreResult<Vec<ServiceBelow>> {
        let query = format!(
            "{BELOW} AND ?1 IN (org_id, project_id, environment_id) ORDER BY project, environment, services.name"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(place_id)
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(below).collect())
    }

    /// Where every service is, by its id.
    pub(crate) async fn service_addresses(&self) -> StoreResult<HashMap<String, ServiceAddress>> {
        let rows = sqlx::query(
            "SELECT services.id, services.slug AS service, environments.slug AS environment,
                    projects.slug AS project, orgs.slug AS org,
                    EXISTS (SELECT 1 FROM json_each(attached, '$.volumes')) AS has_disk
             FROM services
             JOIN environments ON environments.id = environment_id
             JOIN projects ON projects.id = project_id
             JOIN orgs ON orgs.id = org_id
             WHERE services.deleted = 0",
        )
        .fetch_all(&self.reader)
        .await?;
        let address = |row: &SqliteRow| ServiceAddress {
            org: row.get("org"),
            project: row.get("project"),
            environment: row.get("environment"),
            service: row.get("service"),
            has_disk: row.get("has_disk"),
        };
        Ok(rows
            .iter()
            .map(|row| (row.get("id"), address(row)))
            .collect())
    }

    /// Whose variables a service receives, the farthest level first.
    pub(crate) async fn config_owners(
        &self,
        service_id: &str,
    ) -> StoreResult<Option<Vec<(ConfigScope, String)>>> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{BELOW} AND services.id = ?")))
            .bind(service_id)
            .fetch_optional(&self.reader)
            .await?;
        let owners = row.as_ref().map(below).map(|service| {
            let owners = service.owners().into_iter();
            owners.map(|(scope, id)| (scope, id.to_owned())).collect()
        });
        Ok(owners)
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

    /// Inserts a service with its domains, and what is left to do of that.
    pub(crate) async fn insert_service(
        &self,
        new: &ServiceRow,
        by: &str,
        left: Option<&Unfinished>,
    ) -> StoreResult<()> {
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
        let env: Vec<Change> = new
            .spec
            .env
            .iter()
            .map(|(name, value)| set(name, None, value))
            .collect();
        write_changes(&mut change, &new.id, &env, by, new.updated).await?;
        note(&mut change, &new.id, &NewEvent::created(by), new.updated).await?;
        if let Some(left) = left {
            unfinished::begin(&mut change, &new.id, left).await?;
        }
        self.commit(change, &new.id).await
    }

    /// Replaces a service's name, description, plain variables, domains and counts. Domains that are still routed to
    /// it by its release stay its own. Variables that change are told beside the other events, and what
    /// is left to do of the change is noted with it.
    pub(crate) async fn update_service(
        &self,
        changed: &ServiceRow,
        by: &str,
        events: &[NewEvent],
        left: Option<&Unfinished>,
    ) -> StoreResult<()> {
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
                 FROM services, json_each(attached, '$.domains') AS routed
                 WHERE services.id = ?1)",
        )
        .bind(&changed.id)
        .execute(&mut *change)
        .await?;
        insert_domains(&mut change, changed).await?;
        let env = env_changes(&mut change, changed).await?;
        write_changes(&mut change, &changed.id, &env, by, changed.updated).await?;
        for event in events.iter().chain(&told_changes(&env, by)) {
            note(&mut change, &changed.id, event, changed.updated).await?;
        }
        if let Some(left) = left {
            unfinished::begin(&mut change, &changed.id, left).await?;
        }
        self.commit(change, &changed.id).await
    }

    /// Asks for one more rolling restart.
    pub(crate) async fn bump_generation(&self, id: &str, by: &str) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("UPDATE services SET generation = generation + 1 WHERE id = ?")
            .bind(id)
            .execute(&mut *change)
            .await?;
        note(&mut change, id, &NewEvent::restarted(by), Utc::now()).await?;
        Ok(change.commit().await?)
    }

    /// Marks a service as deleted: its name and domains are free from now on.
    pub(crate) async fn mark_service_deleted(&self, id: &str, by: &str) -> StoreResult<()> {
        let mut change = self.begin().await?;
        note(&mut change, id, &NewEvent::deleted(by), Utc::now()).await?;
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

/// What becomes of a service's plain variables. Those that stay for builds alone stay so.
async fn env_changes(
    change: &mut sqlx::SqliteConnection,
    row: &ServiceRow,
) -> StoreResult<Vec<Change>> {
    let known = sqlx::query(
        "SELECT name, value, buildtime FROM config WHERE owner_id = ? AND value IS NOT NULL",
    )
    .bind(&row.id)
    .fetch_all(change)
    .await?;
    let known: BTreeMap<String, (String, bool)> = known
        .iter()
        .map(|row| (row.get("name"), (row.get("value"), row.get("buildtime"))))
        .collect();
    let mut changes = Vec::new();
    for (name, value) in &row.spec.env {
        match known.get(name) {
            Some((before, _)) if before == value => {}
            before => changes.push(set(name, before, value)),
        }
    }
    for (name, (value, _)) in &known {
        if !row.spec.env.contains_key(name) {
            changes.push(Change {
                told: told(name, Some(&Held::Plain(value.clone())), None),
                to: None,
            });
        }
    }
    Ok(changes)
}

fn set(name: &str, before: Option<&(String, bool)>, value: &str) -> Change {
    let buildtime = before.is_some_and(|(_, buildtime)| *buildtime);
    let before = before.map(|(value, _)| Held::Plain(value.clone()));
    let after = Held::Plain(value.to_owned());
    Change {
        told: told(name, before.as_ref(), Some(&after)),
        to: Some((NewValue::Plain(value.to_owned()), buildtime)),
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
