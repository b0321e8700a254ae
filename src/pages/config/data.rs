//! What the pages of a level read: its variables, what becomes of them, what changed.

use leptos::prelude::*;
use wire::config::{Bulk, ConfigEvent, ConfigPreview, ResolvedVariable};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{ListConfig, ListConfigHistory, PreviewConfig, PreviewDeploy, ResolveConfig};
use wire::path::{Level, ServiceParams};
use wire::release::{DeployPreview, PreviewQuery};

use crate::api::{Connection, Failure, call, use_connection};
use crate::forms::config::draft::Snapshot;
use crate::state::remote::Remote;

/// Milliseconds until config is read again: others change it now and then.
const PACE: u32 = 15_000;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Data {
    /// Which level.
    pub level: StoredValue<Level>,
    /// The level's own variables.
    pub variables: Remote<Snapshot>,
    /// What a service of the level receives.
    pub resolved: Remote<Vec<ResolvedVariable>>,
    /// What a deploy of the service would change, where the level is a service.
    pub running: Option<Remote<DeployPreview>>,
}

impl Data {
    /// Reads everything again: something was changed.
    pub fn refresh(self) {
        self.variables.refresh();
        self.resolved.refresh();
        if let Some(running) = self.running {
            running.refresh();
        }
    }
}

/// What the page of a level reads.
pub fn use_data(level: Level, running: Option<Remote<DeployPreview>>) -> Data {
    Data {
        variables: use_variables(level.clone()),
        resolved: use_resolved(level.clone()),
        running,
        level: StoredValue::new(level),
    }
}

fn use_variables(level: Level) -> Remote<Snapshot> {
    let connection = use_connection();
    Remote::made(
        move || Some(level.clone()),
        move |level| read_level(connection.clone(), level),
        |_| Some(PACE),
    )
}

/// Reads a level's variables with their revision.
pub async fn read_level(at: Connection, level: Level) -> Result<Snapshot, Failure> {
    let answer = call::<ListConfig>(&at, &level, &NoQuery, &NoBody).request;
    let answer = answer.send().await?;
    Ok(Snapshot {
        variables: answer.read()?,
        revision: answer.revision(),
    })
}

fn use_resolved(level: Level) -> Remote<Vec<ResolvedVariable>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let call = call::<ResolveConfig>(&connection, &level, &NoQuery, &NoBody);
            Some(call)
        },
        |_| Some(PACE),
    )
}

/// The level's last changes.
pub fn use_history(level: Level) -> Remote<Vec<ConfigEvent>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let call = call::<ListConfigHistory>(&connection, &level, &NoQuery, &NoBody);
            Some(call)
        },
        |_| Some(PACE),
    )
}

/// What a change would do: asked once.
pub fn use_preview(level: Level, bulk: Option<Bulk>) -> Remote<ConfigPreview> {
    let connection = use_connection();
    Remote::new(
        move || {
            let bulk = bulk.as_ref()?;
            Some(call::<PreviewConfig>(&connection, &level, &NoQuery, bulk))
        },
        |_| None,
    )
}

/// What a deploy now would change against what runs.
pub fn use_running(params: Memo<ServiceParams>) -> Remote<DeployPreview> {
    let connection = use_connection();
    Remote::new(
        move || {
            let query = PreviewQuery::default();
            Some(call::<PreviewDeploy>(
                &connection,
                &params.get(),
                &query,
                &NoBody,
            ))
        },
        |_| Some(PACE),
    )
}
