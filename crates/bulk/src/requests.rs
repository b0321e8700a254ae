//! Requests by the thousand: read here, where what is made of [`decode_reply`] is compiled for speed.

use wire::access::AccessLogs;
use wire::envelope::{Dialect, decode_reply};

/// Reads the body of a list of requests.
///
/// # Errors
/// It is something else.
pub fn read(dialect: Dialect, body: &[u8]) -> Result<AccessLogs, serde_json::Error> {
    decode_reply(dialect, body)
}
