//! The audit: what is written down of a call that changes something or is refused.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use dashmap::DashMap;
use pilothouse_wire::audit::{Audit, AuditOutcome, AuditQuery, CallerKind};
use pilothouse_wire::release::FieldChange;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Actor, Platform, Result};
use crate::store::{NewAudit, Owner, Store, StoreError, StoreResult, telling};

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
    /// From where: an IP address, or `local` for who has the machine.
    pub(crate) address: String,
    pub(crate) request_id: String,
    /// What calls without a key, and whose name it gives.
    pub(crate) program: Option<(CallerKind, String)>,
}

impl Attempt {
    /// The row of the audit, as far as it is known before the call is done.
    fn row(&self, actor: Option<&Actor>) -> NewAudit {
        let (by, by_kind, by_id) = match (actor.map(Actor::owner), &self.program) {
            (Some((name, Owner::Person(id))), _) => (name, CallerKind::Person, Some(id)),
            (Some((name, Owner::Key(id))), _) => (name, CallerKind::Key, Some(id)),
            (None, Some((kind, name))) => (name.as_str(), *kind, None),
            (None, None) => ("nobody", CallerKind::Nobody, None),
        };
        NewAudit {
            by: by.to_owned(),
            by_kind,
            by_id: by_id.cloned(),
            address: self.address.clone(),
            action: self.action.to_owned(),
            outcome: AuditOutcome::Done,
            reason: None,
            subject: cut(&self.subject, MAX_TEXT),
            place: self.place.clone(),
            changes: "[]".to_owned(),
            request_id: self.request_id.clone(),
        }
    }
}

fn told(changes: &[FieldChange]) -> Result<String> {
    Ok(serde_json::to_string(changes).map_err(StoreError::from)?)
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended<'a> {
    Done(&'a [FieldChange]),
    /// It changed nothing that is to be told of.
    Unchanged,
    /// It failed: told of only where something of it is stored.
    Failed(&'a [FieldChange], &'a str),
    Refused(&'a str),
}

/// Why it is not told what became of a change.
const STOPPED: &str = "The platform was stopped before it was answered: look at what there is now.";

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
        let mut row = attempt.row(actor);
        match ended {
            Ended::Done(changes) => row.changes = told(changes)?,
            Ended::Unchanged => {
                return Ok(self.store.forget_unwritten(&attempt.request_id).await?);
            }
            Ended::Failed(changes, reason) => {
                if !self.store.is_unwritten(&attempt.request_id).await? {
                    return Ok(());
                }
                row.changes = told(changes)?;
                row.reason = Some(cut(
                    &format!("It was stored, and then failed: {reason}"),
                    MAX_TEXT,
                ));
            }
            Ended::Refused(reason) => {
                let who = row.by_id.as_ref().unwrap_or(&row.address);
                let refusal = format!("{who} {} {}", attempt.action, row.subject);
                if !self.refusals.is_news(refusal) {
                    return Ok(());
                }
                row.outcome = AuditOutcome::Refused;
                row.reason = Some(cut(reason, MAX_TEXT));
            }
        }
        Ok(self.store.insert_audit(&row, Utc::now()).await?)
    }

    /// Runs a call whose change is told of also where the process ends before [`Platform::audit`].
    pub(crate) async fn telling<T>(
        &self,
        attempt: &Attempt,
        actor: Option<&Actor>,
        call: impl Future<Output = T>,
    ) -> T {
        telling(attempt.row(actor), call).await
    }

    /// What was done or refused at the org that is called, or on the whole platform.
    pub(crate) async fn audit_log(&self, actor: &Actor, query: &AuditQuery) -> Result<Audit> {
        let org = actor.spot().org.as_deref();
        Ok(self.store.audit(org, query, Utc::now()).await?)
    }
}

/// Writes down what the process before this one did not come to.
///
/// # Errors
/// The database can't be written.
pub(crate) async fn finish_audit(store: &Store) -> StoreResult<()> {
    let found = store.write_unwritten(STOPPED).await?;
    if found > 0 {
        tracing::warn!(
            found,
            "changes of a platform that was stopped are written down"
        );
    }
    Ok(())
}

/// Makes a change that whoever has the platform's own machine asks for by a command, and writes it
/// down.
///
/// # Errors
/// The database can't be written.
pub(crate) async fn by_command<T>(
    store: &Store,
    action: &'static str,
    changes: &[FieldChange],
    change: impl Future<Output = StoreResult<T>>,
) -> StoreResult<T> {
    let attempt = Attempt {
        action,
        subject: "pilothouse".to_owned(),
        place: [const { None }; 3],
        address: "local".to_owned(),
        request_id: Uuid::new_v4().to_string(),
        program: Some((CallerKind::Machine, "the command line".to_owned())),
    };
    let mut row = attempt.row(None);
    row.changes = serde_json::to_string(changes)?;
    let outcome = telling(row.clone(), change).await?;
    store.insert_audit(&row, Utc::now()).await?;
    Ok(outcome)
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
