//! Services that were deleted while the platform runs: what still comes of them is not kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ids of services that were deleted; none is ever used again. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Gone(Arc<Mutex<HashSet<String>>>);

impl Gone {
    fn ids(&self) -> MutexGuard<'_, HashSet<String>> {
        // A set is never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, service_id: &str) {
        self.ids().insert(service_id.to_owned());
    }

    pub(super) fn holds(&self, service_id: &str) -> bool {
        self.ids().contains(service_id)
    }
}
