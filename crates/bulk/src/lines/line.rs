//! A line as it is drawn: by what it is known, how much of it, in which runs of which look.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::ansi::{Style, plain, spans};
use super::layout::columns_of;
use super::needle::Needle;
use super::store::{Line, Store};

/// The most characters of one line that are drawn: a browser stops at a line of a megabyte.
pub const LONGEST: usize = 5_000;

/// What a line is known by, wherever it stands: in an address, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// When it was written, in nanoseconds since 1970.
    pub at: i64,
    /// Tells it from others of that instant.
    mark: u32,
}

impl LineKey {
    /// What a line is known by.
    pub fn of(line: &Line<'_>) -> Self {
        let bytes = line.instance.bytes().chain([u8::from(line.is_error)]);
        // FNV-1a, over the beginning of a very long line.
        let mark = bytes
            .chain(line.message.bytes().take(LONGEST))
            .fold(0x811c_9dc5u32, |mark, byte| {
                (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        Self { at: line.at, mark }
    }

    /// As an address holds it.
    pub fn written(self) -> String {
        format!("{}-{:08x}", self.at, self.mark)
    }

    /// Reads what an address holds.
    pub fn read(text: &str) -> Option<Self> {
        let (at, mark) = text.rsplit_once('-')?;
        Some(Self {
            at: at.parse().ok()?,
            mark: u32::from_str_radix(mark, 16).ok()?,
        })
    }
}

/// One line among those of one instant that are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineId {
    /// What all of them are known by.
    pub key: LineKey,
    /// How many of them stand before it.
    pub rank: usize,
}

impl Store {
    /// The number of the first line that is known by this.
    pub fn number_of(&self, key: LineKey) -> Option<u64> {
        self.numbers_of(key).next()
    }

    /// The number of a line.
    pub fn line_of(&self, id: LineId) -> Option<u64> {
        self.numbers_of(id.key).nth(id.rank)
    }

    /// What a line is known by.
    pub fn id_of(&self, number: u64) -> Option<LineId> {
        let key = LineKey::of(&self.get(number)?);
        let before = self.numbers_of(key).take_while(|other| *other < number);
        let rank = before.count();
        Some(LineId { key, rank })
    }

    /// What lines are known by. They come in their order, and between them no equal one is left out.
    pub fn ids(&self, numbers: &[u64]) -> Vec<LineId> {
        let mut ranks: HashMap<LineKey, usize> = HashMap::new();
        let mut id = |number: u64| {
            let key = LineKey::of(&self.get(number)?);
            let next = ranks.entry(key).or_default();
            *next += 1;
            let rank = *next - 1;
            Some(LineId { key, rank })
        };
        // Those of the first instant that are not among them count, too.
        if let Some(first) = numbers.first()
            && let Some(line) = self.get(*first)
        {
            (self.first_since(line.at)..*first).for_each(|number| {
                id(number);
            });
        }
        numbers.iter().filter_map(|number| id(*number)).collect()
    }

    fn numbers_of(&self, key: LineKey) -> impl Iterator<Item = u64> {
        (self.first_since(key.at)..self.numbers().1)
            .map_while(|number| Some((number, self.get(number)?)))
            .take_while(move |(_, line)| line.at == key.at)
            .filter(move |(_, line)| LineKey::of(line) == key)
            .map(|(number, _)| number)
    }
}

/// A part of a line that looks the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The text, without anything that would not be seen or move what is around it.
    pub text: String,
    /// How its tool wanted it to look.
    pub style: Style,
    /// Whether it is what is looked for.
    pub is_found: bool,
}

/// As much of a line as is drawn, and how many characters are not.
pub fn shortened(line: &str) -> (&str, usize) {
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            let (text, rest) = line.split_at(at);
            (text, rest.chars().count())
        }
        None => (line, 0),
    }
}

/// What is said of characters that are not drawn.
pub fn rest_words(rest: usize) -> Option<String> {
    (rest > 0).then(|| format!(" \u{2026} {rest} more characters"))
}

/// The runs of a line, and what is said of the rest of it.
pub fn runs(line: &str, needle: Option<&Needle>) -> (Vec<Run>, Option<String>) {
    let (line, rest) = shortened(line);
    let mut style = Style::default();
    let spans = spans(line, &mut style);
    let found = needle.map_or(Vec::new(), |needle| needle.ranges(&plain(line)));
    let mut found = found.into_iter().peekable();
    let mut runs = Vec::new();
    let mut start = 0;
    for span in spans {
        let end = start + span.text.len();
        let mut from = start;
        while from < end {
            while found.next_if(|range| range.end <= from).is_some() {}
            let (to, is_found) = match found.peek() {
                Some(Range { start, end: to }) if *start <= from => ((*to).min(end), true),
                Some(Range { start, .. }) => ((*start).min(end), false),
                None => (end, false),
            };
            runs.push(Run {
                text: harmless(&span.text[from - start..to - start]).into_owned(),
                style: span.style,
                is_found,
            });
            from = to;
        }
        start = end;
    }
    (runs, rest_words(rest))
}

/// How many columns a line takes as it is drawn.
pub fn columns(line: &str) -> u32 {
    let (text, rest) = shortened(line);
    let rest = rest_words(rest).map_or(0, |words| columns_of(&words));
    columns_of(&plain(text)).saturating_add(rest)
}

/// A text whose control characters are signs: they can neither hide what follows nor turn it round.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| sign(c) != c;
    match text.contains(is_bad) {
        true => text.chars().map(sign).collect::<String>().into(),
        false => text.into(),
    }
}

fn sign(character: char) -> char {
    match character {
        '\t' => character,
        '\0'..' ' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // The second set of controls, and what turns the direction of text or takes no room.
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    fn line(message: &str) -> Line<'_> {
        Line {
            at: -7,
            instance: "web.0",
            is_error: false,
            message,
        }
    }

    #[test]
    fn a_line_is_known_by_what_an_address_holds() {
        let key = LineKey::of(&line("a"));
        assert_eq!(LineKey::read(&key.written()), Some(key));
        assert_ne!(key, LineKey::of(&line("b")));
        for text in ["", "7", "x-1", "1-x", "1-123456789"] {
            assert_eq!(LineKey::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_found_is_marked_across_colours() {
        let needle = Needle::new("ab", true, b"").unwrap();
        let (runs, rest) = runs("xa\u{1b}[31mb\u{1b}[0myab", Some(&needle));
        let texts: Vec<_> = runs.iter().map(|run| (&*run.text, run.is_found)).collect();
        assert_eq!(
            texts,
            [
                ("x", false),
                ("a", true),
                ("b", true),
                ("y", false),
                ("ab", true)
            ]
        );
        assert!(runs[2].style.text.is_some() && rest.is_none());
    }

    #[test]
    fn control_characters_are_seen() {
        assert_eq!(harmless("a\0b\rc\u{7f}"), "a\u{2400}b\u{240d}c\u{2421}");
        assert_eq!(
            harmless("user\u{202e}gpj.exe\u{85}"),
            "user\u{fffd}gpj.exe\u{fffd}"
        );
        assert!(matches!(harmless("a\tb \u{e9}"), Cow::Borrowed(_)));
    }

    #[test]
    fn of_a_very_long_line_the_beginning_is_drawn() {
        let long = "\u{e9}".repeat(90_000);
        let (runs, rest) = runs(&long, None);
        assert_eq!(runs[0].text.chars().count(), 5_000);
        assert_eq!(rest.as_deref(), Some(" \u{2026} 85000 more characters"));
        assert_eq!(columns(&long), 5_000 + 24);
        assert_eq!(shortened("short"), ("short", 0));
    }

    proptest! {
        #[test]
        fn runs_are_the_text(line in any::<String>(), text in any::<String>()) {
            let needle = Needle::new(&text, false, b"");
            let (runs, _) = runs(&line, needle.as_ref());
            let all: String = runs.iter().map(|run| run.text.as_str()).collect();
            let expected = harmless(&plain(&line)).into_owned();
            prop_assert_eq!(&all, &expected);
            prop_assert!(!all.contains(|c: char| c.is_control() && c != '\t'));
        }
    }
}
