//! Connections to instances: one is used again and again, and none is kept for nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use pilothouse::ingress::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::bench::{Bench, Body, HOST, Instance, PATIENCE, whole};

/// An instance that answers with as much as it was sent, and counts its connections as they come and
/// as they go.
async fn counting(has_length: bool) -> (Instance, Arc<AtomicUsize>, mpsc::Receiver<()>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let (close, closed) = mpsc::channel(8);
    let counted = Arc::clone(&opened);
    let instance = Instance::accept(move |stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let close = close.clone();
        let service = service_fn(move |request: Request<Incoming>| async move {
            let sent = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(Response::new(body(sent, has_length)))
        });
        async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
            let _ = close.send(()).await;
        }
    });
    (instance.await, opened, closed)
}

fn body(bytes: Bytes, has_length: bool) -> Body {
    if has_length {
        return whole(bytes);
    }
    let parts = stream::iter([Ok(Frame::data(bytes)), Ok(Frame::data(Bytes::from("!")))]);
    StreamBody::new(parts).boxed()
}

#[tokio::test]
async fn one_connection_serves_one_request_of_a_visitor_after_the_other() {
    for has_length in [true, false] {
        let bench = Bench::open().await;
        let (instance, opened, _closed) = counting(has_length).await;
        bench.route(&[&instance]);
        let visitor = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        for body in ["", "hello", "", "again"] {
            let request = Request::post(format!("http://{}/", bench.address)).header("host", HOST);
            let asked = visitor.request(request.body(Full::from(body)).unwrap());
            let answer = timeout(PATIENCE, asked).await.unwrap().unwrap();
            let answer = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(answer.starts_with(body.as_bytes()), "{answer:?}");
        }
        assert_eq!(opened.load(Ordering::SeqCst), 1, "length: {has_length}");
    }
}

#[tokio::test]
async fn what_nobody_needs_is_closed() {
    let kept = Duration::from_millis(100);
    let bench = Bench::with(Limits {
        kept,
        ..Limits::default()
    });
    let (bench, (instance, opened, mut closed)) = (bench.await, counting(true).await);
    bench.route(&[&instance]);
    assert_eq!(bench.get("/").await.0, 200);
    timeout(PATIENCE, closed.recv()).await.unwrap().unwrap();
    assert_eq!(bench.get("/").await.0, 200);
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_is_too_old_is_not_used() {
    let kept = Duration::from_millis(400);
    let limits = Limits {
        kept,
        ..Limits::default()
    };
    let (bench, (instance, opened, _closed)) = (Bench::with(limits).await, counting(true).await);
    bench.route(&[&instance]);
    let visitor = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let asks = async || {
        let request = Request::post(format!("http://{}/", bench.address)).header("host", HOST);
        let asked = visitor.request(request.body(Full::from("hello")).unwrap());
        let answer = timeout(PATIENCE, asked).await.unwrap().unwrap();
        answer.into_body().collect().await.unwrap();
    };
    // Wherever between two sweeps it begins.
    for round in 1..=4 {
        asks().await;
        assert_eq!(opened.load(Ordering::SeqCst), round);
        sleep(kept + kept / 4).await;
    }
}

/// Takes a request slowly, after it has answered.
async fn answering_first(taken: mpsc::Sender<usize>) -> Instance {
    Instance::accept(move |stream| {
        let taken = taken.clone();
        async move {
            let (mut visitor, mut answer) = stream.into_split();
            let mut held = vec![0; 1_024];
            let mut read = visitor.read(&mut held).await.unwrap();
            sleep(Duration::from_millis(100)).await;
            let said = answer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
            said.await.unwrap();
            sleep(Duration::from_millis(100)).await;
            while let Ok(more @ 1..) = visitor.read(&mut held).await {
                read += more;
            }
            let _ = taken.send(read).await;
        }
    })
    .await
}

#[tokio::test]
async fn all_of_a_request_is_sent_though_its_answer_came_first() {
    const SENT: usize = 6_000_000;
    let (taken, mut told) = mpsc::channel(1);
    let (bench, instance) = (Bench::open().await, answering_first(taken).await);
    bench.route(&[&instance]);
    let mut visitor = TcpStream::connect(bench.address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {SENT}\r\n\r\n");
    visitor.write_all(head.as_bytes()).await.unwrap();
    visitor.write_all(&vec![b'v'; SENT]).await.unwrap();
    let read = timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
    assert!(read > SENT, "{read}");
}

/// More than sockets hold.
const MUCH: usize = 16 * 1024 * 1024;

/// An instance that sends and takes at the same time: each side as much as there is.
async fn sending_while_taking() -> Instance {
    Instance::accept(|stream| async move {
        let (mut visitor, mut answer) = stream.into_split();
        let sends = tokio::spawn(async move {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {MUCH}\r\n\r\n");
            answer.write_all(head.as_bytes()).await.unwrap();
            answer.write_all(&vec![b'a'; MUCH]).await.unwrap();
            answer
        });
        let mut taken = vec![0; 64 * 1024];
        while matches!(visitor.read(&mut taken).await, Ok(read) if read > 0) {}
        let _ = sends.await;
    })
    .await
}

#[tokio::test]
async fn a_visitor_may_send_all_before_he_takes_anything() {
    let (bench, instance) = (Bench::open().await, sending_while_taking().await);
    bench.route(&[&instance]);
    let mut visitor = TcpStream::connect(bench.address).await.unwrap();
    let talk = async {
        let head = format!("POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {MUCH}\r\n\r\n");
        visitor.write_all(head.as_bytes()).await.unwrap();
        visitor.write_all(&vec![b'v'; MUCH]).await.unwrap();
        let mut taken = Vec::with_capacity(MUCH);
        while taken.len() < MUCH {
            assert_ne!(visitor.read_buf(&mut taken).await.unwrap(), 0);
        }
    };
    timeout(PATIENCE, talk).await.unwrap();
}
