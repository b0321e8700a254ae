//! Changes that are asked for again because an answer was lost: the same again gets the answer that it
//! got before, and changes nothing (draft-ietf-httpapi-idempotency-key-header).

use std::sync::Arc;

use chrono::Utc;
use dashmap::DashSet;

use super::{Actor, Error, Platform, Result};
use crate::store::{Making, making};

/// Changes that are under way, by who asked and their key.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<DashSet<(String, String)>>);

/// A change that came with a key, until it is answered.
pub(crate) struct Keyed {
    under_way: UnderWay,
    made: Making,
}

impl Drop for Keyed {
    fn drop(&mut self) {
        let place = (self.made.caller.clone(), self.made.key.clone());
        self.under_way.0.remove(&place);
    }
}

/// What a change with a key is.
pub(crate) enum Repeat {
    /// Not asked for before.
    First(Keyed),
    /// Done before: the status and the body that were answered.
    Again(u16, String),
}

impl Platform {
    /// Whether a change was asked for before.
    ///
    /// # Errors
    /// The key stands for another change, for one that is still under way, or for one that was made
    /// before the platform was stopped, and not answered.
    pub(crate) async fn repeat(
        &self,
        actor: &Actor,
        key: &str,
        fingerprint: Vec<u8>,
    ) -> Result<Repeat> {
        let place = (actor.id().to_owned(), key.to_owned());
        if !self.under_way.0.insert(place.clone()) {
            return Err(Error::UnderWay);
        }
        let (caller, key) = place;
        let keyed = Keyed {
            under_way: self.under_way.clone(),
            made: Making {
                caller,
                key,
                fingerprint,
            },
        };
        let made = &keyed.made;
        let given = self.store.given_answer(&made.caller, &made.key, Utc::now());
        let Some(given) = given.await? else {
            return Ok(Repeat::First(keyed));
        };
        if given.fingerprint != made.fingerprint {
            return Err(Error::OtherRepeat);
        }
        let (status, answer) = given.answer.ok_or(Error::AnswerLost)?;
        let answer = self.vault.open_sealed(&sealed_as(made), &answer)?;
        Ok(Repeat::Again(status, answer))
    }

    /// Makes a change that came with a key.
    pub(crate) async fn make<T>(&self, keyed: &Keyed, call: impl Future<Output = T>) -> T {
        making(keyed.made.clone(), call).await
    }

    /// Keeps what was answered to a change, for whoever asks for it again.
    pub(crate) async fn keep_answer(&self, keyed: &Keyed, status: u16, answer: &str) -> Result<()> {
        let sealed = self.vault.seal(&sealed_as(&keyed.made), answer)?;
        let kept = self
            .store
            .keep_answer(&keyed.made, status, &sealed, Utc::now());
        Ok(kept.await?)
    }

    /// What failed may be tried again under the same key.
    pub(crate) async fn forget_change(&self, keyed: &Keyed) -> Result<()> {
        Ok(self.store.forget_making(&keyed.made).await?)
    }
}

/// What an answer is sealed for: it opens in no other place.
fn sealed_as(made: &Making) -> String {
    format!("repeat {} {}", made.caller, made.key)
}
