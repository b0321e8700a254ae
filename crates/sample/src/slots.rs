//! A bounded number of things at once, countable down to none.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Hands out at most `limit` slots at a time.
#[derive(Clone)]
pub(crate) struct Slots {
    shared: Arc<Shared>,
    limit: usize,
}

struct Shared {
    taken: Mutex<usize>,
    freed: Condvar,
}

/// One taken slot; dropping it gives it back.
pub(crate) struct Slot(Arc<Shared>);

impl Slots {
    /// No slot is taken at first.
    pub(crate) fn new(limit: usize) -> Self {
        let shared = Shared {
            taken: Mutex::new(0),
            freed: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            limit,
        }
    }

    /// Takes a slot, or `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut taken = self.shared.lock();
        if *taken >= self.limit {
            return None;
        }
        *taken += 1;
        Some(Slot(Arc::clone(&self.shared)))
    }

    /// Waits until no slot is taken; `false` when some still are after `limit`.
    pub(crate) fn wait_until_free(&self, limit: Duration) -> bool {
        let taken = self.shared.lock();
        let waited = self
            .shared
            .freed
            .wait_timeout_while(taken, limit, |taken| *taken > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == 0
    }
}

impl Shared {
    /// A panic elsewhere leaves the count right: it changes in one step.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_and_come_back() {
        let slots = Slots::new(2);
        let first = slots.take();
        let second = slots.take();
        assert!(first.is_some() && second.is_some());
        assert!(slots.take().is_none());
        drop(first);
        assert!(slots.take().is_some());
    }

    #[test]
    fn waiting_ends_when_the_last_slot_is_free() {
        let slots = Slots::new(1);
        let slot = slots.take();
        assert!(!slots.wait_until_free(Duration::from_millis(1)));
        drop(slot);
        assert!(slots.wait_until_free(Duration::ZERO));
    }
}
