//! TLS for the console and the API, with a certificate that is replaced while the platform serves.

mod certificate;
mod handshakes;

use std::io;
use std::path::PathBuf;

pub(crate) use certificate::{Certificate, Files};
pub(crate) use handshakes::Handshakes;

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate can't be read.
    #[error("the certificate {} can't be read ({source}): check --tls-certificate, and who may read the file", .file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The key can't be read.
    #[error("the key {} can't be read ({source}): check --tls-key, and who may read the file", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate that can be read: name a PEM file with --tls-certificate, the platform's own first and its authorities' after it", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds no key.
    #[error("{} holds no key that can be read: name a PEM file with --tls-key, and let it hold the key without a password", .0.display())]
    NoKey(PathBuf),
    /// They were not made for each other.
    #[error("the key {} does not belong to the certificate {}: name the two that were issued together", .key.display(), .certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Its time is over.
    #[error("the certificate {} has expired: renew it, or name another with --tls-certificate", .0.display())]
    Expired(PathBuf),
    /// Its time has not begun.
    #[error("the certificate {} is not valid yet: check the clock of this machine, or name another with --tls-certificate", .0.display())]
    NotYet(PathBuf),
    /// It is of a kind that TLS can't be spoken with.
    #[error("the certificate {} and its key can't be used ({source}): have them issued anew, for example as ECDSA P-256", .file.display())]
    Unfit {
        /// The certificate's file.
        file: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
}
