//! What each instance used when the engine was last asked.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What one instance used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InstanceUsage {
    /// Cores, over the time between the last two readings; `None` before there are two.
    pub(crate) cpu: Option<f64>,
    /// Bytes.
    pub(crate) memory: u64,
}

/// The last reading of each instance, by the engine's id. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct LastUsage(Arc<RwLock<HashMap<String, InstanceUsage>>>);

impl LastUsage {
    /// What an instance used; `None` where that is not known now.
    pub(super) fn of(&self, instance_id: &str) -> Option<InstanceUsage> {
        // Whoever panicked left a whole map behind: it is only ever replaced.
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.get(instance_id).copied()
    }

    /// Takes a reading over; of an engine that told nothing an empty one.
    pub(super) fn replace(&self, read: HashMap<String, InstanceUsage>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
    }
}
