//! An edge's way to the platform: TLS to the one certificate, with the token.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use super::protocol::{NAME, Settings};

/// How long the platform may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The way to the platform. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link {
    client: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    settings: Arc<Settings>,
}

impl Link {
    /// # Errors
    /// The certificate is none.
    pub(super) fn new(settings: Settings) -> io::Result<Self> {
        let certificate = CertificateDer::from_pem_slice(settings.certificate.as_bytes());
        let mut believed = RootCertStore::empty();
        believed
            .add(certificate.map_err(io::Error::other)?)
            .map_err(io::Error::other)?;
        let config = rustls::ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(believed)
            .with_no_client_auth();
        let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            client: legacy::Client::builder(TokioExecutor::new()).build(connector),
            settings: Arc::new(settings),
        })
    }

    /// Asks the platform for something; `Err` also where it does not answer with success.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> io::Result<Response<Incoming>> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.settings.platform))
            .header(AUTHORIZATION, format!("Bearer {}", self.settings.token))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(io::Error::other)?;
        let answer = self.client.request(request).await;
        let answer = answer.map_err(io::Error::other)?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(io::Error::other(format!("the platform answers {status}"))),
        }
    }
}
