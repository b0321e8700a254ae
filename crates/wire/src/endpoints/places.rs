//! Orgs (workspaces), projects and environments.

use super::endpoint;
use crate::environment::{Environment, EnvironmentCreate, EnvironmentPatch};
use crate::org::{Named, Org, Rename};
use crate::path::{EnvironmentParams, NoParams, OrgParams, ProjectParams, WorkspaceParams};
use crate::project::Project;
use crate::session::Done;

endpoint! {
    /// Every org that the caller has a role in.
    pub struct ListOrgs = "org.list";
    Get "/orgs/" (NoParams) -> Vec<Org>;
    access: SignedIn,
}

endpoint! {
    /// Creates an org.
    pub struct CreateOrg = "org.create";
    Post "/orgs/" (NoParams) -> Org;
    body: Required Named,
    success: 201,
    access: Admin,
}

endpoint! {
    /// One org.
    pub struct GetOrg = "org.get";
    Get "/orgs/{org}" (OrgParams) -> Org;
    access: Inside,
}

endpoint! {
    /// Renames an org.
    pub struct UpdateOrg = "org.update";
    Patch "/orgs/{org}" (OrgParams) -> Org;
    body: Required Rename,
    access: Admin,
}

endpoint! {
    /// Deletes an org that holds no project.
    pub struct DeleteOrg = "org.delete";
    Delete "/orgs/{org}" (OrgParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Every project of an org that the caller has a role in.
    pub struct ListProjects = "project.list";
    Get "/orgs/{org}/projects/" (OrgParams) -> Vec<Project>;
    access: Inside,
}

endpoint! {
    /// Creates a project with its environment `production`.
    pub struct CreateProject = "project.create";
    Post "/orgs/{org}/projects/" (OrgParams) -> Project;
    body: Required Named,
    success: 201,
    access: Admin,
}

endpoint! {
    /// One project.
    pub struct GetProject = "project.get";
    Get "/orgs/{org}/projects/{project}" (ProjectParams) -> Project;
    access: Inside,
}

endpoint! {
    /// Renames a project.
    pub struct UpdateProject = "project.update";
    Patch "/orgs/{org}/projects/{project}" (ProjectParams) -> Project;
    body: Required Rename,
    access: Admin,
}

endpoint! {
    /// Deletes a project that holds no service.
    pub struct DeleteProject = "project.delete";
    Delete "/orgs/{org}/projects/{project}" (ProjectParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Every environment of a project that the caller has a role in.
    pub struct ListEnvironments = "environment.list";
    Get "/orgs/{org}/projects/{project}/envs/" (ProjectParams) -> Vec<Environment>;
    access: Inside,
}

endpoint! {
    /// Creates an environment.
    pub struct CreateEnvironment = "environment.create";
    Post "/orgs/{org}/projects/{project}/envs/" (ProjectParams) -> Environment;
    body: Required EnvironmentCreate,
    success: 201,
    access: Admin,
}

endpoint! {
    /// One environment.
    pub struct GetEnvironment = "environment.get";
    Get "/orgs/{org}/projects/{project}/envs/{env}" (EnvironmentParams) -> Environment;
    access: Viewer,
}

endpoint! {
    /// Changes an environment.
    pub struct UpdateEnvironment = "environment.update";
    Patch "/orgs/{org}/projects/{project}/envs/{env}" (EnvironmentParams) -> Environment;
    body: Required EnvironmentPatch,
    access: Admin,
}

endpoint! {
    /// Deletes an environment that holds no service.
    pub struct DeleteEnvironment = "environment.delete";
    Delete "/orgs/{org}/projects/{project}/envs/{env}" (EnvironmentParams) -> Done;
    access: Admin,
}

endpoint! {
    /// Every workspace that the caller has a role in.
    pub struct ListWorkspaces = "workspace.list";
    Get "/workspaces/" (NoParams) -> Vec<Org>;
    access: SignedIn,
}

endpoint! {
    /// Creates a workspace.
    pub struct CreateWorkspace = "workspace.create";
    Post "/workspaces/" (NoParams) -> Org;
    body: Required Named,
    success: 201,
    access: Admin,
}

endpoint! {
    /// Every project of a workspace that the caller has a role in.
    pub struct ListWorkspaceProjects = "workspace.project.list";
    Get "/workspaces/{workspace_id}/projects/" (WorkspaceParams) -> Vec<Project>;
    access: Inside,
}

endpoint! {
    /// Creates a project with its environment `production`.
    pub struct CreateWorkspaceProject = "workspace.project.create";
    Post "/workspaces/{workspace_id}/projects/" (WorkspaceParams) -> Project;
    body: Required Named,
    success: 201,
    access: Admin,
}
