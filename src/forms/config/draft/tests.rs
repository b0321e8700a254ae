//! What a draft of changes says, sends and hides.

use wire::config::{ChangeKind, MASK, MASKED, Variable};
use wire::error::FieldErrors;

use super::*;

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        id: String::new(),
        name: name.to_owned(),
        value: value.to_owned(),
        secret: value == MASK,
        buildtime: false,
        created: None,
        updated: None,
    }
}

fn base() -> Snapshot {
    Snapshot {
        revision: Some("\"4\"".to_owned()),
        variables: vec![
            variable("KEY", MASK),
            variable("LEVEL", "info"),
            variable("TZ", "UTC"),
        ],
    }
}

fn plain(value: &str) -> Entry {
    Entry {
        value: value.to_owned(),
        secret: false,
        buildtime: false,
    }
}

fn hidden(value: &str) -> Entry {
    Entry {
        secret: true,
        ..plain(value)
    }
}

#[test]
fn changes_are_told_by_name_with_before_and_after() {
    let mut draft = Draft::default();
    draft.set(&base(), "LEVEL", plain("debug"));
    draft.set(&base(), "NEW", plain("1"));
    draft.set(&base(), "KEY", hidden("hunter2"));
    draft.remove(&base(), "TZ");
    let changes = draft.changes(&base());
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            let words = |side: &Option<Side>| side.as_ref().map(Side::shown);
            let (before, after) = (words(&change.before), words(&change.after));
            (change.name.as_str(), change.kind, before, after)
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            ("KEY", ChangeKind::Changed, text(DOTS), text(DOTS)),
            ("LEVEL", ChangeKind::Changed, text("info"), text("debug")),
            ("NEW", ChangeKind::Added, None, text("1")),
            ("TZ", ChangeKind::Removed, text("UTC"), None),
        ]
    );
    assert!(!format!("{draft:?}{changes:?}").contains("hunter2"));
}

#[test]
fn what_is_so_already_is_no_change() {
    let mut draft = Draft::default();
    draft.set(&base(), "LEVEL", plain("debug"));
    draft.set(&base(), "LEVEL", plain("info"));
    draft.set(&base(), "NEW", plain("1"));
    draft.remove(&base(), "NEW");
    assert!(draft.is_empty());
    // Nobody can tell whether a secret is the same.
    draft.set(&base(), "KEY", hidden("x"));
    assert_eq!(draft.len(), 1);
    draft.undo("KEY");
    assert!(draft.is_empty());
}

#[test]
fn all_of_it_is_one_request() {
    let mut draft = Draft::default();
    draft.set(&base(), "NEW", hidden("x y"));
    draft.remove(&base(), "TZ");
    let request = serde_json::to_value(draft.request().unwrap()).unwrap();
    let expected = serde_json::json!({
        "variables": [{"name": "NEW", "value": "x y", "secret": true, "buildtime": false}],
        "delete": ["TZ"],
    });
    assert_eq!(request, expected);
    let shown = without_secrets(draft.request().unwrap());
    let shown = serde_json::to_string(&shown).unwrap();
    assert!(
        shown.contains("<the value of NEW>") && !shown.contains("x y"),
        "{shown}"
    );
}

#[test]
fn faults_name_their_variable_here_and_there() {
    let mut draft = Draft::default();
    draft.set(&base(), "A", plain("1"));
    draft.set(&base(), "KEY", hidden(MASK));
    draft.remove(&base(), "TZ");
    let own = draft.request().unwrap_err();
    assert_eq!(draft.blame(&own), [format!("KEY: {MASKED}")]);
    let mut sent = FieldErrors::one("delete.0", "It is needed.");
    sent.add("variables.0.name", "Taken.");
    sent.add("variables", "At most 500 variables at once.");
    assert_eq!(
        draft.blame(&sent),
        [
            "TZ: It is needed.",
            "At most 500 variables at once.",
            "A: Taken."
        ]
    );
}

#[test]
fn what_was_saved_is_read_back() {
    let mut draft = Draft::default();
    draft.set(&base(), "LEVEL", plain("debug"));
    draft.set(&base(), "KEY", hidden("x"));
    draft.remove(&base(), "TZ");
    let sent = draft.request().unwrap();
    assert_eq!(not_as_sent(&sent, &base()), ["LEVEL", "TZ"]);
    let saved = Snapshot {
        revision: None,
        variables: vec![variable("KEY", MASK), variable("LEVEL", "debug")],
    };
    assert!(not_as_sent(&sent, &saved).is_empty());
}

#[test]
fn long_values_are_shown_by_their_beginning() {
    assert_eq!(shown(MASK), DOTS);
    assert_eq!(shown(""), "(empty)");
    assert_eq!(shown("a\nb"), "a … (2 lines)");
    assert_eq!(shown("a\nb\nc"), "a … (3 lines)");
    assert_eq!(shown(&"x".repeat(200)).chars().count(), 121);
}

#[test]
fn a_pasted_text_unseals_nothing() {
    let mut base = base();
    base.variables.push(Variable {
        buildtime: true,
        ..variable("NPM_REGISTRY", "one")
    });
    let mut draft = Draft::default();
    // Somebody means it to be readable from now on.
    draft.set(&base, "OPENED", hidden("1"));
    draft.set(&base, "OPENED", plain("2"));
    draft.remove(&base, "KEY");
    let values =
        ["KEY", "LEVEL", "NPM_REGISTRY", "OPENED"].map(|name| (name.to_owned(), "x".to_owned()));
    draft.take_in(&base, values.to_vec(), Flags::default());
    let sent = draft.request().unwrap();
    let flags = |name: &str| {
        let found = sent.variables.iter().find(|one| one.name.as_str() == name);
        found.map(|one| (one.secret, one.buildtime))
    };
    assert_eq!(flags("KEY"), Some((Some(true), Some(false))));
    assert_eq!(flags("LEVEL"), Some((Some(false), Some(false))));
    assert_eq!(flags("NPM_REGISTRY"), Some((Some(false), Some(true))));
    assert_eq!(flags("OPENED"), Some((Some(false), Some(false))));
    let changes = draft.changes(&base);
    let sealed = changes.iter().filter(|change| change.stays_secret());
    assert_eq!(
        sealed.map(|change| &*change.name).collect::<Vec<_>>(),
        ["KEY"]
    );

    let all = Flags {
        secret: true,
        buildtime: true,
    };
    draft.take_in(&base, values[1..2].to_vec(), all);
    let Some(Edit::Set(entry)) = draft.get("LEVEL") else {
        panic!("it is pending");
    };
    assert_eq!((entry.secret, entry.buildtime), (true, true));
}
