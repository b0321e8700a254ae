//! Why the platform does not start, in words that say what to do.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::app::has_database;
use crate::engine::EngineError;
use crate::store::{self, StoreError};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key of the stored secrets can't be used.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// Neither a folder nor a home was named.
    #[error("there is no home directory to keep data in: name a folder with --data-dir")]
    NoDataDir,
    /// The folder can't be used.
    #[error("the data directory {} can't be used ({source}): check its owner and permissions, or name another with --data-dir.{}", .folder.display(), copied(.folder))]
    DataDir {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The database can't be used.
    #[error("the database {} can't be used. {source}{}", .folder.join(store::FILE).display(), copied(.folder))]
    Database {
        /// The data directory.
        folder: PathBuf,
        /// The database's words.
        source: StoreError,
    },
    /// Another process serves this folder.
    #[error("another pilothouse serves the data directory {}: stop it first, or name another with --data-dir", .0.display())]
    Locked(PathBuf),
    /// There is nothing in the folder.
    #[error("there is no database in {}: name the data directory of the platform with --data-dir", .0.display())]
    NoDatabase(PathBuf),
    /// No key of the whole platform goes by that.
    #[error(
        "there is no key '{0}' of the whole platform: `pilothouse key list` tells them; those of an organisation are revoked under its Keys"
    )]
    NoKey(String),
    /// Several keys have that name.
    #[error("several keys are named '{0}': name the one by its id: {1}")]
    SeveralKeys(String, String),
    /// The backup would overwrite a file.
    #[error("{} exists already: name a new file", .0.display())]
    FileExists(PathBuf),
    /// The backup could not be written.
    #[error("the backup {} can't be written ({source}): check the folder and the free space", .file.display())]
    Backup {
        /// The file.
        file: PathBuf,
        /// The database's words.
        source: StoreError,
    },
    /// Somebody else listens there.
    #[error(
        "the address {address} is in use: stop what listens there, or choose another with {option}"
    )]
    AddressInUse {
        /// The address.
        address: SocketAddr,
        /// The option that sets it.
        option: &'static str,
    },
    /// The system does not let the platform listen there.
    #[error("can't listen on {address} ({source}): choose another with {option}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that sets it.
        option: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Keys would travel in the clear.
    #[error(
        "{0} can be reached from other machines, and keys would travel there unencrypted: listen on 127.0.0.1, name a certificate with --tls-certificate and --tls-key, or put a proxy with TLS in front and say so with --behind-proxy"
    )]
    PublicAddress(SocketAddr),
    /// Others than this machine would act with the key.
    #[error(
        "{0} can be reached from other machines, and whoever reaches it acts with the key of --upstream-key-file: listen on 127.0.0.1, or let only the right people come to it and say so with --upstream-open"
    )]
    OpenGateway(SocketAddr),
    /// TLS can't be spoken.
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    /// People can't sign in at the provider of identities.
    #[error(transparent)]
    Oidc(#[from] crate::oidc::OidcError),
    /// The platform elsewhere can't be asked.
    #[error(transparent)]
    Gateway(#[from] crate::gateway::GatewayError),
    /// The console's folder holds no page.
    #[error("there is no index.html in {}: build the console with `trunk build --release`, or name its folder with --console", .0.display())]
    NoConsole(PathBuf),
    /// The token of the Git host can't be read.
    #[error("the token file {} can't be read ({source}): check --git-token-file", .file.display())]
    GitToken {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A Swarm's nodes would get no images.
    #[error(
        "the nodes of a Swarm get the images that are made here through a registry: name one that they all reach with --registry"
    )]
    NoRegistry,
    /// The password for the registry can't be read.
    #[error("the password file {} can't be read ({source}): check --registry-password-file", .file.display())]
    RegistryPassword {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Others can read the password for the registry.
    #[error("the password file {} can be read by others (mode {mode:o}): `chmod 600` it, and change the password if it was seen", .file.display())]
    OpenRegistryPassword {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The sample's binary is not there.
    #[error("the sample's binary {} is not there: build it with `cargo build --release -p pilothouse-sample --target x86_64-unknown-linux-musl` and name it with --sample-binary", .0.display())]
    NoSampleBinary(PathBuf),
    /// What was measured of services can't be kept.
    #[error(
        "the samples in metrics.db can't be used ({0}): check the disk of the data directory, or move that file away: it holds nothing but charts"
    )]
    Samples(StoreError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The container engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What ran in containers would be taken for simulated.
    #[error(
        "the services of this data directory run in containers, and their engine is away ({0}): start it, or choose --engine simulated to look around without it"
    )]
    EngineAway(EngineError),
    /// What runs in a Swarm would be taken for gone.
    #[error(
        "the services of this data directory run in a Swarm: start with --engine swarm and its --registry, or choose another engine to run them there"
    )]
    WasSwarm,
    /// Edges can't be reached by every address.
    #[error(
        "--edge-listen {0} names no address that other machines could come to: name one of this machine's in the network of the nodes"
    )]
    EdgeAddress(SocketAddr),
    /// An edge does not know its platform.
    #[error("the settings {} can't be read ({source}): the platform makes them, and starts its edges itself", .file.display())]
    EdgeSettings {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The stored log lines, or the listener.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// How what is there can be taken elsewhere, where there is something.
fn copied(folder: &Path) -> String {
    if !has_database(folder) {
        return String::new();
    }
    let folder = folder.display();
    format!(
        " `pilothouse backup FILE --data-dir {folder}` copies what can be read of it elsewhere."
    )
}
