//! Reads pasted `.env` text: `NAME=value` lines, with quotes, comments and `export`.

/// One fault of a line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: usize,
    /// What is wrong with it and what it should look like.
    pub words: &'static str,
}

const NO_EQUALS: &str = "a variable looks like NAME=value";
const NO_NAME: &str = "the name before = is missing or is not letters, digits and _";
const NO_END: &str = "the closing quote is missing";
const AFTER_QUOTE: &str = "only a comment may follow the closing quote";

/// A variable where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The line that it begins on, counted from 1.
    pub line: usize,
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Reads every variable with its line, and every line that is none.
pub fn read(text: &str) -> (Vec<Assignment>, Vec<Fault>) {
    let mut reader = Reader {
        rest: text,
        line: 1,
    };
    let (mut variables, mut faults) = (Vec::new(), Vec::new());
    loop {
        match reader.variable() {
            Ok(Some(variable)) => variables.push(variable),
            Ok(None) => return (variables, faults),
            Err(fault) => {
                faults.push(fault);
                reader.take_line();
            }
        }
    }
}

/// Reads every variable, in order; a name that comes twice keeps its last value. Double quotes know
/// `\n`, `\t`, `\r`, `\"`, `\\` and `\$`; single quotes know nothing; both may span lines. Outside
/// quotes a ` #` begins a comment.
///
/// # Errors
/// The first line that can't be read.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let (assignments, faults) = read(text);
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault);
    }
    let mut variables: Vec<(String, String)> = Vec::new();
    for Assignment { name, value, .. } in assignments {
        match variables.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => variables.push((name, value)),
        }
    }
    Ok(variables)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn variable(&mut self) -> Result<Option<Assignment>, Fault> {
        self.skip_empty();
        let began = self.line;
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(rest) = self.rest.strip_prefix("export")
            && rest.starts_with([' ', '\t'])
        {
            self.rest = rest.trim_start_matches([' ', '\t']);
        }
        let line = self.rest.lines().next().unwrap_or_default();
        let Some((name, _)) = line.split_once('=') else {
            return self.fault(NO_EQUALS);
        };
        let name_end = name.len();
        let name = name.trim();
        if wire::text::VariableName::new(name).is_err() {
            return self.fault(NO_NAME);
        }
        self.rest = self.rest[name_end + 1..].trim_start_matches([' ', '\t']);
        let value = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => self.plain(),
        };
        Ok(Some(Assignment {
            line: began,
            name: name.to_owned(),
            value,
        }))
    }

    fn skip_empty(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\u{feff}']);
            if self.rest.starts_with('#') {
                self.take_line();
            } else if let Some(rest) = self.rest.strip_prefix('\n') {
                self.line += 1;
                self.rest = rest;
            } else {
                return;
            }
        }
    }

    /// The rest of the line, leaving its end.
    fn take_line(&mut self) -> &'a str {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        line
    }

    fn plain(&mut self) -> String {
        let line = self.take_line();
        let comment = if line.starts_with('#') {
            Some(0)
        } else {
            line.find(" #").into_iter().chain(line.find("\t#")).min()
        };
        line[..comment.unwrap_or(line.len())].trim().to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let began = self.line;
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[at + 1..];
                    return self.after_quote(value);
                }
                '\\' if quote == '"' => match chars.next() {
                    Some((_, next)) => {
                        self.line += usize::from(next == '\n');
                        unescape(next, &mut value);
                    }
                    None => break,
                },
                '\r' if self.rest[at..].starts_with("\r\n") => {}
                c => {
                    self.line += usize::from(c == '\n');
                    value.push(c);
                }
            }
        }
        self.line = began;
        self.fault(NO_END)
    }

    fn after_quote(&mut self, value: String) -> Result<String, Fault> {
        let rest = self.take_line().trim();
        if rest.is_empty() || rest.starts_with('#') {
            Ok(value)
        } else {
            self.fault(AFTER_QUOTE)
        }
    }

    fn fault<T>(&self, words: &'static str) -> Result<T, Fault> {
        Err(Fault {
            line: self.line,
            words,
        })
    }
}

fn unescape(c: char, into: &mut String) {
    match c {
        'n' => into.push('\n'),
        't' => into.push('\t'),
        'r' => into.push('\r'),
        '"' | '\\' | '$' => into.push(c),
        other => into.extend(['\\', other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap()
    }

    fn one(text: &str) -> String {
        let mut variables = pairs(text);
        assert_eq!(variables.len(), 1, "{text}");
        variables.remove(0).1
    }

    #[test]
    fn reads_what_people_paste() {
        let text = "\u{feff}# shop\r\nexport PORT=8080\r\n\r\n  NAME = a b  # the name\nURL=http://x/#y\nEMPTY=\n";
        let expected = [
            ("PORT", "8080"),
            ("NAME", "a b"),
            ("URL", "http://x/#y"),
            ("EMPTY", ""),
        ];
        assert_eq!(
            pairs(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn quotes_keep_what_is_inside() {
        assert_eq!(one(r#"A="x # y" # z"#), "x # y");
        assert_eq!(one(r#"A="one\ntwo\t\"\$""#), "one\ntwo\t\"$");
        assert_eq!(one(r"A='a\nb'"), r"a\nb");
        assert_eq!(one("A=\"-----\r\nKEY\r\n-----\""), "-----\nKEY\n-----");
        assert_eq!(one(r#"A="\d""#), r"\d");
    }

    #[test]
    fn the_last_value_of_a_name_wins() {
        assert_eq!(one("A=1\nA=2"), "2");
    }

    #[test]
    fn a_comment_may_be_all_there_is() {
        assert_eq!(one("A= # nothing"), "");
        assert_eq!(pairs("# a\n\n#b"), []);
    }

    #[test]
    fn a_bad_line_is_named() {
        let fault = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            fault("A=1\nnonsense"),
            Fault {
                line: 2,
                words: NO_EQUALS
            }
        );
        assert_eq!(
            fault("1A=1"),
            Fault {
                line: 1,
                words: NO_NAME
            }
        );
        assert_eq!(
            fault("A=1\nB=\"x\ny"),
            Fault {
                line: 2,
                words: NO_END
            }
        );
        assert_eq!(
            fault("A=\"x\ny\" z"),
            Fault {
                line: 2,
                words: AFTER_QUOTE
            }
        );
    }

    #[test]
    fn every_line_is_told_apart() {
        let (variables, faults) = read("A=1\nno\nB=\"x\ny\"\nC=\"z\" w\nD=2\nE='open");
        let lines: Vec<_> = variables
            .iter()
            .map(|one| (one.line, one.name.as_str()))
            .collect();
        assert_eq!(lines, [(1, "A"), (3, "B"), (6, "D")]);
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| (fault.line, fault.words))
            .collect();
        assert_eq!(faults, [(2, NO_EQUALS), (5, AFTER_QUOTE), (7, NO_END)]);
    }

    fn quote(value: &str) -> String {
        let mut text = String::from("\"");
        for c in value.chars() {
            match c {
                '"' | '\\' | '$' => text.extend(['\\', c]),
                '\r' => text.push_str("\\r"),
                c => text.push(c),
            }
        }
        text + "\""
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn quoted_values_come_back(values in proptest::collection::vec(any::<String>(), 0..6)) {
            let named: Vec<(String, String)> = values
                .into_iter()
                .enumerate()
                .map(|(index, value)| (format!("V{index}"), value))
                .collect();
            let text: String = named
                .iter()
                .map(|(name, value)| format!("{name}={}\n", quote(value)))
                .collect();
            prop_assert_eq!(parse(&text), Ok(named));
        }
    }
}
