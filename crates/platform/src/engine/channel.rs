//! The way to an engine's API: a socket of this machine, or TCP, with TLS where the client has
//! certificates.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::{BollardRequest, Docker};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::containers::failure::unavailable;
use super::{EngineError, EngineResult};

/// How long the engine may take to answer, in seconds.
const TIMEOUT_SECONDS: u64 = 60;
/// How long it may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);

/// A connection on which an engine is spoken to.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Where an engine answers.
#[derive(Clone, Debug)]
pub(super) enum Channel {
    /// A socket of this machine, by its path.
    Unix(String),
    /// `host:port`
    Tcp(String),
    /// The same over TLS.
    Tls(Arc<Tls>),
}

/// An engine that is reached over TLS, and the client's certificates.
#[derive(Debug)]
pub(super) struct Tls {
    /// `host:port`
    address: String,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl Channel {
    /// The way to `unix:///path`, `tcp://host:port` or `http://host:port`. TCP is encrypted where the
    /// environment says so, as Docker's own client does it.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`]: it is no such address, or its certificates can't be used.
    pub(super) fn to(host: &str) -> EngineResult<Self> {
        Self::with(host, certificates().as_deref())
    }

    fn with(host: &str, certificates: Option<&Path>) -> EngineResult<Self> {
        let address = |rest: &str| rest.trim_end_matches('/').to_owned();
        match (host.split_once("://"), certificates) {
            (Some(("unix", path)), _) => Ok(Self::Unix(path.to_owned())),
            (Some(("tcp", rest)), Some(folder)) => {
                let tls = Tls::read(address(rest), folder);
                tls.map(|tls| Self::Tls(Arc::new(tls)))
                    .map_err(EngineError::Unavailable)
            }
            (Some(("tcp" | "http", rest)), _) => Ok(Self::Tcp(address(rest))),
            _ => {
                let why = "its address must begin with unix://, tcp:// or http://";
                Err(EngineError::Unavailable(why.to_owned()))
            }
        }
    }

    /// Whether the engine is reached without leaving this machine.
    pub(super) fn is_of_this_machine(&self) -> bool {
        let address = match self {
            Self::Unix(_) => return true,
            Self::Tcp(address) => address,
            Self::Tls(tls) => &tls.address,
        };
        let host = host_of(address);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Connects, in the version of the API that the engine speaks: Podman speaks an older one than
    /// Docker's newest.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`]: nobody answers there.
    pub(super) async fn greet(&self) -> EngineResult<Docker> {
        let version = bollard::API_DEFAULT_VERSION;
        let docker = match self {
            Self::Unix(path) => Docker::connect_with_unix(path, TIMEOUT_SECONDS, version),
            Self::Tcp(address) => Docker::connect_with_http(address, TIMEOUT_SECONDS, version),
            Self::Tls(tls) => tls.docker(),
        };
        let docker = docker.map_err(unavailable)?;
        let docker = docker.negotiate_version().await.map_err(unavailable)?;
        docker.ping().await.map_err(unavailable)?;
        Ok(docker)
    }

    /// Opens a connection of its own.
    pub(super) async fn open(&self) -> io::Result<Box<dyn Connection>> {
        Ok(match self {
            Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Self::Tcp(address) => Box::new(TcpStream::connect(address).await?),
            Self::Tls(tls) => {
                let stream = TcpStream::connect(&tls.address).await?;
                let connector = TlsConnector::from(Arc::clone(&tls.config));
                Box::new(connector.connect(tls.name.clone(), stream).await?)
            }
        })
    }
}

impl Tls {
    /// Reads the files of a TLS client, named as Docker's own client expects them. Only what the
    /// authority in `ca.pem` vouches for is believed.
    fn read(address: String, folder: &Path) -> Result<Self, String> {
        let unfit = |file: &Path, error: pem::Error| {
            format!(
                "DOCKER_TLS_VERIFY is set, and {} can't be used ({error}): DOCKER_CERT_PATH must hold ca.pem, cert.pem and key.pem",
                file.display()
            )
        };
        let chain = |name: &str| {
            let file = folder.join(name);
            let read = CertificateDer::pem_file_iter(&file).and_then(Iterator::collect);
            let chain: Vec<_> = read.map_err(|error| unfit(&file, error))?;
            match chain.is_empty() {
                true => Err(unfit(&file, pem::Error::NoItemsFound)),
                false => Ok(chain),
            }
        };
        let file = folder.join("key.pem");
        let key = PrivateKeyDer::from_pem_file(&file).map_err(|error| unfit(&file, error))?;
        let mut believed = RootCertStore::empty();
        for authority in chain("ca.pem")? {
            let added = believed.add(authority);
            added.map_err(|error| format!("ca.pem holds what is no authority: {error}"))?;
        }
        let own = chain("cert.pem")?;
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let config = config.with_root_certificates(believed);
                config.with_client_auth_cert(own, key)
            });
        let name = ServerName::try_from(host_of(&address).to_owned())
            .map_err(|_| format!("{address} names no host"))?;
        Ok(Self {
            name,
            config: Arc::new(config.map_err(|error| format!("cert.pem and key.pem: {error}"))?),
            address,
        })
    }

    fn docker(&self) -> Result<Docker, bollard::errors::Error> {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*self.config).clone())
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        let transport = move |request: BollardRequest| {
            let client = client.clone();
            async move { client.request(request).await.map_err(Into::into) }
        };
        Docker::connect_with_custom_transport(
            transport,
            Some(format!("https://{}", self.address)),
            TIMEOUT_SECONDS,
            bollard::API_DEFAULT_VERSION,
        )
    }
}

/// Where the files of a TLS client are, if it is to use any.
fn certificates() -> Option<PathBuf> {
    let is_verified = std::env::var_os("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty());
    let folder = std::env::var_os("DOCKER_CERT_PATH").filter(|folder| !folder.is_empty())?;
    is_verified.then(|| PathBuf::from(folder))
}

/// The host of `host:port`, without the brackets of IPv6.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_of_other_machines_are_told_apart() {
        let is_here = |address: &str| Channel::with(address, None).unwrap().is_of_this_machine();
        for here in [
            "unix:///var/run/docker.sock",
            "tcp://127.0.0.1:2375",
            "tcp://localhost:2375",
            "http://[::1]:2375/",
        ] {
            assert!(is_here(here), "{here}");
        }
        for away in [
            "tcp://10.0.0.1:2375",
            "http://docker:2375",
            "tcp://[fe80::1]:2375",
        ] {
            assert!(!is_here(away), "{away}");
        }
        assert!(Channel::with("docker:2375", None).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Channel::with("tcp://10.0.0.1:2376", Some(folder.path())).unwrap_err();
        let words = refused.to_string();
        assert!(words.contains("key.pem can't be used"), "{words}");
        assert!(Channel::with("unix:///engine.sock", Some(folder.path())).is_ok());
    }
}
