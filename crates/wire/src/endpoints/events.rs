//! What happened, at every level.

use super::endpoint;
use crate::event::{Events, EventsQuery};
use crate::path::{EnvironmentParams, OrgParams, ProjectParams, ServiceParams};

endpoint! {
    /// What happened to a service, the newest first.
    pub struct ListServiceEvents = "service.events";
    Get "S/{service}/events" (ServiceParams) -> Events;
    query: EventsQuery,
    access: Viewer,
}

endpoint! {
    /// What happened in an environment, the newest first; also to services that are deleted by now.
    pub struct ListEnvironmentEvents = "environment.events";
    Get "/orgs/{org}/projects/{project}/envs/{env}/events" (EnvironmentParams) -> Events;
    query: EventsQuery,
    access: Viewer,
}

endpoint! {
    /// What happened in a project, the newest first.
    pub struct ListProjectEvents = "project.events";
    Get "/orgs/{org}/projects/{project}/events" (ProjectParams) -> Events;
    query: EventsQuery,
    access: Inside,
}

endpoint! {
    /// What happened in an org, the newest first.
    pub struct ListOrgEvents = "org.events";
    Get "/orgs/{org}/events" (OrgParams) -> Events;
    query: EventsQuery,
    access: Inside,
}
