//! The listener: accepts connections, and ends them all.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::Connections;
use super::forward::Forwarder;
use super::ledger::Ledger;
use super::limits::Limits;
use super::routes::Ingress;
use super::visitor::{Ends, converse};

/// Connections that are open at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;

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

/// Serves ingress until it is asked to stop, and lets running requests finish: HTTP/1.1, and HTTP/2
/// for who begins with it (RFC 9113, 3.3). When this ends every request is in the ledger.
pub async fn serve(listener: TcpListener, serving: Serving, stop: CancellationToken) {
    let finish = serving.limits.finish;
    let ends = Ends {
        stop,
        abandon: CancellationToken::new(),
        running: TaskTracker::new(),
    };
    let connections = Connections::new(serving.limits.kept);
    let forwarder = Arc::new(Forwarder {
        ingress: serving.ingress,
        ledger: serving.ledger,
        connections: connections.clone(),
        behind_proxy: serving.behind_proxy,
        limits: serving.limits,
        ends: ends.clone(),
    });
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut sweeps = tokio::time::interval(serving.limits.kept);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = sweeps.tick() => {
                connections.sweep();
                continue;
            }
            () = ends.stop.cancelled() => break,
        };
        let (stream, visitor, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: give others time to end.
                tracing::warn!(%error, "ingress can't accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (forwarder, of_visitor) = (Arc::clone(&forwarder), ends.clone());
        ends.running.spawn(async move {
            let _place = place;
            converse(stream, visitor, forwarder, of_visitor).await;
        });
    }
    drop(listener);
    ends.running.close();
    if tokio::time::timeout(finish, ends.running.wait())
        .await
        .is_err()
    {
        tracing::warn!("some requests through ingress did not finish in time");
        ends.abandon.cancel();
        ends.running.wait().await;
    }
}

type Accepted = (
    tokio::net::TcpStream,
    std::net::SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
);

/// The next visitor, once there is a place.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(std::io::Error::other)?;
    let (stream, visitor) = listener.accept().await?;
    Ok((stream, visitor, place))
}
