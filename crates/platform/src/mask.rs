//! Secrets in texts: what a build or an instance was given is not written down.
//!
//! A secret is known as it is and line by line. One that is taken apart, or written in another way,
//! is not.

use std::iter::once;

use pilothouse_wire::config::MASK;

/// The shortest text that is looked for: shorter ones stand in others by chance.
const MIN: usize = 4;

/// Takes secrets out of a text that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// The longest first: one may hold another.
    secrets: Vec<String>,
    /// The end of what came, which may be the beginning of a secret.
    held: String,
}

impl Mask {
    /// Looks for a secret from now on, and for each of its lines: tools print them one by one.
    pub(crate) fn add(&mut self, secret: &str) {
        for part in once(secret).chain(secret.lines().map(str::trim)) {
            if part.len() >= MIN && !self.secrets.iter().any(|known| known == part) {
                self.secrets.push(part.to_owned());
            }
        }
        self.secrets.sort_by_key(|secret| usize::MAX - secret.len());
    }

    /// A text that is all there.
    pub(crate) fn whole(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), MASK);
            }
        }
        text
    }

    /// What of the text so far can be written after its next piece.
    pub(crate) fn next(&mut self, piece: &str) -> String {
        let mut text = std::mem::take(&mut self.held) + piece;
        let mut cut = text.len() - self.open_end(&text);
        // Nor is a secret cut apart that is all there.
        while let Some(start) = self.cut_apart(&text, cut) {
            cut = start;
        }
        self.held = text.split_off(cut);
        let mut text = self.whole(&text);
        if self.held.len() > self.most_held() {
            // Nothing but secrets, one into the other.
            self.held.clear();
            text.push_str(MASK);
        }
        text
    }

    /// More than what begins a secret and those that it goes through, in bytes.
    fn most_held(&self) -> usize {
        const ROOM: usize = 64 * 1024;
        self.secrets.first().map_or(0, String::len) * 4 + ROOM
    }

    /// Where a secret begins that a cut would go through.
    fn cut_apart(&self, text: &str, cut: usize) -> Option<usize> {
        let around = |secret: &String| {
            let mut from = cut.saturating_sub(secret.len() - 1);
            while !text.is_char_boundary(from) {
                from += 1;
            }
            let found = text.get(from..)?.find(secret.as_str())? + from;
            (found < cut && cut < found + secret.len()).then_some(found)
        };
        self.secrets.iter().filter_map(around).min()
    }

    /// The end of the text.
    pub(crate) fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        self.whole(&rest)
    }

    /// How much of the end may be the beginning of a secret, in bytes.
    fn open_end(&self, text: &str) -> usize {
        let longest = self.secrets.first().map_or(0, String::len);
        let ends = text.char_indices().map(|(at, _)| text.split_at(at).1);
        let is_open = |end: &&str| {
            end.len() < longest
                && self
                    .secrets
                    .iter()
                    .any(|secret| secret.len() > end.len() && secret.starts_with(end))
        };
        let skipped = text.len().saturating_sub(longest * 4);
        ends.skip_while(|end| text.len() - end.len() < skipped)
            .find(is_open)
            .map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(secrets: &[&str]) -> Mask {
        let mut mask = Mask::default();
        for secret in secrets {
            mask.add(secret);
        }
        mask
    }

    #[test]
    fn a_secret_that_comes_in_pieces_is_found() {
        let mut mask = of(&["hunter22"]);
        let mut text = mask.next("it is hun");
        assert_eq!(text, "it is ");
        text += &mask.next("ter");
        text += &mask.next("22 and hun");
        text += &mask.rest();
        assert_eq!(text, format!("it is {MASK} and hun"));
    }

    #[test]
    fn every_line_of_a_secret_is_one() {
        let mask = of(&["-----BEGIN-----\nMIIEpAIB\nabc\n"]);
        assert_eq!(mask.whole("key MIIEpAIB, abc"), format!("key {MASK}, abc"));
    }

    #[test]
    fn a_secret_that_holds_another_goes_whole() {
        let mask = of(&["pass", "password"]);
        assert_eq!(mask.whole("password pass"), format!("{MASK} {MASK}"));
    }

    #[test]
    fn a_secret_that_another_begins_with_is_not_taken_for_it() {
        let mut mask = of(&["pass", "password"]);
        let text = mask.next("pass") + &mask.next("word ") + &mask.rest();
        assert_eq!(text, format!("{MASK} "));
    }

    proptest! {
        #[test]
        fn no_secret_comes_through_in_pieces(
            pieces in prop::collection::vec("[ab]{0,5}", 0..10),
            secrets in prop::collection::vec("[ab]{4,7}", 1..4),
        ) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let mut mask = of(&secrets);
            let mut text: String = pieces.iter().map(|piece| mask.next(piece)).collect();
            text += &mask.rest();
            prop_assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        }

        #[test]
        fn pieces_hide_what_the_whole_hides(
            pieces in prop::collection::vec("[abä\n]{0,6}", 0..8),
            secret in "[abä]{4,6}",
        ) {
            let mut mask = of(&[&secret]);
            let mut text: String = pieces.iter().map(|piece| mask.next(piece)).collect();
            text += &mask.rest();
            prop_assert_eq!(text, mask.whole(&pieces.concat()));
        }
    }
}
