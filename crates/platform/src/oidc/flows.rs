//! Sign-ins that have begun and not ended: each for one browser, for ten minutes, and once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use openidconnect::{Nonce, PkceCodeVerifier};
use sha2::{Digest, Sha256};

use super::FLOW_LASTS;

/// Sign-ins remembered at the most: some hundred bytes each.
const MOST: usize = 10_000;
/// Those of one address: an office behind one comes to work in the same ten minutes.
const MOST_OF_ONE: usize = 100;

/// A sign-in that has begun.
pub(crate) struct Flow {
    pub(crate) nonce: Nonce,
    pub(crate) verifier: PkceCodeVerifier,
    /// Where in the console it leads.
    pub(crate) next: String,
    pub(crate) from: IpAddr,
}

struct Held {
    flow: Flow,
    /// The hash of what only the browser has in which it was begun.
    browser: [u8; 32],
    begun: Instant,
}

/// Sign-ins that have begun, by the hash of their state.
#[derive(Default)]
pub(crate) struct Flows(Mutex<HashMap<[u8; 32], Held>>);

impl Flows {
    /// Remembers a sign-in. `false`: too many come from its address. Past the most of all, the oldest
    /// is forgotten.
    pub(crate) fn remember(&self, state: &str, browser: &str, flow: Flow) -> bool {
        let mut held = self.lock();
        held.retain(|_, held| held.begun.elapsed() < FLOW_LASTS);
        let of_one = held.values().filter(|held| held.flow.from == flow.from);
        if of_one.count() >= MOST_OF_ONE {
            return false;
        }
        if held.len() >= MOST {
            let oldest = held.iter().min_by_key(|(_, held)| held.begun);
            if let Some(oldest) = oldest.map(|(state, _)| *state) {
                held.remove(&oldest);
            }
        }
        held.insert(
            hash(state),
            Held {
                flow,
                browser: hash(browser),
                begun: Instant::now(),
            },
        );
        true
    }

    /// Takes a sign-in up, in the browser in which it was begun, once. Another browser takes nothing
    /// from it.
    pub(crate) fn take(&self, state: &str, browser: &str) -> Option<Flow> {
        let mut held = self.lock();
        let (state, browser) = (hash(state), hash(browser));
        let is_theirs = |held: &Held| held.browser == browser && held.begun.elapsed() < FLOW_LASTS;
        held.get(&state).filter(|held| is_theirs(held))?;
        held.remove(&state).map(|held| held.flow)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is compared of a secret: its timing tells nothing of it.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn flow(last: u32) -> Flow {
        Flow {
            nonce: Nonce::new("nonce".into()),
            verifier: PkceCodeVerifier::new("verifier".into()),
            next: "/".into(),
            from: Ipv4Addr::from_bits(last).into(),
        }
    }

    #[test]
    fn a_sign_in_is_taken_up_once_and_in_its_own_browser() {
        let flows = Flows::default();
        assert!(flows.remember("state", "browser", flow(1)));
        assert!(flows.take("state", "another").is_none());
        assert!(flows.take("other", "browser").is_none());
        assert!(flows.take("state", "browser").is_some());
        assert!(flows.take("state", "browser").is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let flows = Flows::default();
        for at in 0..MOST_OF_ONE {
            assert!(flows.remember(&at.to_string(), "", flow(1)));
        }
        assert!(!flows.remember("one too many", "", flow(1)));
        for at in 0..=MOST {
            let from = u32::try_from(at).unwrap() + 2;
            assert!(flows.remember(&format!("other {at}"), "", flow(from)));
        }
        assert_eq!(flows.lock().len(), MOST);
        assert!(flows.take("0", "").is_none());
        assert!(flows.take(&format!("other {MOST}"), "").is_some());
    }

    #[test]
    fn what_took_too_long_is_over() {
        let flows = Flows::default();
        flows.remember("state", "browser", flow(1));
        let Some(before) = Instant::now().checked_sub(FLOW_LASTS) else {
            return;
        };
        for held in flows.lock().values_mut() {
            held.begun = before;
        }
        assert!(flows.take("state", "browser").is_none());
        flows.remember("new", "browser", flow(1));
        assert_eq!(flows.lock().len(), 1);
    }
}
