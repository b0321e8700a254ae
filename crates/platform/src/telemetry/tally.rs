//! What ingress answered for one service since it was last looked at.

use pilothouse_wire::access::AccessRow;

use super::latency::Latency;

/// Counts of requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Answers with a status of 500 or more.
    pub(super) errors: u64,
    /// Of what was answered; for how long two talk in another protocol is no latency.
    pub(super) latency: Latency,
}

/// The status of an answer after which another protocol is spoken.
const SWITCHING: u16 = 101;

impl Tally {
    pub(super) fn count(&mut self, row: &AccessRow) {
        self.requests += 1;
        self.errors += u64::from(row.status >= 500);
        if row.status != SWITCHING {
            self.latency.add(row.duration_ms / 1_000.0);
        }
    }
}
