//! Access logs: rows as they are stored, and how they are read.

use memchr::memmem::Finder;
use pilothouse_wire::access::{AccessLogs, AccessQuery, AccessRow};
use pilothouse_wire::logs::LogStream;

use crate::ingress::Visit;
use crate::logs::{Asked, Held, LogError, LogStore, StoredLine};

/// What stands where a line has the engine's id of who wrote it.
const INGRESS: &str = "ingress";

/// A row as a line of JSON.
pub(super) fn line(visit: &Visit) -> Option<StoredLine> {
    Some(StoredLine {
        service_id: visit.service_id.to_string(),
        engine_id: INGRESS.to_owned(),
        instance: visit.row.instance.clone(),
        nanos: visit.row.timestamp.timestamp_nanos_opt()?,
        stream: LogStream::Stdout,
        message: serde_json::to_string(&visit.row).ok()?,
    })
}

/// The rows that a query asks for.
pub(super) async fn read(
    store: &LogStore,
    service_id: &str,
    query: AccessQuery,
) -> Result<Held<AccessLogs>, LogError> {
    let asked = Asked {
        window: query.window,
        page: query.page.clone(),
        limit: query.limit.unwrap_or_default(),
    };
    let chosen = chosen(query);
    let newest = store
        .newest(service_id, &asked, move |message| {
            let row: AccessRow = serde_json::from_slice(message).ok()?;
            chosen(&row).then_some(row)
        })
        .await?;
    Ok(newest.map(|newest| {
        let mut rows = newest.found;
        rows.reverse();
        AccessLogs {
            rows,
            truncated: newest.truncated,
            older: newest.older,
            newer: newest.newer,
        }
    }))
}

fn chosen(query: AccessQuery) -> impl Fn(&AccessRow) -> bool + Send + 'static {
    let path = query
        .path_contains
        .map(|text| Finder::new(&text).into_owned());
    move |row| {
        let has_status =
            query.status.is_empty() || query.status.iter().any(|one| one.matches(row.status));
        let has_method = query.method.is_empty() || query.method.contains(&row.method);
        let has_path = path
            .as_ref()
            .is_none_or(|path| path.find(row.path.as_bytes()).is_some());
        has_status && has_method && has_path
    }
}
