//! The listener: accepts connections and serves each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::forward::{Connections, forward};
use super::routes::Ingress;

/// Connections that are open at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;
/// Bytes of a request's head.
const MAX_HEAD: usize = 64 * 1024;
/// How long a visitor may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an instance may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long requests may go on after the platform was asked to stop.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// Serves ingress until it is asked to stop, and lets running requests finish.
pub async fn serve(listener: TcpListener, ingress: Ingress, stop: CancellationToken) {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    let connections: Connections = Client::builder(TokioExecutor::new())
        // Shorter than what servers keep: a connection that the instance has closed is not used.
        .pool_idle_timeout(Duration::from_secs(4))
        .build(connector);
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
        let (ingress, connections, stop) = (ingress.clone(), connections.clone(), stop.clone());
        running.spawn(async move {
            let _place = place;
            // Small answers must not wait for more to send; a socket that refuses is about to fail.
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| async {
                Ok::<_, Infallible>(forward(&ingress, &connections, request, visitor).await)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(MAX_HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::pin!(connection);
            let mut stopping = false;
            loop {
                tokio::select! {
                    // A visitor who hangs up is no failure of ours.
                    _ = connection.as_mut() => return,
                    () = stop.cancelled(), if !stopping => {
                        stopping = true;
                        connection.as_mut().graceful_shutdown();
                    }
                }
            }
        });
    }
    running.close();
    let _ = tokio::time::timeout(FINISH_WITHIN, running.wait()).await;
}
