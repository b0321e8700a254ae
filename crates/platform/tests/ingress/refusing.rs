//! What a visitor sees when no instance answers, and what ingress itself refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use hyper::body::Incoming;
use pilothouse::ingress::{Limits, Room};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::bench::{Bench, HOST, Instance, whole};

#[tokio::test]
async fn each_refusal_says_what_is_the_matter() {
    let (bench, absent) = (Bench::open().await, Instance::absent().await);
    let (status, page) = bench.get("/").await;
    assert!(
        status == 404 && page.contains("No service answers for this address"),
        "{page}"
    );
    bench.route(&[]);
    let (status, page) = bench.get("/").await;
    assert!(
        status == 503 && page.contains("no ready instance"),
        "{page}"
    );
    bench.route(&[&absent]);
    let (status, page) = bench.get("/").await;
    assert!(status == 502 && page.contains("did not answer"), "{page}");
}

#[tokio::test]
async fn a_service_that_hangs_is_refused_more_and_others_are_served() {
    const OF_SERVICE: usize = 64;
    let room = Room::within(1_024);
    let bench = Arc::new(Bench::of(Limits::default(), room).await);
    let silent = Instance::start(|_: Request<Incoming>| Box::pin(std::future::pending())).await;
    let well = Instance::saying("well").await;
    bench.route(&[&silent]);
    let other = vec!["other.example".to_owned()];
    bench.ingress.set("other", &other, vec![well.target()]);
    let mut waiting: Vec<_> = (0..OF_SERVICE)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.get("/hangs").await })
        })
        .collect();
    bench.busy(&silent, OF_SERVICE).await;
    let (status, page) = bench.get("/more").await;
    assert!(status == 503 && page.contains("Too busy"), "{page}");
    assert_eq!(bench.ask("other.example", "/").await.1, "well");
    // Who leaves makes room.
    waiting.pop().unwrap().abort();
    let left = bench.ingress.backend("shop", &silent.id()).unwrap();
    while left.in_flight() >= OF_SERVICE {
        tokio::task::yield_now().await;
    }
    let bench_too = Arc::clone(&bench);
    waiting.push(tokio::spawn(async move { bench_too.get("/fits").await }));
    bench.busy(&silent, OF_SERVICE).await;
    waiting.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn what_was_not_sent_goes_to_another_instance() {
    let echo = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            use http_body_util::BodyExt;
            Response::new(whole(
                request.into_body().collect().await.unwrap().to_bytes(),
            ))
        })
    });
    let (bench, echo, absent) = (Bench::open().await, echo.await, Instance::absent().await);
    bench.route(&[&absent, &echo]);
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    );
    for _ in 0..4 {
        assert_eq!(
            bench.raw(request.as_bytes()).await,
            (200, "hello".to_owned())
        );
    }
}

/// Counts the requests that an instance hangs up on.
async fn hanging_up(asked: &Arc<AtomicUsize>) -> Instance {
    let asked = Arc::clone(asked);
    Instance::accept(move |mut stream: TcpStream| {
        let asked = Arc::clone(&asked);
        async move {
            let mut head = [0; 1024];
            if stream.read(&mut head).await.unwrap() > 0 {
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await
}

#[tokio::test]
async fn what_may_have_happened_is_not_sent_again() {
    let asked = Arc::default();
    let (bench, instance) = (Bench::open().await, hanging_up(&asked).await);
    bench.route(&[&instance]);
    let post = format!(
        "POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(bench.raw(post.as_bytes()).await.0, 502);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // Asking for a page twice changes nothing.
    assert_eq!(bench.get("/").await.0, 502);
    assert!(asked.load(Ordering::SeqCst) > 2);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_fails_nobody() {
    // Promises to keep its connections, and closes each after one answer.
    let instance = Instance::accept(|mut stream: TcpStream| async move {
        use tokio::io::AsyncWriteExt;
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .await;
    })
    .await;
    let bench = Bench::open().await;
    bench.route(&[&instance]);
    for _ in 0..50 {
        assert_eq!(bench.get("/").await, (200, "ok".to_owned()));
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    let (bench, instance) = (Bench::open().await, Instance::saying("hello").await);
    bench.route(&[&instance]);
    let with = |size: usize| {
        let filler = "x".repeat(size);
        format!("GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\nx-filler: {filler}\r\n\r\n")
    };
    assert_eq!(bench.raw(with(30_000).as_bytes()).await.0, 200);
    let refused = bench.raw(with(1_000_000).as_bytes()).await.0;
    // 0: ingress hung up before the visitor, still sending, could read why.
    assert!(matches!(refused, 431 | 0), "{refused}");
}

#[tokio::test]
async fn what_is_no_request_harms_nobody() {
    let (bench, instance) = (Bench::open().await, Instance::saying("hello").await);
    bench.route(&[&instance]);
    let garbage: [&[u8]; 4] = [
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: \xff\r\nconnection: close\r\n\r\n",
        b"CONNECT shop.example:443 HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n",
    ];
    for bytes in garbage {
        let (status, _) = bench.raw(bytes).await;
        assert!((400..500).contains(&status), "{status} for {bytes:?}");
    }
    assert_eq!(bench.get("/").await.0, 200);
}
