//! What ingress notes of the requests that pass through it: each for a service once.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bench::{Bench, HOST, Instance, whole};

/// Answers with what it was sent, twice.
async fn doubling() -> Instance {
    Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Response::new(whole([&body[..], &body[..]].concat()))
        })
    })
    .await
}

#[tokio::test]
async fn a_request_is_noted_with_what_it_asked_and_what_it_got() {
    let (bench, instance) = (Bench::open().await, doubling().await);
    bench.route(&[&instance]);
    let request = format!(
        "POST /a/b?c=d HTTP/1.1\r\nhost: {HOST}:7080\r\ncontent-length: 5\r\n\
         x-request-id: mine\r\nconnection: close\r\n\r\nhello"
    );
    assert_eq!(
        bench.raw(request.as_bytes()).await,
        (200, "hellohello".to_owned())
    );
    let visit = bench.visit().await;
    assert_eq!(&*visit.service_id, "shop");
    let row = visit.row;
    assert_eq!(
        (row.method.as_str(), row.path.as_str(), row.status),
        ("POST", "/a/b?c=d", 200)
    );
    assert_eq!(
        (row.host.as_str(), row.client.as_str()),
        ("shop.example:7080", "127.0.0.1")
    );
    assert_eq!((row.bytes_in, row.bytes_out), (5, 10));
    assert_eq!(
        (row.instance.as_str(), row.request_id.as_str()),
        ("web.0", "mine")
    );
    assert!(
        row.duration_ms > 0.0 && row.duration_ms < 10_000.0,
        "{}",
        row.duration_ms
    );
    assert!(bench.is_all_told().await);
}

#[tokio::test]
async fn what_no_instance_answered_is_noted_too_and_strangers_are_not() {
    let (bench, absent) = (Bench::open().await, Instance::absent().await);
    assert_eq!(bench.ask("nobody.example", "/").await.0, 404);
    bench.route(&[]);
    bench.get("/down").await;
    bench.route(&[&absent]);
    bench.get("/gone").await;
    for expected in [("/down", 503), ("/gone", 502)] {
        let row = bench.visit().await.row;
        assert_eq!((row.path.as_str(), row.status), expected);
        assert!(row.instance.is_empty() && row.bytes_out > 100, "{row:?}");
    }
    assert!(bench.is_all_told().await);
}

#[tokio::test]
async fn who_leaves_before_the_answer_is_noted_as_such() {
    let bench = Bench::open().await;
    let (asked, mut is_asked) = tokio::sync::mpsc::channel(1);
    let silent = Instance::start(move |_| {
        let asked = asked.clone();
        Box::pin(async move {
            let _ = asked.send(()).await;
            std::future::pending().await
        })
    })
    .await;
    bench.route(&[&silent]);
    let mut visitor = TcpStream::connect(bench.address).await.unwrap();
    let head = format!("GET /never HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    visitor.write_all(head.as_bytes()).await.unwrap();
    is_asked.recv().await.unwrap();
    drop(visitor);
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/never", 499));
}

/// Takes what it is sent, and answers when all is there.
async fn taking() -> Instance {
    Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let taken = request.into_body().collect().await;
            let status = if taken.is_ok() { 200 } else { 500 };
            let answer = Response::builder().status(status);
            answer.body(whole("taken")).unwrap()
        })
    })
    .await
}

#[tokio::test]
async fn who_leaves_in_the_middle_of_a_body_is_no_fault_of_the_service() {
    let (bench, instance) = (Bench::open().await, taking().await);
    bench.route(&[&instance]);
    for framing in ["content-length: 10", "transfer-encoding: chunked"] {
        let mut visitor = TcpStream::connect(bench.address).await.unwrap();
        let begin = format!("POST /left HTTP/1.1\r\nhost: {HOST}\r\n{framing}\r\n\r\n5\r\nhe");
        visitor.write_all(begin.as_bytes()).await.unwrap();
        bench.busy(&instance, 1).await;
        drop(visitor);
        let row = bench.visit().await.row;
        assert_eq!((row.path.as_str(), row.status), ("/left", 499), "{framing}");
    }
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = shaken.await.unwrap();
    let talk = tokio::spawn(connection);
    let frames = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from("he")))]);
    let unended = frames.chain(futures_util::stream::pending());
    let request = Request::post(format!("http://{HOST}/reset"));
    let request = request.body(StreamBody::new(unended)).unwrap();
    let asked = tokio::spawn(sender.send_request(request));
    bench.busy(&instance, 1).await;
    asked.abort();
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/reset", 499));
    talk.abort();
    assert!(bench.is_all_told().await);
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_refused() {
    let (bench, instance) = (Bench::open().await, taking().await);
    bench.route(&[&instance]);
    let request = format!(
        "POST /odd HTTP/1.1\r\nhost: {HOST}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nnine\r\n"
    );
    assert_eq!(bench.raw(request.as_bytes()).await.0, 400);
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/odd", 400));
    assert_eq!(bench.get("/").await, (200, "taken".to_owned()));
}

#[tokio::test]
async fn a_stream_is_noted_when_it_ends_with_all_that_was_sent() {
    let (bench, instance) = (
        Bench::open().await,
        Instance::start(|mut request| {
            Box::pin(async move {
                let upgrade = hyper::upgrade::on(&mut request);
                tokio::spawn(async move {
                    let mut stream = TokioIo::new(upgrade.await.unwrap());
                    let mut got = [0; 4];
                    stream.read_exact(&mut got).await.unwrap();
                    stream.write_all(b"pong pong").await.unwrap();
                });
                let switching = Response::builder().status(101);
                let switching = switching
                    .header("connection", "upgrade")
                    .header("upgrade", "ping");
                switching.body(whole("")).unwrap()
            })
        })
        .await,
    );
    bench.route(&[&instance]);
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: {HOST}\r\nconnection: upgrade\r\nupgrade: ping\r\n\r\nping"
    );
    let (status, _) = bench.raw(request.as_bytes()).await;
    assert_eq!(status, 101);
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/ws", 101));
    assert_eq!((row.bytes_in, row.bytes_out), (4, 9));
}

#[tokio::test]
async fn http_2_passes_many_requests_on_one_connection() {
    let (bench, instance) = (Bench::open().await, doubling().await);
    bench.route(&[&instance]);
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let asked = (0..50).map(|number| {
        let mut sender = sender.clone();
        async move {
            let request = Request::post(format!("http://{HOST}/number/{number}"))
                .header("cookie", "a=1")
                .header("cookie", "b=2")
                .body(whole(number.to_string()))
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, format!("{number}{number}"));
        }
    });
    futures_util::future::join_all(asked).await;
    let mut paths = Vec::new();
    for _ in 0..50 {
        let row = bench.visit().await.row;
        assert_eq!((row.status, row.host.as_str()), (200, HOST));
        paths.push(row.path);
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 50);
}

#[tokio::test]
async fn a_path_of_any_length_is_one_row() {
    let (bench, instance) = (Bench::open().await, Instance::saying("hello").await);
    bench.route(&[&instance]);
    let long = format!("/{}", "x".repeat(20_000));
    assert_eq!(bench.get(&long).await.0, 200);
    let told = tokio::time::timeout(Duration::from_secs(10), bench.visit()).await;
    assert_eq!(told.unwrap().row.path.len(), 4 * 1024);
}
