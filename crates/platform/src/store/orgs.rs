//! Orgs, projects and environments.

use chrono::{DateTime, Utc};
use pilothouse_wire::environment::{Environment, EnvironmentType};
use pilothouse_wire::open::{Open, Words};
use pilothouse_wire::org::Org;
use pilothouse_wire::project::Project;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreResult};

fn org(row: &SqliteRow) -> Org {
    Org {
        id: row.get("id"),
        name: row.get("name"),
        slug: row.get("slug"),
        created: row.get("created"),
        updated: row.get("updated"),
    }
}

fn project(row: &SqliteRow) -> Project {
    let Org {
        id,
        name,
        slug,
        created,
        updated,
    } = org(row);
    Project {
        id,
        name,
        slug,
        created,
        updated,
    }
}

fn environment(row: &SqliteRow) -> Environment {
    let Org {
        id,
        name,
        slug,
        created,
        updated,
    } = org(row);
    let env_type: String = row.get("env_type");
    Environment {
        id,
        name,
        slug,
        env_type: Some(
            EnvironmentType::from_word(&env_type).map_or(Open::Unknown(env_type), Open::Known),
        ),
        protected: row.get("protected"),
        auto_deploy_branch: row.get("auto_deploy_branch"),
        ephemeral: row.get("ephemeral"),
        created,
        updated,
    }
}

impl Store {
    pub(crate) async fn orgs(&self) -> StoreResult<Vec<Org>> {
        let rows = sqlx::query("SELECT * FROM orgs ORDER BY name, id")
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(org).collect())
    }

    /// The org with this id or slug.
    pub(crate) async fn org(&self, reference: &str) -> StoreResult<Option<Org>> {
        let row =
            sqlx::query("SELECT * FROM orgs WHERE id = ?1 OR slug = ?1 ORDER BY id = ?1 DESC")
                .bind(reference)
                .fetch_optional(&self.reader)
                .await?;
        Ok(row.as_ref().map(org))
    }

    pub(crate) async fn insert_org(&self, new: &Org) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("INSERT INTO orgs (id, name, slug, created, updated) VALUES (?, ?, ?, ?, ?)")
            .bind(&new.id)
            .bind(&new.name)
            .bind(&new.slug)
            .bind(new.created)
            .bind(new.updated)
            .execute(&mut *change)
            .await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn rename_org(
        &self,
        id: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        self.alone(
            sqlx::query("UPDATE orgs SET name = ?, updated = ? WHERE id = ?")
                .bind(name)
                .bind(now)
                .bind(id),
        )
        .await?;
        Ok(())
    }

    /// Deletes an org that holds no project. `false`: it holds one.
    pub(crate) async fn delete_org(&self, id: &str) -> StoreResult<bool> {
        let done = self.alone(sqlx::query(
            "DELETE FROM orgs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM projects WHERE org_id = ?1)",
        )
        .bind(id)).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn projects(&self, org_id: &str) -> StoreResult<Vec<Project>> {
        let rows = sqlx::query("SELECT * FROM projects WHERE org_id = ? ORDER BY name, id")
            .bind(org_id)
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(project).collect())
    }

    /// The project of an org with this id or slug.
    pub(crate) async fn project(
        &self,
        org_id: &str,
        reference: &str,
    ) -> StoreResult<Option<Project>> {
        let row = sqlx::query(
            "SELECT * FROM projects WHERE org_id = ?1 AND (id = ?2 OR slug = ?2) ORDER BY id = ?2 DESC",
        )
        .bind(org_id)
        .bind(reference)
        .fetch_optional(&self.reader)
        .await?;
        Ok(row.as_ref().map(project))
    }

    /// Inserts a project together with its default environment.
    pub(crate) async fn insert_project(
        &self,
        org_id: &str,
        new: &Project,
        default: &Environment,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        sqlx::query("INSERT INTO projects (id, org_id, name, slug, created, updated) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(&new.id)
            .bind(org_id)
            .bind(&new.name)
            .bind(&new.slug)
            .bind(new.created)
            .bind(new.updated)
            .execute(&mut *change)
            .await?;
        insert_environment(&mut change, &new.id, default).await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn rename_project(
        &self,
        id: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        self.alone(
            sqlx::query("UPDATE projects SET name = ?, updated = ? WHERE id = ?")
                .bind(name)
                .bind(now)
                .bind(id),
        )
        .await?;
        Ok(())
    }

    /// Deletes a project, with its environments, that holds no service. `false`: it holds one.
    pub(crate) async fn delete_project(&self, id: &str) -> StoreResult<bool> {
        let done = self.alone(sqlx::query(
            "DELETE FROM projects WHERE id = ?1 AND NOT EXISTS (
                SELECT 1 FROM services JOIN environments ON environments.id = services.environment_id
                WHERE environments.project_id = ?1 AND services.deleted = 0)",
        )
        .bind(id)).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn environments(&self, project_id: &str) -> StoreResult<Vec<Environment>> {
        let rows =
            sqlx::query("SELECT * FROM environments WHERE project_id = ? ORDER BY created, id")
                .bind(project_id)
                .fetch_all(&self.reader)
                .await?;
        Ok(rows.iter().map(environment).collect())
    }

    /// The environment of a project with this id or slug.
    pub(crate) async fn environment(
        &self,
        project_id: &str,
        reference: &str,
    ) -> StoreResult<Option<Environment>> {
        let row = sqlx::query(
            "SELECT * FROM environments WHERE project_id = ?1 AND (id = ?2 OR slug = ?2) ORDER BY id = ?2 DESC",
        )
        .bind(project_id)
        .bind(reference)
        .fetch_optional(&self.reader)
        .await?;
        Ok(row.as_ref().map(environment))
    }

    pub(crate) async fn insert_environment(
        &self,
        project_id: &str,
        new: &Environment,
    ) -> StoreResult<()> {
        let mut change = self.begin().await?;
        insert_environment(&mut change, project_id, new).await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn update_environment(&self, changed: &Environment) -> StoreResult<()> {
        self.alone(sqlx::query(
            "UPDATE environments SET name = ?, env_type = ?, protected = ?, auto_deploy_branch = ?, ephemeral = ?, updated = ?
             WHERE id = ?",
        )
        .bind(&changed.name)
        .bind(type_word(changed))
        .bind(changed.protected)
        .bind(&changed.auto_deploy_branch)
        .bind(changed.ephemeral)
        .bind(changed.updated)
        .bind(&changed.id)).await?;
        Ok(())
    }

    /// Deletes an environment that holds no service. `false`: it holds one.
    pub(crate) async fn delete_environment(&self, id: &str) -> StoreResult<bool> {
        let done = self
            .alone(
                sqlx::query(
                    "DELETE FROM environments WHERE id = ?1 AND NOT EXISTS (
                SELECT 1 FROM services WHERE environment_id = ?1 AND deleted = 0)",
                )
                .bind(id),
            )
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

async fn insert_environment(
    change: &mut sqlx::SqliteConnection,
    project_id: &str,
    new: &Environment,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO environments (id, project_id, name, slug, env_type, protected, auto_deploy_branch, ephemeral, created, updated)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&new.id)
    .bind(project_id)
    .bind(&new.name)
    .bind(&new.slug)
    .bind(type_word(new))
    .bind(new.protected)
    .bind(&new.auto_deploy_branch)
    .bind(new.ephemeral)
    .bind(new.created)
    .bind(new.updated)
    .execute(change)
    .await?;
    Ok(())
}

fn type_word(environment: &Environment) -> String {
    environment
        .env_type
        .as_ref()
        .map_or(EnvironmentType::Development.word(), Open::word)
        .to_owned()
}
