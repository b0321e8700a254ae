//! The audit of an org: who changed what, and who was refused.

use std::sync::Arc;

use chrono::SecondsFormat;
use leptos::prelude::*;
use wire::audit::{Audit, AuditEntry, AuditOutcome, AuditQuery};
use wire::endpoint::NoBody;
use wire::endpoints::GetOrgAudit;
use wire::open::{Open, Words};
use wire::path::OrgParams;
use wire::quantity::EventLimit;
use wire::release::FieldChange;

use super::{AccessHead, level_of, use_org};
use crate::api::{call, use_connection};
use crate::components::button::{Button, Segments};
use crate::components::csv::write_record;
use crate::components::download::download;
use crate::components::feedback::Empty;
use crate::components::field::SearchBox;
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::pages::parts::{freshness, instant, loaded};
use crate::pages::typed::use_typed;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{AccessPage, query_text};
use crate::state::act::{Act, complain_of};
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{self, use_right};
use crate::words::plural;

/// How often the newest are fetched again, in milliseconds.
const AGAIN: u32 = 10_000;
/// Entries that are asked for at once.
const PAGE: u64 = 100;
const HEAD: [&str; 10] = [
    "time",
    "by",
    "kind",
    "address",
    "action",
    "outcome",
    "reason",
    "subject",
    "changes",
    "request_id",
];

/// Who changed what.
#[component]
pub fn AuditPage() -> impl IntoView {
    let org = use_org();
    let connection = use_connection();
    let (by, action) = (use_typed("by"), use_typed("action"));
    let outcome = query_text("outcome");
    let asked = memo(move || AuditQuery {
        limit: EventLimit::new(PAGE).ok(),
        by: given(&by.text.get()),
        action: given(&action.text.get()),
        outcome: outcome.get.with(|word| AuditOutcome::from_word(word)),
        ..AuditQuery::default()
    });
    // What was fetched further back, of the filter that it was fetched with.
    let older = RwSignal::new((AuditQuery::default(), Audit::default()));
    let newest = {
        let connection = connection.clone();
        Remote::new(
            move || {
                let at = OrgParams { org: org.get() };
                Some(call::<GetOrgAudit>(&connection, &at, &asked.get(), &NoBody))
            },
            |_| Some(AGAIN),
        )
    };
    let all = memo(move || {
        let newest = newest.get().unwrap_or_default();
        older.with(|(of, older)| match *of == asked.get() {
            true => joined(&newest, older),
            false => (*newest).clone(),
        })
    });
    let more = Act::of_call(
        move |query: &AuditQuery| {
            let at = OrgParams {
                org: org.get_untracked(),
            };
            call::<GetOrgAudit>(&connection, &at, query, &NoBody)
        },
        move |query: &AuditQuery, audit: Audit| {
            let of = AuditQuery {
                before: None,
                ..query.clone()
            };
            older.update(|(known, older)| {
                if *known == of {
                    older.entries.extend(audit.entries);
                    older.truncated = audit.truncated;
                } else {
                    (*known, *older) = (of, audit);
                }
            });
        },
    );
    complain_of(more);
    let load_more = move |()| {
        let last = all.with_untracked(|all| all.entries.last()?.id.parse().ok());
        more.go(AuditQuery {
            before: last,
            ..asked.get_untracked()
        });
    };
    let notices = use_notices();
    let save = move |()| {
        let text = all.with_untracked(|all| csv(&all.entries));
        if download(&format!("{}-audit.csv", org.get_untracked()), &text).is_none() {
            notices.complain("The browser did not take the file.");
        }
    };
    let outcomes = [("", "All"), ("done", "Done"), ("refused", "Refused")];
    let outcomes = outcomes.map(|(word, words)| (word.to_owned(), words.to_owned()));
    let list = move |_: Signal<Arc<Audit>>| {
        view! {
            {dynamic(move || all.with(|all| table(&all.entries)))}
            <When is=move || all.with(|all| all.truncated)>
                <div class="more">
                    <Button label="Load older" pending=more.pending() on_click=load_more />
                </div>
            </When>
        }
        .into_any()
    };
    let title = memo(move || match newest.held().is_there() {
        true => plural(all.with(|all| all.entries.len()), "entry"),
        false => "Entries".to_owned(),
    });
    let barrier = use_right::<GetOrgAudit>(level_of(org), rights::here);
    view! {
        <AccessHead org page=AccessPage::Audit>
            <Button label="CSV" glyph=Icon::Download barrier on_click=save />
        </AccessHead>
        <div class="bar">
            <Segments
                label="Outcome"
                choices=outcomes.to_vec()
                value=outcome.get
                on_choose=move |word| outcome.set(word)
            />
            <SearchBox
                label="Filter by who"
                placeholder="Who"
                node=NodeRef::new()
                value=by.text
                on_input=move |text| by.set(text)
            />
            <SearchBox
                label="Filter by what"
                placeholder="What: deploy, config"
                node=NodeRef::new()
                value=action.text
                on_input=move |text| action.set(text)
            />
        </div>
        <Panel title aside=move || freshness(newest.held()) flush=true>
            {loaded(newest, 8, list)}
        </Panel>
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The newest entries, and those further back that are not among them.
fn joined(newest: &Audit, older: &Audit) -> Audit {
    let number = |entry: &AuditEntry| entry.id.parse::<u64>().unwrap_or(0);
    let last = newest.entries.last().map_or(u64::MAX, number);
    let mut entries = newest.entries.clone();
    let further = older.entries.iter().filter(|entry| number(entry) < last);
    entries.extend(further.cloned());
    Audit {
        entries,
        truncated: older.truncated,
    }
}

/// `image: api:1 → api:2`
fn change_words(change: &FieldChange) -> String {
    let FieldChange {
        name,
        before,
        after,
    } = change;
    match (before, after) {
        (Some(before), Some(after)) => format!("{name}: {before} → {after}"),
        (None, Some(after)) => format!("{name}: {after}"),
        (Some(before), None) => format!("{name}: {before} → gone"),
        (None, None) => name.clone(),
    }
}

fn changes_of(entry: &AuditEntry) -> String {
    let words = entry.changes.iter().map(change_words);
    words.collect::<Vec<_>>().join("; ")
}

fn csv(entries: &[AuditEntry]) -> String {
    let mut text = String::new();
    write_record(HEAD, &mut text);
    for entry in entries {
        let at = entry.at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let changes = changes_of(entry);
        let fields = [
            at.as_str(),
            &entry.by,
            entry.by_kind.word(),
            &entry.address,
            &entry.action,
            entry.outcome.word(),
            entry.reason.as_deref().unwrap_or_default(),
            &entry.subject,
            &changes,
            &entry.request_id,
        ];
        write_record(fields, &mut text);
    }
    text
}

fn table(entries: &[AuditEntry]) -> AnyView {
    if entries.is_empty() {
        return view! {
            <Empty
                title="Nothing here"
                words="Every change and every refused attempt is written down here. None fits the filter."
            />
        }
        .into_any();
    }
    let rows = entries.iter().map(row).collect_view();
    view! {
        <div class="scrollx" role="group" aria-label="Audit" tabindex="0">
            <table class="table audit">
                <thead>
                    <tr>
                        <th class="num">"When"</th>
                        <th>"Who"</th>
                        <th>"What"</th>
                        <th>"Where"</th>
                        <th>"What became of it"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(entry: &AuditEntry) -> impl IntoView + use<> {
    let is_refused = entry.outcome == Open::Known(AuditOutcome::Refused);
    let words = match is_refused {
        true => entry.reason.clone().unwrap_or_default(),
        false => changes_of(entry),
    };
    let mark = is_refused.then(|| view! { <span class="chip warn">"refused"</span> });
    view! {
        <tr>
            <td class="num">{instant(entry.at)}</td>
            <td class="name">
                {entry.by.clone()} <small class="faint sm mono">{entry.address.clone()}</small>
            </td>
            <td>
                <span class="mono">{entry.action.clone()}</span>
                " "
                {mark}
            </td>
            <td class="where">
                <span class="mono sm">{entry.subject.clone()}</span>
            </td>
            <td class="changes">
                <span title=words.clone()>{words.clone()}</span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64) -> AuditEntry {
        serde_json::from_value(serde_json::json!({
            "id": id.to_string(), "at": "2026-04-22T15:30:00Z", "by": "Ada", "by_kind": "person",
            "address": "10.0.0.1", "action": "service.update", "outcome": "done",
            "subject": "/orgs/acme", "request_id": "r",
            "changes": [{"name": "image", "before": "a", "after": "=b"}, {"name": "port", "after": "1"}],
        }))
        .unwrap()
    }

    fn audit(ids: impl IntoIterator<Item = u64>, truncated: bool) -> Audit {
        Audit {
            entries: ids.into_iter().map(entry).collect(),
            truncated,
        }
    }

    #[test]
    fn pages_join_without_doubles() {
        let all = joined(&audit([9, 8, 7], true), &audit([8, 7, 6, 5], false));
        let ids: Vec<&str> = all.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["9", "8", "7", "6", "5"]);
        assert!(!all.truncated);
    }

    #[test]
    fn an_entry_is_a_record() {
        let text = csv(&[entry(1)]);
        let line = text.lines().nth(1).unwrap();
        let expected = "2026-04-22T15:30:00Z,Ada,person,10.0.0.1,service.update,done,,/orgs/acme,image: a → =b; port: 1,r";
        assert_eq!(line, expected);
    }
}
