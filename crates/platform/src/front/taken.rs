//! An answer over HTTP/2, which ends when its client takes nothing of it.
//!
//! There a client says of each answer how much of it he takes, and one who says "nothing" keeps the
//! socket free: no write waits that could be timed. So an answer goes out in small parts, and what is
//! left of it is let go when the next one is not asked for.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// The longest part, in bytes: as much may lie ready for each client who takes nothing.
const PART: usize = 16 * 1024;

/// An answer that is watched.
pub(super) struct Taken {
    left: Arc<Mutex<Left>>,
    _watching: Option<AbortOnDropHandle<()>>,
}

/// What is left of an answer.
struct Left {
    body: Body,
    /// Of the part that the body gave last.
    part: Bytes,
    /// When the client was last given something and has not come back since.
    given: Option<Instant>,
    is_let_go: bool,
}

impl Taken {
    /// An answer of which something must be taken at least this often. A short one lies ready in any
    /// case.
    pub(super) fn within(patience: Duration, body: Body) -> Self {
        let is_short = body
            .size_hint()
            .upper()
            .is_some_and(|length| length <= PART as u64);
        let left = Arc::new(Mutex::new(Left {
            body,
            part: Bytes::new(),
            given: Some(Instant::now()),
            is_let_go: false,
        }));
        let watch = || tokio::spawn(watch(Arc::clone(&left), patience));
        let watching = (!is_short).then(watch).map(AbortOnDropHandle::new);
        Self {
            left,
            _watching: watching,
        }
    }
}

impl Left {
    /// The next part, of a length that may lie ready.
    fn next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_let_go {
            return Poll::Ready(Some(Err(axum::Error::new(io::Error::from(
                io::ErrorKind::TimedOut,
            )))));
        }
        while self.part.is_empty() {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(part) => self.part = part,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let length = self.part.len().min(PART);
        // A copy: what lies ready holds nothing of the whole.
        let part = Bytes::copy_from_slice(&self.part.split_to(length));
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}

impl http_body::Body for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut left = lock(&self.left);
        let next = left.next(context);
        // Who waits for something that is not there yet takes all that there is.
        left.given = next.is_ready().then(Instant::now);
        next
    }

    fn is_end_stream(&self) -> bool {
        let left = lock(&self.left);
        !left.is_let_go && left.part.is_empty() && left.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let left = lock(&self.left);
        let (body, part) = (left.body.size_hint(), left.part.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + part);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + part);
        }
        hint
    }
}

/// Lets go of an answer when its client has not come back for so long.
async fn watch(left: Arc<Mutex<Left>>, patience: Duration) {
    loop {
        let until = {
            let mut left = lock(&left);
            let given = left.given.unwrap_or_else(Instant::now);
            if given.elapsed() >= patience {
                left.body = Body::empty();
                left.part = Bytes::new();
                left.is_let_go = true;
                tracing::debug!("a client took nothing of an answer");
                return;
            }
            given + patience
        };
        sleep_until(until).await;
    }
}

fn lock(left: &Mutex<Left>) -> MutexGuard<'_, Left> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}
