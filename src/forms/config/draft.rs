//! A level's variables as they were read, and the changes to them that are not sent yet.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use wire::conceal::HIDDEN;
use wire::config::{Bulk, ChangeKind, MASK, MASKED, SetVariable, Variable, stands_in};
use wire::error::FieldErrors;
use wire::text::{VariableName, VariableValue};

/// The variables of a level at one revision, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What the platform calls the revision.
    pub revision: Option<String>,
    /// The variables.
    pub variables: Vec<Variable>,
}

impl Snapshot {
    /// The variable of this name.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|one| one.name == name)
    }

    /// The variable of this name, to be compared.
    pub fn side(&self, name: &str) -> Option<Side> {
        self.get(name).map(Side::of)
    }

    /// Every variable by its name, for those who ask for many.
    pub fn by_name(&self) -> BTreeMap<&str, &Variable> {
        let variables = self.variables.iter();
        variables.map(|one| (one.name.as_str(), one)).collect()
    }
}

/// A value, as far as it is known.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// It can be read, or was typed.
    Known(String),
    /// A saved secret, and when it was set: another instant is another value.
    Hidden(Option<DateTime<Utc>>),
}

/// A variable as it is compared with another.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Side {
    /// Its value.
    pub value: Value,
    /// Whether the value can't be read back.
    pub secret: bool,
    /// Whether builds receive it, and instances do not.
    pub buildtime: bool,
}

/// What stands on the page in place of a secret.
pub const DOTS: &str = "••••••";

impl Side {
    /// A saved variable.
    pub fn of(variable: &Variable) -> Self {
        Self {
            value: match variable.secret {
                true => Value::Hidden(variable.updated),
                false => Value::Known(variable.value.clone()),
            },
            secret: variable.secret,
            buildtime: variable.buildtime,
        }
    }

    /// The value as the page shows it: never a secret's.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Known(value) if !self.secret => glimpse(value),
            _ => DOTS.to_owned(),
        }
    }

    /// What it is beside its value.
    pub fn marks(&self) -> Vec<&'static str> {
        let marks = [(self.secret, "secret"), (self.buildtime, "build time")];
        let marks = marks.into_iter().filter(|(is, _)| *is);
        marks.map(|(_, word)| word).collect()
    }
}

impl std::fmt::Debug for Side {
    /// Without a secret's value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Side({} {:?})", self.shown(), self.marks())
    }
}

/// A value as a saved one is shown: the mask as dots, a long one by its beginning.
pub fn shown(value: &str) -> String {
    match value {
        MASK => DOTS.to_owned(),
        value => glimpse(value),
    }
}

/// What is shown of what whoever looks may not read.
const UNREAD: &str = "hidden";

/// The beginning of a value, on one line.
fn glimpse(value: &str) -> String {
    if value == HIDDEN {
        return UNREAD.to_owned();
    }
    const MOST: usize = 120;
    let mut lines = value.lines();
    let first = lines.next().unwrap_or_default();
    let mut words: String = first.chars().take(MOST).collect();
    if first.chars().nth(MOST).is_some() {
        words.push('…');
    }
    match lines.count() {
        0 if value.is_empty() => "(empty)".to_owned(),
        0 => words,
        1 => words + " … (2 lines)",
        more => format!("{words} … ({} lines)", more + 1),
    }
}

/// A variable that is to be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its value; a typed secret stands here and nowhere else.
    pub value: String,
    /// Whether the value can't be read back.
    pub secret: bool,
    /// Whether builds receive it, and instances do not.
    pub buildtime: bool,
}

impl Entry {
    /// To be compared.
    pub fn side(&self) -> Side {
        Side {
            value: Value::Known(self.value.clone()),
            secret: self.secret,
            buildtime: self.buildtime,
        }
    }
}

impl std::fmt::Debug for Entry {
    /// Without a secret's value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.side().fmt(f)
    }
}

/// What variables are beside their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Whether their values can't be read back.
    pub secret: bool,
    /// Whether builds receive them, and instances do not.
    pub buildtime: bool,
}

/// What is to become of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It is created or replaced.
    Set(Entry),
    /// It is removed.
    Remove,
}

/// One change, as it is reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The variable's name.
    pub name: String,
    /// What becomes of it.
    pub kind: ChangeKind,
    /// As it is saved.
    pub before: Option<Side>,
    /// As it is to be.
    pub after: Option<Side>,
}

impl Change {
    /// That it is a secret before and after: its value is replaced, and the new one sealed as well.
    pub fn stays_secret(&self) -> bool {
        let is_secret = |side: &Option<Side>| side.as_ref().is_some_and(|side| side.secret);
        is_secret(&self.before) && is_secret(&self.after)
    }
}

/// The changes that are not sent yet, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft(BTreeMap<String, Edit>);

impl Draft {
    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many variables are to change.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What is to become of a variable.
    pub fn get(&self, name: &str) -> Option<&Edit> {
        self.0.get(name)
    }

    /// The names of what is to change.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A variable is to be so. One that is just so already is no change.
    pub fn set(&mut self, base: &Snapshot, name: &str, entry: Entry) {
        if base.side(name) == Some(entry.side()) {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), Edit::Set(entry));
        }
    }

    /// Variables of a text, which says nothing of them but their values: what is a secret or build
    /// time only stays so, and `all` is what the others become.
    pub fn take_in(&mut self, base: &Snapshot, values: Vec<(String, String)>, all: Flags) {
        for (name, value) in values {
            let known = match self.get(&name) {
                Some(Edit::Set(entry)) => Some(entry.side()),
                // What replaces a variable that was to go is still that variable.
                Some(Edit::Remove) | None => base.side(&name),
            };
            let is_known = |is: fn(&Side) -> bool| known.as_ref().is_some_and(is);
            let entry = Entry {
                value,
                secret: all.secret || is_known(|side| side.secret),
                buildtime: all.buildtime || is_known(|side| side.buildtime),
            };
            self.set(base, &name, entry);
        }
    }

    /// A variable is to go.
    pub fn remove(&mut self, base: &Snapshot, name: &str) {
        match base.get(name) {
            Some(_) => self.0.insert(name.to_owned(), Edit::Remove),
            None => self.0.remove(name),
        };
    }

    /// A variable is to stay as it is saved.
    pub fn undo(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The variable as it is to be.
    pub fn side(&self, base: &Snapshot, name: &str) -> Option<Side> {
        match self.0.get(name) {
            Some(Edit::Set(entry)) => Some(entry.side()),
            Some(Edit::Remove) => None,
            None => base.side(name),
        }
    }

    /// Every change, by name.
    pub fn changes(&self, base: &Snapshot) -> Vec<Change> {
        let change = |name: &String| {
            let (before, after) = (base.side(name), self.side(base, name));
            let kind = match (&before, &after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            };
            Change {
                name: name.clone(),
                kind,
                before,
                after,
            }
        };
        self.0.keys().map(change).collect()
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().filter_map(|(name, edit)| match edit {
            Edit::Set(entry) => Some((name.as_str(), entry)),
            Edit::Remove => None,
        })
    }

    fn removed(&self) -> impl Iterator<Item = &str> {
        let removed = self.0.iter().filter(|(_, edit)| **edit == Edit::Remove);
        removed.map(|(name, _)| name.as_str())
    }

    /// The request that makes all of it so.
    ///
    /// # Errors
    /// Every fault, at the path that the platform gives it too.
    pub fn request(&self) -> Result<Bulk, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut bulk = Bulk::default();
        for (index, (name, entry)) in self.entries().enumerate() {
            let at = |field: &str| format!("variables.{index}.{field}");
            let name = VariableName::new(name).map_err(|words| errors.add(&at("name"), words));
            let value = check_value(&entry.value).map_err(|words| errors.add(&at("value"), words));
            if let (Ok(name), Ok(value)) = (name, value) {
                bulk.variables.push(SetVariable {
                    name,
                    value,
                    secret: Some(entry.secret),
                    buildtime: Some(entry.buildtime),
                });
            }
        }
        for (index, name) in self.removed().enumerate() {
            match VariableName::new(name) {
                Ok(name) => bulk.delete.push(name),
                Err(words) => errors.add(&format!("delete.{index}"), words),
            }
        }
        match errors.is_empty() {
            true => Ok(bulk),
            false => Err(errors),
        }
    }

    /// Faults of the request in sentences that name the variable.
    pub fn blame(&self, errors: &FieldErrors) -> Vec<String> {
        let sentence = |(field, words): (&str, &[String])| {
            let mut parts = field.split('.');
            let (list, index) = (parts.next(), parts.next());
            let index = index.and_then(|index| index.parse().ok());
            let name = match (list, index) {
                (Some("variables"), Some(index)) => self.entries().nth(index).map(|(name, _)| name),
                (Some("delete"), Some(index)) => self.removed().nth(index),
                _ => None,
            };
            let words = words.join(" ");
            match name {
                Some(name) => format!("{name}: {words}"),
                None => words,
            }
        };
        errors.iter().map(sentence).collect()
    }
}

/// What of a request does not read as it was sent: names.
pub fn not_as_sent(sent: &Bulk, read: &Snapshot) -> Vec<String> {
    let is_so = |one: &SetVariable| {
        read.get(one.name.as_str()).is_some_and(|variable| {
            let value = match variable.secret {
                true => MASK,
                false => one.value.as_str(),
            };
            variable.value == value
                && Some(variable.secret) == one.secret
                && Some(variable.buildtime) == one.buildtime
        })
    };
    let set = sent.variables.iter().filter(|one| !is_so(one));
    let kept = sent
        .delete
        .iter()
        .filter(|name| read.get(name.as_str()).is_some());
    let names = set.map(|one| &one.name).chain(kept);
    names.map(ToString::to_string).collect()
}

/// The request without its secrets, each with a placeholder that says what belongs there.
pub fn without_secrets(mut bulk: Bulk) -> Bulk {
    for variable in &mut bulk.variables {
        if variable.secret == Some(true) {
            let words = format!("<the value of {}>", variable.name);
            // A name and a few words are always a value.
            if let Ok(placeholder) = VariableValue::new(&words) {
                variable.value = placeholder;
            }
        }
    }
    bulk
}

/// Checks a value to be set.
///
/// # Errors
/// The sentence that says what a value must look like.
pub fn check_value(value: &str) -> Result<VariableValue, String> {
    match value {
        value if stands_in(value) => Err(MASKED.to_owned()),
        value => VariableValue::new(value),
    }
}

#[cfg(test)]
mod tests;
