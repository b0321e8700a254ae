//! How much passes through the gateway, and how long it may take.

use std::time::Duration;

/// What one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of a request, in bytes: as long as the platform takes it.
    pub request: usize,
    /// The longest body of an answer, in bytes.
    pub answer: usize,
    /// Requests on their way at the same time.
    pub at_once: usize,
    /// For a browser to send all of a request's body.
    pub sending: Duration,
    /// For the platform elsewhere to accept a connection.
    pub connect: Duration,
    /// For it to begin its answer, the connection included.
    pub head: Duration,
    /// For it to go on with its answer.
    pub silence: Duration,
    /// For a connection to stay open without a request: shorter than most servers keep them.
    pub kept: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: 1024 * 1024,
            answer: 64 * 1024 * 1024,
            at_once: 256,
            sending: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            head: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            kept: Duration::from_secs(4),
        }
    }
}
