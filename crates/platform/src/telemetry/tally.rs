//! What ingress answered for one service since it was last looked at.

use pilothouse_wire::access::AccessRow;

use super::latency::Latency;

/// Counts of requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Answers with a status of 500 or more.
    pub(super) errors: u64,
    pub(super) latency: Latency,
}

impl Tally {
    pub(super) fn count(&mut self, row: &AccessRow) {
        self.requests += 1;
        self.errors += u64::from(row.status >= 500);
        self.latency.add(row.duration_ms / 1_000.0);
    }
}
