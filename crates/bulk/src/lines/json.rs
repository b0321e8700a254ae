//! A line that is one JSON object, a row for each of its fields. Numbers and the order stay as they
//! were written.

use serde::de::IgnoredAny;

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 256 * 1024;

/// The most rows that are shown.
const MOST_ROWS: usize = 500;

/// A row of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// How deep it stands.
    pub depth: usize,
    /// What it is called, with its quotes; empty in a list, and where something ends.
    pub name: String,
    /// The value, or how one begins or ends.
    pub value: String,
}

impl Field {
    /// The row as one text.
    pub fn text(&self) -> String {
        let gap = "  ".repeat(self.depth);
        match self.name.is_empty() {
            true => format!("{gap}{}", self.value),
            false => format!("{gap}{}: {}", self.name, self.value),
        }
    }
}

/// Whether a line is one JSON object with something in it.
pub fn is_object(line: &str) -> bool {
    let line = line.trim();
    line.len() <= LONGEST
        && line.len() > 2
        && line.starts_with('{')
        && line.ends_with('}')
        && serde_json::from_str::<IgnoredAny>(line).is_ok()
}

/// The rows of a line that is one JSON object; none of any other.
pub fn fields(line: &str) -> Vec<Field> {
    let mut rows = Vec::new();
    if is_object(line) {
        let mut open = Rows::default();
        open.read(line.trim());
        rows = open.rows;
    }
    if rows.len() > MOST_ROWS {
        let rest = rows.len() - MOST_ROWS;
        rows.truncate(MOST_ROWS);
        rows.push(Field {
            depth: 0,
            name: String::new(),
            value: format!("\u{2026} {rest} more rows"),
        });
    }
    rows
}

#[derive(Default)]
struct Rows {
    rows: Vec<Field>,
    depth: usize,
    name: String,
    value: String,
}

impl Rows {
    /// Reads what is known to be JSON.
    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let len = match first {
                '"' => string(rest),
                _ => first.len_utf8(),
            };
            let (token, after) = rest.split_at(len);
            match first {
                '{' | '[' => match after.trim_start().strip_prefix(['}', ']']) {
                    Some(after_empty) => {
                        self.value.push_str(if first == '{' { "{}" } else { "[]" });
                        rest = after_empty;
                        continue;
                    }
                    None => {
                        self.value.push(first);
                        self.end();
                        self.depth += 1;
                    }
                },
                '}' | ']' => {
                    self.end();
                    self.depth = self.depth.saturating_sub(1);
                    self.value.push(first);
                }
                ',' => self.end(),
                ':' => self.name = std::mem::take(&mut self.value),
                _ if first.is_whitespace() => {}
                _ => self.value.push_str(token),
            }
            rest = after;
        }
        self.end();
    }

    fn end(&mut self) {
        if !self.value.is_empty() {
            self.rows.push(Field {
                depth: self.depth,
                name: std::mem::take(&mut self.name),
                value: std::mem::take(&mut self.value),
            });
        }
    }
}

/// How many bytes the string takes that a text begins with.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn texts(line: &str) -> Vec<String> {
        fields(line).iter().map(Field::text).collect()
    }

    #[test]
    fn each_field_has_a_row() {
        let line = r#" {"level":"info","n":1.50,"a":[1,{"b":null}],"e":{},"s":"x, \"y\": {"} "#;
        assert_eq!(
            texts(line),
            [
                "{",
                r#"  "level": "info""#,
                r#"  "n": 1.50"#,
                r#"  "a": ["#,
                "    1",
                "    {",
                r#"      "b": null"#,
                "    }",
                "  ]",
                r#"  "e": {}"#,
                r#"  "s": "x, \"y\": {""#,
                "}",
            ]
        );
    }

    #[test]
    fn only_objects_are_taken_apart() {
        for line in [
            "",
            "{}",
            "[1]",
            "plain",
            "{half",
            "{\"a\":1} and more",
            "{\"a\":}",
        ] {
            assert_eq!(texts(line), Vec::<String>::new(), "{line}");
        }
        let many: Vec<String> = (0..1_000).map(|at| format!("\"{at}\":1")).collect();
        let rows = texts(&format!("{{{}}}", many.join(",")));
        assert_eq!(rows.len(), 501);
        assert_eq!(rows[500], "\u{2026} 502 more rows");
    }

    proptest! {
        #[test]
        fn the_rows_are_the_object(
            names in proptest::collection::btree_map(any::<String>(), any::<(i32, String, Vec<u8>)>(), 1..6),
        ) {
            let whole = serde_json::to_string(&names).unwrap();
            let texts = texts(&whole);
            let again: serde_json::Value = serde_json::from_str(&whole).unwrap();
            // Put together again with commas where rows end that others follow, it is the same.
            let mut text = String::new();
            for (place, row) in texts.iter().enumerate() {
                text.push_str(row);
                let next = texts.get(place + 1).map(|next| next.trim_start());
                let is_last = next.is_none_or(|next| next.starts_with(['}', ']']));
                let begins = row.ends_with(['{', '[']) && !row.trim_start().starts_with('"') || row.ends_with(": [") || row.ends_with(": {");
                if !is_last && !begins {
                    text.push(',');
                }
            }
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), again);
        }
    }
}
