//! `pilothouse serve`: sockets, the words at the start, and the end.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{App, Parts, app};
use crate::build::BuildSettings;
use crate::data_dir;
use crate::logs::Retention;
use crate::patient::Patient;
use crate::process;
use crate::sample;
use crate::settings::{BuildArgs, LogArgs, ServeArgs};
use crate::start::StartError;

/// How long requests may go on after a signal.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take nothing of what is sent.
const TAKING: Duration = Duration::from_secs(60);

/// Serves until a signal asks to stop.
///
/// # Errors
/// Why it does not start.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), StartError> {
    refuse_public(args)?;
    process::raise_descriptors();
    let console = args.console_folder();
    if let Some(folder) = console
        .as_ref()
        .filter(|dir| !dir.join("index.html").exists())
    {
        return Err(StartError::NoConsole(folder.clone()));
    }
    let held = data_dir::hold(&args.data)?;
    let listener = listen(args.listen, "--listen").await?;
    let ingress_listener = listen(args.ingress_listen, "--ingress-listen").await?;
    let visitors = reachable(ingress_listener.local_addr()?);
    let urls = Urls {
        console: url(listener.local_addr()?),
        ingress: url(visitors),
    };
    let app = app(Parts {
        data_dir: held.folder().to_owned(),
        engine: args.engine,
        ingress_url: urls.ingress.clone(),
        behind_proxy: args.behind_proxy,
        logs: retention(&args.logs),
        builds: build_settings(&args.builds, held.folder())?,
        console,
    })
    .await?;
    held.note_installation(app.platform.store.installation())?;
    let binary = if args.sample {
        sample::binary(&app.platform, args.sample_binary.as_deref())?
    } else {
        None
    };

    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let ingress = tokio::spawn(app.ingress(ingress_listener, stop.clone())?);
    let api = Clients {
        listener,
        taking: TAKING,
    };
    let api = tokio::spawn(answer(api, app.router(), stop.clone()));
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

struct Urls {
    console: String,
    ingress: String,
}

/// An address as it is reached from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

fn refuse_public(args: &ServeArgs) -> Result<(), StartError> {
    let public = [args.listen, args.ingress_listen]
        .into_iter()
        .find(|address| !address.ip().is_loopback());
    match public {
        Some(address) if !args.behind_proxy => Err(StartError::PublicAddress(address)),
        _ => Ok(()),
    }
}

async fn listen(address: SocketAddr, option: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::AddressInUse { address, option }
        } else {
            StartError::Listen {
                address,
                option,
                source,
            }
        }
    })
}

/// Who comes for the console and the API, each of whom is left when he takes nothing.
struct Clients {
    listener: TcpListener,
    taking: Duration,
}

impl Listener for Clients {
    type Io = Patient<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Small replies go out at once.
        let _ = stream.set_nodelay(true);
        (Patient::new(stream, self.taking), address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn answer(clients: Clients, router: Router, stop: CancellationToken) {
    // What is tapped tells the handlers who calls.
    let listener = clients.tap_io(|_| {});
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the console and API are not served any more");
    }
}

fn stop_on_signal(stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
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
    // Whoever started this may have closed its output; that is no reason to stop.
    let mut out = io::stdout().lock();
    let _ = out.write_all(words.as_bytes()).and_then(|()| out.flush());
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use bytes::Bytes;
    use tokio::io::AsyncWriteExt;
    use tokio::sync::mpsc;

    use super::*;

    /// An answer that says when it is not held any more.
    struct Told(Vec<u8>, mpsc::UnboundedSender<()>);

    impl AsRef<[u8]> for Told {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.1.send(());
        }
    }

    #[tokio::test]
    async fn an_answer_is_held_until_it_is_taken_or_its_client_is_left() {
        let (dropped, mut drops) = mpsc::unbounded_channel();
        let large = move || {
            let told = Told(vec![b'x'; 32 * 1024 * 1024], dropped.clone());
            async { Bytes::from_owner(told) }
        };
        let clients = Clients {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            taking: Duration::from_secs(1),
        };
        let (address, stop) = (clients.local_addr().unwrap(), CancellationToken::new());
        let router = Router::new().route("/", get(large));
        let serving = tokio::spawn(answer(clients, router, stop.clone()));
        let begun = tokio::time::Instant::now();
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        // Takes nothing at all.
        let left = tokio::time::timeout(Duration::from_secs(30), drops.recv());
        left.await.unwrap().unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(1));
        stop.cancel();
        serving.await.unwrap();
    }
}
