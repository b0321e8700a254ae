//! Bodies on their way: streamed, counted, and sent again only while nobody has read of them.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::backend::InFlight;
use super::ledger::{Entry, Moved};
use super::streams::offer;

type Next = Option<Result<Frame<Bytes>, hyper::Error>>;

/// A visitor's body, lent to one attempt after the other.
#[derive(Clone)]
pub(super) struct Lent(Arc<Shared>);

struct Shared {
    body: Mutex<Incoming>,
    was_read: AtomicBool,
    has_ended: AtomicBool,
    is_awaited: AtomicBool,
    fault: OnceLock<Fault>,
    moved: Arc<Moved>,
}

impl Lent {
    pub(super) fn new(body: Incoming, moved: Arc<Moved>) -> Self {
        Self(Arc::new(Shared {
            body: Mutex::new(body),
            was_read: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
            fault: OnceLock::new(),
            moved,
        }))
    }

    /// Whether an attempt has read of it, so that no other can be given the whole.
    pub(super) fn was_read(&self) -> bool {
        self.0.was_read.load(Ordering::SeqCst)
    }

    /// Whether nothing more of it comes.
    pub(super) fn is_over(&self) -> bool {
        self.0.has_ended.load(Ordering::SeqCst) || self.is_end_stream()
    }

    /// Whether an instance would take more of it than the visitor sends.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.is_awaited.load(Ordering::SeqCst)
    }

    /// Why it broke off.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.0.fault.get().copied()
    }

    /// Never waits: one attempt at a time holds the body.
    fn body(&self) -> MutexGuard<'_, Incoming> {
        self.0.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Next> {
        self.0.was_read.store(true, Ordering::SeqCst);
        let next = Pin::new(&mut *self.body()).poll_frame(context);
        self.0.moved.receive(bytes(&next));
        self.0.is_awaited.store(next.is_pending(), Ordering::SeqCst);
        if let Poll::Ready(Some(Err(error))) = &next {
            self.0.fault.get_or_init(|| Fault::of(error));
        }
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0.has_ended.store(true, Ordering::SeqCst);
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// Why a visitor's body broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The visitor left in the middle of it.
    Left,
    /// It is not written as HTTP wants it.
    Malformed,
}

impl Fault {
    fn of(error: &hyper::Error) -> Self {
        let source = error.source().and_then(<dyn Error>::downcast_ref);
        match source.map(io::Error::kind) {
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => Self::Malformed,
            _ => Self::Left,
        }
    }
}

/// The bytes that a body has just given.
fn bytes<E>(next: &Poll<Option<Result<Frame<Bytes>, E>>>) -> usize {
    match next {
        Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(0, Bytes::len),
        _ => 0,
    }
}

/// The body of an answer, whose request is on its way, and open in the ledger, until its end. It says
/// whether there is something to take of it.
pub(super) struct Noted<B> {
    body: B,
    /// Goes before the entry: a request that is noted is no longer on its way.
    _request: Option<InFlight>,
    entry: Entry,
}

impl<B> Noted<B> {
    /// What an instance answers.
    pub(super) fn of_instance(body: B, entry: Entry, request: InFlight) -> Self {
        offer(true);
        Self {
            body,
            _request: Some(request),
            entry,
        }
    }

    /// What ingress answers itself.
    pub(super) fn own(body: B, entry: Entry) -> Self {
        offer(true);
        Self {
            body,
            _request: None,
            entry,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Noted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let next = Pin::new(&mut self.body).poll_frame(context);
        self.entry.moved().send(bytes(&next));
        offer(next.is_ready());
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
