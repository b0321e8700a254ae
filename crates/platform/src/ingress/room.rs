//! How much goes on through ingress at the same time, within the file descriptors that there are:
//! each visitor needs one, and each request that an instance answers another.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Connections of visitors, at the most.
const MAX_VISITORS: u64 = 4_096;
/// Requests on their way to one service, at the most.
const MAX_OF_SERVICE: u64 = 1_024;
/// Descriptors that the rest of the platform needs: its databases, logs, API and engine.
const REST: u64 = 1_024;

/// How much may go on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Connections of visitors; more wait to be accepted.
    pub(super) visitors: usize,
    /// Requests on their way to all services.
    pub(super) requests: usize,
    /// Requests on their way to one service, so that one that hangs leaves room for the others.
    pub(super) of_service: usize,
}

impl Room {
    /// What so many file descriptors leave room for.
    pub fn within(descriptors: u64) -> Self {
        let half = (descriptors - REST.min(descriptors / 2)) / 2;
        let size = |count: u64| usize::try_from(count.max(1)).unwrap_or(usize::MAX);
        Self {
            visitors: size(half.min(MAX_VISITORS)),
            requests: size(half),
            of_service: size((half / 4).min(MAX_OF_SERVICE)),
        }
    }
}

/// A count that stays within a limit.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicUsize);

impl Count {
    /// Counts one more, unless there are as many as may be.
    pub(super) fn enter(&self, limit: usize) -> bool {
        let has_room = self.0.fetch_add(1, Ordering::Relaxed) < limit;
        if !has_room {
            self.leave();
        }
        has_room
    }

    /// Counts one less.
    pub(super) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_descriptors() {
        let room = |descriptors| {
            let room = Room::within(descriptors);
            (room.visitors, room.requests, room.of_service)
        };
        assert_eq!(room(1_048_576), (4_096, 523_776, 1_024));
        assert_eq!(room(20_000), (4_096, 9_488, 1_024));
        assert_eq!(room(4_096), (1_536, 1_536, 384));
        assert_eq!(room(1_024), (256, 256, 64));
        assert_eq!(room(0), (1, 1, 1));
    }
}
