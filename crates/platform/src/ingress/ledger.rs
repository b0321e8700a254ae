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
/// Bytes of a path and of a host that are noted; what follows is cut.
const MAX_PATH: usize = 4 * 1024;
const MAX_HOST: usize = 260;
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
    counts: Arc<Counts>,
}

/// The classes of statuses, as they are counted.
pub const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Default)]
struct Counts {
    /// Requests that have ended, for a service or not, by the class of their status.
    ended: [AtomicU64; CLASSES.len()],
    begun: AtomicU64,
    lost: AtomicU64,
}

/// What ingress has counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests that have ended, for a service or not, by the class of their status: see [`CLASSES`].
    pub ended: [u64; CLASSES.len()],
    /// Requests that go on.
    pub in_flight: u64,
    /// Requests that could not be noted, since whoever keeps them was too slow.
    pub lost: u64,
}

impl Ledger {
    /// A ledger, and the end at which its visits are taken out.
    pub fn new() -> (Self, mpsc::Receiver<Visit>) {
        let (visits, taken) = mpsc::channel(ROOM);
        let counts = Arc::default();
        (Self { visits, counts }, taken)
    }

    /// What was counted so far.
    pub fn counted(&self) -> Counted {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let ended = self.counts.ended.each_ref().map(read);
        Counted {
            in_flight: read(&self.counts.begun).saturating_sub(ended.iter().sum()),
            lost: read(&self.counts.lost),
            ended,
        }
    }

    /// Counts visits that whoever keeps them could not write down.
    pub(crate) fn lose(&self, visits: u64) {
        self.counts.lost.fetch_add(visits, Ordering::Relaxed);
    }

    /// Takes over requests that another ingress has seen to their end; waits where there is no room.
    pub(crate) async fn take_over(&self, visits: Vec<Visit>) {
        for visit in visits {
            self.counts.begun.fetch_add(1, Ordering::Relaxed);
            self.end(visit.row.status);
            // Nobody keeps them only while the process ends.
            let _ = self.visits.send(visit).await;
        }
    }

    fn end(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        let last = self.counts.ended.len() - 1;
        if let Some(count) = self.counts.ended.get(class.min(last)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn note(&self, visit: Visit) {
        // Traffic does not wait for its own record.
        if self.visits.try_send(visit).is_err() {
            self.lose(1);
        }
    }
}

/// The bytes of one request that have moved so far.
#[derive(Debug, Default)]
pub(super) struct Moved {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Moved {
    /// So many more bytes came from the visitor.
    pub(super) fn receive(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// So many more bytes are on their way to the visitor.
    pub(super) fn send(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// How many bytes came from the visitor.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

/// A request on its way. It is noted when this is dropped, if its service is known.
pub(super) struct Entry {
    ledger: Ledger,
    started: Instant,
    service_id: Option<Arc<str>>,
    moved: Arc<Moved>,
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
        ledger.counts.begun.fetch_add(1, Ordering::Relaxed);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let row = AccessRow {
            timestamp: Utc::now(),
            method: parts.method.to_string(),
            path: cut(path, MAX_PATH).to_owned(),
            host: cut(host, MAX_HOST).to_owned(),
            status: VISITOR_LEFT,
            duration_ms: 0.0,
            bytes_in: 0,
            bytes_out: 0,
            client: headers::client(&parts.headers, visitor),
            instance: String::new(),
            request_id: headers::request_id(&parts.headers).to_owned(),
        };
        Self {
            ledger: ledger.clone(),
            started,
            service_id: None,
            moved: Arc::default(),
            row,
        }
    }

    /// Where the bytes of its bodies are counted.
    pub(super) fn moved(&self) -> &Arc<Moved> {
        &self.moved
    }

    /// The id by which the instance and the visitor know the request.
    pub(super) fn request_id(&self) -> &str {
        &self.row.request_id
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
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.ledger.end(self.row.status);
        let Some(service_id) = self.service_id.take() else {
            return;
        };
        self.row.timestamp = Utc::now();
        self.row.duration_ms = self.started.elapsed().as_micros() as f64 / 1_000.0;
        self.row.bytes_in = self.moved.received();
        self.row.bytes_out = self.moved.sent.load(Ordering::Relaxed);
        let row = std::mem::replace(&mut self.row, empty());
        self.ledger.note(Visit { service_id, row });
    }
}

/// What is left of a row that was noted.
fn empty() -> AccessRow {
    AccessRow {
        timestamp: chrono::DateTime::UNIX_EPOCH,
        method: String::new(),
        path: String::new(),
        host: String::new(),
        status: 0,
        duration_ms: 0.0,
        bytes_in: 0,
        bytes_out: 0,
        client: String::new(),
        instance: String::new(),
        request_id: String::new(),
    }
}

fn cut(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(ledger: &Ledger) -> Entry {
        let (parts, ()) = http::Request::new(()).into_parts();
        let visitor = std::net::Ipv4Addr::LOCALHOST.into();
        Entry::open(ledger, Instant::now(), &parts, "shop.example", visitor)
    }

    #[test]
    fn every_request_is_counted_and_those_for_a_service_are_noted() {
        let (ledger, mut taken) = Ledger::new();
        let entries =
            [(200, true), (404, false), (503, true), (999, false)].map(|(status, is_known)| {
                let mut entry = open(&ledger);
                entry.answered(status, "web.0");
                if is_known {
                    entry.of(&"shop".into());
                }
                entry
            });
        entries[0].moved().send(7);
        assert_eq!(ledger.counted().in_flight, 4);
        drop(entries);
        let counted = ledger.counted();
        assert_eq!((counted.ended, counted.in_flight), ([0, 1, 0, 1, 2], 0));
        let noted: Vec<_> = std::iter::from_fn(|| taken.try_recv().ok()).collect();
        let told = noted
            .iter()
            .map(|visit| (visit.row.status, visit.row.bytes_out));
        assert_eq!(told.collect::<Vec<_>>(), [(200, 7), (503, 0)]);
    }

    #[test]
    fn what_nobody_takes_is_counted_as_lost() {
        let (ledger, taken) = Ledger::new();
        drop(taken);
        let mut entry = open(&ledger);
        entry.of(&"shop".into());
        drop(entry);
        assert_eq!(ledger.counted().lost, 1);
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 9), "aé");
    }
}
