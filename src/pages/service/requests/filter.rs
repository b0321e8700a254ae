//! Which requests are asked for: a part of the path, statuses, methods.

use wire::access::{AccessQuery, AccessRow};
use wire::decode::decode_query;
use wire::error::FieldErrors;

/// The names of the filter's parts in a question, which the platform's faults are found by.
pub const PATH: &str = "path_contains";
/// Statuses and their classes.
pub const STATUS: &str = "status";
/// Methods.
pub const METHOD: &str = "method";

/// What requests must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(AccessQuery);

impl Filter {
    /// Reads what was typed, by the rules of the platform and in its words.
    ///
    /// # Errors
    /// The faults of each part, by its name.
    pub fn read(path: &str, status: &str, method: &str) -> Result<Self, FieldErrors> {
        let pairs = [(PATH, path), (STATUS, status), (METHOD, method)];
        let pairs = pairs.map(|(name, text)| (name.to_owned(), text.to_owned()));
        decode_query(pairs).map(Self)
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.0 == AccessQuery::default()
    }

    /// The question for what it lets through.
    pub fn query(&self) -> AccessQuery {
        self.0.clone()
    }

    /// Whether it lets a request through.
    pub fn shows(&self, row: &AccessRow) -> bool {
        let query = &self.0;
        let path = query.path_contains.as_deref();
        path.is_none_or(|part| row.path.contains(part))
            && (query.status.is_empty() || query.status.iter().any(|one| one.matches(row.status)))
            && (query.method.is_empty() || query.method.contains(&row.method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::service::requests::book::tests::row;

    fn shows(path: &str, status: &str, method: &str) -> bool {
        let access = AccessRow {
            path: "/API/cart?id=1".to_owned(),
            ..row(404, 1.0).access
        };
        Filter::read(path, status, method).unwrap().shows(&access)
    }

    #[test]
    fn every_part_must_fit() {
        assert!(shows("", "", ""));
        assert!(shows("/API", "4xx", "get,POST"));
        assert!(!shows("/api", "", ""));
        assert!(shows("", "200, 404", ""));
        assert!(!shows("", "5xx", ""));
        assert!(!shows("", "", "PUT"));
    }

    #[test]
    fn nothing_typed_is_no_filter() {
        assert!(Filter::read("", " ", ",").unwrap().is_empty());
        assert!(!Filter::read("/", "", "").unwrap().is_empty());
    }

    #[test]
    fn faults_are_told_at_their_field_in_the_words_of_the_platform() {
        let faults = Filter::read(&"x".repeat(10_000), "6xx", "GET IT").unwrap_err();
        assert_eq!(faults.of(PATH), ["A filter holds at most 4 KiB."]);
        assert_eq!(
            faults.of(STATUS),
            ["A status is between 100 and 599, or a class like 5xx."]
        );
        assert_eq!(faults.of(METHOD), ["A method looks like GET."]);
    }
}
