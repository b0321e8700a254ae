//! Which lines are asked for: those that hold a text, which the platform takes up to a length.

use wire::decode::decode_query;
use wire::error::FieldErrors;
use wire::logs::LogQuery;
use wire::path::ServiceParams;

use super::lines::Question;
use crate::state::range::Window;

/// The name of the filter in a question, which the platform's faults are found by.
pub const FILTER: &str = "filter";

/// Reads what was typed, by the rule of the platform and in its words. Nothing typed is no filter.
///
/// # Errors
/// The faults of the filter.
pub fn read(text: &str) -> Result<Option<String>, FieldErrors> {
    let query: LogQuery = decode_query([(FILTER.to_owned(), text.to_owned())])?;
    Ok(query.filter)
}

/// What is asked next. While the filter can't be asked for, what was asked of the same window last
/// is asked on; where there was nothing, nothing is.
pub fn next(
    last: Option<&Question>,
    params: ServiceParams,
    window: Window,
    filter: Result<Option<String>, FieldErrors>,
) -> Option<Question> {
    match filter {
        Ok(filter) => Some(Question {
            params,
            window,
            filter,
        }),
        Err(_) => last
            .filter(|last| last.params == params && last.window == window)
            .cloned(),
    }
}

#[cfg(test)]
mod tests {
    use wire::path::Scope;

    use super::*;

    fn params(service: &str) -> ServiceParams {
        ServiceParams {
            scope: Scope::Workspace {
                workspace: "acme".to_owned(),
                project: "shop".to_owned(),
            },
            service: service.to_owned(),
        }
    }

    #[test]
    fn a_text_is_taken_as_it_was_typed() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(read(" a b "), Ok(Some(" a b ".to_owned())));
        assert!(read(&"x".repeat(4 * 1024)).is_ok());
    }

    #[test]
    fn one_that_is_too_long_is_told_in_the_words_of_the_platform() {
        let faults = read(&"é".repeat(2 * 1024 + 1)).unwrap_err();
        assert_eq!(faults.of(FILTER), ["A filter holds at most 4 KiB."]);
    }

    #[test]
    fn a_filter_that_cannot_be_asked_for_leaves_what_was_asked_of_the_window() {
        let hour = Window::read("1h", "", "");
        let asked = next(None, params("web"), hour, read("fatal"));
        assert_eq!(
            asked.as_ref().and_then(|asked| asked.filter.as_deref()),
            Some("fatal")
        );
        let bad = || read(&"x".repeat(10_240));
        assert_eq!(next(asked.as_ref(), params("web"), hour, bad()), asked);
        let day = Window::read("24h", "", "");
        assert_eq!(next(asked.as_ref(), params("web"), day, bad()), None);
        assert_eq!(next(asked.as_ref(), params("api"), hour, bad()), None);
        assert_eq!(next(None, params("web"), hour, bad()), None);
    }
}
