//! The text of a log that only grows: its lines, each in the state that its tool left it in.

use bulk::lines::ansi::{Style, plain, spans};

use super::fault::is_fault;

/// Bytes after which a block of text is full.
const BLOCK: usize = 256 * 1024;

/// Where a line is, and how it begins.
#[derive(Clone, Copy, Debug)]
struct Entry {
    block: u32,
    start: u32,
    end: u32,
    style: Style,
}

/// A line as it was written, with its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The text, with what tools write for terminals.
    pub text: &'a str,
    /// The style that it begins in.
    pub style: Style,
}

/// The lines of a log, as far as they were read.
#[derive(Debug, Default)]
pub struct WorkText {
    blocks: Vec<String>,
    /// The lines that have ended.
    entries: Vec<Entry>,
    /// The last line, as long as it has not ended.
    open: String,
    /// The style after the last line that has ended.
    style: Style,
    first_fault: Option<usize>,
}

impl WorkText {
    /// The end of a longer text. Its first line is not whole, and left out.
    pub fn of_end(text: &str) -> Self {
        let mut end = Self::default();
        end.push(text.split_once('\n').map_or(text, |(_, rest)| rest));
        end
    }

    /// Adds what came since.
    pub fn push(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(line) if self.open.is_empty() => self.end_line(line),
                Some(line) => {
                    self.open.push_str(line);
                    let line = std::mem::take(&mut self.open);
                    self.end_line(&line);
                }
                None => {
                    self.open.push_str(piece);
                    self.forget_progress();
                }
            }
        }
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.entries.len() + usize::from(!self.open.is_empty())
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many lines have ended: those never change.
    pub fn ended(&self) -> usize {
        self.entries.len()
    }

    /// A line by its place.
    pub fn get(&self, place: usize) -> Option<Line<'_>> {
        let Some(entry) = self.entries.get(place) else {
            let is_open = place == self.entries.len() && !self.open.is_empty();
            return is_open.then(|| Line {
                text: last_state(&self.open),
                style: self.style,
            });
        };
        let block = self.blocks.get(entry.block as usize)?;
        Some(Line {
            text: block.get(entry.start as usize..entry.end as usize)?,
            style: entry.style,
        })
    }

    /// The first line that tells of something that failed.
    pub fn first_fault(&self) -> Option<usize> {
        let open = || is_fault(&plain(last_state(&self.open))).then_some(self.entries.len());
        self.first_fault.or_else(open)
    }

    fn end_line(&mut self, line: &str) {
        let line = last_state(line);
        if self.first_fault.is_none() && is_fault(&plain(line)) {
            self.first_fault = Some(self.entries.len());
        }
        if self.blocks.last().is_none_or(|block| block.len() >= BLOCK) {
            self.blocks.push(String::new());
        }
        let number = self.blocks.len() - 1;
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let start = block.len();
        block.push_str(line);
        let (Ok(number), Ok(start), Ok(end)) = (
            u32::try_from(number),
            u32::try_from(start),
            u32::try_from(block.len()),
        ) else {
            return;
        };
        self.entries.push(Entry {
            block: number,
            start,
            end,
            style: self.style,
        });
        spans(line, &mut self.style);
    }

    /// Of an open line only its last state is kept: progress writes thousands of them.
    fn forget_progress(&mut self) {
        let kept = self.open.trim_end_matches('\r');
        if let Some(before) = kept.rfind('\r') {
            self.open.drain(..=before);
        }
    }
}

/// What a line that went back to its beginning, over and over, shows at last.
fn last_state(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    line.rsplit('\r').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bulk::lines::ansi::Colour;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn lines(text: &WorkText) -> Vec<&str> {
        let all = (0..text.len()).filter_map(|place| text.get(place));
        all.map(|line| line.text).collect()
    }

    fn of(pieces: &[&str]) -> WorkText {
        let mut text = WorkText::default();
        for piece in pieces {
            text.push(piece);
        }
        text
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        let text = of(&["Step 1\nSte", "p 2", "\n\nSt"]);
        assert_eq!(lines(&text), ["Step 1", "Step 2", "", "St"]);
        assert_eq!(text.ended(), 3);
    }

    #[test]
    fn progress_shows_its_last_state() {
        let mut text = of(&["10%\r20%\r", "30%\r"]);
        assert_eq!(lines(&text), ["30%"]);
        assert_eq!(text.open, "30%\r");
        text.push("40%\r\nwindows\r\n");
        assert_eq!(lines(&text), ["40%", "windows"]);
    }

    #[test]
    fn the_end_of_a_text_begins_with_a_whole_line() {
        assert_eq!(lines(&WorkText::of_end("f a line\nnext\n")), ["next"]);
        assert_eq!(lines(&WorkText::of_end("one long line")), ["one long line"]);
    }

    #[test]
    fn colours_go_on_over_lines() {
        let text = of(&["\u{1b}[32mgreen\nstill\n\u{1b}[0mnot\nmore"]);
        let style = |place| text.get(place).unwrap().style.text;
        assert_eq!(style(1), Some(Colour::Index(2)));
        assert_eq!(style(2), Some(Colour::Index(2)));
        assert_eq!(style(3), None);
    }

    #[test]
    fn the_first_fault_is_known() {
        let text = of(&["fine\n", "\u{1b}[31merror\u{1b}[0m: no\nerror: again\n"]);
        assert_eq!(text.first_fault(), Some(1));
        assert_eq!(of(&["found 0 errors\n"]).first_fault(), None);
        assert_eq!(of(&["fine\n", "error: the e", "nd"]).first_fault(), Some(1));
    }

    #[test]
    fn many_lines_are_held_in_few_blocks() {
        let mut text = WorkText::default();
        for _ in 0..20_000 {
            text.push("a line of about forty characters, or so\n");
        }
        assert_eq!(text.len(), 20_000);
        assert!(text.blocks.len() <= 4, "{}", text.blocks.len());
        assert_eq!(text.get(19_999).unwrap().text.len(), 39);
    }

    proptest! {
        #[test]
        fn pieces_make_the_same_lines(whole in "[ab\r\n]{0,60}", at in 0usize..60) {
            let at = at.min(whole.len());
            let (first, second) = whole.split_at(at);
            let (pieces, whole) = (of(&[first, second]), of(&[&whole]));
            prop_assert_eq!(lines(&pieces), lines(&whole));
        }
    }
}
