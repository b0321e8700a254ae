//! Sending all pending changes at once, and reading back what came of them.

use leptos::prelude::*;
use wire::config::{Bulk, BulkOutcome, ConfigScope};
use wire::endpoint::NoQuery;
use wire::endpoints::{BulkConfig, SetConfig};
use wire::path::Level;

use super::data::{Data, read_level};
use super::levels::scope_of;
use crate::api::{Connection, Failure, Request, call, use_connection};
use crate::components::page::keep_focus;
use crate::forms::config::Form;
use crate::forms::config::draft::{Draft, Snapshot, not_as_sent, without_secrets};
use crate::reactive::effect;
use crate::state::act::Act;
use crate::state::notices::use_notices;

/// What is sent.
#[derive(Clone)]
pub struct Order {
    /// The changes.
    pub bulk: Bulk,
    /// The revision that they were made to.
    pub revision: Option<String>,
}

/// What came of it.
struct Saved {
    sent: Bulk,
    outcome: BulkOutcome,
    read: Option<Snapshot>,
}

/// Which dialogs are open.
#[derive(Clone, Copy)]
pub struct Dialogs {
    /// What will be sent.
    pub review: RwSignal<bool>,
    /// What others changed meanwhile.
    pub conflict: RwSignal<bool>,
}

/// Saves the changes of the form. Where others were faster, what they did is read and compared.
pub fn use_save(data: Data, form: Form, open: Dialogs) -> Act<Order> {
    let connection = use_connection();
    let asked = connection.clone();
    let saves_at_once = connection.answers::<BulkConfig>();
    let notices = use_notices();
    let level = data.level;
    let is_service = level.with_value(scope_of) == ConfigScope::Service;
    let save = Act::new(
        move |order: &Order| {
            let (connection, order) = (connection.clone(), order.clone());
            let level = level.get_value();
            async move {
                let outcome = store(&connection, &level, &order).await?;
                // It is saved by now: a failure to read it back does not undo that.
                let read = read_level(connection, level).await.ok();
                Ok(Saved {
                    sent: order.bulk,
                    outcome,
                    read,
                })
            }
        },
        move |saved: Saved| {
            open.review.set(false);
            form.discard();
            let differs = saved
                .read
                .as_ref()
                .map(|read| not_as_sent(&saved.sent, read))
                .unwrap_or_default();
            if let Some(read) = saved.read {
                form.settle(Draft::default(), read.clone().into());
                data.variables.accept(read);
            }
            data.refresh();
            keep_focus();
            match differs.is_empty() {
                true => notices.say(said(&saved.outcome, is_service)),
                false => notices.complain(format!(
                    "Saved, and {} reads differently by now: look at the list again.",
                    differs.join(", ")
                )),
            }
        },
    );
    let save = save.asking(move |order| {
        // What is written down elsewhere holds no secret.
        let shown = Order {
            bulk: without_secrets(order.bulk.clone()),
            revision: order.revision.clone(),
        };
        let level = level.get_value();
        match asked.answers::<BulkConfig>() {
            true => vec![at_once(&asked, &level, &shown)],
            false => one_by_one(&asked, &level, &shown.bulk).collect(),
        }
    });
    effect(move || {
        let Some(failure) = save.failure.get() else {
            return;
        };
        if !saves_at_once {
            data.variables.refresh();
        }
        if failure.is_stale() {
            open.review.set(false);
            open.conflict.set(true);
            data.variables.refresh();
        }
    });
    save
}

/// Saves all changes at once; where the platform can't, one after another: those before one that it
/// refuses are saved then, and no changes any more once the level is read again.
async fn store(at: &Connection, level: &Level, order: &Order) -> Result<BulkOutcome, Failure> {
    if at.answers::<BulkConfig>() {
        return at_once(at, level, order).send().await?.read();
    }
    for request in one_by_one(at, level, &order.bulk) {
        request.send().await?;
    }
    let names = order.bulk.variables.iter();
    Ok(BulkOutcome {
        updated: names.map(|one| one.name.as_str().to_owned()).collect(),
        ..BulkOutcome::default()
    })
}

fn at_once(at: &Connection, level: &Level, order: &Order) -> Request {
    let call = call::<BulkConfig>(at, level, &NoQuery, &order.bulk);
    call.if_revision(order.revision.clone()).request
}

fn one_by_one(at: &Connection, level: &Level, bulk: &Bulk) -> impl Iterator<Item = Request> {
    let variables = bulk.variables.iter();
    variables.map(|variable| call::<SetConfig>(at, level, &NoQuery, variable).request)
}

/// What was done, in one sentence, and when it shows.
fn said(outcome: &BulkOutcome, is_service: bool) -> String {
    let parts = [
        (outcome.created.len(), "added"),
        (outcome.updated.len(), "changed"),
        (outcome.deleted.len(), "removed"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let what = match parts.is_empty() {
        true => "Saved: it was just so already.".to_owned(),
        false => format!("Saved: {}.", parts.join(", ")),
    };
    let when = match is_service {
        true => "It takes effect with the next deploy.",
        false => "It takes effect with each service's next deploy.",
    };
    format!("{what} {when}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_done_and_when_it_shows() {
        let outcome = BulkOutcome {
            created: vec!["A".into(), "B".into()],
            deleted: vec!["C".into()],
            ..BulkOutcome::default()
        };
        assert_eq!(
            said(&outcome, true),
            "Saved: 2 added, 1 removed. It takes effect with the next deploy."
        );
        assert!(said(&BulkOutcome::default(), false).starts_with("Saved: it was just so already."));
    }
}
