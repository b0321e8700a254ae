//! The listener: accepts connections, and ends them all.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::Connections;
use super::forward::Forwarder;
use super::ledger::Ledger;
use super::limits::Limits;
use super::routes::Ingress;
use super::threads::{Threads, Visitor};
use super::visitor::Ends;

/// What ingress serves, and how.
#[derive(Debug)]
pub struct Serving {
    /// Who answers for which host.
    pub ingress: Ingress,
    /// Where every request for a service is noted.
    pub ledger: Ledger,
    /// Whether a proxy is in front, which says who the visitor is (`X-Forwarded-*`).
    pub behind_proxy: bool,
    /// How long it waits.
    pub limits: Limits,
}

/// Starts to serve ingress. What is returned goes on until it is asked to stop, and lets running
/// requests finish: HTTP/1.1, and HTTP/2 for who begins with it (RFC 9113, 3.3). When that ends every
/// request is in the ledger.
///
/// # Errors
/// The threads that serve can't be started.
pub fn serve(
    listener: TcpListener,
    serving: &Serving,
    stop: CancellationToken,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let (finish, visitors) = (serving.limits.finish, serving.ingress.visitors());
    let ends = Ends {
        stop,
        abandon: CancellationToken::new(),
        running: TaskTracker::new(),
    };
    let threads = Threads::start(|| Forwarder {
        ingress: serving.ingress.clone(),
        ledger: serving.ledger.clone(),
        connections: Connections::new(serving.limits.kept),
        behind_proxy: serving.behind_proxy,
        limits: serving.limits,
        ends: ends.clone(),
    })?;
    Ok(async move {
        accept_all(listener, threads, visitors, &ends).await;
        ends.running.close();
        if timeout(finish, ends.running.wait()).await.is_err() {
            tracing::warn!("some requests through ingress did not finish in time");
            ends.abandon.cancel();
            ends.running.wait().await;
        }
    })
}

/// Accepts visitors until it is asked to stop, so many at the same time.
async fn accept_all(listener: TcpListener, mut threads: Threads, visitors: usize, ends: &Ends) {
    let places = Arc::new(Semaphore::new(visitors));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = ends.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address, place)) => threads.serve(Visitor {
                stream,
                address,
                place,
                counted: ends.running.token(),
            }),
            Err(error) => {
                // Out of file descriptors, most likely: give others time to end.
                tracing::warn!(%error, "ingress can't accept a connection");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// The next visitor, once there is a place.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, visitor) = listener.accept().await?;
    Ok((stream.into_std()?, visitor, place))
}
