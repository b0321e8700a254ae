//! The platform put together from its parts, without a socket: what `serve` and the tests run.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use pilothouse_wire::meta::EngineKind;
use pilothouse_wire::open::Words;
use pilothouse_wire::session::Role;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::build::{self, BuildSettings, Builds};
use crate::domain::{
    Attempts, Observed, Platform, Refusals, UnderWay, create_key, finish_audit, first_sign_in,
};
use crate::edge;
use crate::engine::{Engine, EngineChoice, connect};
use crate::http::{Context, console, router};
use crate::ingress::{self, Ingress, Ledger, Limits, Room, Serving};
use crate::journal::Journals;
use crate::logs::{LogStore, Retention};
use crate::oidc::{self, Oidc};
use crate::origin::Origin;
use crate::process;
use crate::reconcile::{self, Pace, Wake};
use crate::start::StartError;
use crate::store::Store;
use crate::telemetry::{Measuring, Telemetry};
use crate::vault::Vault;
use crate::webhook;

/// What a platform is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The folder that holds the database and the logs; it must exist.
    pub data_dir: PathBuf,
    /// What runs the instances.
    pub engine: EngineChoice,
    /// Where ingress is reached, as a browser sees it.
    pub ingress_url: String,
    /// Whether a proxy in front ends TLS.
    pub behind_proxy: bool,
    /// Whether the platform itself ends TLS.
    pub tls: bool,
    /// How long the lines of services are kept.
    pub logs: Retention,
    /// How builds are done; their folder is the data directory's own where none is named.
    pub builds: BuildSettings,
    /// The folder of the console's build.
    pub console: Option<PathBuf>,
    /// The provider of identities that people may sign in at.
    pub oidc: Option<oidc::Settings>,
}

impl Parts {
    /// A platform on so many simulated nodes, with all else as it is where nothing is said, and without a
    /// console. Nobody reaches its ingress: that is for whoever puts it together.
    pub fn simulated(data_dir: PathBuf, nodes: NonZeroU16) -> Self {
        Self {
            data_dir,
            engine: EngineChoice::Simulated(nodes),
            ingress_url: "http://127.0.0.1:7080".to_owned(),
            behind_proxy: false,
            tls: false,
            logs: Retention::default(),
            builds: BuildSettings::default(),
            console: None,
            oidc: None,
        }
    }
}

/// A platform at work: its reconciler runs, and its router answers.
pub struct App {
    pub(crate) platform: Arc<Platform>,
    context: Context,
    console: Option<PathBuf>,
    pages: Vec<Origin>,
    /// Where ingress notes every request.
    ledger: Ledger,
    _measuring: Measuring,
    reconciler: tokio::task::JoinHandle<()>,
    builder: tokio::task::JoinHandle<()>,
}

/// Puts a platform together and starts its reconciler.
///
/// # Errors
/// The data directory or the engine can't be used.
pub async fn app(parts: Parts) -> Result<App, StartError> {
    let oidc = parts.oidc.map(Oidc::new).transpose()?;
    let store = Store::open(&parts.data_dir).await;
    let store = store.map_err(|source| StartError::Database {
        folder: parts.data_dir.clone(),
        source,
    })?;
    finish_audit(&store).await?;
    let engine = engine(&store, parts.engine).await?;
    let vault = Vault::open(&parts.data_dir, !store.has_secrets().await?)?;
    let logs = LogStore::open(&parts.data_dir.join("logs"), parts.logs)?;
    let (ledger, visits) = Ledger::new();
    let ingress = Ingress::new(Room::within(process::descriptors()));
    let (telemetry, measuring) = Telemetry::start(
        &parts.data_dir,
        Arc::clone(&engine),
        ingress.clone(),
        (ledger.clone(), visits),
        parts.logs.age,
    )
    .await?;
    let (wake, woken) = Wake::new();
    let platform = Arc::new(Platform {
        store,
        engine,
        ingress,
        logs,
        telemetry,
        journals: Journals::open(&parts.data_dir, parts.builds.log_limit)?,
        builds: Builds::default(),
        build_settings: parts.builds,
        webhook_secret: webhook::secret(&parts.data_dir)?,
        vault,
        observed: Observed::default(),
        wake,
        pace: Pace::default(),
        attempts: Attempts::default(),
        refusals: Refusals::default(),
        oidc,
        under_way: UnderWay::default(),
        changing: tokio::sync::Mutex::default(),
        ingress_url: parts.ingress_url,
    });
    let reconciler = tokio::spawn(reconcile::run(Arc::clone(&platform), woken));
    let builder = tokio::spawn(build::run(Arc::clone(&platform)));
    Ok(App {
        context: Context::new(Arc::clone(&platform), parts.behind_proxy, parts.tls),
        platform,
        console: parts.console,
        pages: Vec::new(),
        ledger,
        _measuring: measuring,
        reconciler,
        builder,
    })
}

/// The engine of choice. What ran as containers is never simulated just because their engine is
/// away: that would call well what nobody can reach.
async fn engine(store: &Store, choice: EngineChoice) -> Result<Arc<dyn Engine>, StartError> {
    let last = store.last_engine().await?;
    let ran_in = |kind: EngineKind| last.as_deref() == Some(kind.word());
    let engine = match choice {
        EngineChoice::Auto if ran_in(EngineKind::Containers) => {
            connect(&EngineChoice::Containers, store.installation())
                .await
                .map_err(StartError::EngineAway)?
        }
        EngineChoice::Auto if ran_in(EngineKind::Swarm) => return Err(StartError::WasSwarm),
        choice => connect(&choice, store.installation()).await?,
    };
    store.note_engine(engine.kind().word()).await?;
    Ok(engine)
}

impl App {
    /// Lets pages of other origins call the API, with a key of their own.
    #[must_use]
    pub fn let_in(mut self, pages: Vec<Origin>) -> Self {
        self.pages = pages;
        self
    }

    /// Everything that is served but ingress.
    pub fn router(&self) -> Router {
        let console = console::console(self.console.clone());
        router::router(self.context.clone(), console, &self.pages)
    }

    /// Starts ingress, which is served until asked to stop.
    ///
    /// # Errors
    /// The threads that serve can't be started.
    pub fn ingress(
        &self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> std::io::Result<impl Future<Output = ()> + Send + use<>> {
        let serving = Serving {
            ingress: self.platform.ingress.clone(),
            ledger: self.ledger.clone(),
            behind_proxy: self.context.behind_proxy(),
            limits: Limits::default(),
        };
        ingress::serve(listener, &serving, stop)
    }

    /// What the edges of a cluster come to.
    pub(crate) fn hub(&self, credentials: edge::Credentials) -> edge::Hub {
        edge::Hub::new(
            self.platform.ingress.clone(),
            self.ledger.clone(),
            self.platform.telemetry.clone(),
            Arc::clone(&self.platform.engine),
            self.platform.store.clone(),
            credentials,
        )
    }

    /// The OpenAPI document of every endpoint.
    pub fn openapi(&self) -> serde_json::Value {
        router::openapi(self.context.clone())
    }

    /// Makes a key with a role.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn create_key(&self, name: &str, role: Role) -> Result<String, StartError> {
        Ok(create_key(&self.platform.store, name, role).await?)
    }

    /// The token of a sign-in link, as long as nobody can sign in.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn first_sign_in(&self) -> Result<Option<String>, StartError> {
        Ok(first_sign_in(&self.platform.store).await?)
    }

    /// Stops at a point where nothing is half written. Instances go on running.
    pub async fn close(self) {
        self.reconciler.abort();
        self.builder.abort();
        self.platform.telemetry.close().await;
        self.platform.logs.flush().await;
        self.platform.store.close().await;
    }
}

/// Whether a folder holds a platform's database.
pub(crate) fn has_database(data_dir: &Path) -> bool {
    crate::store::database_file(data_dir).exists()
}
