//! Takes requests from ingress in the order in which they ended: each is written into the access
//! log of its service and counted.

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::{Tallies, access};
use crate::ingress::Visit;
use crate::logs::LogStore;

/// Requests that are taken at once.
const BATCH: usize = 256;

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
    access: LogStore,
) -> (Recorder, AbortOnDropHandle<()>) {
    let (orders, taken) = mpsc::channel(16);
    let recording = tokio::spawn(record(visits, taken, access));
    (Recorder(orders), AbortOnDropHandle::new(recording))
}

impl Recorder {
    /// Takes out what was counted since the last time.
    pub(super) async fn take(&self) -> Tallies {
        let (answer, wait) = oneshot::channel();
        let _ = self.0.send(Order::Take(answer)).await;
        wait.await.unwrap_or_default()
    }

    /// Waits until every request that has ended is written and counted.
    pub(super) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        let _ = self.0.send(Order::Flush(done)).await;
        let _ = wait.await;
    }
}

async fn record(
    mut visits: mpsc::Receiver<Visit>,
    mut orders: mpsc::Receiver<Order>,
    access: LogStore,
) {
    let mut tallies = Tallies::new();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            taken = visits.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    break;
                }
                write(&mut batch, &mut tallies, &access).await;
            }
            // What has ended goes before who asks for it.
            order = orders.recv() => match order {
                Some(order) => obey(order, &mut tallies),
                None => break,
            },
        }
    }
    // Ingress is gone: nothing more will be counted.
    while let Some(order) = orders.recv().await {
        obey(order, &mut tallies);
    }
}

async fn write(batch: &mut Vec<Visit>, tallies: &mut Tallies, access: &LogStore) {
    for visit in batch.drain(..) {
        let service_id = visit.service_id.clone();
        tallies.entry(service_id).or_default().count(&visit.row);
        if let Some(line) = access::line(&visit) {
            access.append(line).await;
        }
    }
}

fn obey(order: Order, tallies: &mut Tallies) {
    // Whoever asked may have gone.
    match order {
        Order::Take(answer) => drop(answer.send(std::mem::take(tallies))),
        Order::Flush(done) => drop(done.send(())),
    }
}
