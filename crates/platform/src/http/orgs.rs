//! Orgs and workspaces, projects, environments.

use pilothouse_wire::endpoints::{
    CreateEnvironment, CreateOrg, CreateProject, CreateWorkspace, CreateWorkspaceProject,
    DeleteEnvironment, DeleteOrg, DeleteProject, GetEnvironment, GetOrg, GetProject,
    ListEnvironments, ListOrgs, ListProjects, ListWorkspaceProjects, ListWorkspaces,
    UpdateEnvironment, UpdateOrg, UpdateProject,
};
use pilothouse_wire::session::Done;

use super::answer::Answer;
use super::call::Call;
use super::revision::{expected, tagged};

/// `GET /orgs`
pub(super) async fn list(call: Call<ListOrgs>) -> Answer<ListOrgs> {
    Ok(call.platform().list_orgs(call.caller()?).await?.into())
}

/// `GET /workspaces`
pub(super) async fn list_workspaces(call: Call<ListWorkspaces>) -> Answer<ListWorkspaces> {
    Ok(call.platform().list_orgs(call.caller()?).await?.into())
}

/// `POST /orgs`
pub(super) async fn create(call: Call<CreateOrg>) -> Answer<CreateOrg> {
    let platform = &call.context.platform;
    Ok(platform.create_org(call.body).await?.into())
}

/// `POST /workspaces`
pub(super) async fn create_workspace(call: Call<CreateWorkspace>) -> Answer<CreateWorkspace> {
    let platform = &call.context.platform;
    Ok(platform.create_org(call.body).await?.into())
}

/// `GET /orgs/{org}`
pub(super) async fn get(call: Call<GetOrg>) -> Answer<GetOrg> {
    let org = call.platform().find_org(&call.params.org).await?;
    Ok(tagged(org))
}

/// `PATCH /orgs/{org}`
pub(super) async fn update(call: Call<UpdateOrg>) -> Answer<UpdateOrg> {
    let (platform, expected) = (&call.context.platform, expected(&call));
    let renamed = platform
        .rename_org(&call.params.org, call.body, expected.as_deref())
        .await?;
    Ok(tagged(renamed))
}

/// `DELETE /orgs/{org}`
pub(super) async fn delete(call: Call<DeleteOrg>) -> Answer<DeleteOrg> {
    call.platform().delete_org(&call.params.org).await?;
    Ok(Done::OK.into())
}

/// `GET /orgs/{org}/projects`
pub(super) async fn list_projects(call: Call<ListProjects>) -> Answer<ListProjects> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let projects = platform.list_projects(&call.params.org, actor).await?;
    Ok(projects.into())
}

/// `GET /workspaces/{workspace_id}/projects`
pub(super) async fn list_workspace_projects(
    call: Call<ListWorkspaceProjects>,
) -> Answer<ListWorkspaceProjects> {
    let (platform, actor) = (call.platform(), call.caller()?);
    let projects = platform
        .list_projects(&call.params.workspace, actor)
        .await?;
    Ok(projects.into())
}

/// `POST /orgs/{org}/projects`
pub(super) async fn create_project(call: Call<CreateProject>) -> Answer<CreateProject> {
    let platform = &call.context.platform;
    let project = platform.create_project(&call.params.org, call.body).await?;
    Ok(project.into())
}

/// `POST /workspaces/{workspace_id}/projects`
pub(super) async fn create_workspace_project(
    call: Call<CreateWorkspaceProject>,
) -> Answer<CreateWorkspaceProject> {
    let (platform, workspace) = (&call.context.platform, &call.params.workspace);
    Ok(platform.create_project(workspace, call.body).await?.into())
}

/// `GET /orgs/{org}/projects/{project}`
pub(super) async fn get_project(call: Call<GetProject>) -> Answer<GetProject> {
    let at = &call.params;
    let project = call.platform().find_project(&at.org, &at.project).await?;
    Ok(tagged(project))
}

/// `PATCH /orgs/{org}/projects/{project}`
pub(super) async fn update_project(call: Call<UpdateProject>) -> Answer<UpdateProject> {
    let expected = expected(&call);
    let (platform, at) = (&call.context.platform, &call.params);
    let renamed = platform
        .rename_project(&at.org, &at.project, call.body, expected.as_deref())
        .await?;
    Ok(tagged(renamed))
}

/// `DELETE /orgs/{org}/projects/{project}`
pub(super) async fn delete_project(call: Call<DeleteProject>) -> Answer<DeleteProject> {
    let at = &call.params;
    call.platform().delete_project(&at.org, &at.project).await?;
    Ok(Done::OK.into())
}

/// `GET /orgs/{org}/projects/{project}/envs`
pub(super) async fn list_environments(call: Call<ListEnvironments>) -> Answer<ListEnvironments> {
    let (platform, at) = (call.platform(), &call.params);
    let environments = platform
        .list_environments(&at.org, &at.project, call.caller()?)
        .await?;
    Ok(environments.into())
}

/// `POST /orgs/{org}/projects/{project}/envs`
pub(super) async fn create_environment(call: Call<CreateEnvironment>) -> Answer<CreateEnvironment> {
    let (platform, at) = (&call.context.platform, &call.params);
    let environment = platform
        .create_environment(&at.org, &at.project, call.body)
        .await?;
    Ok(environment.into())
}

/// `GET /orgs/{org}/projects/{project}/envs/{env}`
pub(super) async fn get_environment(call: Call<GetEnvironment>) -> Answer<GetEnvironment> {
    let (platform, at) = (call.platform(), &call.params);
    let environment = platform
        .find_environment(&at.org, &at.project, &at.environment)
        .await?;
    Ok(tagged(environment))
}

/// `PATCH /orgs/{org}/projects/{project}/envs/{env}`
pub(super) async fn update_environment(call: Call<UpdateEnvironment>) -> Answer<UpdateEnvironment> {
    let expected = expected(&call);
    let (platform, at) = (&call.context.platform, &call.params);
    let environment = platform
        .update_environment(at, call.body, expected.as_deref())
        .await?;
    Ok(tagged(environment))
}

/// `DELETE /orgs/{org}/projects/{project}/envs/{env}`
pub(super) async fn delete_environment(call: Call<DeleteEnvironment>) -> Answer<DeleteEnvironment> {
    let (platform, at) = (call.platform(), &call.params);
    platform
        .delete_environment(&at.org, &at.project, &at.environment)
        .await?;
    Ok(Done::OK.into())
}
