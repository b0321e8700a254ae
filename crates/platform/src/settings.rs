//! The command line and the environment: every setting once, with its help.

mod engine;
mod oidc;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pilothouse_wire::session::Role;
use pilothouse_wire::text::Name;

use crate::origin::Origin;
use crate::tls::Files;

pub use engine::{EngineArgs, EngineWord};
pub use oidc::{JoinRole, OidcArgs};

/// A container-service platform in one binary: REST API, containers, ingress and the web console.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How the log on standard error is written. What is logged is set by PILOTHOUSE_LOG, for
    /// example `info,pilothouse=debug`.
    #[arg(
        long,
        global = true,
        env = "PILOTHOUSE_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the console, the API and ingress until a signal asks to stop. Containers go on running
    /// meanwhile and are taken up again at the next start.
    Serve(Box<ServeArgs>),
    /// Keys for the API and for signing in.
    Key {
        /// What to do with keys.
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Copy the database into a new file; safe while the platform serves. Secrets in it open only
    /// with the secrets.key of the data directory: keep a copy of that elsewhere.
    Backup(BackupArgs),
    /// Take visitors on a node of a cluster, by the routes of the platform. The platform starts this
    /// itself, on every node.
    #[command(hide = true)]
    Edge(EdgeArgs),
    /// Print the secret that a Git host signs its push webhook with.
    WebhookSecret(DataArgs),
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it, the only time that it is seen; works while the platform serves.
    Create(KeyArgs),
    /// List the keys that hold on the whole platform: id, name, role, when they were made and last used.
    List(DataArgs),
    /// Revoke a key that holds on the whole platform: it opens nothing any more, at once, and who
    /// signed in with it is signed out.
    Revoke(RevokeArgs),
}

/// Where everything is kept.
#[derive(Args, Clone, Debug)]
pub struct DataArgs {
    /// The folder that holds the database and the logs. [default: $XDG_DATA_HOME/pilothouse, or
    /// ~/.local/share/pilothouse]
    #[arg(long, env = "PILOTHOUSE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

impl DataArgs {
    /// The folder that was named, or the user's own.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || {
            set("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/share")))
        };
        let named = self.data_dir.clone();
        named.or_else(|| home().map(|home| home.join("pilothouse")))
    }
}

/// The settings of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Where the console and the API listen. Port 0 takes a free one and prints it.
    #[arg(
        long,
        env = "PILOTHOUSE_LISTEN",
        default_value = "127.0.0.1:7070",
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,
    /// Where ingress listens: the traffic of the services' domains.
    #[arg(
        long,
        env = "PILOTHOUSE_INGRESS_LISTEN",
        default_value = "127.0.0.1:7080",
        value_name = "ADDRESS"
    )]
    pub ingress_listen: SocketAddr,
    /// Where everything is kept.
    #[command(flatten)]
    pub data: DataArgs,
    /// What runs the instances.
    #[command(flatten)]
    pub engine: EngineArgs,
    /// TLS of the platform's own.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// A proxy in front ends TLS: allows addresses that are not loopback, trusts its
    /// X-Forwarded-For, and marks cookies for TLS only.
    #[arg(long, env = "PILOTHOUSE_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// An origin whose pages may call the API with a key of their own: a console that is hosted
    /// elsewhere, like https://console.example. May be given several times.
    #[arg(
        long,
        env = "PILOTHOUSE_ALLOW_ORIGIN",
        value_name = "URL",
        value_delimiter = ',',
        conflicts_with = "upstream"
    )]
    pub allow_origin: Vec<Origin>,
    /// Another platform in place of an own one.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// A provider of identities that people may sign in at.
    #[command(flatten)]
    pub oidc: OidcArgs,
    /// The folder of the console's build. [default: ./dist where it exists]
    #[arg(long, env = "PILOTHOUSE_CONSOLE", value_name = "DIR")]
    pub console: Option<PathBuf>,
    /// Make the sample project, where it is not there yet, and send it a trickle of traffic.
    #[arg(long, env = "PILOTHOUSE_SAMPLE")]
    pub sample: bool,
    /// How long lines are kept.
    #[command(flatten)]
    pub logs: LogArgs,
    /// How builds are done.
    #[command(flatten)]
    pub builds: BuildArgs,
    /// The static binary that the sample's image is built from. [default: pilothouse-sample beside
    /// this executable]
    #[arg(long, env = "PILOTHOUSE_SAMPLE_BINARY", value_name = "FILE")]
    pub sample_binary: Option<PathBuf>,
}

impl ServeArgs {
    /// Whether browsers come over TLS, the platform's own or that of a proxy in front.
    pub(crate) fn is_secure(&self) -> bool {
        self.behind_proxy || self.tls.files().is_some()
    }

    /// The console's build: the folder that was named, or `dist` where it is.
    pub(crate) fn console_folder(&self) -> Option<PathBuf> {
        let beside = || Some(PathBuf::from("dist")).filter(|dist| dist.join("index.html").exists());
        self.console.clone().or_else(beside)
    }
}

/// TLS for the console and the API; ingress stays as it is.
#[derive(Args, Clone, Debug)]
pub struct TlsArgs {
    /// The certificate for --listen, a PEM file with the authorities' after the platform's own. The
    /// console and the API are then served over TLS alone. Another one in its place is taken in
    /// within seconds, or at once on SIGHUP.
    #[arg(
        long,
        env = "PILOTHOUSE_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's key, a PEM file without a password.
    #[arg(
        long,
        env = "PILOTHOUSE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// The files, if they are named.
    pub(crate) fn files(&self) -> Option<Files> {
        Some(Files {
            certificate: self.tls_certificate.clone()?,
            key: self.tls_key.clone()?,
        })
    }
}

/// Another platform, for which the console is served instead of an own one.
#[derive(Args, Clone, Debug)]
pub struct GatewayArgs {
    /// Serve the console for the platform at this origin, and pass /api/v1 on to it with the key of
    /// --upstream-key-file, which no browser ever sees. Nothing else is started here: no database,
    /// no engine, no ingress.
    #[arg(
        long,
        env = "PILOTHOUSE_UPSTREAM",
        value_name = "URL",
        requires = "upstream_key_file",
        conflicts_with = "sample"
    )]
    pub upstream: Option<Origin>,
    /// The file that holds the key for --upstream, readable by its owner alone.
    #[arg(
        long,
        env = "PILOTHOUSE_UPSTREAM_KEY_FILE",
        value_name = "FILE",
        requires = "upstream"
    )]
    pub upstream_key_file: Option<PathBuf>,
    /// Allows an address that is not loopback with --upstream: whoever reaches it acts with the key.
    #[arg(long, env = "PILOTHOUSE_UPSTREAM_OPEN", requires = "upstream")]
    pub upstream_open: bool,
}

/// A platform elsewhere, and the file of the key for it.
pub(crate) struct Gate {
    pub(crate) upstream: Origin,
    pub(crate) key_file: PathBuf,
    /// Whether others than this machine may act with the key.
    pub(crate) open: bool,
}

impl GatewayArgs {
    /// The platform elsewhere, if one is named.
    pub(crate) fn named(&self) -> Option<Gate> {
        Some(Gate {
            upstream: self.upstream.clone()?,
            key_file: self.upstream_key_file.clone()?,
            open: self.upstream_open,
        })
    }
}

/// How long lines are kept.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// How many days of logs and access logs are kept.
    #[arg(long, env = "PILOTHOUSE_KEEP_LOGS", default_value = "30", value_name = "DAYS",
          value_parser = clap::value_parser!(u16).range(1..=3_650))]
    pub keep_logs: u16,
    /// How much of a service's log is kept, in MiB, if its instances write more in those days.
    #[arg(long, env = "PILOTHOUSE_LOG_LIMIT", default_value = "256", value_name = "MIB",
          value_parser = clap::value_parser!(u32).range(48..=1_048_576))]
    pub log_limit: u32,
}

/// How builds are done.
#[derive(Args, Clone, Debug)]
pub struct BuildArgs {
    /// The address that a service's `owner/name` is appended to: https, http or file.
    #[arg(
        long,
        env = "PILOTHOUSE_GIT_BASE_URL",
        default_value = "https://github.com",
        value_name = "URL",
        value_parser = git_base
    )]
    pub git_base_url: String,
    /// A file with the token that opens repositories which are not public.
    #[arg(long, env = "PILOTHOUSE_GIT_TOKEN_FILE", value_name = "FILE")]
    pub git_token_file: Option<PathBuf>,
    /// How many builds go on at once, at most one of a service.
    #[arg(long, env = "PILOTHOUSE_BUILDS_AT_ONCE", default_value = "2", value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=32))]
    pub builds_at_once: u16,
    /// How long a build may take, in seconds.
    #[arg(long, env = "PILOTHOUSE_BUILD_TIMEOUT", default_value = "1800", value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub build_timeout: u32,
    /// How much of a build's log is kept, in MiB: its head, and 2 MiB of its tail.
    #[arg(long, env = "PILOTHOUSE_BUILD_LOG_LIMIT", default_value = "64", value_name = "MIB",
          value_parser = clap::value_parser!(u16).range(3..=1_024))]
    pub build_log_limit: u16,
    /// How many images of a service are kept beside those that its releases need.
    #[arg(
        long,
        env = "PILOTHOUSE_KEEP_IMAGES",
        default_value = "10",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub keep_images: u32,
    /// How many releases and how many deployments of a service are kept, with their logs. What runs,
    /// what was last healthy and what is under way stays in any case.
    #[arg(
        long,
        env = "PILOTHOUSE_KEEP_RELEASES",
        default_value = "50",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub keep_releases: u32,
}

/// The settings of `edge`.
#[derive(Args, Clone, Debug)]
pub struct EdgeArgs {
    /// The file that says where the platform is and what opens it.
    #[arg(long, value_name = "FILE")]
    pub settings: PathBuf,
    /// The engine's id of the node.
    #[arg(long, env = "PILOTHOUSE_NODE", value_name = "ID", default_value = "")]
    pub node: String,
    /// Where visitors come.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where the control groups of the node are.
    #[arg(long, value_name = "DIR", default_value = "/sys/fs/cgroup")]
    pub groups: PathBuf,
}

/// The settings of `key create`.
#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    /// Where everything is kept.
    #[command(flatten)]
    pub data: DataArgs,
    /// What the key is called in the history of what it does.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Name,
    /// What the key may do.
    #[arg(long, value_name = "ROLE", default_value = "admin")]
    pub role: KeyRole,
}

/// The settings of `key revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    /// The key's id, or its name where no other has that.
    #[arg(value_name = "NAME|ID")]
    pub key: String,
    /// Where everything is kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// The settings of `backup`.
#[derive(Args, Clone, Debug)]
pub struct BackupArgs {
    /// The file to write, which must not exist yet.
    pub file: PathBuf,
    /// Where everything is kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// The roles that a key can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyRole {
    /// Reads everything but secrets.
    Viewer,
    /// Ships: deploys, restarts, scales, edits services and plain config.
    Member,
    /// Everything.
    Admin,
}

impl From<KeyRole> for Role {
    fn from(role: KeyRole) -> Self {
        match role {
            KeyRole::Viewer => Self::Viewer,
            KeyRole::Member => Self::Member,
            KeyRole::Admin => Self::Admin,
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn git_base(text: &str) -> Result<String, String> {
    let known = ["https://", "http://", "file://"];
    if !known.iter().any(|scheme| text.starts_with(scheme)) {
        return Err("it begins with https://, http:// or file://".to_owned());
    }
    if text.contains('@') || text.contains(char::is_whitespace) {
        return Err(
            "it holds no credentials and no spaces: name a token with --git-token-file".to_owned(),
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn name(text: &str) -> Result<Name, String> {
    Name::new(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
