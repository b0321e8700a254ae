//! The requests of one connection of HTTP/2, each of which ends when its visitor takes nothing.
//!
//! There a visitor says of each answer how much of it he takes, and one who says "nothing" keeps the
//! socket free: no write waits that could be timed. So what is timed is the answer: how long a part of
//! it is there, and is not asked for.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

/// How an answer stands.
#[derive(Clone, Copy, Debug, Default)]
enum Offer {
    /// There is nothing to take at the moment.
    #[default]
    Nothing,
    /// Something is there, or may be, since the last time that something was asked for.
    Fresh,
    /// It is waited for the visitor.
    Waits,
}

tokio::task_local! {
    /// Of the request that the task is about.
    static OFFER: Cell<Offer>;
}

/// Notes that an answer has something to take, or that its instance is waited for. Only where the
/// request is a stream of HTTP/2.
pub(super) fn offer(has_some: bool) {
    let offer = match has_some {
        true => Offer::Fresh,
        false => Offer::Nothing,
    };
    // Elsewhere the socket itself tells.
    let _ = OFFER.try_with(|told| told.set(offer));
}

/// Runs the requests of one connection.
#[derive(Clone)]
pub(super) struct Streams {
    /// All that goes on in ingress.
    running: TaskTracker,
    /// What goes on of this connection.
    own: TaskTracker,
    /// How long an answer may be there without being taken.
    patience: Duration,
}

impl Streams {
    pub(super) fn new(running: TaskTracker, patience: Duration) -> Self {
        Self {
            running,
            own: TaskTracker::new(),
            patience,
        }
    }

    /// Returns when no request goes on, and what may be left of the answers was not taken for some
    /// time.
    pub(super) async fn over(&self) {
        self.own.close();
        self.own.wait().await;
        sleep(self.patience).await;
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, work: F) {
        let patience = self.patience;
        let work = self.own.track_future(work);
        let work = async move {
            tokio::select! {
                biased;
                () = work => {}
                () = left(patience) => tracing::debug!("a visitor took nothing of an answer"),
            }
        };
        self.running
            .spawn(OFFER.scope(Cell::new(Offer::Nothing), work));
    }
}

/// Returns when something was there for so long, and was not taken. Looks each time that the task of
/// the request is woken.
async fn left(patience: Duration) {
    let mut until = None;
    poll_fn(|context| match OFFER.with(Cell::get) {
        Offer::Nothing => {
            until = None;
            Poll::Pending
        }
        Offer::Fresh => {
            OFFER.with(|offer| offer.set(Offer::Waits));
            let until = until.insert(Box::pin(sleep(patience)));
            until.as_mut().poll(context)
        }
        Offer::Waits => {
            let until = until.get_or_insert_with(|| Box::pin(sleep(patience)));
            until.as_mut().poll(context)
        }
    })
    .await;
}
