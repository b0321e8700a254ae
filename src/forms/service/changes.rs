//! What differs between two drafts, in words: what an edit would change.

use super::draft::ServiceDraft;
use super::field::Field;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What people call the field.
    pub label: String,
    /// As it is saved; empty: not set.
    pub before: String,
    /// As it was typed; empty: not set.
    pub after: String,
}

const LABELS: [(Field, &str); 11] = [
    (Field::Name, "Name"),
    (Field::Image, "Image"),
    (Field::Repository, "Repository"),
    (Field::Branch, "Branch"),
    (Field::Subdirectory, "Subdirectory"),
    (Field::Port, "Port"),
    (Field::Instances, "Instances"),
    (Field::Platform, "Platform"),
    (Field::HealthPath, "Health check path"),
    (Field::HealthHost, "Health check host"),
    (Field::Timeout, "Timeout, seconds"),
];

/// Every difference, in the order of the form.
pub fn changes(saved: &ServiceDraft, typed: &ServiceDraft) -> Vec<Change> {
    let (before, after) = (saved.effective(), typed.effective());
    let mut changes: Vec<Change> = LABELS
        .iter()
        .filter_map(|(field, label)| change(label, field.read(&before), field.read(&after)))
        .collect();
    let lists = [
        ("Processes", processes as fn(&ServiceDraft) -> String),
        ("Domains", |draft| draft.domains.join(", ")),
        ("Volumes", volumes),
    ];
    changes.extend(
        lists
            .iter()
            .filter_map(|(label, text)| change(label, &text(&before), &text(&after))),
    );
    changes.extend(variables(&before, &after));
    changes.extend(change("Tags", &before.tags, &after.tags));
    changes
}

fn change(label: &str, before: &str, after: &str) -> Option<Change> {
    (before != after).then(|| Change {
        label: label.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    })
}

fn processes(draft: &ServiceDraft) -> String {
    let rows = draft.processes.iter();
    joined(rows.map(|row| format!("{} {}", row.name, row.count)))
}

fn volumes(draft: &ServiceDraft) -> String {
    let rows = draft.volumes.iter();
    joined(rows.map(|row| format!("{} at {}, {} GB", row.name, row.mount_path, row.size_gb)))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn variables(before: &ServiceDraft, after: &ServiceDraft) -> Vec<Change> {
    let value = |draft: &ServiceDraft, name: &str| {
        let row = draft.variables.iter().find(|row| row.name == name);
        row.map(|row| row.value.clone())
    };
    let gone = before
        .variables
        .iter()
        .filter(|row| value(after, &row.name).is_none());
    let mut names: Vec<&str> = after
        .variables
        .iter()
        .chain(gone)
        .map(|row| row.name.as_str())
        .collect();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let (old, new) = (value(before, name), value(after, name));
            (old != new).then(|| Change {
                label: name.to_owned(),
                before: old.unwrap_or_default(),
                after: new.unwrap_or_default(),
            })
        })
        .collect()
}
