//! What an edge saw, on its way to the platform: kept until that has stored it.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Limited};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::link::Link;
use super::protocol::{Batch, ROWS, Row, Taken};
use crate::ingress::Visit;

/// Requests of one batch, how long they gather, and how long it takes until one is told again.
const BATCH: usize = 2_000;
const GATHER: Duration = Duration::from_secs(1);
/// Requests that are kept while the platform is away: with paths of ordinary length some 100 MB.
const ROOM: usize = 250_000;
/// How long the platform may take to store a batch.
const TAKE_WITHIN: Duration = Duration::from_secs(30);
/// How long the last ones are told at the end.
const END_WITHIN: Duration = Duration::from_secs(8);
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 4_096;

/// What is kept.
struct Kept {
    edge: String,
    node: String,
    rows: VecDeque<Row>,
    lost: u64,
    sequence: u64,
}

impl Kept {
    fn new(node: String) -> Self {
        Self {
            edge: Uuid::new_v4().to_string(),
            node,
            rows: VecDeque::new(),
            lost: 0,
            sequence: 0,
        }
    }

    /// The oldest go first where there is no room: what is new tells more.
    fn keep(&mut self, visits: &mut Vec<Visit>) {
        self.rows.extend(visits.drain(..).map(Row::from));
        let surplus = self.rows.len().saturating_sub(ROOM);
        self.rows.drain(..surplus);
        self.lost += surplus as u64;
    }

    /// The next batch; nothing where there is nothing to tell.
    fn take(&mut self) -> Option<Batch> {
        if self.rows.is_empty() && self.lost == 0 {
            return None;
        }
        self.sequence += 1;
        let count = self.rows.len().min(BATCH);
        Some(Batch {
            edge: self.edge.clone(),
            node: self.node.clone(),
            sequence: self.sequence,
            rows: self.rows.drain(..count).collect(),
            lost: std::mem::take(&mut self.lost),
        })
    }
}

/// Ships what ingress notes until that ends, and then the rest.
pub(super) async fn ship(
    link: Link,
    node: String,
    mut visits: mpsc::Receiver<Visit>,
    stop: CancellationToken,
) {
    let mut kept = Kept::new(node);
    let mut taken = Vec::with_capacity(BATCH);
    // What was told and not acknowledged yet: told again as it is.
    let mut under_way: Option<Batch> = None;
    let mut not_before = Instant::now();
    loop {
        let is_over = tokio::select! {
            count = visits.recv_many(&mut taken, BATCH) => count == 0,
            () = sleep(GATHER) => false,
            () = stop.cancelled() => true,
        };
        kept.keep(&mut taken);
        if is_over {
            break;
        }
        let is_early = Instant::now() < not_before;
        if is_early && (under_way.is_some() || kept.rows.len() < BATCH) {
            continue;
        }
        let Some(batch) = under_way.take().or_else(|| kept.take()) else {
            continue;
        };
        not_before = Instant::now() + GATHER;
        if let Err(error) = tell(&link, &batch).await {
            tracing::warn!(%error, kept = kept.rows.len(), "the platform does not take what was seen: telling it again");
            under_way = Some(batch);
        }
    }
    let rest = async {
        while let Ok(visit) = visits.try_recv() {
            kept.keep(&mut vec![visit]);
        }
        while let Some(batch) = under_way.take().or_else(|| kept.take()) {
            if tell(&link, &batch).await.is_err() {
                under_way = Some(batch);
                sleep(GATHER).await;
            }
        }
    };
    if timeout(END_WITHIN, rest).await.is_err() {
        tracing::error!("the platform was away to the end: what was seen last is lost");
    }
}

async fn tell(link: &Link, batch: &Batch) -> io::Result<()> {
    let body = Bytes::from(serde_json::to_vec(batch)?);
    let told = async {
        let answer = link.ask(Method::POST, ROWS, body).await?;
        let read = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        let taken: Taken = serde_json::from_slice(&read.map_err(io::Error::other)?.to_bytes())?;
        match taken.sequence == batch.sequence {
            true => Ok(()),
            false => Err(io::Error::other("the platform took another batch")),
        }
    };
    let told = timeout(TAKE_WITHIN, told).await;
    told.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::access::AccessRow;

    use super::*;

    fn visit(number: usize) -> Visit {
        let row = serde_json::json!({
            "timestamp": "2026-01-01T00:00:00Z", "method": "GET", "path": format!("/{number}"),
            "host": "a.test", "status": 200, "duration_ms": 1.0, "bytes_in": 0, "bytes_out": 0,
            "client": "10.0.0.9", "instance": "web.0", "request_id": "",
        });
        let row: AccessRow = serde_json::from_value(row).unwrap();
        Visit {
            service_id: "a".into(),
            row,
        }
    }

    #[test]
    fn batches_are_counted_and_in_order() {
        let mut kept = Kept::new("node1".to_owned());
        assert!(kept.take().is_none());
        let mut visits: Vec<Visit> = (0..BATCH + 1).map(visit).collect();
        kept.keep(&mut visits);
        let first = kept.take().unwrap();
        assert_eq!(
            (first.sequence, first.rows.len(), first.lost),
            (1, BATCH, 0)
        );
        let second = kept.take().unwrap();
        assert_eq!((second.sequence, second.rows.len()), (2, 1));
        assert_eq!(Visit::from(second.rows[0].clone()), visit(BATCH));
        assert!(kept.take().is_none());
    }

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let mut kept = Kept::new("node1".to_owned());
        kept.keep(&mut (0..ROOM + 3).map(visit).collect());
        let first = kept.take().unwrap();
        assert_eq!(first.lost, 3);
        assert_eq!(Visit::from(first.rows[0].clone()), visit(3));
        assert_eq!(kept.take().unwrap().lost, 0);
    }
}
