//! A text that is looked for in lines, with capitals told apart or not.

use std::ops::Range;

use memchr::memmem::Finder;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    text: String,
    way: Way,
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        let is_exact = |needle: &Self| matches!(needle.way, Way::Exact(_));
        self.text == other.text && is_exact(self) == is_exact(other)
    }
}

#[derive(Clone, Debug)]
enum Way {
    /// Byte by byte.
    Exact(Box<Finder<'static>>),
    /// Letters of ASCII in both cases. First looked for: one byte that is rare, in both its cases;
    /// a frequent one would stop the search at every other word.
    Folded { anchor: usize, pair: (u8, u8) },
    /// Letters of any script in both cases, one line after another.
    Wide(Vec<char>),
}

impl Needle {
    /// Looks for a text in lines of which these are some. `None` where there is nothing to look for.
    pub fn new(text: &str, tells_case: bool, sample: &[u8]) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let way = if tells_case {
            Way::Exact(Box::new(Finder::new(text).into_owned()))
        } else if text.is_ascii() {
            rarest(text.as_bytes(), sample)
        } else {
            Way::Wide(text.chars().flat_map(char::to_lowercase).collect())
        };
        Some(Self {
            text: text.to_owned(),
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

    /// Where it is found in the bytes of one line or of many, from a place on.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        match &self.way {
            Way::Exact(finder) => Some(from + finder.find(rest)?),
            Way::Folded { anchor, pair } => {
                Some(from + folded(rest, self.text.as_bytes(), *anchor, *pair)?)
            }
            Way::Wide(wanted) => {
                let text = std::str::from_utf8(rest).ok()?;
                Some(from + wide(text, wanted)?.start)
            }
        }
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

/// Anchors on the byte that the sample holds least often.
fn rarest(text: &[u8], sample: &[u8]) -> Way {
    let mut counts = [0u32; 256];
    for byte in sample {
        counts[usize::from(byte.to_ascii_lowercase())] += 1;
    }
    let count = |byte: &u8| counts[usize::from(byte.to_ascii_lowercase())];
    let places = text.iter().enumerate();
    let (anchor, byte) = places
        .min_by_key(|(_, byte)| count(byte))
        .unwrap_or((0, &0));
    Way::Folded {
        anchor,
        pair: (byte.to_ascii_lowercase(), byte.to_ascii_uppercase()),
    }
}

fn folded(bytes: &[u8], text: &[u8], anchor: usize, (low, high): (u8, u8)) -> Option<usize> {
    let found = |at: usize| {
        let candidate = bytes.get(at..at + text.len());
        candidate.is_some_and(|candidate| candidate.eq_ignore_ascii_case(text))
    };
    // An anchor before that place belongs to a text that would begin before the bytes.
    let after = bytes.get(anchor..)?;
    if low == high {
        memchr::memchr_iter(low, after).find(|at| found(*at))
    } else {
        memchr::memchr2_iter(low, high, after).find(|at| found(*at))
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

    #[test]
    fn the_rarest_byte_is_looked_for_first() {
        let needle = Needle::new("eezee", false, b"eeeeeeeeez").unwrap();
        assert!(matches!(
            needle.way,
            Way::Folded {
                anchor: 2,
                pair: (b'z', b'Z')
            }
        ));
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
