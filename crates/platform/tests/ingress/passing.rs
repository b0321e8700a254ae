//! What passes through ingress: requests in turn, streams both ways, other protocols, headers.

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::bench::{Bench, HOST, Instance, whole};

#[tokio::test]
async fn instances_take_turns() {
    let (bench, one, two) = (
        Bench::open().await,
        Instance::saying("one").await,
        Instance::saying("two").await,
    );
    bench.route(&[&one, &two]);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(bench.get("/").await);
    }
    let expected = ["one", "two", "one", "two"].map(|text| (200, text.to_owned()));
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn a_wildcard_answers_for_every_label() {
    let (bench, instance) = (Bench::open().await, Instance::saying("hello").await);
    let backends = vec![instance.target()];
    bench
        .ingress
        .set("shop", &["*.shop.example".to_owned()], backends);
    assert_eq!(bench.ask("EU.shop.example:7080", "/").await.0, 200);
    assert_eq!(bench.ask("shop.example", "/").await.0, 404);
}

#[tokio::test]
async fn the_instance_learns_who_asked_for_what() {
    let echo = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let mut text = format!("{} {}\n", request.method(), request.uri());
            for (name, value) in request.headers() {
                text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
            }
            Response::new(whole(text))
        })
    })
    .await;
    let bench = Bench::open().await;
    bench.route(&[&echo]);
    let request = b"GET /a?b=c HTTP/1.1\r\nhost: shop.example:7080\r\nx-forwarded-for: 6.6.6.6\r\n\
        x-forwarded-proto: https\r\nconnection: close, x-hop\r\nx-hop: 1\r\nx-own: 1\r\n\r\n";
    let (status, seen) = bench.raw(request).await;
    assert_eq!(status, 200);
    let has = |line: &str| seen.lines().any(|seen| seen == line);
    let expected = [
        "GET /a?b=c",
        "host: shop.example:7080",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: shop.example:7080",
        "x-forwarded-proto: http",
        "x-own: 1",
    ];
    for line in expected {
        assert!(has(line), "{line} is missing in\n{seen}");
    }
    assert!(
        seen.contains("x-request-id: ") && !seen.contains("x-hop"),
        "{seen}"
    );
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    // Answers each chunk as soon as it is there.
    let echo = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let chunks = stream::unfold(request.into_body(), async |mut body| {
                let chunk = body.frame().await?.unwrap().into_data().unwrap();
                Some((Ok(Frame::data(chunk)), body))
            });
            Response::new(BodyExt::boxed(StreamBody::new(chunks)))
        })
    });
    let (bench, echo) = (Bench::open().await, echo.await);
    bench.route(&[&echo]);
    let mut stream = BufReader::new(TcpStream::connect(bench.address).await.unwrap());
    let head = format!("POST / HTTP/1.1\r\nhost: {HOST}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    for word in ["first\n", "second\n"] {
        let chunk = format!("{:x}\r\n{word}\r\n", word.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        // The next word is sent only when this one has come back.
        while line != word {
            line.clear();
            assert_ne!(
                stream.read_line(&mut line).await.unwrap(),
                0,
                "ended before {word}"
            );
        }
    }
    let backend = bench.ingress.backend("shop", &echo.id()).unwrap();
    assert_eq!(backend.in_flight(), 1);
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    while line != "0\r\n" {
        line.clear();
        assert_ne!(
            stream.read_line(&mut line).await.unwrap(),
            0,
            "ended without an end"
        );
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let counting = Instance::start(|request: Request<Incoming>| {
        Box::pin(async move {
            let bytes = request.into_body().collect().await.unwrap().to_bytes();
            Response::new(whole(Bytes::from(vec![b'x'; bytes.len()])))
        })
    });
    let (bench, counting) = (Bench::open().await, counting.await);
    bench.route(&[&counting]);
    const SIZE: usize = 20 * 1024 * 1024;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {SIZE}\r\nconnection: close\r\n\r\n"
    );
    let request = [head.as_bytes(), &vec![b'y'; SIZE]].concat();
    let (status, body) = bench.raw(&request).await;
    assert_eq!((status, body.len()), (200, SIZE));
}

#[tokio::test]
async fn another_protocol_passes_through() {
    let shouting = Instance::start(|mut request: Request<Incoming>| {
        Box::pin(async move {
            tokio::spawn(async move {
                let mut stream = TokioIo::new(hyper::upgrade::on(&mut request).await.unwrap());
                let mut word = [0; 5];
                while stream.read_exact(&mut word).await.is_ok() {
                    word.make_ascii_uppercase();
                    stream.write_all(&word).await.unwrap();
                }
            });
            let mut response = Response::new(whole(""));
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response
                .headers_mut()
                .insert("connection", "upgrade".parse().unwrap());
            response
                .headers_mut()
                .insert("upgrade", "shout".parse().unwrap());
            response
        })
    });
    let (bench, shouting) = (Bench::open().await, shouting.await);
    bench.route(&[&shouting]);
    let mut stream = BufReader::new(TcpStream::connect(bench.address).await.unwrap());
    let head =
        format!("GET / HTTP/1.1\r\nhost: {HOST}\r\nconnection: Upgrade\r\nupgrade: shout\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("HTTP/1.1 101"), "{line}");
    while line != "\r\n" {
        line.clear();
        assert_ne!(stream.read_line(&mut line).await.unwrap(), 0);
    }
    for _ in 0..2 {
        stream.write_all(b"hello").await.unwrap();
        let mut word = [0; 5];
        stream.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"HELLO");
    }
    let backend = bench.ingress.backend("shop", &shouting.id()).unwrap();
    assert_eq!(backend.in_flight(), 1);
}
