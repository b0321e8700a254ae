//! What the store promises, tried on small and on large logs.

use std::borrow::Cow;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;

const SECOND: i64 = 1_000_000_000;

fn row<'a>(second: i64, instance: &'a str, message: &'a str) -> Row<'a> {
    Row {
        at: second * SECOND,
        instance: Cow::Borrowed(instance),
        is_error: message.contains("error"),
        message: Cow::Borrowed(message),
    }
}

fn texts(store: &Store) -> Vec<String> {
    let (first, end) = store.numbers();
    let lines = (first..end).filter_map(|number| store.get(number));
    lines.map(|line| line.message.to_owned()).collect()
}

#[test]
fn an_answer_that_overlaps_adds_only_what_is_new() {
    let mut store = Store::default();
    let first = vec![
        row(1, "web.0", "a"),
        row(2, "web.0", "b"),
        row(2, "web.1", "b"),
    ];
    assert_eq!(store.append(first), 3);
    let next = vec![
        row(2, "web.0", "b"),
        row(2, "web.1", "b"),
        row(2, "web.0", "b"),
        row(3, "web.0", "c"),
    ];
    assert_eq!(
        store.append(next),
        2,
        "a third equal line of the same instant is new"
    );
    assert_eq!(texts(&store), ["a", "b", "b", "b", "c"]);
    assert_eq!(store.revision(), 0);
}

#[test]
fn a_line_that_comes_late_takes_its_place() {
    let mut store = Store::default();
    store.append(vec![row(1, "web.0", "a"), row(3, "web.0", "c")]);
    let numbers = store.numbers();
    let late = vec![
        row(1, "web.0", "a"),
        row(2, "web.1", "b"),
        row(3, "web.0", "c"),
    ];
    assert_eq!(store.append(late), 1);
    assert_eq!(texts(&store), ["a", "b", "c"]);
    assert_eq!(store.revision(), 1, "numbers changed");
    assert_eq!(store.steady(0), numbers.0 + 1);
    assert_eq!(store.steady(1), u64::MAX);
    assert_eq!(store.resume(), DateTime::from_timestamp(0, 0));
}

#[test]
fn older_lines_come_before_and_move_no_number() {
    let mut store = Store::default();
    store.append(vec![row(5, "web.0", "e"), row(6, "web.1", "f")]);
    let (first, end) = store.numbers();
    store.prepend(vec![
        row(1, "web.2", "a"),
        row(2, "web.0", "b"),
        row(5, "web.1", "d"),
    ]);
    assert_eq!(store.numbers(), (first - 3, end));
    assert_eq!(store.get(first).unwrap().message, "e");
    assert_eq!(texts(&store), ["a", "b", "d", "e", "f"]);
    assert_eq!(store.get(first - 3).unwrap().instance, "web.2");
    store.prepend(Vec::new());
    assert_eq!(store.len(), 5);
}

#[test]
fn instants_are_found() {
    let mut store = Store::default();
    assert_eq!(store.first_since(0), store.numbers().0);
    let text = "x".repeat(1_000);
    store.extend((0..2_000).map(|at| row(at / 2, "web.0", &text)).collect());
    let first = store.numbers().0;
    for second in [0, 1, 500, 999] {
        let found = store.first_since(second * SECOND);
        assert_eq!(found - first, second as u64 * 2);
    }
    assert_eq!(store.first_since(i64::MIN), first);
    assert_eq!(store.first_since(i64::MAX), store.numbers().1);
}

#[test]
fn a_store_that_begins_anew_keeps_nothing() {
    let mut store = Store::default();
    store.extend(vec![row(1, "web.0", "a")]);
    let (stamp, revision) = (store.blocks()[0].stamp, store.revision());
    store.clear();
    assert!(store.is_empty() && store.instances().is_empty());
    store.extend(vec![row(1, "web.1", "b")]);
    assert_eq!(texts(&store), ["b"]);
    assert_ne!(store.blocks()[0].stamp, stamp);
    assert_eq!(store.steady(revision), 0);
}

#[test]
fn many_pages_of_older_lines_waste_no_room() {
    let mut store = Store::default();
    let text = "x".repeat(118);
    store.extend(vec![row(10_000, "web.0", &text)]);
    for page in (0..40).rev() {
        store.prepend((0..3_000).map(|_| row(page, "web.0", &text)).collect());
    }
    let share = store.size() as f64 / (store.len() * text.len()) as f64;
    assert!(share < 1.1, "{share}");
}

/// Minutes of 500 lines a second: what is held, and what it takes, stays below its bound.
#[test]
fn the_oldest_lines_go_and_memory_does_not_grow() {
    let mut store = Store::bounded(20_000, usize::MAX);
    let text = "x".repeat(110);
    let mut most = 0;
    for second in 0..240 {
        store.extend((0..500).map(|_| row(second, "web.0", &text)).collect());
        most = most.max(store.size());
    }
    assert!(
        store.len() >= 20_000 && store.len() < 22_500,
        "{}",
        store.len()
    );
    assert!(store.is_full());
    let first = store.get(store.numbers().0).unwrap();
    assert!(first.at > 190 * SECOND);
    assert!(
        most < 22_500 * 119 + 2 * super::super::block::ROOM,
        "{most}"
    );
}

#[test]
fn bytes_have_a_bound_too() {
    let mut store = Store::bounded(usize::MAX, 2 * 1024 * 1024);
    let text = "x".repeat(90_000);
    store.extend((0..100).map(|at| row(at, "web.0", &text)).collect());
    assert!(store.size() <= 2 * 1024 * 1024);
    assert_eq!(
        store.get(store.numbers().1 - 1).unwrap().message.len(),
        90_000
    );
}

#[test]
fn a_million_lines_take_little_more_than_their_text() {
    let mut store = Store::default();
    let text = "x".repeat(118);
    let mut length = 0;
    for page in 0..50 {
        let rows = (0..20_000).map(|at| Row {
            at: (page * 20_000 + at) * 3_600_000,
            ..row(0, "web.0", &text)
        });
        store.extend(rows.collect());
        length += 20_000 * text.len();
    }
    assert_eq!(store.len(), 1_000_000);
    let share = store.size() as f64 / length as f64;
    assert!(share < 1.08, "{share}");
}

#[test]
fn a_log_of_very_many_instances_calls_the_last_by_one_name() {
    let mut store = Store::default();
    let names: Vec<String> = (0..2_000).map(|at| format!("web.{at}")).collect();
    store.extend(names.iter().map(|name| row(1, name, name)).collect());
    let line = |at| store.get(store.numbers().0 + at).unwrap().instance;
    assert_eq!((line(5), line(1_500)), ("web.5", "others"));
}

type Spec = (i64, u8, String);

fn rows(specs: &[Spec]) -> Vec<Row<'_>> {
    let names = ["web.0", "web.1", "worker.0"];
    let row = |(second, owner, message): &Spec| Row {
        message: Cow::Owned(message.clone()),
        ..row(*second, names[usize::from(*owner) % names.len()], "")
    };
    specs.iter().map(row).collect()
}

fn spec() -> impl Strategy<Value = Spec> {
    (0i64..6, any::<u8>(), "[ab]{0,2}")
}

proptest! {
    #[test]
    fn the_order_is_that_of_time_whatever_comes_when(
        answers in proptest::collection::vec(proptest::collection::vec(spec(), 0..8), 0..8),
    ) {
        let mut store = Store::default();
        let mut expected: Vec<Row<'_>> = Vec::new();
        for answer in &answers {
            let mut answer = rows(answer);
            store.extend(answer.clone());
            answer.sort_by_key(|row| row.at);
            expected.extend(answer);
            expected.sort_by_key(|row| row.at);
        }
        let (first, end) = store.numbers();
        let held: Vec<_> = (first..end).map(|number| store.get(number).unwrap()).collect();
        prop_assert_eq!(held.len(), expected.len());
        for (line, row) in held.iter().zip(&expected) {
            prop_assert_eq!((line.at, line.instance, line.message), (row.at, &*row.instance, &*row.message));
        }
    }

    #[test]
    fn an_answer_twice_is_an_answer_once(
        answer in proptest::collection::vec(spec(), 0..12),
        cut in 0usize..12,
    ) {
        let mut answer = rows(&answer);
        answer.sort_by_key(|row| row.at);
        let mut store = Store::default();
        store.append(answer[..cut.min(answer.len())].to_vec());
        store.append(answer.clone());
        store.append(answer.clone());
        prop_assert_eq!(store.len(), answer.len());
    }

    #[test]
    fn only_numbers_that_are_called_steady_are(
        before in proptest::collection::vec(spec(), 1..10),
        after in proptest::collection::vec(spec(), 1..10),
    ) {
        let mut store = Store::default();
        store.extend(rows(&before));
        let (known, revision) = (texts(&store), store.revision());
        store.extend(rows(&after));
        let steady = store.steady(revision);
        let first = store.numbers().0;
        let now = texts(&store);
        for (place, text) in known.iter().enumerate() {
            if first + (place as u64) < steady {
                prop_assert_eq!(text, &now[place]);
            }
        }
        prop_assert!(steady >= first);
    }
}
