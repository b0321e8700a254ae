//! `.env` texts, read and written as Node's dotenv does.

use dotenvor::{Error, ParseErrorKind};

use crate::text::{VariableName, VariableValue};

/// One fault of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counts from 1.
    pub line: u32,
    /// What is wrong there and what it should look like.
    pub words: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line {}: {}", self.line, self.words)
    }
}

/// Reads every variable, in order; of a name that comes twice the last value counts. Double quotes
/// and backticks know escapes, single quotes know none, all may span lines. `#` begins a comment
/// outside quotes. Nothing is substituted.
///
/// # Errors
/// Every line that holds no valid variable, as far as the text can be read.
pub fn parse(text: &str) -> Result<Vec<(VariableName, VariableValue)>, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries = dotenvor::parse_str(text).map_err(|error| vec![fault(&error)])?;
    let mut faults = Vec::new();
    let mut variables = Vec::with_capacity(entries.len());
    for entry in entries {
        let fault = |words: String| Fault {
            line: entry.line,
            words,
        };
        match (
            VariableName::new(&entry.key),
            VariableValue::new(&entry.value),
        ) {
            (Ok(name), Ok(value)) => variables.push((name, value)),
            (Err(words), _) | (_, Err(words)) => faults.push(fault(words)),
        }
    }
    if faults.is_empty() {
        Ok(variables)
    } else {
        Err(faults)
    }
}

fn fault(error: &Error) -> Fault {
    let Error::Parse(error) = error else {
        return Fault {
            line: 1,
            words: "This is not the text of a .env file.".to_owned(),
        };
    };
    let words = match error.kind {
        ParseErrorKind::UnterminatedQuote => "The closing quote is missing.",
        ParseErrorKind::InvalidKey => {
            "A variable name is letters, digits and _, and does not start with a digit."
        }
        _ => "A variable looks like NAME=value, with quotes around a value that holds spaces or #.",
    };
    Fault {
        line: error.line,
        words: words.to_owned(),
    }
}

/// Writes variables so that [`parse`] reads the same.
pub fn print<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        text.push_str(name);
        text.push('=');
        if is_plain(value) {
            text.push_str(value);
        } else {
            quote(value, &mut text);
        }
        text.push('\n');
    }
    text
}

fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=?&~".contains(c);
    value.chars().all(is_plain)
}

fn quote(value: &str, into: &mut String) {
    into.push('"');
    for c in value.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            other => into.push(other),
        }
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let read = parse(text).unwrap().into_iter();
        read.map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = of.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn reads_what_people_paste() {
        let text = "\u{feff}# a comment\nA=1\r\nexport B=\"x y\\nz\" # why\nC='two\nlines $HOME \\n'\nD= plain # c\nE=\nF=$HOME\n";
        let wanted = [
            ("A", "1"),
            ("B", "x y\nz"),
            ("C", "two\nlines $HOME \\n"),
            ("D", "plain"),
            ("E", ""),
            ("F", "$HOME"),
        ];
        assert_eq!(read(text), pairs(&wanted));
        assert_eq!(read("A=1\nA=2"), pairs(&[("A", "2")]));
    }

    #[test]
    fn names_the_lines_that_are_wrong() {
        let lines = |text: &str| -> Vec<u32> {
            let faults = parse(text).unwrap_err();
            faults.iter().map(|fault| fault.line).collect()
        };
        assert_eq!(lines("A=1\nnothing here\n"), [2]);
        assert_eq!(lines("A=1\n1B=2\nC=3\n2D=4"), [2, 4]);
        assert_eq!(lines("A=\"never closed\nB=1"), [1]);
        assert_eq!(lines("A=\"x\" y"), [1]);
        assert_eq!(lines(&format!("A=1\nB={}", "x".repeat(64 * 1024 + 1))), [2]);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            values in prop::collection::btree_map("[A-Z_][A-Z0-9_]{0,6}", "[^\0]{0,40}", 0..6)
        ) {
            let written = print(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let again: std::collections::BTreeMap<_, _> = read(&written).into_iter().collect();
            prop_assert_eq!(again, values);
        }

        #[test]
        fn no_text_is_fatal(text in "(?s).{0,200}") {
            let _ = parse(&text);
        }
    }
}
