//! What is asked of every socket of ingress.

use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// Somebody of whom nothing is heard for this long is asked whether he lives, so often, with these
/// pauses: one who has lost his network would hold a request for ever.
const SILENCE: Duration = Duration::from_secs(60);
const ASKED: u32 = 4;
const ASKED_EVERY: Duration = Duration::from_secs(15);

/// The same of instances, which are near: one that is asked something and whose node is lost in that
/// moment is known to be gone after six seconds, and the request goes to another.
const INSTANCE_SILENCE: Duration = Duration::from_secs(3);
const INSTANCE_ASKED: u32 = 3;
const INSTANCE_ASKED_EVERY: Duration = Duration::from_secs(1);
/// How long what was sent to an instance may go without a sign that it arrived, in milliseconds.
const INSTANCE_UNHEARD: u32 = 6_000;

/// Of a visitor's. A socket that refuses is about to fail.
pub(super) fn prepare(stream: &TcpStream) {
    ask(stream, SILENCE, ASKED_EVERY, ASKED);
}

/// Of one to an instance. A socket that refuses is about to fail.
pub(super) fn prepare_to_instance(stream: &TcpStream) {
    ask(
        stream,
        INSTANCE_SILENCE,
        INSTANCE_ASKED_EVERY,
        INSTANCE_ASKED,
    );
    let _ = sockopt::set_tcp_user_timeout(stream, INSTANCE_UNHEARD);
}

fn ask(stream: &TcpStream, silence: Duration, every: Duration, times: u32) {
    // Small messages must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, silence);
    let _ = sockopt::set_tcp_keepintvl(stream, every);
    let _ = sockopt::set_tcp_keepcnt(stream, times);
}
