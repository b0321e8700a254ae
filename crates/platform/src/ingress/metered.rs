//! A connection that counts what is read from it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection, and who is told how many bytes were read from it each time.
pub(super) struct Metered<C, T> {
    connection: C,
    tell: T,
}

impl<C, T: Fn(usize)> Metered<C, T> {
    pub(super) fn new(connection: C, tell: T) -> Self {
        Self { connection, tell }
    }
}

impl<C: AsyncRead + Unpin, T: Fn(usize) + Unpin> AsyncRead for Metered<C, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.connection).poll_read(context, buffer);
        (self.tell)(buffer.filled().len() - before);
        polled
    }
}

impl<C: AsyncWrite + Unpin, T: Unpin> AsyncWrite for Metered<C, T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}
