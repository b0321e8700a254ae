//! An instance that takes traffic, and the requests on their way through it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::room::{Count, Room};

/// How often an instance in doubt is asked for a connection, and how long it may take.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// An instance that is to take traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The engine's id of it.
    pub id: String,
    /// The name by which people know it: `web.0`.
    pub label: String,
    /// Where it answers.
    pub address: SocketAddr,
}

/// An instance that takes traffic, and the requests on their way through it.
#[derive(Debug)]
pub struct Backend {
    pub(super) target: Target,
    in_flight: watch::Sender<usize>,
    /// Whether it took no connection lately: others are asked before it.
    is_in_doubt: AtomicBool,
}

impl Backend {
    /// An instance without requests.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            in_flight: watch::Sender::new(0),
            is_in_doubt: AtomicBool::new(false),
        }
    }

    /// How many requests are on their way.
    pub fn in_flight(&self) -> usize {
        *self.in_flight.borrow()
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.load(Ordering::Relaxed)
    }
}

/// All requests on their way.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    pub(super) room: Room,
    pub(super) requests: Arc<Count>,
}

/// A request on its way through a backend: counted until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight {
    backend: Arc<Backend>,
    of_service: Arc<Count>,
    of_all: Arc<Count>,
}

impl InFlight {
    /// Counts a request, if there is room for one more.
    pub(super) fn new(
        backend: &Arc<Backend>,
        of_service: &Arc<Count>,
        all: &Crowd,
    ) -> Option<Self> {
        if !of_service.enter(all.room.of_service) {
            return None;
        }
        if !all.requests.enter(all.room.requests) {
            of_service.leave();
            return None;
        }
        backend.in_flight.send_modify(|count| *count += 1);
        Some(Self {
            backend: Arc::clone(backend),
            of_service: Arc::clone(of_service),
            of_all: Arc::clone(&all.requests),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.backend.target.address
    }

    pub(super) fn label(&self) -> &str {
        &self.backend.target.label
    }

    /// Its instance took no connection. No visitor is to find that out once more: it is asked by itself
    /// until it takes one, as long as it is routed to.
    pub(super) fn doubt(&self) {
        if self.backend.is_in_doubt.swap(true, Ordering::Relaxed) {
            return;
        }
        let (backend, address) = (Arc::downgrade(&self.backend), self.address());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(ASK_EVERY).await;
                let takes = timeout(ASK_EVERY, TcpStream::connect(address)).await;
                let Some(backend) = backend.upgrade() else {
                    return;
                };
                if matches!(takes, Ok(Ok(_))) {
                    backend.is_in_doubt.store(false, Ordering::Relaxed);
                    return;
                }
            }
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.of_service.leave();
        self.of_all.leave();
        self.backend.in_flight.send_modify(|count| *count -= 1);
    }
}

/// Waits until a backend that is no longer routed to has finished its requests, at most this long.
/// Whether it has.
pub async fn drained(backend: &Backend, at_most: Duration) -> bool {
    let mut in_flight = backend.in_flight.subscribe();
    let idle = in_flight.wait_for(|count| *count == 0);
    timeout(at_most, idle).await.is_ok()
}
