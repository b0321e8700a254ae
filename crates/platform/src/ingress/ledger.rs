//! Where every request for a service is noted, once, when its answer has ended.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::Utc;
use http::request::Parts;
use pilothouse_wire::access::AccessRow;
use tokio::sync::mpsc;

use super::headers;

/// Requests that may wait to be written down, at the most.
const ROOM: usize = 100_000;
/// Bytes of a path that are noted; what follows is cut.
const MAX_PATH: usize = 4 * 1024;
/// The status that is noted of a request whose visitor left before the answer came. Nginx's.
const VISITOR_LEFT: u16 = 499;

/// One request that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The service that was asked.
    pub service_id: Arc<str>,
    /// What there is to say of it.
    pub row: AccessRow,
}

/// Notes requests for whoever keeps them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    visits: mpsc::Sender<Visit>,
    lost: Arc<AtomicU64>,
}

impl Ledger {
    /// A ledger, and the end at which its visits are taken out.
    pub fn new() -> (Self, mpsc::Receiver<Visit>) {
        let (visits, taken) = mpsc::channel(ROOM);
        let lost = Arc::default();
        (Self { visits, lost }, taken)
    }

    /// How many visits could not be noted, since whoever keeps them was too slow.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn note(&self, visit: Visit) {
        // Traffic does not wait for its own record.
        if self.visits.try_send(visit).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A request on its way. It is noted when this is dropped, once its service is known.
pub(super) struct Entry {
    ledger: Ledger,
    started: Instant,
    service_id: Option<Arc<str>>,
    received: Arc<AtomicU64>,
    row: AccessRow,
}

impl Entry {
    /// A request whose head has just arrived, with its headers as the instance will see them.
    pub(super) fn open(
        ledger: &Ledger,
        started: Instant,
        parts: &Parts,
        host: &str,
        visitor: IpAddr,
    ) -> Self {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let row = AccessRow {
            timestamp: Utc::now(),
            method: parts.method.to_string(),
            path: cut(path).to_owned(),
            host: host.to_owned(),
            status: VISITOR_LEFT,
            duration_ms: 0.0,
            bytes_in: 0,
            bytes_out: 0,
            client: headers::client(&parts.headers, visitor),
            instance: String::new(),
            request_id: headers::request_id(&parts.headers),
        };
        Self {
            ledger: ledger.clone(),
            started,
            service_id: None,
            received: Arc::default(),
            row,
        }
    }

    /// Where bytes of the request's body are counted.
    pub(super) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// The request is for this service.
    pub(super) fn of(&mut self, service_id: &Arc<str>) {
        self.service_id = Some(Arc::clone(service_id));
    }

    /// It is answered with this status, by an instance or, where there is none, by ingress itself.
    pub(super) fn answered(&mut self, status: u16, instance: &str) {
        self.row.status = status;
        self.row.instance = instance.to_owned();
    }

    /// So many more bytes of the answer are on their way.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.row.bytes_out += bytes as u64;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Some(service_id) = self.service_id.take() else {
            return;
        };
        self.row.timestamp = Utc::now();
        self.row.duration_ms = self.started.elapsed().as_micros() as f64 / 1_000.0;
        self.row.bytes_in = self.received.load(Ordering::Relaxed);
        self.ledger.note(Visit {
            service_id,
            row: self.row.clone(),
        });
    }
}

fn cut(path: &str) -> &str {
    let end = (0..=MAX_PATH.min(path.len()))
        .rev()
        .find(|end| path.is_char_boundary(*end));
    path.get(..end.unwrap_or_default()).unwrap_or_default()
}
