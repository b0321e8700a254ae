//! A certificate with its key: read from two files, and read again when they change.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore, ServerConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::TlsError;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What is spoken over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where a certificate and its key are.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// By what files are known to be the same: age, length and place on the disk of each.
type Stamp = [Option<(Option<SystemTime>, u64, u64)>; 2];

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|file| {
            let data = std::fs::metadata(file).ok()?;
            Some((data.modified().ok(), data.len(), data.ino()))
        })
    }

    fn load(&self) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let chain = self.chain()?;
        let key = self.key()?;
        self.refuse_out_of_time(&chain, &provider)?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| match error {
            Error::InconsistentKeys(_) => TlsError::Mismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            source => TlsError::Unfit {
                file: self.certificate.clone(),
                source,
            },
        })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let file = &self.certificate;
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
        match read {
            Ok(chain) => Some(chain).filter(|chain: &Vec<_>| !chain.is_empty()),
            Err(pem::Error::Io(source)) => {
                let file = file.clone();
                return Err(TlsError::Certificate { file, source });
            }
            Err(_) => None,
        }
        .ok_or_else(|| TlsError::NoCertificate(file.clone()))
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let file = self.key.clone();
        PrivateKeyDer::from_pem_file(&file).map_err(|error| match error {
            pem::Error::Io(source) => TlsError::Key { file, source },
            _ => TlsError::NoKey(file),
        })
    }

    /// Asks what a browser would ask first. Who has issued the certificate is a browser's own matter.
    fn refuse_out_of_time(
        &self,
        chain: &[CertificateDer<'static>],
        provider: &Arc<CryptoProvider>,
    ) -> Result<(), TlsError> {
        let file = || self.certificate.clone();
        let Some((own, authorities)) = chain.split_first() else {
            return Err(TlsError::NoCertificate(file()));
        };
        let mut roots = RootCertStore::empty();
        let known = roots.add(own.clone());
        known.map_err(|_| TlsError::NoCertificate(file()))?;
        let provider = Arc::clone(provider);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
        let (Ok(verifier), Ok(name)) = (verifier, ServerName::try_from("localhost")) else {
            return Ok(());
        };
        let now = UnixTime::now();
        let verified = verifier.verify_server_cert(own, authorities, &name, &[], now);
        match verified.err() {
            Some(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => Err(TlsError::Expired(file())),
            Some(Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) => Err(TlsError::NotYet(file())),
            _ => Ok(()),
        }
    }

    fn name(&self) -> std::path::Display<'_> {
        Path::display(&self.certificate)
    }
}

/// The certificate in use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Certificate {
    files: Arc<Files>,
    /// Of the files as they were when they were last tried.
    tried: Stamp,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Certificate {
    /// The certificate in the files.
    ///
    /// # Errors
    /// It can't be used.
    pub(crate) fn open(files: Files) -> Result<Self, TlsError> {
        // Taken first: what changes meanwhile is seen to be another one.
        let tried = files.stamp();
        let config = files.load()?;
        Ok(Self {
            files: Arc::new(files),
            tried,
            current: Arc::new(RwLock::new(Arc::new(config))),
        })
    }

    /// What the next handshake is done with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the files in again when they have changed, or when a signal says so (SIGHUP), until
    /// asked to stop. Files that can't be used change nothing.
    ///
    /// # Errors
    /// No signal can be listened for.
    pub(crate) fn keep_fresh(
        self,
        stop: CancellationToken,
    ) -> io::Result<impl Future<Output = ()> + Send> {
        let asked = signal(SignalKind::hangup())?;
        Ok(async move {
            stop.run_until_cancelled(self.follow(asked)).await;
        })
    }

    async fn follow(mut self, mut asked: Signal) {
        loop {
            let is_asked = tokio::select! {
                asked = asked.recv() => asked.is_some(),
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let files = Arc::clone(&self.files);
            let tried = self.tried;
            let look = move || {
                let stamp = files.stamp();
                (stamp != tried || is_asked).then(|| (stamp, files.load()))
            };
            if let Ok(Some((stamp, loaded))) = tokio::task::spawn_blocking(look).await {
                self.tried = stamp;
                self.replace(loaded);
            }
        }
    }

    fn replace(&self, loaded: Result<ServerConfig, TlsError>) {
        match loaded {
            Ok(config) => {
                let current = self.current.write();
                *current.unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(file = %self.files.name(), "the certificate was read anew");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate before it stays in use");
            }
        }
    }
}
