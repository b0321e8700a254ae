//! Merging loses nothing that either side changed.

use chrono::DateTime;
use proptest::prelude::*;
use wire::config::{MASK, Variable};

use super::*;

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        id: String::new(),
        name: name.to_owned(),
        value: value.to_owned(),
        secret: false,
        buildtime: false,
        created: None,
        updated: None,
    }
}

fn secret(name: &str, set_at: i64) -> Variable {
    Variable {
        value: MASK.to_owned(),
        secret: true,
        updated: DateTime::from_timestamp(set_at, 0),
        ..variable(name, "")
    }
}

fn snapshot(variables: &[Variable]) -> Snapshot {
    Snapshot {
        revision: None,
        variables: variables.to_vec(),
    }
}

fn entry(value: &str) -> Entry {
    Entry {
        value: value.to_owned(),
        secret: false,
        buildtime: false,
    }
}

fn verdicts(base: &Snapshot, draft: &Draft, theirs: &Snapshot) -> Vec<(String, Verdict)> {
    let rows = compare(base, draft, theirs).into_iter();
    rows.map(|row| (row.name, row.verdict)).collect()
}

fn one_edit(base: &Snapshot, name: &str, to: Entry) -> Draft {
    let mut draft = Draft::default();
    draft.set(base, name, to);
    draft
}

#[test]
fn each_side_keeps_what_it_alone_changed() {
    let base = snapshot(&[variable("A", "1"), variable("B", "1"), variable("C", "1")]);
    let theirs = snapshot(&[variable("A", "1"), variable("B", "2"), variable("D", "1")]);
    let mut draft = one_edit(&base, "A", entry("2"));
    draft.set(&base, "E", entry("1"));
    let expected = [
        ("A", Verdict::Mine),
        ("B", Verdict::Theirs),
        ("C", Verdict::Theirs),
        ("D", Verdict::Theirs),
        ("E", Verdict::Mine),
    ];
    let expected = expected.map(|(name, verdict)| (name.to_owned(), verdict));
    assert_eq!(verdicts(&base, &draft, &theirs), expected);
    let rows = compare(&base, &draft, &theirs);
    assert_eq!(settle(&rows, Row::usual, &draft, &theirs), Some(draft));
}

#[test]
fn different_parts_of_a_variable_are_joined() {
    let base = snapshot(&[variable("A", "1")]);
    let theirs = snapshot(&[Variable {
        buildtime: true,
        ..variable("A", "1")
    }]);
    let draft = one_edit(&base, "A", entry("2"));
    let joined = Entry {
        buildtime: true,
        ..entry("2")
    };
    let rows = compare(&base, &draft, &theirs);
    assert_eq!(rows[0].verdict, Verdict::Joined(joined.clone()));
    let settled = settle(&rows, Row::usual, &draft, &theirs).unwrap();
    assert_eq!(settled.get("A"), Some(&Edit::Set(joined)));
}

#[test]
fn a_clash_waits_for_a_choice() {
    let base = snapshot(&[variable("A", "1")]);
    let theirs = snapshot(&[variable("A", "3")]);
    let draft = one_edit(&base, "A", entry("2"));
    let rows = compare(&base, &draft, &theirs);
    assert_eq!(rows[0].verdict, Verdict::Clash);
    assert_eq!(settle(&rows, Row::usual, &draft, &theirs), None);
    let mine = settle(&rows, |_| Some(Choice::Mine), &draft, &theirs);
    assert_eq!(mine, Some(draft.clone()));
    let none = settle(&rows, |_| Some(Choice::Theirs), &draft, &theirs);
    assert_eq!(none, Some(Draft::default()));
}

#[test]
fn a_removal_against_a_change_is_a_clash() {
    let base = snapshot(&[variable("A", "1"), variable("B", "1")]);
    let theirs = snapshot(&[variable("A", "2")]);
    let mut draft = one_edit(&base, "B", entry("2"));
    draft.remove(&base, "A");
    let rows = compare(&base, &draft, &theirs);
    assert!(rows.iter().all(|row| row.verdict == Verdict::Clash));
    let mine = settle(&rows, |_| Some(Choice::Mine), &draft, &theirs).unwrap();
    assert_eq!(mine.get("A"), Some(&Edit::Remove));
    assert_eq!(mine.get("B"), Some(&Edit::Set(entry("2"))));
}

#[test]
fn a_secret_set_again_has_changed_though_both_read_the_same() {
    let base = snapshot(&[secret("A", 1), secret("B", 1)]);
    let theirs = snapshot(&[secret("A", 2), secret("B", 1)]);
    let draft = one_edit(
        &base,
        "A",
        Entry {
            secret: true,
            ..entry("s3cret")
        },
    );
    assert_eq!(
        verdicts(&base, &draft, &theirs),
        [("A".to_owned(), Verdict::Clash)]
    );
    assert!(!format!("{:?}", compare(&base, &draft, &theirs)).contains("s3cret"));
}

#[test]
fn a_value_that_was_sealed_meanwhile_can_only_be_chosen() {
    let base = snapshot(&[variable("A", "1")]);
    let theirs = snapshot(&[secret("A", 1)]);
    let build = Entry {
        buildtime: true,
        ..entry("1")
    };
    let draft = one_edit(&base, "A", build);
    assert_eq!(
        verdicts(&base, &draft, &theirs),
        [("A".to_owned(), Verdict::Clash)]
    );
}

/// A handful of names and values, so that sides meet often.
fn any_variables() -> impl Strategy<Value = Snapshot> {
    let one = (0..3_i64, any::<bool>(), any::<bool>());
    let variables = prop::collection::btree_map("[A-E]", one, 0..5);
    variables.prop_map(|all| {
        let all = all.iter().map(|(name, (value, secret_one, buildtime))| {
            let plain = match secret_one {
                true => secret(name, *value),
                false => variable(name, &value.to_string()),
            };
            Variable {
                buildtime: *buildtime,
                ..plain
            }
        });
        Snapshot {
            revision: None,
            variables: all.collect(),
        }
    })
}

/// Changes to whatever is there: a value and its kinds, or a removal.
fn any_draft() -> impl Strategy<Value = Vec<(String, Option<Entry>)>> {
    let entry =
        (0..3_i64, any::<bool>(), any::<bool>()).prop_map(|(value, secret, buildtime)| Entry {
            value: value.to_string(),
            secret,
            buildtime,
        });
    prop::collection::vec(("[A-E]", prop::option::of(entry)), 0..5)
}

fn draft_of(base: &Snapshot, edits: &[(String, Option<Entry>)]) -> Draft {
    let mut draft = Draft::default();
    for (name, edit) in edits {
        match edit {
            Some(entry) => draft.set(base, name, entry.clone()),
            None => draft.remove(base, name),
        }
    }
    draft
}

proptest! {
    #[test]
    fn nothing_changes_where_only_one_side_did(base in any_variables(), edits in any_draft()) {
        let draft = draft_of(&base, &edits);
        let rows = compare(&base, &draft, &base);
        prop_assert_eq!(rows.len(), draft.len());
        prop_assert_eq!(settle(&rows, Row::usual, &draft, &base), Some(draft));
    }

    #[test]
    fn without_changes_of_mine_all_is_theirs(base in any_variables(), theirs in any_variables()) {
        let none = Draft::default();
        let rows = compare(&base, &none, &theirs);
        prop_assert!(rows.iter().all(|row| row.verdict == Verdict::Theirs));
        prop_assert_eq!(settle(&rows, Row::usual, &none, &theirs), Some(none));
    }

    #[test]
    fn choosing_mine_loses_nothing_of_mine(
        base in any_variables(), theirs in any_variables(), edits in any_draft()
    ) {
        let draft = draft_of(&base, &edits);
        let rows = compare(&base, &draft, &theirs);
        let mine = |row: &Row| Some(match row.choices().contains(&Choice::Mine) {
            true => Choice::Mine,
            false => Choice::Theirs,
        });
        let settled = settle(&rows, mine, &draft, &theirs).unwrap();
        for name in draft.names() {
            prop_assert_eq!(settled.side(&theirs, name), draft.side(&base, name));
        }
        for one in &theirs.variables {
            if draft.get(&one.name).is_none() {
                prop_assert_eq!(settled.side(&theirs, &one.name), Some(Side::of(one)));
            }
        }
    }

    #[test]
    fn choosing_theirs_changes_nothing(
        base in any_variables(), theirs in any_variables(), edits in any_draft()
    ) {
        let draft = draft_of(&base, &edits);
        let rows = compare(&base, &draft, &theirs);
        let settled = settle(&rows, |_| Some(Choice::Theirs), &draft, &theirs);
        prop_assert_eq!(settled, Some(Draft::default()));
    }

    #[test]
    fn what_is_joined_holds_both_changes(
        base in any_variables(), theirs in any_variables(), edits in any_draft()
    ) {
        let draft = draft_of(&base, &edits);
        for row in compare(&base, &draft, &theirs) {
            let Verdict::Joined(joined) = row.verdict else { continue };
            let (base, mine, theirs) = (row.base.unwrap(), row.mine.unwrap(), row.theirs.unwrap());
            let joined = joined.side();
            for side in [mine, theirs] {
                prop_assert!(side.value == base.value || side.value == joined.value);
                prop_assert!(side.secret == base.secret || side.secret == joined.secret);
                prop_assert!(side.buildtime == base.buildtime || side.buildtime == joined.buildtime);
            }
        }
    }
}
