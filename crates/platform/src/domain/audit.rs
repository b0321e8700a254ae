//! The audit: what is written down of a call that changes something or is refused.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use chrono::Utc;
use dashmap::DashMap;
use pilothouse_wire::audit::{Audit, AuditOutcome, AuditQuery, CallerKind};
use pilothouse_wire::release::FieldChange;
use serde::Serialize;
use serde_json::Value;

use super::{Actor, Platform, Result};
use crate::store::{NewAudit, Owner};

/// Longest value that is kept of a field, in bytes.
const MAX_VALUE: usize = 1_000;
/// Fields that are kept of one call.
const MAX_CHANGES: usize = 200;
/// Longest path and reason that are kept, in bytes.
const MAX_TEXT: usize = 500;
/// How long the same refusal is told once.
const REFUSED_ONCE: Duration = Duration::from_secs(60);
/// Refusals remembered at the most.
const MAX_REMEMBERED: usize = 10_000;

tokio::task_local! {
    /// What the call that runs in this task has changed so far.
    static CHANGES: RefCell<Vec<FieldChange>>;
}

/// Runs a call and gathers what it says that it changes.
pub(crate) async fn gather<T>(call: impl Future<Output = T>) -> (T, Vec<FieldChange>) {
    CHANGES
        .scope(RefCell::default(), async {
            let outcome = call.await;
            (outcome, CHANGES.with(RefCell::take))
        })
        .await
}

/// Says what became of a field. Never of a secret: give its mask. Outside a call nobody is told.
pub(super) fn note(name: &str, before: Option<String>, after: Option<String>) {
    if before == after {
        return;
    }
    let short = |text: Option<String>| text.map(|text| cut(&text, MAX_VALUE));
    let change = FieldChange {
        name: name.to_owned(),
        before: short(before),
        after: short(after),
    };
    // Outside a call there is nobody whose change it would be.
    let _ = CHANGES.try_with(|changes| {
        let mut changes = changes.borrow_mut();
        if changes.len() < MAX_CHANGES {
            changes.push(change);
        }
    });
}

/// Says which fields of a thing became others: of one that is new, or gone, all that it has. What
/// only tells when it changed is left out.
pub(super) fn note_fields<T: Serialize>(before: Option<&T>, after: Option<&T>) {
    let (before, after) = (fields(before), fields(after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        note(name, before.get(name).cloned(), after.get(name).cloned());
    }
}

/// The fields that have something to tell.
fn fields<T: Serialize>(thing: Option<&T>) -> BTreeMap<String, String> {
    let Some(Ok(Value::Object(fields))) = thing.map(serde_json::to_value) else {
        return BTreeMap::new();
    };
    let told = fields.into_iter().filter_map(|(name, value)| {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text,
            Value::Array(list) if list.is_empty() => return None,
            Value::Object(map) if map.is_empty() => return None,
            other => other.to_string(),
        };
        let is_of_time = matches!(name.as_str(), "id" | "created" | "updated");
        (!is_of_time).then_some((name, text))
    });
    told.collect()
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most);
    format!("{}…", &text[..end])
}

/// Refusals that were told lately, by who, what and where.
#[derive(Debug, Default)]
pub(crate) struct Refusals(DashMap<String, Instant>);

impl Refusals {
    /// Whether this one is to be told: what is tried over and over is told once a minute.
    fn is_news(&self, refusal: String) -> bool {
        if self.0.len() > MAX_REMEMBERED {
            self.0.retain(|_, told| told.elapsed() < REFUSED_ONCE);
            if self.0.len() > MAX_REMEMBERED {
                return false;
            }
        }
        let told = self.0.get(&refusal).map(|told| told.elapsed());
        if told.is_some_and(|ago| ago < REFUSED_ONCE) {
            return false;
        }
        self.0.insert(refusal, Instant::now());
        true
    }
}

/// A call, as far as the audit tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) action: &'static str,
    /// The path below the API's base.
    pub(crate) subject: String,
    /// The org, project and environment, by id or slug.
    pub(crate) place: [Option<String>; 3],
    pub(crate) address: IpAddr,
    pub(crate) request_id: String,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended<'a> {
    Done(&'a [FieldChange]),
    Refused(&'a str),
}

impl Platform {
    /// Writes down what became of a call. A change is answered only when this is on the disk.
    ///
    /// # Errors
    /// The database can't be written.
    pub(crate) async fn audit(
        &self,
        attempt: &Attempt,
        actor: Option<&Actor>,
        ended: Ended<'_>,
    ) -> Result<()> {
        let (by, by_kind, by_id) = match actor.map(Actor::owner) {
            Some((name, Owner::Person(id))) => (name, CallerKind::Person, Some(id.as_str())),
            Some((name, Owner::Key(id))) => (name, CallerKind::Key, Some(id.as_str())),
            None => ("nobody", CallerKind::Nobody, None),
        };
        let subject = cut(&attempt.subject, MAX_TEXT);
        let (outcome, reason, changes) = match ended {
            Ended::Done(changes) => (AuditOutcome::Done, None, changes),
            Ended::Refused(reason) => {
                let who = by_id.map_or_else(|| attempt.address.to_string(), str::to_owned);
                let refusal = format!("{who} {} {subject}", attempt.action);
                if !self.refusals.is_news(refusal) {
                    return Ok(());
                }
                (AuditOutcome::Refused, Some(cut(reason, MAX_TEXT)), &[][..])
            }
        };
        let row = NewAudit {
            by,
            by_kind,
            by_id,
            address: attempt.address.to_string(),
            action: attempt.action,
            outcome,
            reason: reason.as_deref(),
            subject: &subject,
            place: attempt.place.each_ref().map(Option::as_deref),
            changes: serde_json::to_string(changes).map_err(crate::store::StoreError::from)?,
            request_id: attempt.request_id.clone(),
        };
        Ok(self.store.insert_audit(&row, Utc::now()).await?)
    }

    /// What was done or refused at the org that is called, or on the whole platform.
    pub(crate) async fn audit_log(&self, actor: &Actor, query: &AuditQuery) -> Result<Audit> {
        let org = actor.spot().org.as_deref();
        Ok(self.store.audit(org, query, Utc::now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn fields_that_differ_are_gathered_and_times_are_not() {
        let before = json!({"name": "a", "port": 1, "tags": [], "updated": "x", "image": null});
        let after = json!({"name": "a", "port": 2, "tags": ["t"], "updated": "y", "image": "b"});
        let ((), changes) = gather(async {
            note_fields(Some(&before), Some(&after));
        })
        .await;
        let told: Vec<_> = changes
            .iter()
            .map(|one| {
                (
                    one.name.as_str(),
                    one.before.as_deref(),
                    one.after.as_deref(),
                )
            })
            .collect();
        let expected = [
            ("image", None, Some("b")),
            ("port", Some("1"), Some("2")),
            ("tags", None, Some("[\"t\"]")),
        ];
        assert_eq!(told, expected);
        note("outside", None, Some("nobody".into()));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let ((), changes) = gather(async {
            for at in 0..300 {
                note(&at.to_string(), None, Some("ü".repeat(5_000)));
            }
        })
        .await;
        assert_eq!(changes.len(), MAX_CHANGES);
        let longest = changes[0].after.as_deref().unwrap();
        assert!(longest.len() <= MAX_VALUE + 3 && longest.ends_with("ü…"));
    }

    #[test]
    fn the_same_refusal_is_told_once() {
        let refusals = Refusals::default();
        assert!(refusals.is_news("a".into()));
        assert!(!refusals.is_news("a".into()));
        assert!(refusals.is_news("b".into()));
    }
}
