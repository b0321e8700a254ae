//! The key for the platform elsewhere: read once, sent to it alone, told to nobody.

use std::fmt;
use std::path::Path;

use http::HeaderValue;

use super::GatewayError;
use crate::private_file::{self, Unfit};

/// A key in the forms in which a platform takes it.
#[derive(Clone)]
pub struct Key {
    pub(super) bearer: HeaderValue,
    pub(super) bare: HeaderValue,
}

impl Key {
    /// The key in a file that nobody but its owner can read.
    ///
    /// # Errors
    /// It can't be read, others can read it, or it holds no key.
    pub fn read(file: &Path) -> Result<Self, GatewayError> {
        let text = private_file::read(file).map_err(|unfit| match unfit {
            Unfit::Unread(source) => GatewayError::Key {
                file: file.to_owned(),
                source,
            },
            Unfit::Open(mode) => GatewayError::OpenKey {
                file: file.to_owned(),
                mode,
            },
        })?;
        Self::of(&text).ok_or_else(|| GatewayError::NoKey {
            file: file.to_owned(),
        })
    }

    /// `None`: no header could hold it.
    fn of(text: &str) -> Option<Self> {
        let is_key = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = |text: &str| {
            let mut value = HeaderValue::from_str(text).ok()?;
            // Neither printed nor kept in what HTTP/2 remembers of headers.
            value.set_sensitive(true);
            Some(value)
        };
        let bearer = value(&format!("Bearer {text}")).filter(|_| is_key)?;
        Some(Self {
            bearer,
            bare: value(text)?,
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_of_one_word_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let read = |text: &str, mode| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            Key::read(&file)
        };
        let key = read("ph_secret\n", 0o600).unwrap();
        assert_eq!(key.bearer, "Bearer ph_secret");
        assert_eq!(key.bare, "ph_secret");
        let told = format!("{key:?} {:?} {:?}", key.bearer, key.bare);
        assert!(!told.contains("ph_secret"), "{told}");
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let words = read("ph_secret", mode).unwrap_err().to_string();
            assert!(words.contains("chmod 600"), "{words}");
            assert!(!words.contains("ph_secret"), "{words}");
        }
        for bad in ["", "\n", "two words", "ph_\u{e4}", "a\nb"] {
            let words = read(bad, 0o600).unwrap_err().to_string();
            assert!(words.contains("holds no key"), "{words}");
        }
        fs::remove_file(&file).unwrap();
        let words = Key::read(&file).unwrap_err().to_string();
        assert!(words.contains("--upstream-key-file"), "{words}");
    }
}
