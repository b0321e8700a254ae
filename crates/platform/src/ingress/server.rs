//! The listener: accepts connections and serves each.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::forward::{Connections, Forwarder};
use super::ledger::Ledger;
use super::routes::Ingress;

/// Connections that are open at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;
/// Bytes of a request's head.
const MAX_HEAD: u32 = 64 * 1024;
/// How long a visitor may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests at the same time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 128;
/// How often an HTTP/2 connection is asked whether it lives, and how long that may take.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(20);
/// How long an instance may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long requests may go on after the platform was asked to stop.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// Connections to one instance that are kept open without a request, and for how long: shorter than
/// most servers keep them, so that one which the instance has closed is not used.
const MAX_IDLE: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Serves ingress until it is asked to stop, and lets running requests finish: HTTP/1.1, and HTTP/2
/// for who begins with it (RFC 9113, 3.3). Every request for a service goes into the ledger. Behind a
/// proxy, what that says of the visitor (`X-Forwarded-*`) is passed on.
pub async fn serve(
    listener: TcpListener,
    ingress: Ingress,
    ledger: Ledger,
    behind_proxy: bool,
    stop: CancellationToken,
) {
    let forwarder = Arc::new(Forwarder {
        ingress,
        ledger,
        connections: connections(),
        behind_proxy,
    });
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let running = TaskTracker::new();
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, visitor) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: give others time to end.
                tracing::warn!(%error, "ingress can't accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (forwarder, stop) = (Arc::clone(&forwarder), stop.clone());
        running.spawn(async move {
            let _place = place;
            converse(stream, visitor, forwarder, stop).await;
        });
    }
    running.close();
    if tokio::time::timeout(FINISH_WITHIN, running.wait())
        .await
        .is_err()
    {
        tracing::warn!("some requests through ingress did not finish in time");
    }
}

fn connections() -> Connections {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE)
        .build(connector)
}

/// Serves one visitor's connection until either end closes it.
async fn converse(
    stream: TcpStream,
    visitor: SocketAddr,
    forwarder: Arc<Forwarder>,
    stop: CancellationToken,
) {
    // Small answers must not wait for more to send; a socket that refuses is about to fail.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let forwarder = Arc::clone(&forwarder);
        async move { Ok::<_, Infallible>(forwarder.forward(request, visitor).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WITHIN);
    let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A visitor who hangs up is no failure of ours.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
