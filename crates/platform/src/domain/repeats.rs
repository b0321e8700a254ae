//! Changes that are asked for again because an answer was lost: the same again gets the answer that it
//! got before, and changes nothing (draft-ietf-httpapi-idempotency-key-header).

use std::sync::Arc;

use chrono::Utc;
use dashmap::DashSet;

use super::{Actor, Error, Platform, Result};
use crate::store::GivenAnswer;

/// Changes that are under way, by who asked and their key.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<DashSet<(String, String)>>);

/// A change that came with a key, until it is answered.
pub(crate) struct Keyed {
    under_way: UnderWay,
    place: (String, String),
    fingerprint: Vec<u8>,
}

impl Drop for Keyed {
    fn drop(&mut self) {
        self.under_way.0.remove(&self.place);
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
    /// The key stands for another change, or for one that is still under way.
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
        let keyed = Keyed {
            under_way: self.under_way.clone(),
            place,
            fingerprint,
        };
        let (caller, key) = &keyed.place;
        let Some(given) = self.store.given_answer(caller, key, Utc::now()).await? else {
            return Ok(Repeat::First(keyed));
        };
        if given.fingerprint != keyed.fingerprint {
            return Err(Error::OtherRepeat);
        }
        let answer = self
            .vault
            .open_sealed(&sealed_as(caller, key), &given.answer)?;
        Ok(Repeat::Again(given.status, answer))
    }

    /// Keeps what was answered to a change, for whoever asks for it again.
    pub(crate) async fn keep_answer(&self, keyed: &Keyed, status: u16, answer: &str) -> Result<()> {
        let (caller, key) = &keyed.place;
        let given = GivenAnswer {
            fingerprint: keyed.fingerprint.clone(),
            status,
            answer: self.vault.seal(&sealed_as(caller, key), answer)?,
        };
        self.store
            .keep_answer(caller, key, &given, Utc::now())
            .await?;
        Ok(())
    }
}

/// What an answer is sealed for: it opens in no other place.
fn sealed_as(caller: &str, key: &str) -> String {
    format!("repeat {caller} {key}")
}
