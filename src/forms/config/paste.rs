//! Whole `.env` texts: what a level takes in from one, and gives out as one.

use wire::config::limits;
use wire::dotenv;

use super::draft::check_value;

/// Reads a pasted text whole, or not at all.
///
/// # Errors
/// Every fault, as a sentence that names its line.
pub fn read(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
    if text.len() > limits::RAW_BYTES {
        return Err(vec!["A .env text holds at most 512 KiB.".to_owned()]);
    }
    let (variables, mut faults) = dotenv::read(text);
    faults.extend(dotenv::given_again(&variables));
    let faults = faults.into_iter();
    let mut found: Vec<(u32, String)> = faults.map(|fault| (fault.line, fault.words)).collect();
    for one in &variables {
        if let Err(words) = check_value(one.value.as_str()) {
            found.push((one.line, format!("{}: {words}", one.name.as_str())));
        }
    }
    if variables.len() > limits::VARIABLES {
        let words = format!("A level holds at most {} variables.", limits::VARIABLES);
        found.push((u32::MAX, words));
    }
    if !found.is_empty() {
        found.sort();
        return Err(found.into_iter().map(sentence).collect());
    }
    let variables = variables.into_iter();
    let pairs = variables.map(|one| (one.name.into(), one.value.into()));
    Ok(pairs.collect())
}

fn sentence((line, words): (u32, String)) -> String {
    match line {
        u32::MAX => words,
        line => format!("Line {line}: {words}"),
    }
}

/// The first faults, and how many more there are.
pub fn summary(faults: &[String]) -> Vec<String> {
    const MOST: usize = 6;
    let mut told: Vec<String> = faults.iter().take(MOST).cloned().collect();
    if faults.len() > MOST {
        told.push(format!("And {} more.", faults.len() - MOST));
    }
    told
}

/// A variable that is written to a file.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, or what stands in for it.
    pub value: &'a str,
    /// Whether the value is not known here.
    pub secret: bool,
}

/// Variables as the text that [`read`] takes in; secrets by name alone, in comments.
pub fn export<'a>(variables: impl IntoIterator<Item = Exported<'a>>) -> String {
    let mut text = String::new();
    for one in variables {
        match one.secret {
            true => text.push_str(&format!("# {} is a secret: not exported\n", one.name)),
            false => text.push_str(&dotenv::print([(one.name, one.value)])),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::{prop, prop_assert_eq, proptest};
    use wire::config::{MASK, MASKED};

    #[test]
    fn every_fault_names_its_line() {
        let long = "x".repeat(64 * 1024 + 1);
        let text = format!("PORT=1\nno\nPORT=2\nLONG={long}\nKEY={MASK}\n1A=1");
        let faults = read(&text).unwrap_err();
        assert_eq!(
            faults,
            [
                "Line 2: A variable looks like NAME=value, with quotes around a value that holds spaces or #."
                    .to_owned(),
                "Line 3: PORT is given on line 1 already.".to_owned(),
                "Line 4: LONG: A value holds at most 64 KiB.".to_owned(),
                format!("Line 5: KEY: {MASKED}"),
                "Line 6: A variable name is letters, digits and _, and does not start with a digit."
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn too_much_is_refused() {
        let text: String = (0..=500).map(|n| format!("A{n}=1\n")).collect();
        assert_eq!(
            read(&text).unwrap_err(),
            ["A level holds at most 500 variables."]
        );
        let text = "#".repeat(512 * 1024 + 1);
        assert_eq!(
            read(&text).unwrap_err(),
            ["A .env text holds at most 512 KiB."]
        );
    }

    #[test]
    fn many_faults_are_told_by_the_first() {
        let faults: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        assert_eq!(summary(&faults)[5..], ["5", "And 3 more."]);
        assert_eq!(summary(&faults[..6]).len(), 6);
    }

    #[test]
    fn a_secret_is_exported_by_name_alone() {
        let secret = Exported {
            name: "KEY",
            value: MASK,
            secret: true,
        };
        let text = export([secret]);
        assert_eq!(text, "# KEY is a secret: not exported\n");
        assert_eq!(read(&text), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn what_is_exported_can_be_imported(
            values in prop::collection::btree_map("[A-Z_][A-Z0-9_]{0,6}", "[^\0]{0,40}", 0..6)
        ) {
            let variables = values.iter().map(|(name, value)| Exported { name, value, secret: false });
            let read = read(&export(variables)).unwrap();
            prop_assert_eq!(read.into_iter().collect::<BTreeMap<_, _>>(), values);
        }
    }
}
