//! By what the platform and its edges know each other: made once for a data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::protocol::NAME;

/// Their file in the data directory.
const FILE: &str = "edges.json";

/// By what they know each other.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// What an edge shows the platform.
    pub(crate) token: String,
    /// What the platform shows an edge, in PEM.
    pub(crate) certificate: String,
    /// Its key, in PEM.
    pub(super) key: String,
}

impl Credentials {
    /// Those of a data directory, made where there are none.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub(crate) fn of(data_dir: &Path) -> io::Result<Self> {
        let file = data_dir.join(FILE);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                let words = format!(
                    "{} can't be read ({error}): remove it, and new ones are made",
                    file.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, words)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self::make().map_err(io::Error::other)?;
                let mut open = OpenOptions::new();
                let mut written = open.write(true).create_new(true).mode(0o600).open(&file)?;
                written.write_all(serde_json::to_string(&made)?.as_bytes())?;
                Ok(made)
            }
            Err(error) => Err(error),
        }
    }

    fn make() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![NAME.to_owned()])?.self_signed(&key)?;
        let bytes: [u8; 32] = rand::random();
        Ok(Self {
            token: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Whether somebody shows the token. What is compared are hashes, whose first difference tells
    /// nothing of it.
    pub(super) fn opens(&self, shown: &str) -> bool {
        Sha256::digest(shown) == Sha256::digest(&self.token)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn they_are_made_once_and_are_their_owners() {
        let folder = tempfile::tempdir().unwrap();
        let made = Credentials::of(folder.path()).unwrap();
        let read = Credentials::of(folder.path()).unwrap();
        assert_eq!(made.token, read.token);
        assert!(read.opens(&made.token) && !read.opens("") && !read.opens("other"));
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        fs::write(folder.path().join(FILE), "no").unwrap();
        let error = Credentials::of(folder.path()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("remove it"), "{error}");
    }
}
