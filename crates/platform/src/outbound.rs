//! What asks other servers: one kind of client, which follows no redirect.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::crypto::ring;

/// Asks over TLS or without. Cheap to clone.
pub(crate) type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that waits so long for a connection, and keeps one so long that is not used. Where TLS is
/// spoken, it believes whom this machine believes; otherwise nobody.
///
/// # Errors
/// No certificates of authorities can be read on this machine.
pub(crate) fn client(speaks_tls: bool, connect: Duration, kept: Duration) -> io::Result<Client> {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(connect));
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let provider = ring::default_provider();
    let trusting = HttpsConnectorBuilder::new();
    let trusting = if speaks_tls {
        trusting.with_provider_and_native_roots(provider)?
    } else {
        let config = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions();
        // Both versions are known to the provider.
        let config = config.map_err(io::Error::other)?;
        let nobody = config.with_root_certificates(RootCertStore::empty());
        trusting.with_tls_config(nobody.with_no_client_auth())
    };
    let connector = trusting
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(kept)
        .build(connector))
}

/// An error with what led to it. None of it holds a header.
pub(crate) fn whole_story(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
