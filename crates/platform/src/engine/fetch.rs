//! How far an image is on its way: written by the engine, read by whoever asks meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much of an image has arrived. Nothing is known before the registry has said what there is.
#[derive(Debug, Default)]
pub struct FetchProgress {
    done: AtomicU64,
    total: AtomicU64,
}

impl FetchProgress {
    /// Notes that so many bytes are here, of so many if that is known. What there is in all grows
    /// as the registry names more.
    pub fn set(&self, done: u64, total: Option<u64>) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total.unwrap_or(0), Ordering::Relaxed);
    }

    /// The bytes that are here, and of how many if that is known.
    pub fn bytes(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        (
            self.done.load(Ordering::Relaxed),
            Some(total).filter(|total| *total > 0),
        )
    }

    /// `34 of 80 MB`, or `34 MB so far`, once something is here. A MB is 1,000,000 bytes.
    pub fn words(&self) -> Option<String> {
        const MB: u64 = 1_000_000;
        let done = self.done.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        match (done, total) {
            (0, _) => None,
            (_, 0) => Some(format!("{} MB so far", done / MB)),
            _ => Some(format!("{} of {} MB", done / MB, total.div_ceil(MB))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_before_something_is_known() {
        let progress = FetchProgress::default();
        assert_eq!(progress.words(), None);
        progress.set(34_900_000, Some(79_100_000));
        assert_eq!(progress.words().as_deref(), Some("34 of 80 MB"));
        progress.set(34_900_000, None);
        assert_eq!(progress.words().as_deref(), Some("34 MB so far"));
    }
}
