//! Bodies on their way: streamed, counted, and sent again only while nobody has read of them.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::routes::InFlight;

type Next = Option<Result<Frame<Bytes>, hyper::Error>>;

/// A visitor's body, lent to one attempt after the other.
#[derive(Clone)]
pub(super) struct Lent(Arc<Shared>);

struct Shared {
    body: Mutex<Incoming>,
    was_read: AtomicBool,
}

impl Lent {
    pub(super) fn new(body: Incoming) -> Self {
        Self(Arc::new(Shared {
            body: Mutex::new(body),
            was_read: AtomicBool::new(false),
        }))
    }

    /// Whether an attempt has read of it, so that no other can be given the whole.
    pub(super) fn was_read(&self) -> bool {
        self.0.was_read.load(Ordering::SeqCst)
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
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// An instance's body, which counts as a request on its way until its end.
pub(super) struct Counted {
    body: Incoming,
    _request: InFlight,
}

impl Counted {
    pub(super) fn new(body: Incoming, request: InFlight) -> Self {
        Self {
            body,
            _request: request,
        }
    }
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Next> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
