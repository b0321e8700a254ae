//! Connections to instances, kept open from one request to the next.
//!
//! A connection is served by the very task that waits for its answer: no other has to be woken, on
//! another core as like as not, for each part of a request. Only where both sides may speak at the
//! same time it gets a task of its own.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http::{Request, Response};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::body::Lent;
use super::headers;
use super::socket;

/// How long an instance may take to accept a connection: its kernel does that, and asks once more
/// after a second. A visitor waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Connections to one instance that a thread keeps open without a request.
const MAX_IDLE: usize = 256;

/// Why an instance gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// It accepts no connection.
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    /// The connection ended before any of the request was sent.
    #[error("the connection was closed before the request: {0}")]
    Unsent(hyper::Error),
    /// What became of the request is not known.
    #[error("no answer: {0}")]
    Lost(hyper::Error),
}

/// A connection without a request.
struct Idle {
    line: Line,
    since: Instant,
}

/// A connection, and what serves it.
struct Line {
    sender: SendRequest<Lent>,
    /// Until it has ended: what waits for it is told when it is dropped.
    driver: Option<Connection<TokioIo<TcpStream>, Lent>>,
}

impl Line {
    async fn open(address: SocketAddr) -> Result<Self, Unanswered> {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
        let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        socket::prepare_to_instance(&stream);
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, driver) = shaken.map_err(Unanswered::Lost)?;
        Ok(Self {
            sender,
            driver: Some(driver),
        })
    }

    /// Goes on with what is to be sent and to be read. Whether the connection is still open.
    fn drive(&mut self, context: &mut Context<'_>) -> bool {
        // How it ended is told to who waits for the answer.
        let driver = self.driver.as_mut();
        let is_open = driver.is_some_and(|driver| Pin::new(driver).poll(context).is_pending());
        if !is_open {
            self.driver = None;
        }
        is_open
    }

    /// Goes on by itself until all is sent and read.
    fn finish_alone(self) {
        if let (Some(driver), Ok(runtime)) = (self.driver, Handle::try_current()) {
            runtime.spawn(driver);
        }
    }

    /// Whether another request can be sent, as far as is known here.
    fn is_free(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop())) && self.sender.is_ready()
    }
}

/// Connections to all instances, of one thread. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    /// By instance, the one that was used last at the end.
    idle: Arc<Mutex<HashMap<SocketAddr, VecDeque<Idle>>>>,
    /// How long one is kept.
    kept: Duration,
}

impl Connections {
    pub(super) fn new(kept: Duration) -> Self {
        let idle = Arc::default();
        Self { idle, kept }
    }

    /// Sends a request, whose address names the path alone, and waits for the head of the answer.
    pub(super) async fn ask(
        &self,
        address: SocketAddr,
        request: Request<Lent>,
    ) -> Result<Response<Driven>, Unanswered> {
        let upgrades = headers::wants_upgrade(request.headers());
        let mut line = match self.take(address) {
            Some(line) => line,
            None => Line::open(address).await?,
        };
        let sent = request.body().clone();
        let asked = line.sender.try_send_request(request);
        if let Some(driver) = line.driver.take_if(|_| upgrades) {
            tokio::spawn(driver.with_upgrades());
            let answer = asked.await.map_err(unanswered)?;
            return Ok(answer.map(Driven::elsewhere));
        }
        let mut asked = pin!(asked);
        let answer = poll_fn(|context| {
            line.drive(context);
            asked.as_mut().poll(context)
        });
        let answer = answer.await.map_err(unanswered)?;
        if !sent.is_over() {
            // What still comes from the visitor goes on though he may not take of the answer yet.
            line.finish_alone();
            return Ok(answer.map(Driven::elsewhere));
        }
        Ok(answer.map(|body| Driven {
            body,
            loan: Some(Loan {
                line,
                home: self.clone(),
                address,
            }),
            has_ended: false,
        }))
    }

    /// Closes what was kept for long enough.
    pub(super) fn sweep(&self) {
        self.lock().retain(|_, idle| {
            self.expire(idle);
            !idle.is_empty()
        });
    }

    /// The one that was used last: the longer one was idle, the likelier the instance closes it.
    fn take(&self, address: SocketAddr) -> Option<Line> {
        loop {
            let mut all = self.lock();
            let idle = all.get_mut(&address)?;
            self.expire(idle);
            let mut line = idle.pop_back()?.line;
            drop(all);
            if line.is_free() {
                return Some(line);
            }
        }
    }

    fn keep(&self, address: SocketAddr, line: Line) {
        let since = Instant::now();
        let mut all = self.lock();
        let idle = all.entry(address).or_default();
        self.expire(idle);
        if idle.len() < MAX_IDLE {
            idle.push_back(Idle { line, since });
        }
    }

    fn expire(&self, idle: &mut VecDeque<Idle>) {
        let is_old = |one: &Idle| one.since.elapsed() > self.kept;
        while idle.front().is_some_and(is_old) {
            idle.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, VecDeque<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered(mut failed: TrySendError<Request<Lent>>) -> Unanswered {
    match failed.take_message() {
        Some(_) => Unanswered::Unsent(failed.into_error()),
        None => Unanswered::Lost(failed.into_error()),
    }
}

/// A connection that an answer comes from, and where it goes afterwards.
struct Loan {
    line: Line,
    home: Connections,
    address: SocketAddr,
}

/// An answer's body with the connection that it comes from, which is kept when it has ended.
pub(super) struct Driven {
    body: Incoming,
    /// Nothing: the connection is served by another task.
    loan: Option<Loan>,
    has_ended: bool,
}

impl Driven {
    /// One whose connection is served by another task.
    fn elsewhere(body: Incoming) -> Self {
        Self {
            body,
            loan: None,
            has_ended: false,
        }
    }
}

impl Body for Driven {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // The body says that it wants more, then more is read.
        let mut next = Pin::new(&mut self.body).poll_frame(context);
        if next.is_pending()
            && let Some(loan) = &mut self.loan
        {
            loan.line.drive(context);
            next = Pin::new(&mut self.body).poll_frame(context);
        }
        // After trailers nobody asks for more.
        self.has_ended = match &next {
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            next => matches!(next, Poll::Ready(None)),
        };
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if !self.has_ended && !self.body.is_end_stream() {
            return;
        }
        if let Some(mut loan) = self.loan.take() {
            match loan.line.is_free() {
                true => loan.home.keep(loan.address, loan.line),
                // The last of the request may still be on its way.
                false => loan.line.finish_alone(),
            }
        }
    }
}
