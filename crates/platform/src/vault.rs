//! Secrets at rest: sealed with XChaCha20-Poly1305 under a key that only the data directory holds.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// The key's file in the data directory.
const FILE: &str = "secrets.key";
/// Lengths in bytes, as the cipher wants them (draft-irtf-cfrg-xchacha).
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Why secrets can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key's file.
    #[error(
        "{0}: {1}. It holds the key of all stored secrets: put it back from a backup; without it they are lost, and only a new data directory starts"
    )]
    KeyFile(PathBuf, io::Error),
    /// The sealed value is damaged, or was sealed under another key.
    #[error(
        "a stored secret can't be opened: secrets.key is not the one that it was sealed with, or the database is damaged. Put both back from the same backup, or set the secret again"
    )]
    Opened,
    /// The cipher refused.
    #[error("a secret could not be sealed")]
    Sealed,
}

/// Seals and opens secrets.
pub(crate) struct Vault(XChaCha20Poly1305);

impl Vault {
    /// Takes the key of a data directory. Where `is_new`, no secret was ever sealed there, and a key
    /// is made.
    pub(crate) fn open(data_dir: &Path, is_new: bool) -> Result<Self, VaultError> {
        let file = data_dir.join(FILE);
        let failed = |source| VaultError::KeyFile(file.clone(), source);
        let key = match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => {
                create(&file).map_err(failed)?
            }
            read => read.map_err(failed)?,
        };
        if key.len() != KEY_BYTES {
            let words = format!("it holds {} bytes instead of {KEY_BYTES}", key.len());
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, words)));
        }
        Ok(Self(XChaCha20Poly1305::new(Key::from_slice(&key))))
    }

    /// Seals a value for one place, named by `id`: it can't be opened as another's.
    pub(crate) fn seal(&self, id: &str, value: &str) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload {
            msg: value.as_bytes(),
            aad: id.as_bytes(),
        };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload);
        let mut sealed = sealed.map_err(|_| VaultError::Sealed)?;
        sealed.splice(0..0, nonce);
        Ok(sealed)
    }

    /// Opens what was sealed for a place.
    pub(crate) fn open_sealed(&self, id: &str, sealed: &[u8]) -> Result<String, VaultError> {
        let (nonce, sealed) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(VaultError::Opened)?;
        let payload = Payload {
            msg: sealed,
            aad: id.as_bytes(),
        };
        let opened = self.0.decrypt(XNonce::from_slice(nonce), payload);
        let opened = opened.map_err(|_| VaultError::Opened)?;
        String::from_utf8(opened).map_err(|_| VaultError::Opened)
    }
}

fn create(file: &Path) -> io::Result<Vec<u8>> {
    let key: [u8; KEY_BYTES] = rand::random();
    let mut open = OpenOptions::new();
    let mut written = open.write(true).create_new(true).mode(0o600).open(file)?;
    written.write_all(&key)?;
    // A secret that is sealed under a key that a power cut takes is lost.
    written.sync_all()?;
    Ok(key.to_vec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_under_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path(), true).unwrap();
        let sealed = vault.seal("a", "s3cret").unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"s3cret"));
        assert_ne!(sealed, vault.seal("a", "s3cret").unwrap());
        assert_eq!(vault.open_sealed("a", &sealed).unwrap(), "s3cret");
        assert!(vault.open_sealed("b", &sealed).is_err());
        let mut damaged = sealed.clone();
        damaged[30] ^= 1;
        assert!(vault.open_sealed("a", &damaged).is_err());
        assert!(vault.open_sealed("a", &sealed[..10]).is_err());

        let again = Vault::open(folder.path(), false).unwrap();
        assert_eq!(again.open_sealed("a", &sealed).unwrap(), "s3cret");
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Vault::open(elsewhere.path(), true).unwrap();
        assert!(other.open_sealed("a", &sealed).is_err());
    }

    #[test]
    fn the_key_is_its_owners_alone_and_never_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Vault::open(folder.path(), false).is_err());
        Vault::open(folder.path(), true).unwrap();
        let file = folder.path().join(FILE);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "short").unwrap();
        assert!(Vault::open(folder.path(), true).is_err());
    }
}
