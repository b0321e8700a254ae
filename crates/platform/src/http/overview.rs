//! Orgs, projects and environments at a glance.

use pilothouse_wire::endpoints::{GetEnvironmentOverview, GetOrgOverview, GetProjectOverview};

use super::answer::Answer;
use super::call::Call;

/// `GET /orgs/{org}/overview`
pub(super) async fn org(call: Call<GetOrgOverview>) -> Answer<GetOrgOverview> {
    let overview = call.platform().org_overview(&call.params.org).await?;
    Ok(overview.into())
}

/// `GET /orgs/{org}/projects/{project}/overview`
pub(super) async fn project(call: Call<GetProjectOverview>) -> Answer<GetProjectOverview> {
    let at = &call.params;
    let overview = call
        .platform()
        .project_overview(&at.org, &at.project)
        .await?;
    Ok(overview.into())
}

/// `GET /orgs/{org}/projects/{project}/envs/{env}/overview`
pub(super) async fn environment(
    call: Call<GetEnvironmentOverview>,
) -> Answer<GetEnvironmentOverview> {
    let at = &call.params;
    let overview = call
        .platform()
        .environment_overview(&at.org, &at.project, &at.environment)
        .await?;
    Ok(overview.into())
}
