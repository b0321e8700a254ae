//! From the names in an address to the things they stand for.

use pilothouse_wire::environment::Environment;
use pilothouse_wire::org::Org;
use pilothouse_wire::path::{Scope, ServiceParams};
use pilothouse_wire::project::{DEFAULT_ENVIRONMENT, Project};

use super::{Error, Platform, Result};
use crate::store::ServiceRow;

/// The thing, or the error that names it.
fn found<T>(thing: Option<T>, what: &'static str, reference: &str) -> Result<T> {
    thing.ok_or_else(|| Error::NotFound {
        what,
        reference: reference.chars().take(64).collect(),
    })
}

impl Platform {
    pub(crate) async fn find_org(&self, reference: &str) -> Result<Org> {
        found(self.store.org(reference).await?, "org", reference)
    }

    pub(crate) async fn find_project(&self, org: &str, reference: &str) -> Result<Project> {
        let org = self.find_org(org).await?;
        found(
            self.store.project(&org.id, reference).await?,
            "project",
            reference,
        )
    }

    pub(crate) async fn find_environment(
        &self,
        org: &str,
        project: &str,
        reference: &str,
    ) -> Result<Environment> {
        let project = self.find_project(org, project).await?;
        let environment = self.store.environment(&project.id, reference).await?;
        found(environment, "environment", reference)
    }

    /// The environment that a scope stands for: in W the project's default one.
    pub(crate) async fn find_scope(&self, scope: &Scope) -> Result<Environment> {
        match scope {
            Scope::Workspace { workspace, project } => {
                self.find_environment(workspace, project, DEFAULT_ENVIRONMENT)
                    .await
            }
            Scope::Environment {
                org,
                project,
                environment,
            } => self.find_environment(org, project, environment).await,
        }
    }

    pub(crate) async fn find_service(&self, at: &ServiceParams) -> Result<ServiceRow> {
        let environment = self.find_scope(&at.scope).await?;
        let service = self.store.service(&environment.id, &at.service).await?;
        found(service, "service", &at.service)
    }
}
