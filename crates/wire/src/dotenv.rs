//! `.env` texts, read and written as Node's dotenv does.

use std::collections::HashMap;

use dotenvor::{Entry, Error, ParseErrorKind};

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

/// A variable where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The line that it begins on, counted from 1.
    pub line: u32,
    /// The name.
    pub name: VariableName,
    /// The value.
    pub value: VariableValue,
}

/// Reads every variable, in order. Double quotes and backticks know escapes, single quotes know none,
/// all may span lines. `#` begins a comment outside quotes. Nothing is substituted.
///
/// # Errors
/// Every line that holds no valid variable, or one that an earlier line gave: which of them was meant
/// is not for a program to guess.
pub fn parse(text: &str) -> Result<Vec<(VariableName, VariableValue)>, Vec<Fault>> {
    let (assignments, mut faults) = read(text);
    faults.extend(given_again(&assignments));
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        return Err(faults);
    }
    let variables = assignments.into_iter();
    Ok(variables.map(|one| (one.name, one.value)).collect())
}

/// The variables whose name an earlier line gave.
pub fn given_again(assignments: &[Assignment]) -> Vec<Fault> {
    let mut lines: HashMap<&VariableName, u32> = HashMap::new();
    let mut faults = Vec::new();
    for Assignment { line, name, .. } in assignments {
        let first = *lines.entry(name).or_insert(*line);
        if first != *line {
            let words = format!("{} is given on line {first} already.", name.as_str());
            faults.push(Fault { line: *line, words });
        }
    }
    faults
}

/// Reads every variable with its line, also of names that come again, and every line that is none.
pub fn read(text: &str) -> (Vec<Assignment>, Vec<Fault>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut assignments, mut faults) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(first) = lines.get(at) {
        let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let begins = first.trim_start();
        if begins.is_empty() || begins.starts_with('#') {
            at += 1;
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        match statement(rest) {
            Ok((taken, entry)) => {
                at += taken;
                match entry.map(|entry| assignment(line, &entry)) {
                    Some(Ok(one)) => assignments.push(one),
                    Some(Err(words)) => faults.push(Fault { line, words }),
                    None => {}
                }
            }
            Err(words) => {
                at += 1;
                faults.push(Fault { line, words });
            }
        }
    }
    (assignments, faults)
}

fn assignment(line: u32, entry: &Entry) -> Result<Assignment, String> {
    let name = VariableName::new(&entry.key)?;
    let value = VariableValue::new(&entry.value);
    let value = value.map_err(|words| format!("{}: {words}", name.as_str()))?;
    Ok(Assignment { line, name, value })
}

/// The variable that begins with the first line, and how many lines it takes.
fn statement(lines: &[&str]) -> Result<(usize, Option<Entry>), String> {
    let is_open = |count: usize| {
        let lines = lines.get(..count).unwrap_or(lines);
        matches!(dotenvor::parse_str(&lines.concat()), Err(Error::Parse(error))
            if error.line == 1 && matches!(error.kind, ParseErrorKind::UnterminatedQuote))
    };
    let mut count = 1;
    if is_open(1) {
        // The quote is closed on the first line with which it is not open any more: looked for in
        // steps that grow, then by halves, as a value may have thousands of lines.
        let mut high = 2;
        while high < lines.len() && is_open(high) {
            high *= 2;
        }
        high = high.min(lines.len());
        if is_open(high) {
            return Err(words(&ParseErrorKind::UnterminatedQuote).to_owned());
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low.midpoint(high);
            match is_open(middle) {
                true => low = middle,
                false => high = middle,
            }
        }
        count = high;
    }
    let text = lines.get(..count).unwrap_or(lines).concat();
    match dotenvor::parse_str(&text) {
        Ok(entries) => Ok((count, entries.into_iter().next())),
        Err(Error::Parse(error)) => Err(words(&error.kind).to_owned()),
        Err(_) => Err("This is not the text of a .env file.".to_owned()),
    }
}

fn words(kind: &ParseErrorKind) -> &'static str {
    match kind {
        ParseErrorKind::UnterminatedQuote => "The closing quote is missing.",
        ParseErrorKind::InvalidKey => {
            "A variable name is letters, digits and _, and does not start with a digit."
        }
        _ => "A variable looks like NAME=value, with quotes around a value that holds spaces or #.",
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

    fn all(text: &str) -> Vec<(String, String)> {
        let variables = parse(text).unwrap().into_iter();
        variables
            .map(|(name, value)| (name.into(), value.into()))
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
        assert_eq!(all(text), pairs(&wanted));
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
        assert_eq!(lines("A=1\nno\nB=1\nA=2\nA=3"), [2, 4, 5]);
        assert_eq!(
            lines("A=1\nno\nB=\"x\ny\"\nC=\"z\" w\nD=2\nE='open\nF"),
            [2, 5, 7, 8]
        );
        assert_eq!(lines(&format!("A=1\nB={}", "x".repeat(64 * 1024 + 1))), [2]);
    }

    #[test]
    fn every_variable_tells_its_line() {
        let text = "A=1\nB=\"x\n\ny\" # z\n# it's = \"no variable\nA=2\nC=`a\nb`";
        let (assignments, faults) = read(text);
        let told: Vec<_> = assignments
            .iter()
            .map(|one| (one.line, one.name.as_str(), one.value.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (1, "A", "1"),
                (2, "B", "x\n\ny"),
                (6, "A", "2"),
                (7, "C", "a\nb")
            ]
        );
        assert_eq!(faults, []);
    }

    #[test]
    fn a_value_of_many_lines_is_read_as_fast_as_others() {
        let value = "x\n".repeat(30_000);
        let text = format!("A='{value}'\nB=1\nC='{value}");
        let (assignments, faults) = read(&text);
        assert_eq!(assignments.len(), 2);
        assert_eq!(faults[0].line, 30_003);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(
            values in prop::collection::btree_map("[A-Z_][A-Z0-9_]{0,6}", "[^\0]{0,40}", 0..6)
        ) {
            let written = print(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let again: std::collections::BTreeMap<_, _> = all(&written).into_iter().collect();
            prop_assert_eq!(again, values);
        }

        #[test]
        fn no_text_is_fatal(text in "(?s).{0,200}") {
            let _ = parse(&text);
        }
    }
}
