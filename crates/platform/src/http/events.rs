//! What happened, at every level.

use pilothouse_wire::endpoints::{
    ListEnvironmentEvents, ListOrgEvents, ListProjectEvents, ListServiceEvents,
};

use super::answer::Answer;
use super::call::Call;

/// `GET S/{service}/events`
pub(super) async fn of_service(call: Call<ListServiceEvents>) -> Answer<ListServiceEvents> {
    let platform = call.platform();
    let events = platform.service_events(&call.params, &call.query).await?;
    Ok(events.into())
}

/// `GET /orgs/{org}/projects/{project}/envs/{env}/events`
pub(super) async fn of_environment(
    call: Call<ListEnvironmentEvents>,
) -> Answer<ListEnvironmentEvents> {
    let platform = call.platform();
    let events = platform.place_events(call.caller()?, &call.query).await?;
    Ok(events.into())
}

/// `GET /orgs/{org}/projects/{project}/events`
pub(super) async fn of_project(call: Call<ListProjectEvents>) -> Answer<ListProjectEvents> {
    let platform = call.platform();
    let events = platform.place_events(call.caller()?, &call.query).await?;
    Ok(events.into())
}

/// `GET /orgs/{org}/events`
pub(super) async fn of_org(call: Call<ListOrgEvents>) -> Answer<ListOrgEvents> {
    let platform = call.platform();
    let events = platform.place_events(call.caller()?, &call.query).await?;
    Ok(events.into())
}
