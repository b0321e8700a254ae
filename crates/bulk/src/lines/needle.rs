//! A text that is looked for in lines, with capitals told apart or not.

use std::ops::Range;

use super::pair::Pair;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    text: String,
    tells_case: bool,
    way: Way,
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.tells_case == other.tells_case
    }
}

#[derive(Clone, Debug)]
enum Way {
    /// Byte by byte, or with letters of ASCII in both cases. First looked for are the two bytes that
    /// are rare in these lines; frequent ones would stop the search at every other word.
    Bytes(Pair),
    /// Letters of any script in both cases, one line after another.
    Wide(Vec<char>),
}

impl Needle {
    /// Looks for a text in lines of which these are some. `None` where there is nothing to look for.
    pub fn new(text: &str, tells_case: bool, sample: &[u8]) -> Option<Self> {
        let pair = Pair::of(text.as_bytes(), tells_case, sample)?;
        let way = match tells_case || text.is_ascii() {
            true => Way::Bytes(pair),
            false => Way::Wide(text.chars().flat_map(char::to_lowercase).collect()),
        };
        Some(Self {
            text: text.to_owned(),
            tells_case,
            way,
        })
    }

    /// Whether it is looked for in many lines at once, and not line by line.
    pub fn is_bytes(&self) -> bool {
        !matches!(self.way, Way::Wide(_))
    }

    /// The bytes of what is found.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it is found everywhere; none is.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Calls back for each place of the bytes of many lines where it is found, in order. What it
    /// answers is the place to go on from. Of what is looked for line by line there is none.
    #[inline]
    pub fn each(&self, bytes: &[u8], mut found: impl FnMut(usize) -> usize) {
        let Way::Bytes(pair) = &self.way else { return };
        let text = self.text.as_bytes();
        let of = |at: usize| bytes.get(at..at + text.len());
        match self.tells_case {
            true => pair.each(bytes, |at| {
                match of(at).is_some_and(|it| is_same(it, text)) {
                    true => found(at),
                    false => at + 1,
                }
            }),
            false => pair.each(bytes, |at| {
                match of(at).is_some_and(|it| it.eq_ignore_ascii_case(text)) {
                    true => found(at),
                    false => at + 1,
                }
            }),
        }
    }

    /// Where it is found in the bytes of one line, from a place on.
    fn find(&self, line: &[u8], from: usize) -> Option<usize> {
        let rest = line.get(from..)?;
        if let Way::Wide(wanted) = &self.way {
            let text = std::str::from_utf8(rest).ok()?;
            return Some(from + wide(text, wanted)?.start);
        }
        let mut place = None;
        self.each(rest, |at| {
            place = Some(from + at);
            rest.len()
        });
        place
    }

    /// Whether a line holds it.
    pub fn is_in(&self, line: &[u8]) -> bool {
        self.find(line, 0).is_some()
    }

    /// Where it is in a line.
    pub fn ranges(&self, line: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(range) = self.range(line, from) {
            from = range.end;
            found.push(range);
        }
        found
    }

    fn range(&self, line: &str, from: usize) -> Option<Range<usize>> {
        match &self.way {
            Way::Wide(wanted) => {
                let range = wide(line.get(from..)?, wanted)?;
                Some(range.start + from..range.end + from)
            }
            _ => {
                let start = self.find(line.as_bytes(), from)?;
                Some(start..start + self.len())
            }
        }
    }
}

/// Whether two texts of one length are the same; of most that are near the first bytes tell.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(head), Some(wanted)) => {
            head == wanted && (one.len() == 8 || one.get(8..) == other.get(8..))
        }
        _ => one == other,
    }
}

/// Where a text has these characters, its capitals taken for small letters.
fn wide(text: &str, wanted: &[char]) -> Option<Range<usize>> {
    text.char_indices().find_map(|(start, _)| {
        let mut wanted = wanted.iter();
        for (at, character) in text[start..].char_indices() {
            let is_wanted = character
                .to_lowercase()
                .all(|folded| wanted.next() == Some(&folded));
            if !is_wanted {
                return None;
            }
            if wanted.len() == 0 {
                return Some(start..start + at + character.len_utf8());
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    fn ranges(text: &str, tells_case: bool, line: &str) -> Vec<Range<usize>> {
        Needle::new(text, tells_case, line.as_bytes()).map_or(Vec::new(), |it| it.ranges(line))
    }

    #[test]
    fn capitals_count_or_not() {
        let line = "GET /get Get";
        assert_eq!(ranges("get", true, line), vec![5..8; 1]);
        assert_eq!(ranges("get", false, line), [0..3, 5..8, 9..12]);
        assert_eq!(ranges("/GET", false, line), vec![4..8; 1]);
        assert!(ranges("", false, line).is_empty());
    }

    #[test]
    fn other_scripts_have_capitals_too() {
        let line = "\u{c9}T\u{c9} en \u{e9}t\u{e9}, \u{130}stanbul";
        assert_eq!(ranges("\u{e9}t\u{e9}", false, line), [0..5, 9..14]);
        assert_eq!(ranges("\u{e9}t\u{e9}", true, line), vec![9..14; 1]);
        assert_eq!(ranges("\u{42f}", false, "\u{44f}"), vec![0..2; 1]);
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(line in "[abAB \u{e9}\u{c9}]{0,24}", text in "[abAB\u{e9}]{1,3}") {
            let exact: Vec<_> = line.match_indices(&text).map(|(at, _)| at).collect();
            let found: Vec<_> = ranges(&text, true, &line).iter().map(|range| range.start).collect();
            prop_assert_eq!(found, exact);
            let (small, wanted) = (line.to_lowercase(), text.to_lowercase());
            let folded: Vec<_> = small.match_indices(&wanted).map(|(at, _)| at).collect();
            let found: Vec<_> = ranges(&text, false, &line).iter().map(|range| range.start).collect();
            prop_assert_eq!(found, folded);
        }

        #[test]
        fn any_line_is_searched(line in any::<String>(), text in any::<String>(), case: bool) {
            for range in ranges(&text, case, &line) {
                prop_assert!(line.get(range).is_some());
            }
        }
    }
}
