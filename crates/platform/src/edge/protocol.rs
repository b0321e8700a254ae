//! What a platform and its edges say to each other, in JSON.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use pilothouse_wire::access::AccessRow;
use serde::{Deserialize, Serialize};

use crate::ingress::{Answering, Target, Visit};

/// Where an edge is told the routes: one [`Told`] a line, and an empty line now and then.
pub(super) const ROUTES: &str = "/edge/routes";
/// Where an edge tells of requests: a [`Batch`], answered with [`Taken`].
pub(super) const ROWS: &str = "/edge/rows";
/// Where an edge tells what is used on its node: a [`NodeUsage`].
pub(super) const USAGE: &str = "/edge/usage";
/// The name in the platform's certificate for its edges.
pub(super) const NAME: &str = "pilothouse";
/// How often the platform says something to an edge, in seconds, so that each knows of the other.
pub(super) const BEAT_SECONDS: u64 = 5;

/// What an edge is started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Where the platform takes edges: `10.0.0.1:7081`.
    pub(crate) platform: SocketAddr,
    /// What opens it.
    pub(crate) token: String,
    /// The only certificate that is believed, in PEM.
    pub(crate) certificate: String,
}

/// Who answers for which host: what differs from what was told before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Counts the changes of the table.
    pub(super) version: u64,
    /// Whether all that is not named here is gone.
    pub(super) is_whole: bool,
    /// Services that answer otherwise than before.
    pub(super) services: Vec<ServiceRoute>,
    /// The ids of those that answer no more.
    pub(super) gone: Vec<String>,
}

/// What one service answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServiceRoute {
    id: String,
    hosts: Vec<String>,
    targets: Vec<RouteTarget>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RouteTarget {
    id: String,
    label: String,
    address: SocketAddr,
}

impl From<&Answering> for ServiceRoute {
    fn from(answering: &Answering) -> Self {
        let target = |target: &Target| RouteTarget {
            id: target.id.clone(),
            label: target.label.clone(),
            address: target.address,
        };
        Self {
            id: answering.service_id.clone(),
            hosts: answering.hosts.clone(),
            targets: answering.targets.iter().map(target).collect(),
        }
    }
}

impl From<ServiceRoute> for Answering {
    fn from(route: ServiceRoute) -> Self {
        let target = |target: RouteTarget| Target {
            id: target.id,
            label: target.label,
            address: target.address,
        };
        Self {
            service_id: route.id,
            hosts: route.hosts,
            targets: route.targets.into_iter().map(target).collect(),
        }
    }
}

/// Requests that have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Batch {
    /// Who tells of them: another one after each start.
    pub(super) edge: String,
    /// The node that it is on.
    pub(super) node: String,
    /// Counts its batches from 1. One that is told again has the same.
    pub(super) sequence: u64,
    /// The requests, in the order in which they ended.
    pub(super) rows: Vec<Row>,
    /// How many more there were that it had no room to keep, since the last batch.
    pub(super) lost: u64,
}

/// A request that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    service: String,
    row: AccessRow,
}

impl From<Visit> for Row {
    fn from(visit: Visit) -> Self {
        Self {
            service: visit.service_id.to_string(),
            row: visit.row,
        }
    }
}

impl From<Row> for Visit {
    fn from(row: Row) -> Self {
        Self {
            service_id: row.service.into(),
            row: row.row,
        }
    }
}

/// What the containers of a node have used and use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NodeUsage {
    /// The node.
    pub(super) node: String,
    /// When it was told, by the node's own clock.
    pub(super) at: DateTime<Utc>,
    /// The size of the disk that its containers are kept on and what is free of it, in bytes.
    #[serde(default)]
    pub(super) disk: Option<(u64, u64)>,
    /// Each of its containers.
    pub(super) containers: Vec<ContainerUsage>,
}

/// What a container has used and uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContainerUsage {
    /// The engine's id of it.
    pub(super) container: String,
    /// The processor time since it started, in nanoseconds.
    pub(super) cpu_nanos: u64,
    /// The memory that it holds, in bytes.
    pub(super) memory: u64,
}

/// That a batch is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// Which one.
    pub(super) sequence: u64,
}
