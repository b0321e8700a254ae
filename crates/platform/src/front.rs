//! The front door: where clients of the console and the API come in, and how long it is kept open.

mod answer;
mod taken;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::patient::Patient;
use crate::settings::ServeArgs;
use crate::start::StartError;
use crate::tls::{Certificate, Handshakes};

pub(crate) use answer::Spoken;
use answer::{Limits, answer};

/// How long requests may go on after a signal.
pub(crate) const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// The door of the console and the API.
pub(crate) struct Front {
    clients: Clients,
    /// Nothing: what is spoken here is not encrypted by the platform itself.
    certificate: Option<Certificate>,
}

impl Front {
    /// Takes the address of choice, with the certificate of choice.
    pub(crate) async fn open(args: &ServeArgs) -> Result<Self, StartError> {
        let certificate = args.tls.files().map(Certificate::open).transpose()?;
        let listener = listen(args.listen, "--listen").await?;
        Ok(Self {
            clients: Clients::new(listener),
            certificate,
        })
    }

    /// The address, as a browser on this machine asks for it.
    pub(crate) fn url(&self) -> io::Result<String> {
        let address = reachable(self.clients.local_addr()?);
        let scheme = self.certificate.as_ref().map_or("http", |_| "https");
        Ok(format!("{scheme}://{address}"))
    }

    /// Answers clients until asked to stop.
    pub(crate) fn serve(
        self,
        router: Router,
        stop: CancellationToken,
    ) -> io::Result<JoinHandle<()>> {
        let limits = self.clients.limits;
        let Some(certificate) = self.certificate else {
            return Ok(tokio::spawn(answer(self.clients, limits, router, stop)));
        };
        tokio::spawn(certificate.clone().keep_fresh(stop.clone())?);
        let clients = Handshakes::of(self.clients, certificate)?;
        Ok(tokio::spawn(answer(clients, limits, router, stop)))
    }
}

/// Takes an address for this process.
pub(crate) async fn listen(
    address: SocketAddr,
    option: &'static str,
) -> Result<TcpListener, StartError> {
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

/// An address as it is reached from this machine.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    }
}

/// Who comes for the console and the API, each of whom is left when he takes nothing.
pub(crate) struct Clients {
    listener: TcpListener,
    limits: Limits,
}

impl Clients {
    fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            limits: Limits::default(),
        }
    }
}

impl Listener for Clients {
    type Io = Patient<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Small replies go out at once.
        let _ = stream.set_nodelay(true);
        (Patient::new(stream, self.limits.taking), address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// Stops what waits for it when a signal asks for that.
pub(crate) fn stop_on_signal(stop: CancellationToken) -> io::Result<()> {
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
