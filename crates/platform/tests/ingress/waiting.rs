//! Visitors and instances that let others wait: each is given up, and what was asked is noted once.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pilothouse::ingress::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::bench::{Bench, HOST, Instance, PATIENCE, whole};

/// What is waited for in vain.
const SHORT: Duration = Duration::from_millis(300);

/// Reads until ingress hangs up: what it said, and how long that took.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let (begun, mut said) = (Instant::now(), Vec::new());
    // A reset is an end as well.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut said))
        .await
        .unwrap();
    (String::from_utf8(said).unwrap(), begun.elapsed())
}

async fn impatient(change: impl FnOnce(&mut Limits)) -> Bench {
    let mut limits = Limits::default();
    change(&mut limits);
    Bench::with(limits).await
}

#[tokio::test]
async fn a_visitor_without_a_whole_request_is_hung_up_on() {
    let bench = impatient(|limits| limits.head = SHORT).await;
    let instance = Instance::saying("hello").await;
    bench.route(&[&instance]);
    let whole = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    let begins = [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nhost:",
        &whole,
    ];
    for begin in begins {
        let mut stream = TcpStream::connect(bench.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let (said, after) = until_closed(&mut stream).await;
        assert!(after >= SHORT / 2 && after < PATIENCE, "{begin}: {after:?}");
        assert_eq!(said.contains("hello"), begin == whole, "{begin}: {said}");
    }
    assert_eq!(bench.visit().await.row.status, 200);
    assert!(bench.is_all_told().await);
}

#[tokio::test]
async fn an_idle_visitor_of_http_2_is_told_to_go() {
    let bench = impatient(|limits| limits.idle = SHORT).await;
    let instance = Instance::saying("hello").await;
    bench.route(&[&instance]);
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let begun = Instant::now();
    // As long as it asks it may stay.
    while begun.elapsed() < SHORT * 3 {
        let request = Request::get(format!("http://{HOST}/"));
        let answer = sender
            .send_request(request.body(Empty::<Bytes>::new()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        sleep(SHORT / 3).await;
    }
    let ended = timeout(PATIENCE, connection).await.unwrap().unwrap();
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn a_visitor_who_takes_nothing_holds_no_instance() {
    let bench = impatient(|limits| limits.taking = SHORT).await;
    let endless = Instance::start(|_: Request<Incoming>| {
        Box::pin(async {
            let chunk = || async { Ok(Frame::data(Bytes::from(vec![b'x'; 64 * 1024]))) };
            let chunks = stream::unfold((), move |()| async move { Some((chunk().await, ())) });
            Response::new(BodyExt::boxed(StreamBody::new(Box::pin(chunks))))
        })
    })
    .await;
    bench.route(&[&endless]);
    let mut stream = TcpStream::connect(bench.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let row = bench.visit().await.row;
    assert_eq!(row.status, 200);
    assert!(row.bytes_out > 0, "{row:?}");
    let backend = bench.ingress.backend("shop", &endless.id()).unwrap();
    assert_eq!(backend.in_flight(), 0);
}

/// A visitor of HTTP/2 who says how many bytes of each answer he takes.
async fn taking(bench: &Bench, window: u32) -> (SendRequest<Empty<Bytes>>, Talk) {
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let mut visitor = http2::Builder::new(TokioExecutor::new());
    visitor.initial_stream_window_size(window);
    let (sender, connection) = visitor.handshake(TokioIo::new(stream)).await.unwrap();
    (sender, tokio::spawn(connection))
}

type Talk = tokio::task::JoinHandle<hyper::Result<()>>;

fn asking(method: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method);
    let request = request.uri(format!("http://{HOST}/"));
    request.body(Empty::new()).unwrap()
}

#[tokio::test]
async fn a_visitor_of_http_2_without_a_window_holds_no_instance() {
    let bench = impatient(|limits| limits.taking = SHORT).await;
    let instance = Instance::saying("hello").await;
    bench.route(&[&instance]);
    let backend = bench.ingress.backend("shop", &instance.id()).unwrap();
    let (mut visitor, _talk) = taking(&bench, 0).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let answer = visitor.send_request(asking("GET")).await.unwrap();
        assert_eq!(answer.status(), 200);
        answers.push(answer);
    }
    for answer in answers {
        let row = bench.visit().await.row;
        assert_eq!(row.status, 200);
        let ended = timeout(PATIENCE, answer.into_body().collect()).await;
        assert!(ended.unwrap().is_err());
    }
    assert_eq!(backend.in_flight(), 0);
    // What has no body needs no window, and the connection lives.
    let answer = visitor.send_request(asking("HEAD")).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_visitor_of_http_2_who_takes_a_little_now_and_then_gets_all() {
    let bench = impatient(|limits| limits.taking = SHORT).await;
    let instance = Instance::start(|_: Request<Incoming>| {
        Box::pin(async {
            let chunks = stream::unfold(0, |sent| async move {
                // Nothing to take is no fault of the visitor.
                sleep(SHORT * if sent == 0 { 2 } else { 0 }).await;
                (sent < 10).then(|| (Ok(Frame::data(Bytes::from("0123456789"))), sent + 1))
            });
            Response::new(BodyExt::boxed(StreamBody::new(Box::pin(chunks))))
        })
    })
    .await;
    bench.route(&[&instance]);
    let (mut visitor, _talk) = taking(&bench, 10).await;
    let answer = visitor.send_request(asking("GET")).await.unwrap();
    let (mut body, mut got) = (answer.into_body(), 0);
    while let Some(frame) = body.frame().await {
        got += frame.unwrap().data_ref().map_or(0, Bytes::len);
        sleep(SHORT / 3).await;
    }
    assert_eq!(got, 100);
    assert_eq!(bench.visit().await.row.bytes_out, 100);
}

#[tokio::test]
async fn an_idle_visitor_of_http_2_who_never_takes_the_rest_is_hung_up_on() {
    let bench = impatient(|limits| (limits.idle, limits.taking) = (SHORT, SHORT)).await;
    let instance = Instance::saying("hello").await;
    bench.route(&[&instance]);
    // The first byte lets all of it go, as far as the instance is concerned.
    let (mut visitor, talk) = taking(&bench, 1).await;
    let _answer = visitor.send_request(asking("GET")).await.unwrap();
    let row = bench.visit().await.row;
    assert_eq!((row.status, row.bytes_out), (200, 5));
    // However it ends.
    let _ = timeout(PATIENCE, talk).await.unwrap().unwrap();
}

/// Takes a request in, and never answers.
async fn silent() -> Instance {
    Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let _ = request.into_body().collect().await;
            std::future::pending().await
        })
    })
    .await
}

#[tokio::test]
async fn an_instance_that_does_not_answer_is_given_up() {
    let bench = impatient(|limits| limits.answer = SHORT).await;
    let silent = silent().await;
    bench.route(&[&silent]);
    let (status, page) = bench.get("/never").await;
    assert!(status == 504 && page.contains("took too long"), "{page}");
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/never", 504));
    assert!(row.duration_ms >= SHORT.as_secs_f64() * 1_000.0, "{row:?}");
    assert!(bench.is_all_told().await);
}

#[tokio::test]
async fn a_visitor_who_stops_in_the_middle_of_a_body_is_told_so() {
    let bench = impatient(|limits| limits.answer = SHORT).await;
    let silent = silent().await;
    bench.route(&[&silent]);
    let request = format!("POST /half HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 10\r\n\r\nhalf");
    let (status, page) = bench.raw(request.as_bytes()).await;
    assert!(status == 408 && page.contains("Send it again"), "{page}");
    let row = bench.visit().await.row;
    assert_eq!((row.path.as_str(), row.status), ("/half", 408));
}

#[tokio::test]
async fn an_instance_that_stops_in_the_middle_of_an_answer_is_given_up() {
    let bench = impatient(|limits| limits.silence = SHORT).await;
    let stopping = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let goes_on = request.uri().path() == "/on";
            let chunks = stream::unfold(0, move |sent| async move {
                if sent > 0 {
                    sleep(SHORT / 3).await;
                }
                if sent > 0 && !goes_on {
                    std::future::pending::<()>().await;
                }
                (sent < 6).then(|| (Ok(Frame::data(Bytes::from("some "))), sent + 1))
            });
            Response::new(BodyExt::boxed(StreamBody::new(Box::pin(chunks))))
        })
    })
    .await;
    bench.route(&[&stopping]);
    let (status, said) = bench.get("/on").await;
    assert_eq!((status, said.matches("some").count()), (200, 6));
    let (status, said) = bench.get("/stops").await;
    assert_eq!((status, said.matches("some").count()), (200, 1));
    let rows = [bench.visit().await.row, bench.visit().await.row];
    assert_eq!(rows.each_ref().map(|row| row.bytes_out), [30, 5]);
    let backend = bench.ingress.backend("shop", &stopping.id()).unwrap();
    assert_eq!(backend.in_flight(), 0);
}

#[tokio::test]
async fn a_request_that_still_comes_is_waited_for() {
    let bench = impatient(|limits| limits.answer = SHORT).await;
    let counting = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Response::new(whole(body.len().to_string()))
        })
    })
    .await;
    bench.route(&[&counting]);
    let mut stream = TcpStream::connect(bench.address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 10\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        sleep(SHORT / 3).await;
        stream.write_all(b"x").await.unwrap();
    }
    let (said, _) = until_closed(&mut stream).await;
    assert!(
        said.starts_with("HTTP/1.1 200") && said.ends_with("10"),
        "{said}"
    );
    assert_eq!(bench.visit().await.row.bytes_in, 10);
}

#[tokio::test]
async fn what_does_not_end_in_time_is_noted_at_the_end() {
    let bench = impatient(|limits| limits.finish = SHORT).await;
    let switching = Instance::start(|mut request: Request<Incoming>| {
        Box::pin(async move {
            if request.uri().path() == "/never" {
                return std::future::pending().await;
            }
            tokio::spawn(async move {
                let mut stream = TokioIo::new(hyper::upgrade::on(&mut request).await.unwrap());
                stream.write_all(b"hello").await.unwrap();
                let _ = stream.read(&mut [0]).await;
            });
            let switching = Response::builder().status(101);
            let switching = switching
                .header("connection", "upgrade")
                .header("upgrade", "say");
            switching.body(whole("")).unwrap()
        })
    })
    .await;
    bench.route(&[&switching]);
    let mut never = TcpStream::connect(bench.address).await.unwrap();
    let head = format!("GET /never HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    never.write_all(head.as_bytes()).await.unwrap();
    let mut talk = TcpStream::connect(bench.address).await.unwrap();
    let head = format!(
        "GET /talk HTTP/1.1\r\nhost: {HOST}\r\nconnection: upgrade\r\nupgrade: say\r\n\r\n"
    );
    talk.write_all(head.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"hello") {
        assert_ne!(talk.read_buf(&mut said).await.unwrap(), 0);
    }
    bench.busy(&switching, 2).await;
    bench.stop.cancel();
    let mut rows = [bench.visit().await.row, bench.visit().await.row];
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    let told = rows
        .each_ref()
        .map(|row| (row.path.as_str(), row.status, row.bytes_out));
    assert_eq!(told, [("/never", 499, 0), ("/talk", 101, 5)]);
    timeout(PATIENCE, bench.serving).await.unwrap().unwrap();
}
