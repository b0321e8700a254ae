//! Takes requests from ingress in the order in which they ended: each is counted, and written into
//! the access log of its service.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::gone::Gone;
use super::{Tallies, access};
use crate::ingress::{Ledger, Visit};
use crate::logs::{LogStore, StoredLine};

/// Requests that are taken at once.
const BATCH: usize = 1_024;
/// How long requests gather before they are taken: each of them alone would wake a task and a thread
/// while the next is to be answered.
const GATHER: Duration = Duration::from_millis(50);
/// How long a disk that takes nothing is waited for, before rows are let go.
const DISK_WITHIN: Duration = Duration::from_secs(2);

/// What a recorder is asked.
#[derive(Debug)]
enum Order {
    /// What was counted since the last time.
    Take(oneshot::Sender<Tallies>),
    /// To say when all that ended before is written.
    Flush(oneshot::Sender<()>),
}

/// Asks the recorder. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Recorder(mpsc::Sender<Order>);

/// Begins to record.
pub(super) fn start(
    visits: mpsc::Receiver<Visit>,
    ledger: Ledger,
    access: LogStore,
    gone: Gone,
) -> (Recorder, AbortOnDropHandle<()>) {
    let (orders, taken) = mpsc::channel(16);
    let recording = Recording {
        visits,
        tallies: Tallies::new(),
        ledger,
        access,
        gone,
        is_stuck: false,
    };
    let task = tokio::spawn(recording.run(taken));
    (Recorder(orders), AbortOnDropHandle::new(task))
}

impl Recorder {
    /// Takes out what was counted since the last time.
    pub(super) async fn take(&self) -> Tallies {
        let (answer, wait) = oneshot::channel();
        let _ = self.0.send(Order::Take(answer)).await;
        wait.await.unwrap_or_default()
    }

    /// Waits until every request that has ended is counted, and written if the disk takes it.
    pub(super) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        let _ = self.0.send(Order::Flush(done)).await;
        let _ = wait.await;
    }
}

struct Recording {
    visits: mpsc::Receiver<Visit>,
    tallies: Tallies,
    /// Where rows are counted that were let go.
    ledger: Ledger,
    access: LogStore,
    gone: Gone,
    /// Whether the disk takes nothing.
    is_stuck: bool,
}

impl Recording {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut gathers = false;
        let mut gathered = pin!(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                // Its own ledger keeps the other end open.
                _ = self.visits.recv_many(&mut batch, BATCH), if !gathers => {
                    self.record(&mut batch).await;
                    if self.visits.is_empty() {
                        gathers = true;
                        gathered.as_mut().reset(Instant::now() + GATHER);
                    }
                }
                () = gathered.as_mut(), if gathers => gathers = false,
                order = orders.recv() => match order {
                    Some(order) => self.obey(order, &mut batch).await,
                    None => return,
                },
            }
        }
    }

    /// Counting does not wait for the disk.
    async fn record(&mut self, batch: &mut Vec<Visit>) {
        batch.retain(|visit| !self.gone.holds(&visit.service_id));
        for visit in batch.iter() {
            let tally = match self.tallies.get_mut(&visit.service_id) {
                Some(tally) => tally,
                None => self.tallies.entry(visit.service_id.clone()).or_default(),
            };
            tally.count(&visit.row);
        }
        let all = batch.len();
        let lines: Vec<_> = batch
            .drain(..)
            .filter_map(|visit| access::line(&visit))
            .collect();
        let count = lines.len();
        let written = if self.write(lines).await { count } else { 0 };
        if written < all {
            self.ledger.lose((all - written) as u64);
        }
    }

    /// Whether rows are on their way to the disk. One that takes nothing is waited for once, as
    /// traffic would fill the memory meanwhile.
    async fn write(&mut self, lines: Vec<StoredLine>) -> bool {
        if lines.is_empty() {
            return !self.is_stuck;
        }
        let patience = if self.is_stuck {
            Duration::ZERO
        } else {
            DISK_WITHIN
        };
        let was_stuck = self.is_stuck;
        self.is_stuck = timeout(patience, self.access.append_all(lines))
            .await
            .is_err();
        if self.is_stuck && !was_stuck {
            tracing::error!("the disk takes no access log; rows are let go until it does");
        }
        !self.is_stuck
    }

    async fn obey(&mut self, order: Order, batch: &mut Vec<Visit>) {
        // What has ended goes before who asks for it, but not what ends meanwhile.
        let mut waiting = self.visits.len();
        while waiting > 0 {
            waiting -= self.visits.recv_many(batch, waiting.min(BATCH)).await;
            self.record(batch).await;
        }
        // Whoever asked may have gone.
        match order {
            Order::Take(answer) => drop(answer.send(std::mem::take(&mut self.tallies))),
            Order::Flush(done) => drop(done.send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use pilothouse_wire::access::{AccessQuery, AccessRow};

    use super::*;
    use crate::logs::Retention;

    fn visit(service_id: &str, status: u16) -> Visit {
        Visit {
            service_id: service_id.into(),
            row: AccessRow {
                timestamp: Utc::now(),
                method: "GET".to_owned(),
                path: "/".to_owned(),
                host: String::new(),
                status,
                duration_ms: 5.0,
                bytes_in: 0,
                bytes_out: 0,
                client: String::new(),
                instance: String::new(),
                request_id: String::new(),
            },
        }
    }

    #[tokio::test]
    async fn who_asks_is_told_of_all_that_ended_before_even_while_more_comes() {
        let folder = tempfile::tempdir().unwrap();
        let access = LogStore::open(folder.path(), Retention::default()).unwrap();
        let (visits, taken) = mpsc::channel(1_000);
        let (ledger, _) = Ledger::new();
        let (recorder, _recording) = start(taken, ledger, access.clone(), Gone::default());
        let more = tokio::spawn({
            let visits = visits.clone();
            async move { while visits.send(visit("busy", 200)).await.is_ok() {} }
        });
        for number in 0..500 {
            visits
                .send(visit("shop", 200 + number % 400))
                .await
                .unwrap();
        }
        let asked = timeout(Duration::from_secs(30), recorder.take());
        let tallies = asked.await.unwrap();
        more.abort();
        assert_eq!(
            (tallies["shop"].requests, tallies["shop"].errors),
            (500, 100)
        );
        assert_eq!(
            recorder.take().await.get("shop").map(|one| one.requests),
            None
        );
        let query = AccessQuery::default();
        let logs = access::read(&access, "shop", query).await.unwrap();
        assert_eq!(logs.rows.len(), 500);
    }

    #[tokio::test]
    async fn a_talk_in_another_protocol_is_a_request_without_a_latency() {
        let mut tally = super::super::tally::Tally::default();
        tally.count(&visit("shop", 101).row);
        assert_eq!((tally.requests, tally.latency.quantile(0.95)), (1, None));
    }

    #[tokio::test]
    async fn of_a_deleted_service_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let access = LogStore::open(folder.path(), Retention::default()).unwrap();
        let (visits, taken) = mpsc::channel(10);
        let (gone, (ledger, _)) = (Gone::default(), Ledger::new());
        let (recorder, _recording) = start(taken, ledger, access.clone(), gone.clone());
        gone.add("shop");
        visits.send(visit("shop", 200)).await.unwrap();
        assert!(recorder.take().await.is_empty());
        access.flush().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
