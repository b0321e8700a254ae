//! Changes whose answer was lost: the same change again carries the key that it had, so that a
//! platform which has done it does not do it twice.

use std::cell::RefCell;

/// How many lost changes are remembered: far more than a person tries again.
const REMEMBERED: usize = 32;

/// What was asked for and not answered, with its keys.
#[derive(Debug, Default)]
pub struct Lost<T>(Vec<(T, String)>);

impl<T: PartialEq> Lost<T> {
    /// Nothing was lost yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The key of a change: the one that it had, or a fresh one.
    pub fn key(&self, change: &T, fresh: impl FnOnce() -> String) -> String {
        let known = self.0.iter().find(|(lost, _)| lost == change);
        known.map_or_else(fresh, |(_, key)| key.clone())
    }

    /// Whether a change was lost.
    pub fn holds(&self, change: &T) -> bool {
        self.0.iter().any(|(lost, _)| lost == change)
    }

    /// Whether a change was answered, or may or may not have been done.
    pub fn settle(&mut self, change: T, key: String, is_answered: bool) {
        self.0.retain(|(lost, _)| *lost != change);
        if !is_answered {
            if self.0.len() == REMEMBERED {
                self.0.remove(0);
            }
            self.0.push((change, key));
        }
    }
}

thread_local! {
    /// What this page lost.
    pub(super) static LOST: RefCell<Lost<super::Request>> = const { RefCell::new(Lost::new()) };
}

/// A key that no other change has: it need not be hard to guess, since the platform keeps the keys of
/// each caller apart.
pub(super) fn fresh() -> String {
    let random = || format!("{:.0}", js_sys::Math::random() * 1e15);
    format!("{:.0}-{}-{}", js_sys::Date::now(), random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_lost_keeps_its_key() {
        let mut lost = Lost::new();
        let fresh = |key: &'static str| move || key.to_owned();
        assert_eq!(lost.key(&"scale", fresh("1")), "1");
        lost.settle("scale", "1".into(), false);
        assert_eq!(lost.key(&"scale", fresh("2")), "1");
        assert!(lost.holds(&"scale") && !lost.holds(&"restart"));
        assert_eq!(lost.key(&"restart", fresh("2")), "2");
        lost.settle("scale", "1".into(), false);
        lost.settle("scale", "1".into(), true);
        assert_eq!(lost.key(&"scale", fresh("3")), "3");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut lost = Lost::new();
        for change in 0..100 {
            lost.settle(change, change.to_string(), false);
        }
        assert_eq!(lost.0.len(), REMEMBERED);
        assert_eq!(lost.key(&99, || "new".into()), "99");
        assert_eq!(lost.key(&0, || "new".into()), "new");
    }
}
