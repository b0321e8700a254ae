//! The sample project: small services that call each other and get a trickle of traffic, so that a
//! newcomer's first screen is alive. What exists already is left as it is.

mod image;
mod project;
mod traffic;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pilothouse_wire::meta::EngineKind;
use tokio_util::sync::CancellationToken;

use crate::domain::{Platform, Result};
use crate::start::StartError;

/// The binary's name beside this executable.
const BINARY: &str = "pilothouse-sample";

/// The binary that the image is built from; `None` where instances are simulated and need none.
pub(crate) fn binary(
    platform: &Platform,
    named: Option<&Path>,
) -> std::result::Result<Option<PathBuf>, StartError> {
    if platform.engine.kind() == EngineKind::Simulated {
        return Ok(None);
    }
    let beside = || {
        let executable = std::env::current_exe().ok()?;
        Some(executable.with_file_name(BINARY))
    };
    let binary = named.map(Path::to_owned).or_else(beside);
    let binary = binary.unwrap_or_else(|| PathBuf::from(BINARY));
    if binary.is_file() {
        Ok(Some(binary))
    } else {
        Err(StartError::NoSampleBinary(binary))
    }
}

/// Makes the sample project where it is not there, then sends it traffic until asked to stop.
pub(crate) async fn run(
    platform: Arc<Platform>,
    binary: Option<PathBuf>,
    ingress: SocketAddr,
    stop: CancellationToken,
) {
    if let Err(error) = make(&platform, binary.as_deref()).await {
        tracing::error!(%error, "the sample project could not be made; it is tried again at the next start");
    }
    if platform.engine.kind() != EngineKind::Simulated {
        traffic::send(ingress, stop).await;
    }
}

async fn make(platform: &Platform, binary: Option<&Path>) -> Result<()> {
    if let Some(binary) = binary {
        image::build(platform, binary).await?;
    }
    project::make(platform).await
}
