//! The front door: where clients of the console and the API come in, and how long it is kept open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::patient::Patient;
use crate::settings::ServeArgs;
use crate::start::StartError;
use crate::tls::{Certificate, Handshakes};

/// How long requests may go on after a signal.
pub(crate) const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take nothing of what is sent.
const TAKING: Duration = Duration::from_secs(60);

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
        let Some(certificate) = self.certificate else {
            return Ok(tokio::spawn(answer(self.clients, router, stop)));
        };
        tokio::spawn(certificate.clone().keep_fresh(stop.clone())?);
        let clients = Handshakes::of(self.clients, certificate)?;
        Ok(tokio::spawn(answer(clients, router, stop)))
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
    taking: Duration,
}

impl Clients {
    fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            taking: TAKING,
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
        (Patient::new(stream, self.taking), address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn answer<L>(clients: L, router: Router, stop: CancellationToken)
where
    L: Listener<Addr = SocketAddr>,
{
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
