//! The program that asks an instance for its health from within its container: an image may hold
//! nothing but its service. The Swarm hands it to every instance as a config.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::Docker;
use bollard::models::ConfigSpec;
use bollard::query_parameters::ListConfigsOptionsBuilder;
use sha2::{Digest as _, Sha256};

use super::describe::OWNER;
use crate::engine::containers::failure::refused;
use crate::engine::{EngineError, EngineResult};

/// Where it is in a container.
pub(super) const PATH: &str = "/.pilothouse-probe";
/// How long it stays at most while all is well, in seconds; it ends by itself before.
pub(super) const STAYS_AT_MOST: i64 = 60;
/// Its file beside the platform's executable.
const FILE: &str = "pilothouse-probe";

/// The probe as the Swarm knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) id: String,
    pub(super) name: String,
}

impl Probe {
    /// Hands the probe to the Swarm, unless it has just this one.
    pub(super) async fn ensure(
        docker: &Docker,
        installation: &str,
        file: Option<&Path>,
    ) -> EngineResult<Self> {
        let file = match file {
            Some(file) => file.to_owned(),
            None => beside()?,
        };
        let bytes = std::fs::read(&file).map_err(|error| missing(&file, &error.to_string()))?;
        let hash = Sha256::digest(&bytes);
        let short: String = hash
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = format!("pilothouse-probe-{short}");
        if let Some(id) = Self::find(docker, &name).await? {
            return Ok(Self { id, name });
        }
        let created = docker
            .create_config(ConfigSpec {
                name: Some(name.clone()),
                labels: Some(HashMap::from([(OWNER.to_owned(), installation.to_owned())])),
                data: Some(STANDARD.encode(&bytes)),
                ..ConfigSpec::default()
            })
            .await;
        match created {
            Ok(made) => Ok(Self { id: made.id, name }),
            Err(error) => Err(refused("handing the health probe to the Swarm", error)),
        }
    }

    async fn find(docker: &Docker, name: &str) -> EngineResult<Option<String>> {
        let filters = HashMap::from([("name", vec![name.to_owned()])]);
        let options = ListConfigsOptionsBuilder::new().filters(&filters).build();
        let found = docker.list_configs(Some(options)).await;
        let found = found.map_err(|error| refused("listing the Swarm's configs", error))?;
        // The filter takes what begins so, too.
        let same = found.into_iter().find(|config| {
            let spec = config.spec.as_ref();
            spec.is_some_and(|spec| spec.name.as_deref() == Some(name))
        });
        Ok(same.and_then(|config| config.id))
    }
}

fn beside() -> EngineResult<PathBuf> {
    let own = std::env::current_exe();
    let own = own.map_err(|error| missing(Path::new(FILE), &error.to_string()))?;
    Ok(own.with_file_name(FILE))
}

fn missing(file: &Path, why: &str) -> EngineError {
    EngineError::Refused {
        what: format!("reading the health probe {}", file.display()),
        why: format!(
            "{why}; build it with `cargo build --release -p pilothouse-probe --target x86_64-unknown-linux-musl` and name it with --probe"
        ),
    }
}
