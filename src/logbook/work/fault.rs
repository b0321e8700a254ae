//! Which line of a log tells of something that failed.

/// Words that tell of a failure.
const WORDS: [&str; 10] = [
    "error",
    "errors",
    "err!",
    "fatal",
    "failed",
    "failure",
    "panic",
    "panicked",
    "exception",
    "traceback",
];

/// Words that take a failure back, before it: `0 errors`.
const NONE: [&str; 3] = ["0", "no", "without"];

/// Whether a line, without its colours, tells of something that failed: by a word of its own, not
/// by a part of a name (`error.rs`, `error-chain`), and not by counting none.
pub fn is_fault(line: &str) -> bool {
    let mut before = "";
    let mut words = words(line).peekable();
    while let Some(word) = words.next() {
        let is_none = NONE.iter().any(|none| none.eq_ignore_ascii_case(before));
        if tells(word) && !is_none && words.peek() != Some(&"0") {
            return true;
        }
        before = word;
    }
    false
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '!');
    line.split(move |c| !is_inside(c))
        .map(|word| word.trim_matches(['-', '.', '/']))
        .filter(|word| !word.is_empty())
}

fn tells(word: &str) -> bool {
    // `TypeError`, `NullPointerException`
    let is_name = |end: &str| word.len() > end.len() && word.ends_with(end) && !word.contains('/');
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
        || is_name("Error")
        || is_name("Exception")
}

#[cfg(test)]
mod tests {
    use super::is_fault;

    #[test]
    fn tools_tell_of_failures_in_their_own_ways() {
        for line in [
            "error[E0308]: mismatched types",
            "ERROR: failed to solve: process did not complete",
            "npm ERR! code ELIFECYCLE",
            "{\"level\":\"error\",\"msg\":\"boom\"}",
            "level=fatal msg=boom",
            "thread 'main' panicked at src/main.rs:1",
            "Traceback (most recent call last):",
            "TypeError: x is not a function",
            "java.lang.NullPointerException",
            "Tests: 3 failed, 2 passed",
        ] {
            assert!(is_fault(line), "{line}");
        }
    }

    #[test]
    fn names_and_empty_counts_are_no_failures() {
        for line in [
            "Compiling error-chain v0.12.4",
            "src/error.rs: ok",
            "found 0 errors",
            "Failed: 0, passed: 12",
            "finished without error",
            "no errors, 3 warnings",
            "terror",
        ] {
            assert!(!is_fault(line), "{line}");
        }
    }
}
