//! Templates found line by line, after P. He, J. Zhu, Z. Zheng and M. R. Lyu, "Drain: An Online Log
//! Parsing Approach with Fixed Depth Tree", ICWS 2017: a line is compared only with the templates
//! that have as many words and begin alike.

use std::collections::HashMap;

use super::template::{STAR, Template, Words};

/// The share of words that a line has in common with a template of which it becomes one.
const LIKE: f64 = 0.5;

/// The most templates: beyond, lines that are like none are counted together.
const MOST: usize = 1_000;

/// The most different lines whose template is remembered.
const REMEMBERED: usize = 50_000;

/// A template's place among all that were found.
pub type Id = u32;

/// The lines that are like none, once there are too many templates.
pub const OTHERS: Id = Id::MAX;

/// How many words a line has, and the first of them: two levels of a tree below its root. A third
/// would part lines whose second word is a name.
type Leaf = (usize, Box<str>);

/// The templates that were found.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    found: Vec<Template>,
    leaves: HashMap<Leaf, Vec<Id>>,
    /// The template of lines with exactly these words.
    known: HashMap<u64, Id>,
}

impl Tree {
    /// A template by its id.
    pub fn template(&self, id: Id) -> Option<&Template> {
        self.found.get(id as usize)
    }

    /// The template of a line, which may be new or changed by it.
    pub fn learn(&mut self, words: &Words) -> Id {
        let hash = words.hash();
        if let Some(known) = self.known.get(&hash) {
            let template = self.template(*known);
            if template.is_some_and(|template| template.covers(words.iter(), words.len())) {
                return *known;
            }
        }
        let id = self.place(words);
        if self.known.len() < REMEMBERED {
            self.known.insert(hash, id);
        }
        id
    }

    fn place(&mut self, words: &Words) -> Id {
        let leaf = leaf(words);
        let ids = self.leaves.get(&leaf).map_or(&[][..], Vec::as_slice);
        let templates = ids.iter().filter_map(|id| Some((*id, self.template(*id)?)));
        let covering = templates
            .clone()
            .filter(|(_, template)| template.covers(words.iter(), words.len()))
            .min_by_key(|(_, template)| template.stars());
        if let Some((id, _)) = covering {
            return id;
        }
        let like = templates
            .map(|(id, template)| (id, template.likeness(words.iter())))
            .filter(|(_, likeness)| *likeness >= LIKE)
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        match like {
            Some((id, _)) => {
                // Half of its words stay: so none ever holds all that another does.
                if let Some(template) = self.found.get_mut(id as usize) {
                    template.widen(words.iter());
                }
                id
            }
            None => self.add(leaf, words),
        }
    }

    fn add(&mut self, leaf: Leaf, words: &Words) -> Id {
        if self.found.len() >= MOST {
            return OTHERS;
        }
        let id = self.found.len() as Id;
        self.found.push(Template::of(words));
        self.leaves.entry(leaf).or_default().push(id);
        id
    }
}

/// Where a line belongs. A word that differs from line to line leads nowhere.
fn leaf(words: &Words) -> Leaf {
    let first = words.iter().next().unwrap_or_default();
    let first = if first.contains(STAR) { STAR } else { first };
    (words.len(), first.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    fn learn(tree: &mut Tree, line: &str) -> Id {
        let mut words = Words::default();
        words.read(line);
        tree.learn(&words)
    }

    fn templates(lines: &[&str]) -> Vec<String> {
        let mut tree = Tree::default();
        let ids: Vec<Id> = lines.iter().map(|line| learn(&mut tree, line)).collect();
        let template = |id: &Id| tree.template(*id).map(ToString::to_string);
        ids.iter().filter_map(template).collect()
    }

    #[test]
    fn lines_that_are_alike_have_one_template() {
        let found = templates(&[
            "user anna signed in from web",
            "user bert signed in from phone",
            "user anna signed out",
            "disk is full",
        ]);
        assert_eq!(
            found,
            [
                "user * signed in from *",
                "user * signed in from *",
                "user anna signed out",
                "disk is full",
            ]
        );
    }

    #[test]
    fn too_many_templates_are_counted_together() {
        let mut tree = Tree::default();
        let letters = |mut at: usize| {
            let mut word = String::new();
            for _ in 0..4 {
                word.push(char::from(b'g' + (at % 20) as u8));
                at /= 20;
            }
            word
        };
        let ids: Vec<Id> = (0..2_000)
            .map(|at| learn(&mut tree, &letters(at)))
            .collect();
        assert_eq!(ids[1_500], OTHERS);
        assert!(tree.template(OTHERS).is_none());
    }

    proptest! {
        #[test]
        fn a_line_stays_one_of_its_template(
            lines in proptest::collection::vec("([ab] ){1,6}[xy0-9]{0,3}", 1..60),
        ) {
            let mut tree = Tree::default();
            let ids: Vec<Id> = lines.iter().map(|line| learn(&mut tree, line)).collect();
            for (id, line) in ids.iter().zip(&lines) {
                let template = tree.template(*id).unwrap();
                prop_assert!(template.matches(line), "{} is not one of {}", line, template);
            }
        }

        #[test]
        fn no_template_holds_another(
            lines in proptest::collection::vec("g( [a-c]){1,5}", 1..80),
        ) {
            let mut tree = Tree::default();
            for line in &lines {
                learn(&mut tree, line);
            }
            for (place, one) in tree.found.iter().enumerate() {
                let others = tree.found.iter().enumerate().filter(|(other, _)| *other != place);
                for (_, other) in others {
                    prop_assert!(!one.holds(other), "{} holds {}", one, other);
                }
            }
        }

        #[test]
        fn a_line_learnt_again_changes_nothing(
            lines in proptest::collection::vec("([ab] ){1,6}[xy0-9]{0,3}", 1..60),
        ) {
            let mut tree = Tree::default();
            for line in &lines {
                learn(&mut tree, line);
            }
            let count = tree.found.len();
            for line in &lines {
                let id = learn(&mut tree, line);
                prop_assert!(tree.template(id).unwrap().matches(line));
            }
            prop_assert!(tree.found.len() == count);
        }
    }
}
