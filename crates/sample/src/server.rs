//! Connections: taking them, serving request after request on each, and ending them in peace.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{self, ReadError, Reply};
use crate::log;
use crate::routes::Service;
use crate::slots::{Slot, Slots};

/// Connections at once.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take to send a request or to take a reply in.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request.
const IDLE_LIMIT: Duration = Duration::from_secs(75);

/// The same once the service stops: long enough for a request that is already on its way.
const IDLE_LIMIT_STOPPING: Duration = Duration::from_millis(500);

/// How often a waiting connection looks whether the service stops.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The pause after a connection could not be taken, as when the process is out of files.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// The service and its connections.
pub(crate) struct Server {
    service: Service,
    port: u16,
    connections: Slots,
    stopping: AtomicBool,
}

impl Server {
    /// `port` is the one the listener given to [`Server::accept`] has.
    pub(crate) fn new(service: Service, port: u16) -> Self {
        Self {
            service,
            port,
            connections: Slots::new(MAX_CONNECTIONS),
            stopping: AtomicBool::new(false),
        }
    }

    /// Takes connections until [`Server::stop_accepting`].
    pub(crate) fn accept(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let accepted = listener.accept();
            if self.stopping() {
                return;
            }
            match accepted {
                Ok((stream, _)) => self.take(stream),
                Err(error) => {
                    log::error(&format!("cannot take a connection: {error}"));
                    thread::sleep(ACCEPT_RETRY);
                }
            }
        }
    }

    /// Ends [`Server::accept`]; connections that are open finish what they do.
    pub(crate) fn stop_accepting(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Only a connection wakes a thread that waits for one.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }

    /// Waits until no connection is open; `false` when some still are after `limit`.
    pub(crate) fn wait_until_idle(&self, limit: Duration) -> bool {
        self.connections.wait_until_free(limit)
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Serves the connection in a thread of its own, or says that there are too many.
    fn take(self: &Arc<Self>, stream: TcpStream) {
        let Some(slot) = self.connections.take() else {
            refuse(stream);
            return;
        };
        let server = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name("connection".into())
            .spawn(move || server.serve(stream, slot));
        if let Err(error) = spawned {
            log::error(&format!("cannot start a thread: {error}"));
        }
    }

    /// Serves until the client or the stop ends it. The slot is free when this returns.
    fn serve(&self, mut stream: TcpStream, _slot: Slot) {
        // An error here is a client that left: there is nobody to tell.
        let _ = self.serve_requests(&mut stream);
    }

    fn serve_requests(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(IO_TIMEOUT))?;
        let mut buffer = Vec::new();
        while !buffer.is_empty() || self.wait_for_bytes(stream)? {
            stream.set_read_timeout(Some(IO_TIMEOUT))?;
            let started = Instant::now();
            let request = match http::read_request(stream, &mut buffer) {
                Ok(request) => request,
                Err(ReadError::Gone) => return Ok(()),
                Err(ReadError::Refused(reply)) => {
                    log_request("-", "-", &reply, started);
                    return reply.write(stream, false, false);
                }
            };
            let reply = self.service.answer(&request);
            let keep_alive = request.keep_alive && !self.stopping();
            log_request(&request.method, &request.path, &reply, started);
            reply.write(stream, keep_alive, request.method == "HEAD")?;
            if !keep_alive {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits for the next request's first byte; `false` when none comes.
    fn wait_for_bytes(&self, stream: &TcpStream) -> io::Result<bool> {
        stream.set_read_timeout(Some(LOOK_EVERY))?;
        let mut idle_since = Instant::now();
        let mut limit = IDLE_LIMIT;
        loop {
            match stream.peek(&mut [0]) {
                Ok(length) => return Ok(length > 0),
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
            if limit == IDLE_LIMIT && self.stopping() {
                limit = IDLE_LIMIT_STOPPING;
                idle_since = Instant::now();
            }
            if idle_since.elapsed() >= limit {
                return Ok(false);
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

fn refuse(mut stream: TcpStream) {
    let reply = Reply::text(503, "too many connections: try again later");
    log_request("-", "-", &reply, Instant::now());
    let _ = stream.set_nonblocking(true);
    let _ = reply.write(&mut stream, false, false);
}

/// One line a request; what went wrong goes to standard error.
fn log_request(method: &str, path: &str, reply: &Reply, started: Instant) {
    let ms = started.elapsed().as_millis();
    let line = format!("{method} {path} {} {ms}ms", reply.status);
    if reply.status >= 500 {
        log::error(&line);
    } else {
        log::info(&line);
    }
}
