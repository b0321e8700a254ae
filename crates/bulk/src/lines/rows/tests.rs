//! Which lines are drawn where, in small and in large logs.

use std::borrow::Cow;

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::super::reply::Row;
use super::*;

fn store(lines: &[String]) -> Store {
    let mut store = Store::default();
    let row = |(at, line): (usize, &String)| Row {
        at: at as i64,
        instance: Cow::Borrowed(if at % 2 == 0 { "web.0" } else { "web.1" }),
        is_error: line.contains("error"),
        message: Cow::Owned(line.clone()),
    };
    store.extend(lines.iter().enumerate().map(row).collect());
    store
}

fn shown(store: &Store, selection: Selection, columns: Option<u32>) -> Rows {
    let mut rows = Rows::default();
    rows.show(store, selection, columns);
    assert!(rows.work(store, &mut || true));
    rows
}

#[test]
fn a_selection_shows_one_instance_or_stream() {
    let lines = ["a", "an error", "error", "b"].map(str::to_owned);
    let store = store(&lines);
    let numbers = |instance: Option<&str>, is_error| {
        let selection = Selection {
            instance: instance.map(str::to_owned),
            is_error,
            pattern: None,
        };
        let rows = shown(&store, selection, None);
        let first = store.numbers().0;
        let all: Vec<u64> = rows
            .numbers(&store)
            .flatten()
            .map(|number| number - first)
            .collect();
        assert_eq!(all.len(), rows.len());
        all
    };
    assert_eq!(numbers(None, None), [0, 1, 2, 3]);
    assert_eq!(numbers(Some("web.0"), None), [0, 2]);
    assert_eq!(numbers(Some("web.1"), Some(true)), [1]);
    assert!(numbers(Some("gone"), None).is_empty());
}

#[test]
fn a_million_lines_are_drawn_where_they_belong() {
    let mut store = Store::default();
    for page in 0..50 {
        let row = |at: i64| Row {
            at: page * 20_000 + at,
            instance: Cow::Borrowed("web.0"),
            is_error: false,
            message: Cow::Borrowed("a line of some length, as they are"),
        };
        store.extend((0..20_000).map(row).collect());
    }
    let rows = shown(&store, Selection::default(), None);
    assert!((rows.height() - 20_000_000.0).abs() < 1.0);
    let drawn = rows.visible(&store, 10_000_000.0, 400.0);
    assert_eq!(drawn.row, 499_990);
    assert_eq!(drawn.numbers.len(), 41);
    assert_eq!(drawn.numbers[0] - store.numbers().0, 499_990);
    let top = rows.top(&store, drawn.numbers[0]).unwrap();
    assert!((top - 499_990.0 * ROW).abs() < 1.0);
    assert_eq!(rows.visible(&store, f64::MAX, 400.0), Drawn::default());
}

#[test]
fn an_open_object_has_a_row_for_each_field() {
    let lines = ["a", r#"{"level":"info","long":"0123456789"}"#, "b"].map(str::to_owned);
    let store = store(&lines);
    let mut rows = shown(&store, Selection::default(), None);
    let number = store.numbers().0 + 1;
    rows.toggle(&store, number);
    rows.work(&store, &mut || true);
    assert!((rows.height() - 7.0 * ROW).abs() < 0.1);
    assert!(rows.is_open(store.id_of(number).unwrap()));
    assert_eq!(rows.top(&store, number + 1), Some(6.0 * ROW));
    rows.show(&store, Selection::default(), Some(16));
    rows.work(&store, &mut || true);
    assert_eq!(
        rows.top(&store, number + 1),
        Some((1 + 3 + 1 + 2 + 2 + 1) as f64 * ROW)
    );
    rows.toggle(&store, number);
    rows.work(&store, &mut || true);
    assert!((rows.height() - 5.0 * ROW).abs() < 0.1);
}

#[test]
fn of_equal_lines_only_the_opened_one_is_open() {
    let row = |message| Row {
        at: 5,
        instance: Cow::Borrowed("web.0"),
        is_error: false,
        message: Cow::Borrowed(message),
    };
    let object = r#"{"level":"info"}"#;
    let mut store = Store::default();
    store.extend(vec![
        row("a"),
        row(object),
        row("b"),
        row(object),
        row(object),
    ]);
    let mut rows = shown(&store, Selection::default(), None);
    let first = store.numbers().0;
    rows.toggle(&store, first + 3);
    rows.work(&store, &mut || true);
    let open = |rows: &Rows| {
        let numbers = (first..first + 5).collect::<Vec<_>>();
        let ids = store.ids(&numbers);
        let open = (0..5).filter(|place| rows.is_open(ids[*place]));
        open.collect::<Vec<_>>()
    };
    assert_eq!(open(&rows), [3]);
    let fields = json::fields(object).len() as f64;
    assert_eq!(rows.height(), (5.0 + fields) * ROW);
    assert_eq!(rows.top(&store, first + 3), Some(3.0 * ROW));
    assert_eq!(rows.top(&store, first + 4), Some((4.0 + fields) * ROW));
    // Also where the first of them is not drawn.
    assert_eq!(store.ids(&[first + 3]), [store.id_of(first + 3).unwrap()]);
    rows.toggle(&store, first + 1);
    assert_eq!(open(&rows), [1, 3]);
}

#[test]
fn what_is_not_worked_out_yet_is_not_shown() {
    let store = store(&["a", "error"].map(str::to_owned));
    let only = Selection {
        is_error: Some(true),
        ..Selection::default()
    };
    let mut rows = Rows::default();
    rows.show(&store, only, None);
    assert!(!rows.work(&store, &mut || false) && !rows.is_done());
    assert_eq!(rows.numbers(&store).flatten().count(), 0);
    assert!(rows.work(&store, &mut || true) && rows.is_done());
    assert_eq!(rows.numbers(&store).flatten().count(), 1);
}

#[test]
fn what_came_since_a_line_is_counted_without_what_is_older() {
    let line = |place: i64| Row {
        at: place,
        instance: Cow::Borrowed(if place % 2 == 0 { "web.0" } else { "web.1" }),
        is_error: false,
        message: Cow::Owned(format!("line {place} of many")),
    };
    let lines = |range: std::ops::Range<i64>| range.map(line).collect::<Vec<_>>();
    let mut store = Store::bounded(60_000, usize::MAX);
    store.extend(lines(0..30_000));
    let left_at = store.numbers().1;
    let new = |store: &Store, instance: Option<&str>| {
        let selection = Selection {
            instance: instance.map(str::to_owned),
            ..Selection::default()
        };
        shown(store, selection, None).len_from(store, left_at)
    };
    assert_eq!(new(&store, None), 0);
    let mut older = Store::unbounded();
    older.extend(lines(-5_000..0));
    store.prepend(older);
    assert_eq!(new(&store, None), 0);
    store.extend(lines(30_000..30_010));
    assert_eq!(new(&store, None), 10);
    assert_eq!(new(&store, Some("web.1")), 5);
    assert_eq!(new(&store, Some("gone")), 0);
    store.extend(lines(30_010..80_000));
    assert!(store.has_dropped());
    assert_eq!(new(&store, None), 50_000);
    store.extend(lines(80_000..200_000));
    assert_eq!(new(&store, None), store.len());
}

proptest! {
    #[test]
    fn every_row_belongs_to_one_line(
        lines in proptest::collection::vec("[a\u{e9}]{0,30}(\u{1b}\\[1m)?[\u{6f22}]{0,9}", 0..80),
        columns in 1u32..12,
        wraps: bool,
        only: bool,
        offset in 0.0f64..4_000.0,
    ) {
        let store = store(&lines);
        let selection = Selection {
            instance: only.then(|| "web.1".to_owned()),
            ..Selection::default()
        };
        let rows = shown(&store, selection, wraps.then_some(columns));
        let mut top = 0.0;
        for number in rows.numbers(&store).flatten() {
            prop_assert_eq!(rows.top(&store, number), Some(top));
            let text = store.get(number).unwrap().message;
            let count = if wraps { super::rows(columns_of(&super::super::ansi::plain(text)), columns) } else { 1 };
            let end = top + f64::from(count) * ROW;
            if (top..end).contains(&offset) {
                prop_assert_eq!(rows.at(&store, offset), Some((number, top)));
                let drawn = rows.visible(&store, offset, 0.0);
                prop_assert!(drawn.numbers.contains(&number));
                prop_assert_eq!(rows.top(&store, drawn.numbers[0]), Some(f64::from(drawn.row) * ROW));
            }
            top = end;
        }
        prop_assert_eq!(rows.height(), top);
    }
}
