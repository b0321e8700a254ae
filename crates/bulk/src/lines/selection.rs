//! Which of the loaded lines are shown.

use super::block::Block;
use super::patterns::template::Template;
use super::store::Store;

/// Which of the loaded lines are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only this instance's.
    pub instance: Option<String>,
    /// Only those of standard error, or only the others.
    pub is_error: Option<bool>,
    /// Only those of this pattern.
    pub pattern: Option<Template>,
}

/// A selection of the lines of one store.
#[derive(Clone, Copy, Debug)]
pub struct Picker<'a> {
    /// The instance's place among the owners; `Some(None)`: it has no line.
    owner: Option<Option<u16>>,
    is_error: Option<bool>,
    pattern: Option<&'a Template>,
}

impl Selection {
    /// Whether each line is shown.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// The selection for the lines of a store.
    pub fn of<'a>(&'a self, store: &Store) -> Picker<'a> {
        let owner = |name: &String| store.owner(name);
        Picker {
            owner: self.instance.as_ref().map(owner),
            is_error: self.is_error,
            pattern: self.pattern.as_ref(),
        }
    }
}

impl Picker<'_> {
    /// Whether a line of a block is shown.
    pub fn picks(&self, block: &Block, line: usize) -> bool {
        let Some(facts) = block.facts(line) else {
            return false;
        };
        let is_of = self.owner.is_none_or(|owner| owner == Some(facts.owner))
            && self.is_error.is_none_or(|wanted| wanted == facts.is_error);
        is_of
            && self.pattern.is_none_or(|pattern| {
                let text = block.line(line).map(std::str::from_utf8);
                text.is_some_and(|text| text.is_ok_and(|text| pattern.matches(text)))
            })
    }
}
