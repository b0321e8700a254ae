//! What is asked of every socket of ingress.

use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// Somebody of whom nothing is heard for this long is asked whether he lives, so often, with these
/// pauses: one who has lost his network would hold a request for ever.
const SILENCE: Duration = Duration::from_secs(60);
const ASKED: u32 = 4;
const ASKED_EVERY: Duration = Duration::from_secs(15);

/// A socket that refuses is about to fail.
pub(super) fn prepare(stream: &TcpStream) {
    // Small messages must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, SILENCE);
    let _ = sockopt::set_tcp_keepintvl(stream, ASKED_EVERY);
    let _ = sockopt::set_tcp_keepcnt(stream, ASKED);
}
