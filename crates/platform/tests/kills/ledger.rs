//! What the workers know of a service: what was acknowledged, and what may have been done.

use std::collections::BTreeMap;

use crate::line::Heard;

/// A value that was acknowledged, or one of those that were sent after it.
#[derive(Clone, Debug)]
pub(crate) struct May<T>(Vec<T>);

impl<T: Clone + PartialEq> May<T> {
    pub(crate) fn is(value: T) -> Self {
        Self(vec![value])
    }

    /// Another value was sent.
    pub(crate) fn sent(&mut self, value: T, heard: &Heard) {
        match heard {
            Heard::Done(_) | Heard::DoneBefore => self.0 = vec![value],
            Heard::Nothing => self.0.push(value),
            Heard::Refused(_) => {}
        }
    }

    /// It is seen to be this. Tells whether it may be.
    pub(crate) fn seen(&mut self, value: T) -> bool {
        let may_be = self.may_be(&value);
        *self = Self::is(value);
        may_be
    }

    pub(crate) fn may_be(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    /// Whether it is nothing but this.
    pub(crate) fn must_be(&self, value: &T) -> bool {
        self.0.iter().all(|one| one == value)
    }
}

/// Things that are made once each, by a mark that is theirs alone; with the id of those that were
/// acknowledged with one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks(BTreeMap<String, Mark>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) is_done: bool,
    pub(crate) id: Option<String>,
}

impl Marks {
    pub(crate) fn sent(&mut self, mark: &str, id: &str, heard: &Heard) {
        let known = self.0.entry(mark.to_owned()).or_default();
        match heard {
            Heard::Done(body) => {
                known.is_done = true;
                known.id = body[id].as_str().map(str::to_owned);
            }
            Heard::DoneBefore => known.is_done = true,
            Heard::Nothing => {}
            Heard::Refused(_) if known.is_done => panic!("{mark} was done and is refused"),
            Heard::Refused(_) => {
                self.0.remove(mark);
            }
        }
    }

    pub(crate) fn of(&self, mark: &str) -> Option<&Mark> {
        self.0.get(mark)
    }

    /// Those of which it is certain that they were made.
    pub(crate) fn done(&self) -> impl Iterator<Item = (&str, &Mark)> {
        let done = self.0.iter().filter(|(_, mark)| mark.is_done);
        done.map(|(mark, known)| (mark.as_str(), known))
    }
}

/// What a service is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// W: what is changed acts at once.
    AtOnce,
    /// E: an image that is fetched, and deployed when that is asked for.
    Fetched,
    /// E: a repository that is built.
    Built,
}

/// One service of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) kind: Kind,
    pub(crate) slug: String,
    pub(crate) is_there: May<bool>,
    pub(crate) instances: May<u64>,
    pub(crate) tag: May<String>,
    /// Its own level's variables.
    pub(crate) config: BTreeMap<&'static str, May<Option<String>>>,
    /// By the tag of the repository that is theirs alone.
    pub(crate) builds: Marks,
    /// By the reason that is theirs alone.
    pub(crate) deploys: Marks,
}

impl Service {
    pub(crate) fn new(kind: Kind, slug: &str) -> Self {
        Self {
            kind,
            slug: slug.to_owned(),
            is_there: May::is(false),
            instances: May::is(1),
            tag: May::is("new".to_owned()),
            config: BTreeMap::new(),
            builds: Marks::default(),
            deploys: Marks::default(),
        }
    }

    /// Where ingress answers for it.
    pub(crate) fn domain(&self) -> String {
        format!("{}.localhost", self.slug)
    }

    /// A variable was set, or removed.
    pub(crate) fn variable(&mut self, name: &'static str, value: Option<&str>, heard: &Heard) {
        let known = self.config.entry(name).or_insert_with(|| May::is(None));
        known.sent(value.map(str::to_owned), heard);
    }
}
