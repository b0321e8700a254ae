//! Answers who comes in, each in the version of HTTP that he speaks, until asked to stop.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::taken::Taken;
use crate::patient::Patient;

/// Bytes of a request's head.
const MAX_HEAD: u32 = 64 * 1024;
/// Requests at the same time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 128;
/// How often an HTTP/2 connection is asked whether it lives, and how long that may take.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(20);

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a request's head, counted from when the connection is free for it.
    pub(super) head: Duration,
    /// For any of what is sent to be taken.
    pub(super) taking: Duration,
    /// For another request over HTTP/2.
    pub(super) idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            taking: Duration::from_secs(60),
            idle: Duration::from_secs(180),
        }
    }
}

/// A connection on which a version of HTTP was agreed on.
pub(crate) trait Spoken {
    /// Whether that is HTTP/2.
    fn is_http2(&self) -> bool;
}

impl Spoken for Patient<TcpStream> {
    /// Without TLS browsers speak HTTP/1.1 alone.
    fn is_http2(&self) -> bool {
        false
    }
}

/// Answers clients until asked to stop, and then finishes what they have asked for.
pub(super) async fn answer<L>(
    mut clients: L,
    limits: Limits,
    router: Router,
    stop: CancellationToken,
) where
    L: Listener<Addr = SocketAddr>,
    L::Io: Spoken,
{
    let running = TaskTracker::new();
    loop {
        let (stream, address) = tokio::select! {
            client = clients.accept() => client,
            () = stop.cancelled() => break,
        };
        let (router, stop) = (router.clone(), stop.clone());
        running.spawn(converse(stream, address, limits, router, stop));
    }
    drop(clients);
    running.close();
    running.wait().await;
}

async fn converse<C>(
    stream: C,
    address: SocketAddr,
    limits: Limits,
    router: Router,
    stop: CancellationToken,
) where
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + Spoken + Send + Unpin + 'static,
{
    let is_http2 = stream.is_http2();
    let asked = Arc::new(Notify::new());
    let asks = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Incoming>| {
        asks.notify_one();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        let answered = router.clone().oneshot(request);
        async move {
            let response = answered.await?;
            if !is_http2 {
                return Ok(response);
            }
            let taken = |body| Body::new(Taken::within(limits.taking, body));
            Ok::<_, std::convert::Infallible>(response.map(taken))
        }
    });
    let stream = TokioIo::new(stream);
    if is_http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEAD)
            .max_concurrent_streams(MAX_STREAMS)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WITHIN);
        let connection = server.serve_connection(stream, service);
        let finish = http2::Connection::graceful_shutdown;
        drive(connection, finish, idle(&asked, limits.idle), &stop).await;
    } else {
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(MAX_HEAD as usize);
        let connection = server.serve_connection(stream, service);
        let finish = http1::Connection::graceful_shutdown;
        drive(connection, finish, pending(), &stop).await;
    }
}

/// Returns when no request came for so long. One that goes on meanwhile is finished as at any end.
async fn idle(asked: &Notify, at_most: Duration) {
    while timeout(at_most, asked.notified()).await.is_ok() {}
}

/// Serves a connection until it ends by itself, or may not go on: then what is under way on it is
/// finished.
async fn drive<C: Future>(
    connection: C,
    finish: impl FnOnce(Pin<&mut C>),
    idle: impl Future<Output = ()>,
    stop: &CancellationToken,
) {
    tokio::pin!(connection);
    tokio::select! {
        // A client who hangs up is no failure of ours.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => {}
        () = idle => {}
    }
    finish(connection.as_mut());
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use bytes::Bytes;
    use http::Response;
    use http_body_util::{BodyExt, Empty, StreamBody};
    use hyper::body::Frame;
    use hyper::client::conn::http2::handshake;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;
    use tokio::time::{Instant, sleep};

    use super::super::Clients;
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_secs(1);
    const LARGE: usize = 32 * 1024 * 1024;

    impl Spoken for DuplexStream {
        fn is_http2(&self) -> bool {
            true
        }
    }

    /// An answer that says when it is not held any more.
    struct Told(Vec<u8>, mpsc::UnboundedSender<()>);

    impl AsRef<[u8]> for Told {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.1.send(());
        }
    }

    fn limits() -> Limits {
        Limits {
            taking: SHORT,
            ..Limits::default()
        }
    }

    /// A large answer, and who tells that it is not held any more.
    fn large() -> (Router, mpsc::UnboundedReceiver<()>) {
        let (dropped, drops) = mpsc::unbounded_channel();
        let large = move || {
            let told = Told(vec![b'x'; LARGE], dropped.clone());
            async { Bytes::from_owner(told) }
        };
        (Router::new().route("/", get(large)), drops)
    }

    async fn plain(limits: Limits, router: Router) -> TcpStream {
        let clients = Clients {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            limits,
        };
        let address = clients.local_addr().unwrap();
        tokio::spawn(answer(clients, limits, router, CancellationToken::new()));
        TcpStream::connect(address).await.unwrap()
    }

    /// Asks over HTTP/2, and takes nothing of the answer's body yet.
    async fn ask(router: Router) -> Response<Incoming> {
        let (near, far) = duplex(64 * 1024);
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let stop = CancellationToken::new();
        tokio::spawn(converse(far, address, limits(), router, stop));
        let (mut sender, driver) = handshake(TokioExecutor::new(), TokioIo::new(near))
            .await
            .unwrap();
        tokio::spawn(driver);
        let request = Request::get("http://x/").body(Empty::<Bytes>::new());
        sender.send_request(request.unwrap()).await.unwrap()
    }

    async fn is_let_go(drops: &mut mpsc::UnboundedReceiver<()>, begun: Instant) {
        timeout(LONG, drops.recv()).await.unwrap().unwrap();
        assert!(begun.elapsed() >= SHORT);
    }

    #[tokio::test]
    async fn an_answer_is_held_until_it_is_taken_or_its_client_is_left() {
        let (router, mut drops) = large();
        let begun = Instant::now();
        let mut client = plain(limits(), router).await;
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        // Takes nothing at all.
        is_let_go(&mut drops, begun).await;
    }

    #[tokio::test]
    async fn so_it_is_over_http2_where_the_connection_lives_on() {
        let (router, mut drops) = large();
        let begun = Instant::now();
        let answer = ask(router).await;
        is_let_go(&mut drops, begun).await;
        // Not all of it came, and nobody says that it did.
        answer.into_body().collect().await.unwrap_err();
    }

    #[tokio::test]
    async fn who_takes_it_over_http2_gets_all() {
        let (router, mut drops) = large();
        let answer = ask(router).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.len(), LARGE);
        timeout(LONG, drops.recv()).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_is_waited_for_is_not_let_go() {
        let late = || async {
            let parts = futures_util::stream::unfold(0, |sent| async move {
                sleep(SHORT * 2).await;
                let part = Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"late")));
                (sent < 2).then_some((part, sent + 1))
            });
            Body::new(StreamBody::new(parts))
        };
        let answer = ask(Router::new().route("/", get(late))).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "latelate");
    }

    #[tokio::test]
    async fn who_does_not_say_what_he_wants_is_left() {
        let limits = Limits {
            head: SHORT,
            ..limits()
        };
        let mut client = plain(limits, Router::new()).await;
        client.write_all(b"GET / HT").await.unwrap();
        let mut read = Vec::new();
        let ended = timeout(LONG, client.read_to_end(&mut read)).await;
        let _ = ended.expect("it was never left");
    }
}
