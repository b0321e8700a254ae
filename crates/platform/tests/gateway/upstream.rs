//! A platform elsewhere that notes every byte it gets, and answers as a test wants it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a request.
#[derive(Clone)]
pub(crate) enum Then {
    /// These bytes, and the end of the connection.
    Answer(Vec<u8>),
    /// These bytes, and nothing after them.
    Silence(Vec<u8>),
}

/// A platform elsewhere.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) async fn start(then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&got);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, then.clone(), Arc::clone(&noted)));
            }
        });
        Self { address, got }
    }

    /// One that answers with these headers, each on a line of its own, and a body.
    pub(crate) async fn says(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let headers = headers.replace('\n', "\r\n");
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        Self::start(Then::Answer(answer.into_bytes())).await
    }

    /// Every request so far, as it came.
    pub(crate) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    /// The one request so far, in small letters.
    #[track_caller]
    pub(crate) fn one(&self) -> String {
        let got = self.got();
        assert_eq!(got.len(), 1, "{got:?}");
        got[0].to_lowercase()
    }
}

async fn answer(mut stream: TcpStream, then: Then, noted: Arc<Mutex<Vec<String>>>) {
    let Some(request) = whole(&mut stream).await else {
        return;
    };
    noted.lock().unwrap().push(request);
    let (Then::Answer(bytes) | Then::Silence(bytes)) = &then;
    // Whoever asked may be gone.
    let _ = stream.write_all(bytes).await;
    if matches!(then, Then::Silence(_)) {
        std::future::pending::<()>().await;
    }
    let _ = stream.shutdown().await;
}

/// A request with its body; nothing, when the other side ends before that.
async fn whole(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}
