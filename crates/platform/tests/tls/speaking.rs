//! What is spoken, and that nobody holds up another.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::client::{agreed, ask, connect, request};
use crate::serving::{Issued, PATIENCE, Serving, command};

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_kept_to_tls() {
    let issued = Issued::new();
    let serving = Serving::start(&issued);
    let address = serving.address();
    for (offered, spoken) in [
        (&["h2", "http/1.1"][..], "h2"),
        (&["http/1.1"], "http/1.1"),
        (&[], ""),
    ] {
        let stream = connect(&address, &issued.der(), offered).await.unwrap();
        assert_eq!(agreed(&stream), spoken);
        let get = request(&address, spoken, "GET", "/api/v1/meta");
        let got = ask(stream, get.body(Full::default()).unwrap()).await;
        assert_eq!(got.status, 200, "{got:?}");
        assert!(got.headers.contains_key("strict-transport-security"));
        let stream = connect(&address, &issued.der(), offered).await.unwrap();
        let body = json!({"key": serving.key()}).to_string();
        let post = request(&address, spoken, "POST", "/api/v1/auth/session")
            .header("content-type", "application/json")
            .header("origin", format!("https://{address}"))
            .body(Full::new(Bytes::from(body)));
        let got = ask(stream, post.unwrap()).await;
        assert_eq!(got.status, 201, "{got:?}");
        let cookie = got.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; Secure"), "{cookie}");
        let stream = connect(&address, &issued.der(), offered).await.unwrap();
        let foreign = request(&address, spoken, "POST", "/api/v1/auth/session")
            .header("origin", "https://evil.example");
        let got = ask(stream, foreign.body(Full::default()).unwrap()).await;
        assert_eq!(got.status, 403, "{got:?}");
    }
    let mut plain = TcpStream::connect(&address).await.unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut read = Vec::new();
    let _ = plain.read_to_end(&mut read).await;
    assert!(!String::from_utf8_lossy(&read).contains("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_does_not_finish_a_handshake_holds_up_nobody_and_is_left() {
    let issued = Issued::new();
    let serving = Serving::start(&issued);
    let address = serving.address();
    let mut idle = Vec::new();
    let begun = Instant::now();
    for index in 0..100 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        if index % 2 == 0 {
            // The beginning of a greeting.
            stream.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
        }
        idle.push(stream);
    }
    let trusted = issued.der();
    let stream = connect(&address, &trusted, &["h2"]);
    let stream = timeout(Duration::from_secs(5), stream).await;
    stream.expect("others held it up").unwrap();
    for stream in &mut idle {
        let mut read = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut read)).await;
        let _ = ended.expect("it was never left");
    }
    assert!(
        begun.elapsed() >= Duration::from_secs(9),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn an_address_for_others_needs_nothing_more() {
    let folder = tempfile::TempDir::new().unwrap();
    Issued::new().write(folder.path());
    let command = command(folder.path(), &["--listen", "0.0.0.0:0"]);
    let serving = Serving::of(folder, command);
    assert!(
        serving.words.contains("Console   https://127.0.0.1:"),
        "{}",
        serving.words
    );
    assert!(
        serving.words.contains("Ingress   http://"),
        "{}",
        serving.words
    );
}
