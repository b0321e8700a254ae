//! The first words with an engine of this machine.

use std::net::IpAddr;

use bollard::Docker;

use super::failure::unavailable;
use crate::engine::{EngineError, EngineResult};

/// How long the engine may take to answer, in seconds.
const TIMEOUT_SECONDS: u64 = 60;

/// Connects to an engine, in the version of the API that it speaks.
pub(super) async fn greet(host: &str) -> EngineResult<Docker> {
    let version = bollard::API_DEFAULT_VERSION;
    let docker = match host.split_once("://") {
        Some(("unix", path)) => Docker::connect_with_unix(path, TIMEOUT_SECONDS, version),
        Some(("tcp" | "http", address)) if !is_this_machine(address) => {
            let why = "it is on another machine, where this platform could not reach what it runs: name an engine of this machine";
            return Err(EngineError::Unavailable(why.to_owned()));
        }
        Some(("tcp" | "http", _)) => Docker::connect_with_http(host, TIMEOUT_SECONDS, version),
        _ => {
            let why = "its address must begin with unix://, tcp:// or http://";
            return Err(EngineError::Unavailable(why.to_owned()));
        }
    }
    .map_err(unavailable)?
    // Podman speaks an older version of the API than Docker's newest.
    .negotiate_version()
    .await
    .map_err(unavailable)?;
    docker.ping().await.map_err(unavailable)?;
    Ok(docker)
}

/// Whether `host:port` is reached without leaving this machine. Instances publish their ports on its
/// loopback address alone.
fn is_this_machine(address: &str) -> bool {
    let host = address.trim_end_matches('/');
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn engines_of_other_machines_are_told_apart() {
        for here in ["127.0.0.1:2375", "localhost:2375", "[::1]:2375/"] {
            assert!(is_this_machine(here), "{here}");
        }
        for away in ["10.0.0.1:2375", "docker:2375", "[fe80::1]:2375", ""] {
            assert!(!is_this_machine(away), "{away}");
        }
    }
}
