//! A tiny HTTP service for tests and the sample project: the process's life from start to signal.

mod calls;
mod chatter;
mod config;
mod http;
mod log;
mod routes;
mod server;
mod slots;

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use signal_hook::consts::signal::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::config::Config;
use crate::routes::Service;
use crate::server::Server;

/// How long requests under way may go on after the signal to stop; the process ends within 10 s.
const DRAIN_LIMIT: Duration = Duration::from_secs(9);

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(message) => {
            log::error(&message);
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal asks to stop.
fn run() -> Result<ExitCode, String> {
    let config =
        Config::read(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    if let Some(code) = config.exit_at_start {
        log::error(&format!(
            "stopping with code {code}: EXIT_AT_START asks for it; remove it to start"
        ));
        return Ok(ExitCode::from(code));
    }
    // As process 1 of a container nothing stops this process by default: the handler comes first.
    let mut signals = Signals::new([SIGTERM, SIGINT])
        .map_err(|error| format!("cannot listen for signals: {error}"))?;

    let port = config.port;
    let listener = TcpListener::bind(("0.0.0.0", port)).map_err(|error| {
        format!("cannot listen on port {port}: {error}; set PORT to a free one")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("cannot tell the port in use: {error}"))?;

    let chatter = config.chatter;
    let service = Service::new(config);
    log::info(&format!("{} starting", service.title()));
    let server = Arc::new(Server::new(service, address.port()));
    let accepting = Arc::clone(&server);
    let acceptor = thread::Builder::new()
        .name("accept".into())
        .spawn(move || accepting.accept(&listener))
        .map_err(|error| format!("cannot start a thread: {error}"))?;
    log::info(&format!("listening on {address}"));
    if let Some(chatter) = chatter {
        chatter::start(chatter).map_err(|error| format!("cannot start a thread: {error}"))?;
    }

    signals.forever().next();
    log::info("stopping: finishing the requests under way");
    server.stop_accepting();
    if acceptor.join().is_err() {
        log::error("the accepting thread had failed before the stop");
    }
    if !server.wait_until_idle(DRAIN_LIMIT) {
        log::error("stopping with requests still under way");
    }
    log::info("stopped");
    Ok(ExitCode::SUCCESS)
}
