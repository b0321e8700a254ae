//! How long ingress waits, and for whom.

use std::time::Duration;

/// How long each side may take. None of these ends what goes on moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a visitor to send a request's head, counted from when the connection is free for it: a
    /// visitor without a request is gone as well.
    pub head: Duration,
    /// For a visitor of HTTP/2, who answers pings, to send another request.
    pub idle: Duration,
    /// For a visitor to take anything of what is sent.
    pub taking: Duration,
    /// For an instance to begin its answer, counted from when the last of the request came.
    pub answer: Duration,
    /// For an instance to go on with an answer that it has begun: events that are streamed need a sign
    /// of life this often.
    pub silence: Duration,
    /// For a connection to an instance to stay open without a request: shorter than most servers keep
    /// them, so that one which the instance has closed is not used.
    pub kept: Duration,
    /// For requests to go on after the platform was asked to stop.
    pub finish: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(180),
            taking: Duration::from_secs(60),
            answer: Duration::from_secs(120),
            silence: Duration::from_secs(300),
            kept: Duration::from_secs(4),
            finish: Duration::from_secs(10),
        }
    }
}
