//! What tells the lines of a log apart that no engine numbers, and how often each of them is there.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use pilothouse_wire::logs::LogStream;

/// What tells a line apart. Some engines know its second only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    /// When it was written, in seconds since 1970.
    pub(crate) second: i64,
    text: u64,
}

impl Mark {
    pub(crate) fn of(second: i64, stream: LogStream, message: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        (stream == LogStream::Stderr, message).hash(&mut hasher);
        Self {
            second,
            text: hasher.finish(),
        }
    }
}

/// Lines by their marks, and how often each.
#[derive(Debug, Default)]
pub(crate) struct Marks(HashMap<Mark, u32>);

impl Marks {
    pub(crate) fn add(&mut self, mark: Mark) {
        *self.0.entry(mark).or_default() += 1;
    }

    /// Takes one of these lines away, if there is one.
    pub(crate) fn take(&mut self, mark: Mark) -> bool {
        let Some(times) = self.0.get_mut(&mark) else {
            return false;
        };
        *times -= 1;
        if *times == 0 {
            self.0.remove(&mark);
        }
        true
    }

    /// Forgets the lines before a second.
    pub(crate) fn forget_before(&mut self, second: i64) {
        self.0.retain(|mark, _| mark.second >= second);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(all: I) -> Self {
        let mut marks = Self::default();
        all.into_iter().for_each(|mark| marks.add(mark));
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_taken_as_often_as_it_is_there() {
        let line = |second, text: &str| Mark::of(second, LogStream::Stdout, text.as_bytes());
        let error = Mark::of(9, LogStream::Stderr, b"a");
        let mut marks: Marks = [line(9, "a"), line(9, "a"), line(8, "a"), error]
            .into_iter()
            .collect();
        assert!(marks.take(line(9, "a")) && marks.take(line(9, "a")) && marks.take(error));
        assert!(!marks.take(line(9, "a")) && !marks.take(line(9, "b")));
        assert!(!marks.is_empty());
        marks.forget_before(9);
        assert!(marks.is_empty());
    }
}
