//! How often one address may be wrong.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use dashmap::DashMap;

use crate::domain::Error;

/// Wrong credentials that one address may send within [`WINDOW`].
const MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at the most, so that a flood of them costs no memory.
const MAX_REMEMBERED: usize = 10_000;

/// Wrong credentials by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts(DashMap<IpAddr, (u32, Instant)>);

impl Attempts {
    /// Counts a wrong credential and says why it is refused. Right ones are never held up by the
    /// wrong ones of others behind the same address.
    pub(super) fn refuse(&self, from: IpAddr, words: &'static str) -> Error {
        if self.0.len() > MAX_REMEMBERED {
            self.0.retain(|_, entry| entry.1.elapsed() < WINDOW);
        }
        let mut entry = self.0.entry(from).or_insert((0, Instant::now()));
        if entry.1.elapsed() >= WINDOW {
            *entry = (0, Instant::now());
        }
        entry.0 += 1;
        if entry.0 <= MAX {
            return Error::Unauthorized(words);
        }
        let left = WINDOW.saturating_sub(entry.1.elapsed());
        Error::TooManyAttempts {
            seconds: left.as_secs().max(1),
        }
    }
}
