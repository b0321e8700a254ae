//! What tools write for terminals beside text: colours and weights become styles, all else goes.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// A colour of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of 256: 16 of the terminal's own, a cube of 216, 24 greys.
    Index(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

impl Colour {
    /// The colour as CSS says it. The terminal's own colours are the page's; others lean towards
    /// the page's text, so that they can be read on light and on dark.
    pub fn css(self) -> String {
        let own = match self {
            Self::Index(0 | 8) => "var(--t3)",
            Self::Index(1 | 9) => "var(--bad)",
            Self::Index(2 | 10) => "var(--ok)",
            Self::Index(3 | 11) => "var(--warn)",
            Self::Index(4 | 12) => "var(--busy)",
            Self::Index(6 | 14) => "var(--accent)",
            Self::Index(7 | 15) => "var(--t1)",
            _ => {
                let (red, green, blue) = self.rgb();
                return format!("color-mix(in oklab, rgb({red} {green} {blue}) 65%, var(--t1))");
            }
        };
        own.to_owned()
    }

    fn rgb(self) -> (u8, u8, u8) {
        let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
        match self {
            Self::Rgb(red, green, blue) => (red, green, blue),
            // Magenta, the one of the terminal's own that the page has none for.
            Self::Index(..16) => (186, 58, 186),
            Self::Index(index @ 16..232) => {
                let cube = index - 16;
                (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
            }
            Self::Index(index) => {
                let grey = 8 + 10 * (index - 232);
                (grey, grey, grey)
            }
        }
    }
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The colour of the text.
    pub text: Option<Colour>,
    /// The colour behind it.
    pub ground: Option<Colour>,
    /// Heavy.
    pub bold: bool,
    /// Whispering.
    pub dim: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line below.
    pub underlined: bool,
}

/// A run of text that looks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<'a> {
    /// The text.
    pub text: &'a str,
    /// How it looks.
    pub style: Style,
}

/// The runs of a line that begins in this style; `style` is then what the next line begins in.
pub fn spans<'a>(line: &'a str, style: &mut Style) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(ESCAPE) {
        let (text, escape) = rest.split_at(at);
        if !text.is_empty() {
            spans.push(Span {
                text,
                style: *style,
            });
        }
        let end = sequence(escape);
        if let Some(codes) = escape[..end]
            .strip_prefix("\u{1b}[")
            .and_then(|codes| codes.strip_suffix('m'))
        {
            style.apply(codes);
        }
        rest = &escape[end..];
    }
    if !rest.is_empty() {
        spans.push(Span {
            text: rest,
            style: *style,
        });
    }
    spans
}

/// The text alone.
pub fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains(ESCAPE) {
        return line.into();
    }
    let spans = spans(line, &mut Style::default());
    spans
        .iter()
        .map(|span| span.text)
        .collect::<String>()
        .into()
}

/// How many bytes the sequence takes that a text begins with. One that does not end takes all.
fn sequence(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    let after =
        |found: Option<(usize, char)>| found.map_or(text.len(), |(at, c)| at + c.len_utf8());
    match characters.next() {
        Some((_, '[')) => after(characters.find(|(_, c)| ('\u{40}'..='\u{7e}').contains(c))),
        // A title or a link: up to a bell, or an escape and a backslash.
        Some((_, ']')) => match characters.find(|&(_, c)| matches!(c, '\u{7}' | ESCAPE)) {
            Some((_, ESCAPE)) => after(characters.next()),
            end => after(end),
        },
        Some((_, '(' | ')' | '#')) => after(characters.next()),
        other => after(other),
    }
}

impl Style {
    /// Takes over the codes between `ESC [` and `m`.
    fn apply(&mut self, codes: &str) {
        let mut codes = codes.split([';', ':']).map(|code| match code {
            "" => Some(0),
            code => code.parse::<u8>().ok(),
        });
        while let Some(code) = codes.next() {
            match code {
                Some(0) => *self = Self::default(),
                Some(1) => self.bold = true,
                Some(2) => self.dim = true,
                Some(3) => self.italic = true,
                Some(4) => self.underlined = true,
                Some(22) => (self.bold, self.dim) = (false, false),
                Some(23) => self.italic = false,
                Some(24) => self.underlined = false,
                Some(code @ 30..=37) => self.text = Some(Colour::Index(code - 30)),
                Some(code @ 90..=97) => self.text = Some(Colour::Index(code - 82)),
                Some(38) => self.text = colour(&mut codes),
                Some(39) => self.text = None,
                Some(code @ 40..=47) => self.ground = Some(Colour::Index(code - 40)),
                Some(code @ 100..=107) => self.ground = Some(Colour::Index(code - 92)),
                Some(48) => self.ground = colour(&mut codes),
                Some(49) => self.ground = None,
                _ => {}
            }
        }
    }
}

/// The colour that `38` or `48` announces.
fn colour(codes: &mut impl Iterator<Item = Option<u8>>) -> Option<Colour> {
    match codes.next()?? {
        5 => codes.next()?.map(Colour::Index),
        2 => {
            let mut level = || codes.next().flatten();
            Some(Colour::Rgb(level()?, level()?, level()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};

    fn read(line: &str) -> Vec<(String, Style)> {
        let spans = spans(line, &mut Style::default());
        spans
            .iter()
            .map(|span| (span.text.to_owned(), span.style))
            .collect()
    }

    #[test]
    fn colours_and_weights_become_styles() {
        let runs = read("a\u{1b}[1;31mb\u{1b}[0mc\u{1b}[94md");
        let bold_red = Style {
            text: Some(Colour::Index(1)),
            bold: true,
            ..Style::default()
        };
        let bright_blue = Style {
            text: Some(Colour::Index(12)),
            ..Style::default()
        };
        assert_eq!(
            runs,
            [
                ("a".to_owned(), Style::default()),
                ("b".to_owned(), bold_red),
                ("c".to_owned(), Style::default()),
                ("d".to_owned(), bright_blue),
            ]
        );
    }

    #[test]
    fn large_palettes_are_read() {
        let text = |line| read(line).first().and_then(|(_, style)| style.text);
        assert_eq!(text("\u{1b}[38;5;208mx"), Some(Colour::Index(208)));
        assert_eq!(text("\u{1b}[38;2;1;2;3mx"), Some(Colour::Rgb(1, 2, 3)));
        assert_eq!(text("\u{1b}[38:5:9mx"), Some(Colour::Index(9)));
        assert_eq!(Colour::Index(208).rgb(), (255, 135, 0));
        assert_eq!(Colour::Index(255).rgb(), (238, 238, 238));
        assert_eq!(Colour::Index(9).css(), "var(--bad)");
        assert_eq!(Colour::Index(8).css(), "var(--t3)");
    }

    #[test]
    fn a_style_goes_on_in_the_next_line() {
        let mut style = Style::default();
        spans("\u{1b}[32mbegins", &mut style);
        assert_eq!(
            spans("goes on", &mut style)[0].style.text,
            Some(Colour::Index(2))
        );
    }

    #[test]
    fn what_moves_the_cursor_goes() {
        assert_eq!(plain("\u{1b}[2K\u{1b}[1Gdone\u{1b}(B"), "done");
        assert_eq!(
            plain("\u{1b}]8;;https://a.dev\u{1b}\\link\u{1b}]8;;\u{7}!"),
            "link!"
        );
        assert_eq!(plain("cut\u{1b}[3"), "cut");
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in any::<String>(), codes in "[0-9;:]{0,12}") {
            prop_assert!(!plain(&line).contains(ESCAPE));
            let coloured = format!("\u{1b}[{codes}m{line}");
            prop_assert!(!plain(&coloured).contains(ESCAPE));
        }
    }
}
