//! The settings of what runs the instances.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::engine::{Credentials, EngineChoice, Registry, SwarmSettings};
use crate::private_file::{self, Unfit};
use crate::start::StartError;

/// What runs the instances.
#[derive(Args, Clone, Debug)]
pub struct EngineArgs {
    /// What runs the instances. DOCKER_HOST names the engine; for a Swarm it is one of the managers,
    /// over TLS with DOCKER_TLS_VERIFY=1 and the client's files in DOCKER_CERT_PATH.
    #[arg(
        long,
        env = "PILOTHOUSE_ENGINE",
        default_value = "auto",
        value_name = "ENGINE",
        requires_if("swarm", "registry")
    )]
    pub engine: EngineWord,
    /// On how many machines the simulated engine seems to run instances.
    #[arg(
        long,
        env = "PILOTHOUSE_SIMULATED_NODES",
        value_name = "COUNT",
        default_value = "1"
    )]
    pub simulated_nodes: NonZeroU16,
    /// The registry through which the nodes of a Swarm get the images that are made here:
    /// HOST[:PORT][/PREFIX].
    #[arg(
        long,
        env = "PILOTHOUSE_REGISTRY",
        value_name = "REGISTRY",
        value_parser = registry
    )]
    pub registry: Option<String>,
    /// Who signs in at --registry.
    #[arg(
        long,
        env = "PILOTHOUSE_REGISTRY_USER",
        value_name = "USER",
        requires = "registry",
        requires = "registry_password_file"
    )]
    pub registry_user: Option<String>,
    /// The file that holds the password of --registry-user, readable by its owner alone.
    #[arg(
        long,
        env = "PILOTHOUSE_REGISTRY_PASSWORD_FILE",
        value_name = "FILE",
        requires = "registry_user"
    )]
    pub registry_password_file: Option<PathBuf>,
    /// Where the nodes of a Swarm reach this platform, for ingress on each of them: an address of this
    /// machine. What is said there is encrypted, and opens with a token that only they have.
    #[arg(
        long,
        env = "PILOTHOUSE_EDGE_LISTEN",
        value_name = "ADDRESS",
        requires = "registry"
    )]
    pub edge_listen: Option<SocketAddr>,
    /// Where ingress takes visitors on each node of a Swarm.
    #[arg(
        long,
        env = "PILOTHOUSE_EDGE_PORT",
        value_name = "PORT",
        default_value = "80",
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    pub edge_port: u16,
    /// The static binary that asks a Swarm's instances for their health. [default: pilothouse-probe
    /// beside this executable]
    #[arg(long, env = "PILOTHOUSE_PROBE", value_name = "FILE")]
    pub probe: Option<PathBuf>,
}

/// The kinds of engine that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineWord {
    /// Containers where a socket answers, else simulated.
    Auto,
    /// Docker or Podman of this machine, or nothing.
    Containers,
    /// A Docker Swarm, of one node or many.
    Swarm,
    /// No containers: plausible life for a look around.
    Simulated,
}

impl EngineArgs {
    /// The engine that was asked for.
    ///
    /// # Errors
    /// The registry's password can't be read.
    pub(crate) fn choice(&self) -> Result<EngineChoice, StartError> {
        Ok(match (self.engine, &self.registry) {
            (EngineWord::Auto, _) => EngineChoice::Auto,
            (EngineWord::Containers, _) => EngineChoice::Containers,
            (EngineWord::Simulated, _) => EngineChoice::Simulated(self.simulated_nodes),
            (EngineWord::Swarm, None) => return Err(StartError::NoRegistry),
            (EngineWord::Swarm, Some(name)) => EngineChoice::Swarm(SwarmSettings {
                registry: Registry {
                    name: name.clone(),
                    credentials: self.credentials()?,
                },
                probe: self.probe.clone(),
            }),
        })
    }

    fn credentials(&self) -> Result<Option<Credentials>, StartError> {
        let (Some(user), Some(file)) = (&self.registry_user, &self.registry_password_file) else {
            return Ok(None);
        };
        let password = private_file::read(file).map_err(|unfit| {
            let file = file.clone();
            match unfit {
                Unfit::Unread(source) => StartError::RegistryPassword { file, source },
                Unfit::Open(mode) => StartError::OpenRegistryPassword { file, mode },
            }
        })?;
        Ok(Some(Credentials {
            user: user.clone(),
            password,
        }))
    }
}

fn registry(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./:_-[]".contains(c);
    let name = text.trim_end_matches('/');
    if name.is_empty() || !name.chars().all(is_plain) || name.contains("//") {
        return Err("it is HOST, HOST:PORT or HOST:PORT/PREFIX, without https://".to_owned());
    }
    let host = name.split('/').next().unwrap_or(name);
    // Anything else is taken for a name at Docker Hub.
    if !host.contains(['.', ':']) && host != "localhost" {
        return Err(format!("{host} names no host: it has a dot or a port"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::registry;

    #[test]
    fn a_registry_is_a_host_with_or_without_a_prefix() {
        for good in [
            "registry.test",
            "10.0.0.1:5000",
            "r.test/acme/",
            "localhost:5000",
        ] {
            assert_eq!(registry(good).as_deref(), Ok(good.trim_end_matches('/')));
        }
        for bad in ["", "acme", "https://r.test", "r.test/a b", "/"] {
            assert!(registry(bad).is_err(), "{bad}");
        }
    }
}
