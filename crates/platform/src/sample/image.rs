//! The sample's image: one static binary, built through the engine as anybody's image would be.

use std::io;
use std::path::Path;

use bytes::Bytes;

use crate::domain::{Platform, Result};
use crate::engine::{BuildSpec, EngineError};

/// The image's name. `localhost/` keeps engines from looking for it in a registry.
pub(super) const TAG: &str = "localhost/pilothouse-sample:1";

const DOCKERFILE: &str = "FROM scratch\n\
    COPY pilothouse-sample /pilothouse-sample\n\
    EXPOSE 8080\n\
    ENTRYPOINT [\"/pilothouse-sample\"]\n";

/// Builds the image; the engine's cache makes that quick where nothing changed.
pub(super) async fn build(platform: &Platform, binary: &Path) -> Result<()> {
    let binary = binary.to_owned();
    let context = tokio::task::spawn_blocking(move || context(&binary)).await;
    let context = context.map_err(io::Error::other).and_then(|packed| packed);
    let context = context.map_err(|error| EngineError::BuildFailed {
        tag: TAG.to_owned(),
        why: error.to_string(),
    })?;
    let spec = BuildSpec::plain(TAG, context);
    Ok(spec.run_quietly(platform.engine.as_ref()).await?)
}

/// A tar of the binary and its `Dockerfile`.
fn context(binary: &Path) -> io::Result<Bytes> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "Dockerfile", DOCKERFILE.as_bytes(), 0o644)?;
    append(
        &mut tar,
        "pilothouse-sample",
        &std::fs::read(binary)?,
        0o755,
    )?;
    Ok(tar.into_inner()?.into())
}

/// Adds a file without owner and time, so that the same binary gives the same context.
fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes)
}
