//! Two people changed one level: what became of each variable on either side, and one draft of both.

use std::collections::{BTreeMap, BTreeSet};

use wire::config::Variable;

use super::draft::{Draft, Edit, Entry, Side, Snapshot, Value};

/// Who changed a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This person alone.
    Mine,
    /// Others alone.
    Theirs,
    /// Both, and alike.
    Same,
    /// Both, each something else of it: both can be had.
    Joined(Entry),
    /// Both, to different ends: somebody must choose.
    Clash,
}

/// A variable that somebody changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// As it was when the draft was begun.
    pub base: Option<Side>,
    /// As this person wants it.
    pub mine: Option<Side>,
    /// As it is saved now.
    pub theirs: Option<Side>,
    /// Who changed it.
    pub verdict: Verdict,
}

/// Which side of a variable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As this person wants it.
    Mine,
    /// As it is saved now.
    Theirs,
    /// What each of both changed.
    Joined,
}

impl Choice {
    /// The word in a form.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Theirs => "theirs",
            Self::Joined => "both",
        }
    }

    /// The choice with this word.
    pub fn read(word: &str) -> Option<Self> {
        let all = [Self::Mine, Self::Theirs, Self::Joined];
        all.into_iter().find(|choice| choice.word() == word)
    }
}

impl Row {
    /// What is kept unless the person says otherwise; nothing where only they can say.
    pub fn usual(&self) -> Option<Choice> {
        match self.verdict {
            Verdict::Mine => Some(Choice::Mine),
            Verdict::Theirs | Verdict::Same => Some(Choice::Theirs),
            Verdict::Joined(_) => Some(Choice::Joined),
            Verdict::Clash => None,
        }
    }

    /// What can be kept. Where the draft says nothing of a variable, or just what is saved, there
    /// is nothing to choose.
    pub fn choices(&self) -> Vec<Choice> {
        match self.verdict {
            Verdict::Theirs | Verdict::Same => vec![Choice::Theirs],
            Verdict::Joined(_) => vec![Choice::Joined, Choice::Mine, Choice::Theirs],
            Verdict::Mine | Verdict::Clash => vec![Choice::Mine, Choice::Theirs],
        }
    }
}

/// Every variable that differs from `base` on either side, by name.
pub fn compare(base: &Snapshot, draft: &Draft, theirs: &Snapshot) -> Vec<Row> {
    let (before, now) = (base.by_name(), theirs.by_name());
    let saved = before.keys().chain(now.keys()).copied();
    let names: BTreeSet<&str> = saved.chain(draft.names()).collect();
    let row = |name: &str| {
        let side = |saved: &BTreeMap<&str, &Variable>| saved.get(name).copied().map(Side::of);
        let (was, is) = (side(&before), side(&now));
        let edited = draft.get(name).is_some();
        let mine = match edited {
            true => draft.side(base, name),
            false => was.clone(),
        };
        let verdict = match (edited, was != is) {
            (false, false) => return None,
            (true, false) => Verdict::Mine,
            (false, true) => Verdict::Theirs,
            (true, true) if mine == is => Verdict::Same,
            (true, true) => join(was.as_ref(), mine.as_ref(), is.as_ref())
                .map_or(Verdict::Clash, Verdict::Joined),
        };
        Some(Row {
            name: name.to_owned(),
            base: was,
            mine,
            theirs: is,
            verdict,
        })
    };
    names.into_iter().filter_map(row).collect()
}

/// What each side changed, if no part of it was changed by both.
fn join(base: Option<&Side>, mine: Option<&Side>, theirs: Option<&Side>) -> Option<Entry> {
    let (base, mine, theirs) = (base?, mine?, theirs?);
    let value = pick(&base.value, &mine.value, &theirs.value)?;
    Some(Entry {
        value: match value {
            Value::Known(value) => value.clone(),
            // It would have to be sent, and nobody here knows it.
            Value::Hidden(_) => return None,
        },
        secret: *pick(&base.secret, &mine.secret, &theirs.secret)?,
        buildtime: *pick(&base.buildtime, &mine.buildtime, &theirs.buildtime)?,
    })
}

/// The side that differs from `base`, if not both do in their own way.
fn pick<'a, T: PartialEq>(base: &'a T, mine: &'a T, theirs: &'a T) -> Option<&'a T> {
    if mine == theirs || theirs == base {
        Some(mine)
    } else if mine == base {
        Some(theirs)
    } else {
        None
    }
}

/// The draft of what was chosen, against what is saved now; nothing while a choice is missing.
pub fn settle(
    rows: &[Row],
    choice: impl Fn(&Row) -> Option<Choice>,
    draft: &Draft,
    theirs: &Snapshot,
) -> Option<Draft> {
    let mut settled = Draft::default();
    for row in rows {
        match (choice(row)?, &row.verdict) {
            (Choice::Theirs, _) => {}
            (Choice::Joined, Verdict::Joined(entry)) => {
                settled.set(theirs, &row.name, entry.clone());
            }
            (Choice::Mine | Choice::Joined, _) => match draft.get(&row.name) {
                Some(Edit::Set(entry)) => settled.set(theirs, &row.name, entry.clone()),
                Some(Edit::Remove) => settled.remove(theirs, &row.name),
                None => {}
            },
        }
    }
    Some(settled)
}

#[cfg(test)]
mod tests;
