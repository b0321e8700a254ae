//! Clients that come over TLS, each of whom is let in when the handshake is done and waits for no
//! other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use super::Certificate;
use crate::front::{Clients, Spoken};
use crate::patient::Patient;

/// How long a handshake may take.
const SHAKEN_WITHIN: Duration = Duration::from_secs(10);
/// Handshakes at the same time; who comes beyond them is sent away.
const MOST: usize = 1024;
/// Clients who are in and not yet taken care of.
const WAITING: usize = 64;

type Client = (TlsStream<Patient<TcpStream>>, SocketAddr);

/// A listener for TLS.
pub(crate) struct Handshakes {
    address: SocketAddr,
    done: mpsc::Receiver<Client>,
    _accepting: AbortOnDropHandle<()>,
}

impl Handshakes {
    pub(crate) fn of(clients: Clients, certificate: Certificate) -> io::Result<Self> {
        let address = clients.local_addr()?;
        let (client, done) = mpsc::channel(WAITING);
        let accepting = tokio::spawn(accept(clients, certificate, client));
        Ok(Self {
            address,
            done,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }
}

impl Listener for Handshakes {
    type Io = TlsStream<Patient<TcpStream>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Client {
        match self.done.recv().await {
            Some(client) => client,
            // It accepts for as long as this lives.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Spoken for TlsStream<Patient<TcpStream>> {
    fn is_http2(&self) -> bool {
        self.get_ref().1.alpn_protocol() == Some(b"h2")
    }
}

async fn accept(mut clients: Clients, certificate: Certificate, done: mpsc::Sender<Client>) {
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let (stream, address) = clients.accept().await;
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let acceptor = TlsAcceptor::from(certificate.current());
        let done = done.clone();
        tokio::spawn(async move {
            let _place = place;
            match timeout(SHAKEN_WITHIN, acceptor.accept(stream)).await {
                // Nobody is left to take care of them when the platform stops.
                Ok(Ok(stream)) => drop(done.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS was agreed on"),
                Err(_) => tracing::debug!(%address, "a handshake was not finished in time"),
            }
        });
    }
}
