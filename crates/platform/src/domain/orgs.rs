//! Orgs, projects and environments.

use chrono::Utc;
use pilothouse_wire::environment::{
    Environment, EnvironmentCreate, EnvironmentPatch, EnvironmentType,
};
use pilothouse_wire::open::Open;
use pilothouse_wire::org::{Named, Org, Rename};
use pilothouse_wire::path::EnvironmentParams;
use pilothouse_wire::project::{DEFAULT_ENVIRONMENT, Project};
use pilothouse_wire::text::Name;
use uuid::Uuid;

use super::tags::{self, Tagged as _};
use super::{Actor, Error, Platform, Result, audit};
use crate::store::{Spot, StoreError};

/// Says which name is taken, where that is why the store refused.
fn name_taken(what: &'static str, name: &Name) -> impl FnOnce(StoreError) -> Error {
    let name = name.to_string();
    move |error| match error {
        StoreError::Taken(_) => Error::NameTaken { what, name },
        other => Error::Store(other),
    }
}

/// `2 services: api, web`, with at most five names.
fn inside(kind: &str, names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().copied().take(5).collect();
    let more = if names.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{} {kind}{plural}: {}{more}", names.len(), shown.join(", "))
}

impl Platform {
    /// Those that the caller has a role in.
    pub(crate) async fn list_orgs(&self, actor: &Actor) -> Result<Vec<Org>> {
        let mut orgs = self.store.orgs().await?;
        orgs.retain(|org| {
            actor.reaches(&Spot {
                org: Some(org.id.clone()),
                ..Spot::default()
            })
        });
        Ok(orgs)
    }

    pub(crate) async fn create_org(&self, body: Named) -> Result<Org> {
        let now = Utc::now();
        let org = Org {
            id: Uuid::new_v4().to_string(),
            slug: body.name.slug(),
            name: body.name.to_string(),
            created: Some(now),
            updated: Some(now),
        };
        self.store
            .insert_org(&org)
            .await
            .map_err(name_taken("org", &body.name))?;
        audit::note_fields(None, Some(&org));
        Ok(org)
    }

    pub(crate) async fn rename_org(
        &self,
        org: &str,
        body: Rename,
        expected: Option<&str>,
    ) -> Result<Org> {
        let _changing = self.changing.lock().await;
        let found = self.find_org(org).await?;
        tags::check(expected, &found.tag())?;
        if let Some(name) = body.name {
            self.store
                .rename_org(&found.id, name.as_str(), Utc::now())
                .await?;
            audit::note("name", Some(found.name), Some(name.to_string()));
        }
        self.find_org(&found.id).await
    }

    pub(crate) async fn delete_org(&self, org: &str) -> Result<()> {
        let found = self.find_org(org).await?;
        if self.store.delete_org(&found.id).await? {
            audit::note_fields(Some(&found), None);
            return Ok(());
        }
        let projects = self.store.projects(&found.id).await?;
        let names: Vec<&str> = projects
            .iter()
            .map(|project| project.name.as_str())
            .collect();
        Err(Error::NotEmpty {
            what: "org",
            inside: inside("project", &names),
        })
    }

    /// Those of an org that the caller has a role in.
    pub(crate) async fn list_projects(&self, org: &str, actor: &Actor) -> Result<Vec<Project>> {
        let org = self.find_org(org).await?;
        let mut projects = self.store.projects(&org.id).await?;
        projects.retain(|project| {
            actor.reaches(&Spot {
                project: Some(project.id.clone()),
                ..actor.spot().clone()
            })
        });
        Ok(projects)
    }

    pub(crate) async fn create_project(&self, org: &str, body: Named) -> Result<Project> {
        let org = self.find_org(org).await?;
        let now = Utc::now();
        let project = Project {
            id: Uuid::new_v4().to_string(),
            slug: body.name.slug(),
            name: body.name.to_string(),
            created: Some(now),
            updated: Some(now),
        };
        let default = Environment {
            id: Uuid::new_v4().to_string(),
            name: "Production".to_owned(),
            slug: DEFAULT_ENVIRONMENT.to_owned(),
            env_type: Some(Open::Known(EnvironmentType::Production)),
            protected: false,
            auto_deploy_branch: None,
            ephemeral: false,
            created: Some(now),
            updated: Some(now),
        };
        self.store
            .insert_project(&org.id, &project, &default)
            .await
            .map_err(name_taken("project", &body.name))?;
        audit::note_fields(None, Some(&project));
        Ok(project)
    }

    pub(crate) async fn rename_project(
        &self,
        org: &str,
        project: &str,
        body: Rename,
        expected: Option<&str>,
    ) -> Result<Project> {
        let _changing = self.changing.lock().await;
        let found = self.find_project(org, project).await?;
        tags::check(expected, &found.tag())?;
        if let Some(name) = body.name {
            self.store
                .rename_project(&found.id, name.as_str(), Utc::now())
                .await?;
            audit::note("name", Some(found.name), Some(name.to_string()));
        }
        self.find_project(org, &found.id).await
    }

    pub(crate) async fn delete_project(&self, org: &str, project: &str) -> Result<()> {
        // No service may come in between the look and the removal.
        let _changing = self.changing.lock().await;
        let found = self.find_project(org, project).await?;
        if self.store.delete_project(&found.id).await? {
            audit::note_fields(Some(&found), None);
            return Ok(());
        }
        let mut names = Vec::new();
        for environment in self.store.environments(&found.id).await? {
            let services = self.store.listed(&environment.id).await?;
            names.extend(services.iter().map(|service| service.row.name.clone()));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Err(Error::NotEmpty {
            what: "project",
            inside: inside("service", &names),
        })
    }

    /// Those of a project that the caller has a role in.
    pub(crate) async fn list_environments(
        &self,
        org: &str,
        project: &str,
        actor: &Actor,
    ) -> Result<Vec<Environment>> {
        let project = self.find_project(org, project).await?;
        let mut environments = self.store.environments(&project.id).await?;
        environments.retain(|environment| {
            actor.reaches(&Spot {
                environment: Some(environment.id.clone()),
                ..actor.spot().clone()
            })
        });
        Ok(environments)
    }

    pub(crate) async fn create_environment(
        &self,
        org: &str,
        project: &str,
        body: EnvironmentCreate,
    ) -> Result<Environment> {
        let project = self.find_project(org, project).await?;
        let now = Utc::now();
        let environment = Environment {
            id: Uuid::new_v4().to_string(),
            slug: body.name.slug(),
            name: body.name.to_string(),
            env_type: Some(Open::Known(
                body.env_type.unwrap_or(EnvironmentType::Development),
            )),
            protected: body.protected.unwrap_or_default(),
            auto_deploy_branch: body.auto_deploy_branch.map(Into::into),
            ephemeral: body.ephemeral.unwrap_or_default(),
            created: Some(now),
            updated: Some(now),
        };
        self.store
            .insert_environment(&project.id, &environment)
            .await
            .map_err(name_taken("environment", &body.name))?;
        audit::note_fields(None, Some(&environment));
        Ok(environment)
    }

    pub(crate) async fn update_environment(
        &self,
        at: &EnvironmentParams,
        patch: EnvironmentPatch,
        expected: Option<&str>,
    ) -> Result<Environment> {
        let _changing = self.changing.lock().await;
        let before = self.find_environment(&at.org, &at.project, &at.environment);
        let before = before.await?;
        tags::check(expected, &before.tag())?;
        let mut changed = before.clone();
        if let Some(name) = patch.name {
            changed.name = name.into();
        }
        if let Some(env_type) = patch.env_type {
            changed.env_type = Some(Open::Known(env_type));
        }
        changed.protected = patch.protected.unwrap_or(changed.protected);
        changed.ephemeral = patch.ephemeral.unwrap_or(changed.ephemeral);
        patch
            .auto_deploy_branch
            .map(Into::into)
            .apply(&mut changed.auto_deploy_branch);
        changed.updated = Some(Utc::now());
        self.store.update_environment(&changed).await?;
        audit::note_fields(Some(&before), Some(&changed));
        Ok(changed)
    }

    pub(crate) async fn delete_environment(
        &self,
        org: &str,
        project: &str,
        environment: &str,
    ) -> Result<()> {
        // No service may come in between the look and the removal.
        let _changing = self.changing.lock().await;
        let found = self.find_environment(org, project, environment).await?;
        if found.slug == DEFAULT_ENVIRONMENT {
            return Err(Error::DefaultEnvironment(found.name));
        }
        if self.store.delete_environment(&found.id).await? {
            audit::note_fields(Some(&found), None);
            return Ok(());
        }
        let services = self.store.listed(&found.id).await?;
        let names: Vec<&str> = services
            .iter()
            .map(|service| service.row.name.as_str())
            .collect();
        Err(Error::NotEmpty {
            what: "environment",
            inside: inside("service", &names),
        })
    }
}
