//! How an org, a project or an environment does at a glance.

use super::endpoint;
use crate::overview::Overview;
use crate::path::{EnvironmentParams, OrgParams, ProjectParams};

endpoint! {
    /// How the services of an org do: counts, what needs attention, and what runs where.
    pub struct GetOrgOverview = "org.overview";
    Get "/orgs/{org}/overview" (OrgParams) -> Overview;
    access: Inside,
}

endpoint! {
    /// How the services of a project do: counts, what needs attention, and what runs where.
    pub struct GetProjectOverview = "project.overview";
    Get "/orgs/{org}/projects/{project}/overview" (ProjectParams) -> Overview;
    access: Inside,
}

endpoint! {
    /// How the services of an environment do: counts, what needs attention, and what was deployed.
    pub struct GetEnvironmentOverview = "environment.overview";
    Get "/orgs/{org}/projects/{project}/envs/{env}/overview" (EnvironmentParams) -> Overview;
    access: Viewer,
}
