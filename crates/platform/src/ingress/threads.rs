//! The threads that serve visitors. A visitor stays with one of them, and so do the connections to
//! instances that his requests take: no answer wakes another thread.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::forward::Forwarder;
use super::visitor::converse;

/// More than these would wait for each other's memory.
const MOST: usize = 16;

/// A visitor on his way to the thread that serves him.
pub(super) struct Visitor {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    /// His place among all, until he goes.
    pub(super) place: OwnedSemaphorePermit,
    /// Ingress does not end before he is served.
    pub(super) counted: TaskTrackerToken,
}

/// The threads, which end after this is dropped and the last visitor has gone.
pub(super) struct Threads {
    each: Vec<mpsc::UnboundedSender<Visitor>>,
    next: usize,
}

impl Threads {
    /// Starts one for each core. Each forwards requests by itself.
    ///
    /// # Errors
    /// A thread can't be started, or has no way to wait for sockets.
    pub(super) fn start(forwarder: impl Fn() -> Forwarder) -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let each = (0..count.min(MOST)).map(|number| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            // As many wait as there are places.
            let (hand_over, visitors) = mpsc::unbounded_channel();
            let forwarder = Arc::new(forwarder());
            thread::Builder::new()
                .name(format!("ingress-{number}"))
                .spawn(move || run(&runtime, &forwarder, visitors))?;
            Ok(hand_over)
        });
        let each = each.collect::<io::Result<_>>()?;
        Ok(Self { each, next: 0 })
    }

    /// Hands a visitor over to the thread whose turn it is.
    pub(super) fn serve(&mut self, visitor: Visitor) {
        self.next = (self.next + 1) % self.each.len().max(1);
        if let Some(thread) = self.each.get(self.next) {
            // A thread ends only after this is dropped.
            let _ = thread.send(visitor);
        }
    }
}

fn run(
    runtime: &Runtime,
    forwarder: &Arc<Forwarder>,
    mut visitors: mpsc::UnboundedReceiver<Visitor>,
) {
    let ends = forwarder.ends.clone();
    runtime.block_on(async {
        let mut sweeps = tokio::time::interval(forwarder.limits.kept);
        loop {
            tokio::select! {
                visitor = visitors.recv() => match visitor {
                    Some(visitor) => begin(visitor, forwarder),
                    None => break,
                },
                _ = sweeps.tick() => forwarder.connections.sweep(),
            }
        }
        ends.running.close();
        ends.running.wait().await;
    });
}

fn begin(visitor: Visitor, forwarder: &Arc<Forwarder>) {
    let stream = match tokio::net::TcpStream::from_std(visitor.stream) {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%error, "ingress can't serve a connection");
            return;
        }
    };
    let ends = forwarder.ends.clone();
    let running = ends.running.clone();
    let serving = converse(stream, visitor.address, Arc::clone(forwarder), ends);
    let (place, counted) = (visitor.place, visitor.counted);
    running.spawn(async move {
        serving.await;
        drop((place, counted));
    });
}
