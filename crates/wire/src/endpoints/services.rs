//! Services: description, status, scale, restart, logs, metrics, access logs.

use super::endpoint;
use crate::access::{AccessLogs, AccessQuery};
use crate::deploy::Scale;
use crate::logs::{LogQuery, Logs};
use crate::metrics::{Metrics, MetricsQuery};
use crate::path::{Scope, ServiceParams};
use crate::service::{Service, ServiceCreate, ServicePatch};
use crate::session::Done;
use crate::status::ServiceStatus;

endpoint! {
    /// Every service, by name.
    pub struct ListServices = "service.list";
    Get "S/" (Scope) -> Vec<Service>;
    access: Viewer,
    seeds: [Workspace, Environment],
}

endpoint! {
    /// Creates a service. W starts it at once, E waits for a deploy.
    pub struct CreateService = "service.create";
    Post "S/" (Scope) -> Service;
    body: Required ServiceCreate,
    success: 201,
    access: Member,
    seeds: [Workspace, Environment],
}

endpoint! {
    /// One service's description.
    pub struct GetService = "service.get";
    Get "S/{service}" (ServiceParams) -> Service;
    access: Viewer,
    seeds: [Workspace, Environment],
}

endpoint! {
    /// Changes a service; what is left out stays. W applies it at once, E waits for a deploy.
    pub struct UpdateService = "service.update";
    Patch "S/{service}" (ServiceParams) -> Service;
    body: Required ServicePatch,
    access: Member,
    seeds: [Workspace, Environment],
}

endpoint! {
    /// The same as the update.
    pub struct PutService = "service.put";
    Put "S/{service}" (ServiceParams) -> Service;
    body: Required ServicePatch,
    access: Member,
}

endpoint! {
    /// Removes a service with its instances, routes and volumes. Irreversible.
    pub struct DeleteService = "service.delete";
    Delete "S/{service}" (ServiceParams) -> Done;
    access: Admin,
    seeds: [Workspace],
}

endpoint! {
    /// Live instance counts and whether the service is available.
    pub struct GetServiceStatus = "service.status";
    Get "S/{service}/status" (ServiceParams) -> ServiceStatus;
    access: Viewer,
    seeds: [Workspace],
}

endpoint! {
    /// Changes how many instances run. 0 pauses without deleting.
    pub struct ScaleService = "service.scale";
    Post "S/{service}/scale" (ServiceParams) -> Done;
    body: Required Scale,
    success: 202,
    access: Member,
    seeds: [Workspace],
}

endpoint! {
    /// Replaces every instance, one at a time, without interrupting traffic.
    pub struct RestartService = "service.restart";
    Post "S/{service}/restart" (ServiceParams) -> Done;
    success: 202,
    access: Member,
    seeds: [Workspace],
}

endpoint! {
    /// Lines of every instance within a window, oldest first.
    pub struct GetServiceLogs = "service.logs";
    Get "S/{service}/logs" (ServiceParams) -> Logs;
    query: LogQuery,
    access: Viewer,
    seeds: [Workspace],
}

endpoint! {
    /// Time series of the metrics that are asked for, each with an outcome of its own.
    pub struct GetServiceMetrics = "service.metrics";
    Get "S/{service}/metrics" (ServiceParams) -> Metrics;
    query: MetricsQuery,
    access: Viewer,
    seeds: [Workspace],
}

endpoint! {
    /// A row for each request that ingress answered for the service, newest first.
    pub struct GetServiceAccessLogs = "service.access-logs";
    Get "S/{service}/access-logs" (ServiceParams) -> AccessLogs;
    query: AccessQuery,
    access: Viewer,
    seeds: [Workspace],
}
