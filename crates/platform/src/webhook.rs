//! The secret that a Git host signs pushes with: made once for a data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The secret's file in the data directory.
const FILE: &str = "webhook.secret";

/// The secret of a data directory, made where there is none.
pub(crate) fn secret(data_dir: &Path) -> io::Result<String> {
    let file = data_dir.join(FILE);
    match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => {
            let secret = read?.trim().to_owned();
            if secret.is_empty() {
                let words = format!(
                    "{} is empty: remove it, and a new one is made",
                    file.display()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, words));
            }
            return Ok(secret);
        }
    }
    let bytes: [u8; 32] = rand::random();
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut open = OpenOptions::new();
    let mut written = open.write(true).create_new(true).mode(0o600).open(&file)?;
    written.write_all(format!("{secret}\n").as_bytes())?;
    Ok(secret)
}
