//! Whether an instance is ready, seen from outside.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::engine::HealthCheck;

/// How long one look may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Looks once. `Err` says why the instance is not ready, in words.
pub(super) async fn probe(endpoint: Option<SocketAddr>, check: &HealthCheck) -> Result<(), String> {
    let (path, host) = match check {
        HealthCheck::Running => return Ok(()),
        HealthCheck::Port => (None, None),
        HealthCheck::Http { path, host } => (Some(path), host.as_deref()),
    };
    let endpoint = endpoint.ok_or("its port is not published yet")?;
    let Some(path) = path else {
        return timeout(TIMEOUT, listens(endpoint))
            .await
            .unwrap_or_else(|_| Err("its port does not answer".to_owned()));
    };
    timeout(TIMEOUT, get(endpoint, path, host))
        .await
        .unwrap_or_else(|_| Err(format!("GET {path} did not answer within 5 s")))
}

/// A published port accepts connections before the instance does, and closes them at once; one
/// that stays open for a moment, or sends something, is the instance's own.
async fn listens(endpoint: SocketAddr) -> Result<(), String> {
    let not_yet = || "its port does not accept connections".to_owned();
    let stream = TcpStream::connect(endpoint).await.map_err(|_| not_yet())?;
    let mut byte = [0];
    match timeout(Duration::from_millis(200), stream.peek(&mut byte)).await {
        Err(_) => Ok(()),
        Ok(Ok(read)) if read > 0 => Ok(()),
        Ok(_) => Err(not_yet()),
    }
}

async fn get(endpoint: SocketAddr, path: &str, host: Option<&str>) -> Result<(), String> {
    let no_answer = |_| format!("GET {path} did not answer");
    let stream = TcpStream::connect(endpoint)
        .await
        .map_err(|_| format!("GET {path}: its port does not accept connections"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(no_answer)?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path)
        .header(
            "host",
            host.map_or_else(|| endpoint.to_string(), str::to_owned),
        )
        .header("user-agent", "pilothouse-health-check")
        .header("connection", "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("GET {path} can't be sent: {error}"))?;
    let response = sender.send_request(request).await.map_err(no_answer);
    connection.abort();
    let status = response?.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(format!("GET {path} answered {}", status.as_u16()))
    }
}
