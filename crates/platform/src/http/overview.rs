//! Orgs, projects and environments at a glance.

use pilothouse_wire::endpoints::{GetEnvironmentOverview, GetOrgOverview, GetProjectOverview};

use super::answer::Answer;
use super::call::Call;

/// `GET /orgs/{org}/overview`
pub(super) async fn org(call: Call<GetOrgOverview>) -> Answer<GetOrgOverview> {
    Ok(call.platform().overview(call.caller()?).await?.into())
}

/// `GET /orgs/{org}/projects/{project}/overview`
pub(super) async fn project(call: Call<GetProjectOverview>) -> Answer<GetProjectOverview> {
    Ok(call.platform().overview(call.caller()?).await?.into())
}

/// `GET /orgs/{org}/projects/{project}/envs/{env}/overview`
pub(super) async fn environment(
    call: Call<GetEnvironmentOverview>,
) -> Answer<GetEnvironmentOverview> {
    Ok(call.platform().overview(call.caller()?).await?.into())
}
