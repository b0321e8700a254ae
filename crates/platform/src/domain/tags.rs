//! Which state of a thing a caller has seen: a change that names an older one is refused, so that of
//! two people who edit at once none overwrites the other unseen (RFC 9110, 13.1.1).

use chrono::{DateTime, Utc};
use pilothouse_wire::environment::Environment;
use pilothouse_wire::node::Node;
use pilothouse_wire::org::Org;
use pilothouse_wire::person::Person;
use pilothouse_wire::project::Project;
use pilothouse_wire::service::Service;
use sha2::{Digest, Sha256};

use super::{Error, Result};

/// What has states that can be told apart.
pub(crate) trait Tagged {
    /// The same for as long as nobody changes it.
    fn tag(&self) -> String;
}

macro_rules! tagged_by_time {
    ($($thing:ty),*) => {
        $(impl Tagged for $thing {
            fn tag(&self) -> String {
                by_time(self.updated)
            }
        })*
    };
}

tagged_by_time!(Org, Project, Environment, Service);

/// Of what notes when it was last changed.
pub(super) fn by_time(updated: Option<DateTime<Utc>>) -> String {
    let micros = updated.map(|updated| updated.timestamp_micros());
    micros.unwrap_or_default().to_string()
}

impl Tagged for Node {
    fn tag(&self) -> String {
        // How it does changes by itself; what people set is this.
        self.availability.to_string()
    }
}

impl Tagged for Person {
    fn tag(&self) -> String {
        // Their browsers change nothing of them.
        let told = serde_json::to_vec(&(&self.name, &self.email, &self.grants)).unwrap_or_default();
        let hash = Sha256::digest(&told);
        hash.iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Whether a caller has seen the state that there is.
///
/// # Errors
/// They saw another one.
pub(super) fn check(expected: Option<&str>, tag: &str) -> Result<()> {
    match expected {
        Some(expected) if expected != tag => Err(Error::Stale),
        _ => Ok(()),
    }
}
