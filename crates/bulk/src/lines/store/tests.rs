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

fn answered(rows: Vec<Row<'_>>) -> Store {
    let mut answer = Store::unbounded();
    answer.extend(rows);
    answer
}

fn texts(store: &Store) -> Vec<String> {
    let (first, end) = store.numbers();
    let lines = (first..end).filter_map(|number| store.get(number));
    lines.map(|line| line.message.to_owned()).collect()
}

fn held(store: &Store) -> Vec<Row<'_>> {
    let (first, end) = store.numbers();
    let lines = (first..end).map(|number| store.get(number).unwrap());
    let row = |line: Line<'_>| Row {
        at: line.at,
        instance: Cow::Owned(line.instance.to_owned()),
        is_error: line.is_error,
        message: Cow::Owned(line.message.to_owned()),
    };
    lines.map(row).collect()
}

#[test]
fn an_answer_that_overlaps_adds_only_what_is_new() {
    let mut store = Store::default();
    let first = vec![
        row(1, "web.0", "a"),
        row(2, "web.0", "b"),
        row(2, "web.1", "b"),
    ];
    assert_eq!(store.append(&answered(first)), 3);
    let next = vec![
        row(2, "web.0", "b"),
        row(2, "web.1", "b"),
        row(2, "web.0", "b"),
        row(3, "web.0", "c"),
    ];
    assert_eq!(
        store.append(&answered(next)),
        2,
        "a third equal line of the same instant is new"
    );
    assert_eq!(texts(&store), ["a", "b", "b", "b", "c"]);
}

#[test]
fn a_line_that_comes_late_takes_its_place() {
    let mut store = Store::default();
    store.append(&answered(vec![row(1, "web.0", "a"), row(3, "web.0", "c")]));
    let late = vec![
        row(1, "web.0", "a"),
        row(2, "web.1", "b"),
        row(3, "web.0", "c"),
    ];
    assert_eq!(store.append(&answered(late)), 1);
    assert_eq!(texts(&store), ["a", "b", "c"]);
    assert_eq!(store.resume(), DateTime::from_timestamp(0, 0));
}

#[test]
fn older_lines_come_before_and_move_no_number() {
    let mut store = Store::default();
    store.append(&answered(vec![row(5, "web.0", "e"), row(6, "web.1", "f")]));
    let (first, end) = store.numbers();
    store.prepend(answered(vec![
        row(1, "web.2", "a"),
        row(2, "web.0", "b"),
        row(5, "web.1", "d"),
    ]));
    assert_eq!(store.numbers(), (first - 3, end));
    assert_eq!(store.get(first).unwrap().message, "e");
    assert_eq!(texts(&store), ["a", "b", "d", "e", "f"]);
    assert_eq!(store.get(first - 3).unwrap().instance, "web.2");
    store.prepend(answered(Vec::new()));
    assert_eq!(store.len(), 5);
}

#[test]
fn older_lines_that_came_late_move_not_the_newest() {
    let mut store = Store::default();
    store.extend(
        (10..20)
            .map(|second| row(second, "web.0", "held"))
            .collect(),
    );
    let newest = store.numbers().1;
    store.prepend(answered(vec![
        row(8, "web.0", "older"),
        row(12, "web.1", "late"),
        row(15, "web.1", "late"),
    ]));
    assert_eq!(store.len(), 13);
    assert_eq!(store.numbers(), (newest - 13, newest));
    assert_eq!(store.get(newest - 1).unwrap().at, 19 * SECOND);
    assert_eq!(store.get(newest - 13).unwrap().message, "older");
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
    let stamp = store.blocks()[0].stamp;
    store.clear();
    assert!(store.is_empty() && store.instances().is_empty());
    store.extend(vec![row(1, "web.1", "b")]);
    assert_eq!(texts(&store), ["b"]);
    assert_ne!(store.blocks()[0].stamp, stamp);
}

#[test]
fn many_pages_of_older_lines_waste_no_room() {
    let mut store = Store::default();
    let text = "x".repeat(118);
    store.extend(vec![row(10_000, "web.0", &text)]);
    for page in (0..40).rev() {
        store.prepend(answered(
            (0..3_000).map(|_| row(page, "web.0", &text)).collect(),
        ));
    }
    let share = store.size() as f64 / (store.len() * text.len()) as f64;
    assert!(share < 1.1, "{share}");
}

/// The rooms of the blocks, which stay where they are unless they are built anew.
fn rooms(store: &Store) -> Vec<*const u8> {
    let blocks = store.blocks().iter();
    blocks.map(|block| block.text().as_ptr()).collect()
}

#[test]
fn a_late_line_touches_no_more_than_its_place() {
    let mut store = Store::default();
    let text = "x".repeat(118);
    store.extend((0..100_000).map(|at| row(at, "web.0", &text)).collect());
    let (before, size) = (rooms(&store), store.size());
    store.extend(vec![row(50_000, "web.1", "late")]);
    let after = rooms(&store);
    let kept = after.iter().filter(|room| before.contains(room)).count();
    assert!(kept >= before.len() - 2, "{kept} of {}", before.len());
    assert!(store.size() <= size + 2 * super::super::block::ROOM);
    let place = store.first_since(50_001 * SECOND) - 1;
    assert_eq!(store.get(place).unwrap().message, "late");
}

#[test]
fn many_late_lines_leave_no_block_nearly_empty() {
    let mut store = Store::default();
    let text = "x".repeat(118);
    for second in 0..2_000 {
        // Each answer brings some that are older than the newest of the one before.
        store.extend(
            (0..20)
                .map(|at| row(second + at / 5, "web.0", &text))
                .collect(),
        );
    }
    assert_eq!(store.len(), 40_000);
    let share = store.size() as f64 / (store.len() * text.len()) as f64;
    assert!(share < 1.2, "{share}");
}

#[test]
fn a_full_store_has_no_place_for_what_is_older_than_all() {
    let mut store = Store::bounded(1_000, usize::MAX);
    store.extend((100..1_100).map(|at| row(at, "web.0", "x")).collect());
    assert!(store.is_full());
    store.extend(vec![row(1, "web.0", "too old"), row(500, "web.0", "late")]);
    assert_eq!(store.len(), 1_001);
    assert!(!texts(&store).contains(&"too old".to_owned()));
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
        store.append(&answered(answer[..cut.min(answer.len())].to_vec()));
        store.append(&answered(answer.clone()));
        store.append(&answered(answer.clone()));
        prop_assert_eq!(store.len(), answer.len());
    }

    #[test]
    fn pages_and_late_lines_keep_the_order_together(
        steps in proptest::collection::vec((any::<bool>(), proptest::collection::vec(spec(), 0..8)), 0..8),
        long: bool,
    ) {
        let mut store = Store::default();
        let mut expected: Vec<Row<'_>> = Vec::new();
        // Long ones make many blocks of few lines.
        let padding = "x".repeat(if long { super::super::block::ROOM / 3 } else { 0 });
        for (is_older, specs) in &steps {
            let mut new = rows(specs);
            new.iter_mut().for_each(|row| row.message.to_mut().push_str(&padding));
            new.sort_by_key(|row| row.at);
            match is_older {
                true => store.prepend(answered(new.clone())),
                false => store.extend(new.clone()),
            }
            let oldest = expected.first().map_or(i64::MAX, |row| row.at);
            let before = if *is_older { new.partition_point(|row| row.at <= oldest) } else { 0 };
            let after = new.split_off(before);
            new.append(&mut expected);
            expected = new;
            expected.extend(after);
            expected.sort_by_key(|row| row.at);
        }
        prop_assert_eq!(held(&store), expected);
        let size: usize = store.blocks().iter().map(Block::size).sum();
        prop_assert_eq!(store.size(), size);
        let mut number = store.numbers().0;
        for block in store.blocks() {
            prop_assert!(!block.is_empty());
            prop_assert_eq!(block.first, number);
            number += block.len() as u64;
        }
        prop_assert_eq!(number, store.numbers().1);
    }

    #[test]
    fn what_came_beside_is_joined_in_its_order(
        before in proptest::collection::vec(spec(), 0..10),
        pages in proptest::collection::vec(proptest::collection::vec(spec(), 0..6), 1..4),
    ) {
        let mut store = Store::default();
        store.extend(rows(&before));
        let mut plain = Store::default();
        plain.extend(rows(&before));
        let mut pages: Vec<Row<'_>> = pages.iter().flat_map(|page| rows(page)).collect();
        pages.sort_by_key(|row| row.at);
        plain.extend(pages.clone());
        let mut beside = Store::unbounded();
        while !pages.is_empty() {
            beside.prepend(answered(pages.split_off(pages.len().saturating_sub(3))));
        }
        store.join(beside);
        prop_assert_eq!(held(&store), held(&plain));
    }
}

#[test]
fn whole_blocks_keep_their_instances_by_name() {
    let text = "x".repeat(1_000);
    let mut store = Store::default();
    store.extend(vec![row(1, "web.0", "a"), row(1, "web.1", "b")]);
    let many = (2..402).map(|at| row(at, if at % 2 == 0 { "web.1" } else { "web.2" }, &text));
    store.join(answered(many.collect()));
    let owners: Vec<String> = held(&store)
        .iter()
        .map(|row| row.instance.to_string())
        .collect();
    assert_eq!(owners[..4], ["web.0", "web.1", "web.1", "web.2"]);
    assert_eq!(owners[401], "web.2");
    assert_eq!(store.instances(), ["web.0", "web.1", "web.2"]);
    store.prepend(answered(vec![row(0, "web.2", "older")]));
    assert_eq!(held(&store)[0].instance, "web.2");
}

#[test]
fn small_answers_share_a_room() {
    let mut store = Store::default();
    for second in 0..100 {
        store.join(answered(vec![row(second, "web.0", "a line")]));
    }
    assert_eq!((store.len(), store.blocks().len()), (100, 1));
}
