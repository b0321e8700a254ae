//! A client that speaks TLS.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection, trusting one certificate, that offers these protocols.
pub(crate) async fn connect(
    address: &str,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
}

/// What the two agreed to speak.
pub(crate) fn agreed(stream: &TlsStream<TcpStream>) -> String {
    let protocol = stream.get_ref().1.alpn_protocol().unwrap_or_default();
    String::from_utf8(protocol.to_vec()).unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Asks in the protocol that was agreed on.
pub(crate) async fn ask(stream: TlsStream<TcpStream>, request: Request<Full<Bytes>>) -> Got {
    let response = if agreed(&stream) == "h2" {
        let io = TokioIo::new(stream);
        let (mut sender, driver) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(driver);
        sender.send_request(request).await.unwrap()
    } else {
        let io = TokioIo::new(stream);
        let (mut sender, driver) = http1::handshake(io).await.unwrap();
        tokio::spawn(driver);
        sender.send_request(request).await.unwrap()
    };
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// A request as each protocol wants it: HTTP/2 tells the host in the address.
pub(crate) fn request(
    address: &str,
    protocol: &str,
    method: &str,
    path: &str,
) -> http::request::Builder {
    let request = Request::builder().method(method);
    if protocol == "h2" {
        return request.uri(format!("https://{address}{path}"));
    }
    request.uri(path).header("host", address)
}
