//! What many lines have in common: their words, with a star for what differs from line to line.

use std::fmt;

use crate::lines::ansi::plain;

/// What stands for anything.
pub const STAR: &str = "*";

/// The most words of a line that count.
const WORDS: usize = 64;

/// The most bytes of a line that count.
const BYTES: usize = 2_000;

/// The words of a line. What is surely different in the next one, a number or an id, is a star.
#[derive(Clone, Debug, Default)]
pub struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    /// Reads another line, in the room of the one before.
    pub fn read(&mut self, line: &str) {
        self.text.clear();
        self.ends.clear();
        let line = plain(beginning(line));
        for word in line.split_whitespace().take(WORDS) {
            mask(word, &mut self.text);
            self.ends.push(self.text.len());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the line is blank.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The words, one after another.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(self.ends.iter().copied());
        ranges.map(|(start, end)| self.text.get(start..end).unwrap_or_default())
    }

    /// Tells lines apart that differ in their words.
    pub fn hash(&self) -> u64 {
        // FNV-1a, over the words and where they end.
        let ends = self.ends.iter().flat_map(|end| end.to_le_bytes());
        let bytes = self.text.bytes().chain(ends);
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

/// What many lines have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template {
    words: Vec<Box<str>>,
}

impl Template {
    /// What a line has in common with others that have the same words.
    pub fn of(words: &Words) -> Self {
        Self {
            words: words.iter().map(Box::from).collect(),
        }
    }

    /// Reads what an address holds; nothing where it names none.
    pub fn read(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().take(WORDS).map(Box::from).collect();
        (!words.is_empty()).then_some(Self { words })
    }

    /// Its words.
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// How many of its words are stars alone.
    pub fn stars(&self) -> usize {
        self.words.iter().filter(|word| &***word == STAR).count()
    }

    /// Whether a line is one of those.
    pub fn matches(&self, line: &str) -> bool {
        let mut words = Words::default();
        words.read(line);
        self.covers(words.iter(), words.len())
    }

    /// Whether these words have all in common that is no star.
    pub fn covers<'a>(&self, words: impl Iterator<Item = &'a str>, count: usize) -> bool {
        self.words.len() == count
            && self
                .words
                .iter()
                .zip(words)
                .all(|(own, word)| &**own == STAR || &**own == word)
    }

    /// Whether another one's lines are all among this one's.
    pub fn holds(&self, other: &Self) -> bool {
        self.covers(other.words.iter().map(|word| &**word), other.words.len())
    }

    /// The share of words, of one in all, that these have in common with it as they stand.
    pub fn likeness<'a>(&self, words: impl Iterator<Item = &'a str>) -> f64 {
        let same = self.words.iter().zip(words);
        let same = same.filter(|(own, word)| &***own == *word && &***own != STAR);
        same.count() as f64 / self.words.len().max(1) as f64
    }

    /// Puts stars where these words differ. Says whether that changed it.
    pub fn widen<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> bool {
        let mut is_wider = false;
        for (own, word) in self.words.iter_mut().zip(words) {
            if &**own != STAR && &**own != word {
                *own = STAR.into();
                is_wider = true;
            }
        }
        is_wider
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.words.iter().enumerate() {
            let gap = if place > 0 { " " } else { "" };
            write!(f, "{gap}{word}")?;
        }
        Ok(())
    }
}

/// As much of a line as counts.
fn beginning(line: &str) -> &str {
    if line.len() <= BYTES {
        return line;
    }
    let end = (0..=BYTES).rev().find(|end| line.is_char_boundary(*end));
    line.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Writes a word with a star for each part that is a number or an id.
fn mask(word: &str, into: &mut String) {
    let start = into.len();
    let mut rest = word;
    while !rest.is_empty() {
        let is_part = |c: char| c.is_ascii_alphanumeric();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if !part.is_empty() {
            match masked(part) {
                Some(unit) => star(start, unit, into),
                None => into.push_str(part),
            }
        }
        let between = after.find(is_part).unwrap_or(after.len());
        let (marks, after) = after.split_at(between);
        into.push_str(marks);
        rest = after;
    }
}

/// Adds a star. One that a single mark parts from the star before is the same: an address, a date.
fn star(start: usize, unit: &str, into: &mut String) {
    let joins = [".", ":", "-", ",", "+"];
    let joined = joins.iter().find_map(|join| {
        let before = into.get(start..)?.strip_suffix(join)?;
        before.ends_with(STAR).then_some(join.len())
    });
    match joined {
        Some(len) => into.truncate(into.len() - len),
        None => into.push_str(STAR),
    }
    into.push_str(unit);
}

/// Whether a part differs from line to line, and the unit that is left of it: `12ms`.
fn masked(part: &str) -> Option<&str> {
    let digits = part.bytes().take_while(u8::is_ascii_digit).count();
    let after = part.get(digits..)?;
    if digits > 0 {
        let is_unit = after.len() <= 3 && after.bytes().all(|byte| byte.is_ascii_alphabetic());
        return Some(if is_unit { after } else { "" });
    }
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    let is_hex = part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    // `sha256` and `utf8` are names.
    let is_id = has_digit && (is_hex || part.len() >= 12);
    is_id.then_some("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    fn words(line: &str) -> String {
        let mut words = Words::default();
        words.read(line);
        Template::of(&words).to_string()
    }

    #[test]
    fn numbers_and_ids_are_stars() {
        for (line, expected) in [
            ("GET /v1/users/8841 200 12ms", "GET /v1/users/* * *ms"),
            ("cache: 48112 entries, 441 MB", "cache: * entries, * MB"),
            ("2026-04-22T15:30:00.123Z ready", "*Z ready"),
            ("from 10.0.0.17:51844", "from *"),
            ("id=550e8400-e29b-41d4-a716-446655440000", "id=*"),
            ("image 4be10a, sha256 of utf8", "image *, sha256 of utf8"),
            ("\u{1b}[31mred\u{1b}[0m 7", "red *"),
            ("{\"n\":812,\"x\":-1.5}", "{\"n\":*,\"x\":-*}"),
            ("  ", ""),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn a_template_is_read_as_it_is_written() {
        let template = Template::read("GET /v1/* *ms").unwrap();
        assert_eq!(
            Template::read(&template.to_string()),
            Some(template.clone())
        );
        assert!(template.matches("GET  /v1/12 7ms"));
        assert!(!template.matches("GET /v1/12"));
        assert_eq!(Template::read(" "), None);
    }

    proptest! {
        #[test]
        fn a_line_is_one_of_its_own_template(line in any::<String>(), other in "[a-c 0-9]{0,12}") {
            let mut words = Words::default();
            words.read(&line);
            let mut template = Template::of(&words);
            prop_assert!(template.matches(&line));
            prop_assert_eq!(words.is_empty(), Template::read(&template.to_string()).is_none());
            let mut others = Words::default();
            others.read(&other);
            template.widen(others.iter());
            prop_assert!(template.matches(&line));
        }
    }
}
