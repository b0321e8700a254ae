//! One visitor's connection: which protocol it speaks, and when it ends.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::forward::Forwarder;
use super::socket;
use super::streams::Streams;
use crate::patient::Patient;

/// Bytes of a request's head.
const MAX_HEAD: u32 = 64 * 1024;
/// Requests at the same time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 128;
/// How often an HTTP/2 connection is asked whether it lives, and how long that may take.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(20);

/// What a connection of HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How soon to look whether more of it has come.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How all connections come to their end.
#[derive(Clone)]
pub(super) struct Ends {
    /// Requests under way may finish; no other begins.
    pub(super) stop: CancellationToken,
    /// Nothing may go on.
    pub(super) abandon: CancellationToken,
    /// All that goes on.
    pub(super) running: TaskTracker,
}

/// Serves one visitor's connection until either end closes it.
pub(super) async fn converse(
    stream: TcpStream,
    visitor: SocketAddr,
    forwarder: Arc<Forwarder>,
    ends: Ends,
) {
    socket::prepare(&stream);
    let limits = forwarder.limits;
    let protocol = tokio::select! {
        protocol = timeout(limits.head, protocol_of(&stream)) => protocol,
        () = ends.stop.cancelled() => return,
    };
    // Who says nothing, or is gone, is owed nothing.
    let Ok(Ok(Some(protocol))) = protocol else {
        return;
    };
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    let service = service_fn(move |request| {
        asks.notify_one();
        let forwarder = Arc::clone(&forwarder);
        async move { Ok::<_, Infallible>(forwarder.forward(request, visitor).await) }
    });
    let stream = TokioIo::new(Patient::new(stream, limits.taking));
    match protocol {
        Protocol::Http1 => {
            let mut server = http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head)
                .max_buf_size(MAX_HEAD as usize);
            let connection = server.serve_connection(stream, service).with_upgrades();
            let finish = http1::UpgradeableConnection::graceful_shutdown;
            drive(connection, finish, (pending(), pending()), &ends).await;
        }
        Protocol::Http2 => {
            let streams = Streams::new(ends.running.clone(), limits.taking);
            let mut server = http2::Builder::new(streams.clone());
            server
                .timer(TokioTimer::new())
                .max_header_list_size(MAX_HEAD)
                .max_concurrent_streams(MAX_STREAMS)
                .keep_alive_interval(PING_EVERY)
                .keep_alive_timeout(PING_WITHIN);
            let connection = server.serve_connection(stream, service);
            let finish = http2::Connection::graceful_shutdown;
            let idle = (idle(&asked, limits.idle), streams.over());
            drive(connection, finish, idle, &ends).await;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// What the visitor speaks, by how he begins; nothing of it is taken. `None`: he has hung up.
async fn protocol_of(stream: &TcpStream) -> io::Result<Option<Protocol>> {
    let mut begin = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut begin).await?;
        match begin.get(..length) {
            None | Some([]) => return Ok(None),
            Some(begin) if !PREFACE.starts_with(begin) => return Ok(Some(Protocol::Http1)),
            Some(_) if length == PREFACE.len() => return Ok(Some(Protocol::Http2)),
            Some(_) => sleep(LOOK_AGAIN).await,
        }
    }
}

/// Returns when no request came for so long. One that goes on meanwhile is finished as at any end.
async fn idle(asked: &Notify, at_most: Duration) {
    while timeout(at_most, asked.notified()).await.is_ok() {}
}

/// Serves a connection until it ends by itself, or may not go on: then what is under way on it is
/// finished, as long as that is allowed, or until all `over` is that could be waited for.
async fn drive<C: Future>(
    connection: C,
    finish: impl FnOnce(Pin<&mut C>),
    (idle, over): (impl Future<Output = ()>, impl Future<Output = ()>),
    ends: &Ends,
) {
    tokio::pin!(connection);
    tokio::select! {
        // A visitor who hangs up is no failure of ours.
        _ = connection.as_mut() => return,
        () = ends.stop.cancelled() => {}
        () = idle => {}
    }
    finish(connection.as_mut());
    tokio::select! {
        _ = connection => {}
        () = over => {}
        () = ends.abandon.cancelled() => {}
    }
}
