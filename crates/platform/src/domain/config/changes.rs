//! From a bulk request to the changes that it makes of a level: pure but for the sealing.

use std::collections::BTreeMap;

use pilothouse_wire::config::{
    Bulk, BulkOutcome, ChangeKind, MASK, SetVariable, limits, stands_in,
};
use pilothouse_wire::dotenv;
use pilothouse_wire::error::FieldErrors;
use pilothouse_wire::text::VariableName;

use super::told;
use crate::domain::{Error, Result};
use crate::store::{Change, Held, NewValue, VariableRow};
use crate::vault::Vault;

/// What a request would change, by name, and what of it is so already.
pub(super) struct Planned {
    pub(super) changes: Vec<Change>,
    /// The names of those that stay as they are.
    pub(super) skipped: Vec<String>,
}

impl Planned {
    /// As the API tells what was done.
    pub(super) fn outcome(&self) -> BulkOutcome {
        let named = |kind: ChangeKind| {
            let of_kind = self
                .changes
                .iter()
                .filter(|one| one.told.kind.known() == Some(kind));
            of_kind.map(|one| one.told.name.clone()).collect()
        };
        BulkOutcome {
            created: named(ChangeKind::Added),
            updated: named(ChangeKind::Changed),
            deleted: named(ChangeKind::Removed),
            skipped: self.skipped.clone(),
            errors: Vec::new(),
        }
    }
}

/// Plans a request against the level as it is; `secrets` are the values of its secrets.
pub(super) fn plan(
    rows: &[VariableRow],
    secrets: &BTreeMap<String, String>,
    bulk: Bulk,
    vault: &Vault,
) -> Result<Planned> {
    let Wanted { set, delete } = wanted(bulk)?;
    let known: BTreeMap<&str, &VariableRow> =
        rows.iter().map(|row| (row.name.as_str(), row)).collect();
    let mut planned = Planned {
        changes: Vec::new(),
        skipped: Vec::new(),
    };
    for (name, value) in set {
        let before = known.get(name.as_str()).copied();
        match change(&name, before, secrets.get(&name), value, vault)? {
            Some(change) => planned.changes.push(change),
            None => planned.skipped.push(name),
        }
    }
    for name in delete {
        match known.get(name.as_str()) {
            Some(row) => planned.changes.push(removal(row)),
            None => planned.skipped.push(name),
        }
    }
    planned
        .changes
        .sort_by(|a, b| a.told.name.cmp(&b.told.name));
    refuse_too_many(rows.len(), &planned)?;
    Ok(planned)
}

/// A variable that goes.
pub(super) fn removal(row: &VariableRow) -> Change {
    Change {
        told: told(&row.name, Some(&row.held), None),
        to: None,
    }
}

/// A value that is asked for.
struct Value {
    text: String,
    /// What is not said stays as it is.
    secret: Option<bool>,
    buildtime: Option<bool>,
}

struct Wanted {
    set: BTreeMap<String, Value>,
    delete: Vec<String>,
}

fn wanted(bulk: Bulk) -> Result<Wanted> {
    let (secret, buildtime) = (bulk.secret, bulk.buildtime);
    let mut set = BTreeMap::new();
    if let Some(raw) = &bulk.raw {
        for (name, value) in read(raw)? {
            let value = Value {
                text: value,
                secret,
                buildtime,
            };
            set.insert(name, value);
        }
    }
    for variable in bulk.variables {
        let SetVariable {
            name,
            value,
            secret: own_secret,
            buildtime: own_buildtime,
        } = variable;
        let value = Value {
            text: value.into(),
            secret: own_secret.or(secret),
            buildtime: own_buildtime.or(buildtime),
        };
        set.insert(name.into(), value);
    }
    let delete: Vec<String> = bulk.delete.into_iter().map(VariableName::into).collect();
    if let Some(name) = delete.iter().find(|name| set.contains_key(*name)) {
        let words = format!("{name} is set and removed at once.");
        return Err(Error::Invalid(FieldErrors::one("delete", words)));
    }
    Ok(Wanted { set, delete })
}

/// The variables of a `.env` text.
fn read(raw: &str) -> Result<Vec<(String, String)>> {
    let mut errors = FieldErrors::default();
    let variables = match dotenv::parse(raw) {
        Ok(variables) => variables,
        Err(faults) => {
            for fault in faults {
                errors.add("raw", fault.to_string());
            }
            return Err(Error::Invalid(errors));
        }
    };
    for (name, value) in &variables {
        if stands_in(value.as_str()) {
            let words = format!("{name} holds what stands in for a value that is not shown.");
            errors.add("raw", words);
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let variables = variables.into_iter();
    Ok(variables
        .map(|(name, value)| (name.into(), value.into()))
        .collect())
}

/// What becomes of one variable. `None`: it is so already.
fn change(
    name: &str,
    before: Option<&VariableRow>,
    secret_before: Option<&String>,
    value: Value,
    vault: &Vault,
) -> Result<Option<Change>> {
    let was_secret = before.is_some_and(|row| row.held.is_secret());
    let secret = value.secret.unwrap_or(was_secret);
    let was_buildtime = before.is_some_and(|row| row.buildtime);
    let buildtime = value.buildtime.unwrap_or(was_buildtime);
    let same_kind = |row: &VariableRow| row.buildtime == buildtime;
    let to = match (before.map(|row| &row.held), secret) {
        (Some(Held::Plain(known)), false) if *known == value.text => {
            if before.is_some_and(same_kind) {
                return Ok(None);
            }
            NewValue::Plain(value.text)
        }
        (Some(Held::Sealed(id)), true) if secret_before == Some(&value.text) => {
            if before.is_some_and(same_kind) {
                return Ok(None);
            }
            NewValue::Kept(id.clone())
        }
        (_, false) => NewValue::Plain(value.text),
        (_, true) => {
            let id = uuid::Uuid::new_v4().to_string();
            let sealed = vault.seal(&id, &value.text)?;
            NewValue::Sealed(id, sealed)
        }
    };
    let after = match &to {
        NewValue::Plain(value) => Held::Plain(value.clone()),
        NewValue::Sealed(id, _) | NewValue::Kept(id) => Held::Sealed(id.clone()),
    };
    let mut told = told(name, before.map(|row| &row.held), Some(&after));
    if secret && !was_secret {
        // What is a secret from now on is not told of the time before either.
        told.before = told.before.map(|_| MASK.to_owned());
    }
    Ok(Some(Change {
        told,
        to: Some((to, buildtime)),
    }))
}

fn refuse_too_many(before: usize, planned: &Planned) -> Result<()> {
    let outcome = planned.outcome();
    let after = before + outcome.created.len() - outcome.deleted.len();
    if after <= limits::VARIABLES || outcome.created.is_empty() {
        return Ok(());
    }
    let words = format!(
        "A level holds at most {} variables, and this would make {after}.",
        limits::VARIABLES
    );
    Err(Error::Invalid(FieldErrors::one("variables", words)))
}
