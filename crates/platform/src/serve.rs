//! `pilothouse serve`: sockets, the words at the start, and the end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::{App, Parts, app};
use crate::build::BuildSettings;
use crate::data_dir;
use crate::edge;
use crate::engine::{EdgeSpec, Engine};
use crate::front::{FINISH_WITHIN, Front, listen, reachable, stop_on_signal};
use crate::gateway;
use crate::logs::Retention;
use crate::origin::Origin;
use crate::process;
use crate::sample;
use crate::settings::{BuildArgs, LogArgs, ServeArgs};
use crate::start::StartError;

/// The pause before an engine that did not take the edges is told again.
const EDGES_AGAIN: Duration = Duration::from_secs(5);

/// Serves until a signal asks to stop.
///
/// # Errors
/// Why it does not start.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), StartError> {
    process::raise_descriptors();
    if let Some(gate) = args.gateway.named() {
        return gateway::serve(args, &gate).await;
    }
    refuse_public(args)?;
    let console = console(args)?;
    let held = data_dir::hold(&args.data)?;
    let front = Front::open(args).await?;
    let ingress_listener = listen(args.ingress_listen, "--ingress-listen").await?;
    let visitors = reachable(ingress_listener.local_addr()?);
    let urls = Urls {
        console: front.url()?,
        ingress: format!("http://{visitors}"),
    };
    let app = app(Parts {
        data_dir: held.folder().to_owned(),
        engine: args.engine.choice()?,
        ingress_url: urls.ingress.clone(),
        behind_proxy: args.behind_proxy,
        tls: args.tls.files().is_some(),
        logs: retention(&args.logs),
        builds: build_settings(&args.builds, held.folder())?,
        console,
        oidc: args.oidc.named(here(args, &urls.console))?,
    })
    .await?
    .let_in(args.allow_origin.clone());
    held.note_installation(app.platform.store.installation())?;
    let binary = if args.sample {
        sample::binary(&app.platform, args.sample_binary.as_deref())?
    } else {
        None
    };

    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    serve_edges(args, &app, held.folder(), &stop).await?;
    let ingress = tokio::spawn(app.ingress(ingress_listener, stop.clone())?);
    let api = front.serve(app.router(), stop.clone())?;
    greet(&app, &urls, held.folder()).await?;
    if args.sample {
        let platform = Arc::clone(&app.platform);
        tokio::spawn(sample::run(platform, binary, visitors, stop.clone()));
    }

    stop.cancelled().await;
    tracing::info!("stopping; instances go on running");
    // Ingress ends its requests itself, so that each is noted.
    let (_, api) = tokio::join!(ingress, tokio::time::timeout(FINISH_WITHIN, api));
    if api.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    app.close().await;
    Ok(())
}

/// Takes the edges of a cluster, and lets every node of it have one.
async fn serve_edges(
    args: &ServeArgs,
    app: &App,
    data_dir: &Path,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    let engine = Arc::clone(&app.platform.engine);
    if engine.conductor().is_none() {
        return Ok(());
    }
    let Some(address) = args.engine.edge_listen else {
        tokio::spawn(keep_edges(engine, None));
        return Ok(());
    };
    if address.ip().is_unspecified() || address.ip().is_loopback() {
        return Err(StartError::EdgeAddress(address));
    }
    let listener = listen(address, "--edge-listen").await?;
    let platform = listener.local_addr()?;
    let credentials = edge::Credentials::of(data_dir)?;
    let settings = edge::Settings {
        platform,
        token: credentials.token.clone(),
        certificate: credentials.certificate.clone(),
    };
    let spec = EdgeSpec {
        context: edge::context()?,
        settings: serde_json::to_string(&settings).map_err(io::Error::other)?,
        port: args.engine.edge_port,
    };
    tokio::spawn(app.hub(credentials).serve(listener, stop.clone())?);
    tokio::spawn(keep_edges(engine, Some(spec)));
    Ok(())
}

/// Tells the engine until it has heard it.
async fn keep_edges(engine: Arc<dyn Engine>, edges: Option<EdgeSpec>) {
    let Some(conductor) = engine.conductor() else {
        return;
    };
    while let Err(error) = conductor.set_edges(edges.as_ref()).await {
        tracing::warn!(%error, "the nodes can't be told to take visitors: trying again");
        tokio::time::sleep(EDGES_AGAIN).await;
    }
}

fn refuse_public(args: &ServeArgs) -> Result<(), StartError> {
    let public = [args.listen, args.ingress_listen]
        .into_iter()
        .find(|address| !address.ip().is_loopback());
    match public {
        Some(address) if !args.is_secure() => Err(StartError::PublicAddress(address)),
        _ => Ok(()),
    }
}

/// The folder of the console's build, if there is one.
pub(crate) fn console(args: &ServeArgs) -> Result<Option<PathBuf>, StartError> {
    let folder = args.console_folder();
    match folder.filter(|folder| !folder.join("index.html").exists()) {
        Some(folder) => Err(StartError::NoConsole(folder)),
        None => Ok(args.console_folder()),
    }
}

fn retention(args: &LogArgs) -> Retention {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    Retention {
        bytes: u64::from(args.log_limit) * 1024 * 1024,
        age: DAY * u32::from(args.keep_logs),
    }
}

fn build_settings(args: &BuildArgs, data_dir: &Path) -> Result<BuildSettings, StartError> {
    let git_token = match &args.git_token_file {
        Some(file) => {
            let read = std::fs::read_to_string(file);
            let token = read.map_err(|source| StartError::GitToken {
                file: file.clone(),
                source,
            })?;
            Some(token.trim().to_owned())
        }
        None => None,
    };
    Ok(BuildSettings {
        git_base: args.git_base_url.clone(),
        git_token,
        at_once: usize::from(args.builds_at_once),
        timeout: Duration::from_secs(u64::from(args.build_timeout)),
        log_limit: usize::from(args.build_log_limit) * 1024 * 1024,
        keep_images: args.keep_images,
        keep_releases: args.keep_releases,
        folder: data_dir.join("work"),
    })
}

/// Where the console is reached, if only browsers on this machine reach it.
fn here(args: &ServeArgs, console: &str) -> Option<Origin> {
    let is_here = args.listen.ip().is_loopback() && !args.is_secure();
    is_here.then(|| console.parse().ok()).flatten()
}

struct Urls {
    console: String,
    ingress: String,
}

/// Says on standard output where everything is.
async fn greet(app: &App, urls: &Urls, data_dir: &Path) -> Result<(), StartError> {
    let engine = match app.platform.engine.detail().await {
        Ok(detail) => detail,
        Err(error) => error.to_string(),
    };
    let sign_in = app.first_sign_in().await?;
    let mut words = format!(
        "Pilothouse {version}\n\
         Engine    {engine}\n\
         Data      {data}\n\
         Console   {console}/\n\
         Ingress   {ingress}/\n",
        version = env!("CARGO_PKG_VERSION"),
        data = data_dir.display(),
        console = urls.console,
        ingress = urls.ingress,
    );
    if let Some(token) = sign_in {
        words.push_str(&format!(
            "Sign in   {}/connect#token={token}\n          (works once, within 15 minutes; later: pilothouse key create)\n",
            urls.console
        ));
    }
    words.push('\n');
    say(&words);
    Ok(())
}

/// Says something to who started this. They may have closed its output; that is no reason to stop.
pub(crate) fn say(words: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(words.as_bytes()).and_then(|()| out.flush());
}
