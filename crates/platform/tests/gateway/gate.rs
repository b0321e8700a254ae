//! A gateway of a test's own, and requests to it as they are written on the wire.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use pilothouse::gateway::{Hosts, Key, Limits, Parts, router};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The key that no browser may see.
pub(crate) const KEY: &str = "ph_a-key-that-stays-inside";

/// A file of a key, for its owner alone.
pub(crate) fn key_file(folder: &TempDir, key: &str) -> std::path::PathBuf {
    let file = folder.path().join("key");
    fs::write(&file, format!("{key}\n")).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

/// A gateway.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
}

impl Gate {
    pub(crate) async fn to(upstream: SocketAddr) -> Self {
        Self::with(upstream, KEY, |_| {}).await
    }

    pub(crate) async fn with(
        upstream: SocketAddr,
        key: &str,
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let mut parts = Parts {
            upstream: format!("http://{upstream}").parse().unwrap(),
            key: Key::read(&key_file(&folder, key)).unwrap(),
            console: None,
            hosts: Hosts::Loopback,
            secure: false,
            limits: Limits::default(),
        };
        change(&mut parts);
        let router = router(parts).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address }
    }

    /// Asks with a method, a path and headers, each on a line of its own.
    pub(crate) async fn ask(&self, line: &str, headers: &str) -> Got {
        self.send(line, headers, "").await
    }

    /// The same with a body.
    pub(crate) async fn send(&self, line: &str, headers: &str, body: &str) -> Got {
        let host = match headers.to_lowercase().contains("host:") {
            true => String::new(),
            false => format!("Host: {}\r\n", self.address),
        };
        let length = match body.is_empty() {
            true => String::new(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let headers = headers.replace('\n', "\r\n");
        let request =
            format!("{line} HTTP/1.1\r\n{host}{length}Connection: close\r\n{headers}\r\n{body}");
        self.raw(request.as_bytes()).await
    }

    /// Sends bytes and reads to the end.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Got {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut read = Vec::new();
        // An answer that breaks off is one as well.
        let _ = stream.read_to_end(&mut read).await;
        let text = String::from_utf8_lossy(&read).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Got {
            status: status.unwrap_or(0),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Got {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts an error in the shape of the API, with a word and a sentence.
    #[track_caller]
    pub(crate) fn fails(self, status: u16, code: &str) -> Self {
        let got = self.is(status);
        let body: serde_json::Value = serde_json::from_str(&got.body).unwrap();
        assert_eq!(body["code"], code, "{got:?}");
        assert!(body["message"].as_str().unwrap().len() > 20, "{got:?}");
        assert!(body["request_id"].is_string(), "{got:?}");
        assert!(!got.body.contains(KEY), "{got:?}");
        got
    }
}
