//! An instance that has begun an answer goes on with it: one that says nothing for long is given up.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Why an answer has no end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokenOff {
    /// The connection to the instance broke.
    #[error(transparent)]
    Lost(#[from] hyper::Error),
    /// Nothing came for this long.
    #[error("the instance has not gone on with its answer for {0:?}")]
    Silent(Duration),
}

/// A body that has to go on. The clock runs only while somebody waits for it.
pub(super) struct Heard<B> {
    body: B,
    patience: Duration,
    /// Kept from one wait to the next.
    alarm: Option<Pin<Box<Sleep>>>,
    is_awaited: bool,
}

impl<B> Heard<B> {
    /// A body of which something must come at least this often.
    pub(super) fn new(body: B, patience: Duration) -> Self {
        Self {
            body,
            patience,
            alarm: None,
            is_awaited: false,
        }
    }

    fn rings(&mut self, context: &mut Context<'_>) -> bool {
        let patience = self.patience;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
        if !std::mem::replace(&mut self.is_awaited, true) {
            alarm.as_mut().reset(Instant::now() + patience);
        }
        alarm.as_mut().poll(context).is_ready()
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Heard<B> {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(next) => {
                self.is_awaited = false;
                Poll::Ready(next.map(|frame| frame.map_err(BrokenOff::from)))
            }
            Poll::Pending if self.rings(context) => {
                Poll::Ready(Some(Err(BrokenOff::Silent(self.patience))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
