//! Requests as they come: in order, none twice, none lost, whatever the pages.

use proptest::prelude::*;

use super::*;

/// A request with this status that took so long.
pub(in super::super) fn row(status: u16, duration_ms: f64) -> Row {
    let access = AccessRow {
        status,
        duration_ms,
        ..access(0, 0)
    };
    Row { key: 0, access }
}

/// A request at this second, told from others by its path.
pub(in super::super) fn access(second: i64, path: u32) -> AccessRow {
    AccessRow {
        timestamp: DateTime::from_timestamp(1_776_871_800 + second, 0).unwrap(),
        method: "GET".to_owned(),
        path: format!("/{path}"),
        host: String::new(),
        status: 200,
        duration_ms: 1.0,
        bytes_in: 0,
        bytes_out: 0,
        client: String::new(),
        instance: String::new(),
        request_id: String::new(),
    }
}

fn answer(rows: &[AccessRow], truncated: bool) -> AccessLogs {
    AccessLogs {
        rows: rows.iter().rev().cloned().collect(),
        truncated,
        ..AccessLogs::default()
    }
}

fn held(book: &Book) -> Vec<AccessRow> {
    book.rows()
        .iter()
        .rev()
        .map(|row| row.access.clone())
        .collect()
}

fn begun(rows: &[AccessRow]) -> Book {
    let mut book = Book::default();
    book.begin(answer(rows, false));
    book
}

#[test]
fn a_row_stays_the_same_when_it_is_told_again() {
    let rows = [access(1, 0), access(8, 1), access(8, 1), access(9, 2)];
    let mut book = begun(&rows[..3]);
    let before = book.rows().clone();
    let since = book.resume();
    assert_eq!(since, Some(access(3, 0).timestamp));
    let landing = book.follow(since, answer(&rows[1..], false), false);
    assert_eq!(landing, Landing::Changed);
    assert_eq!(held(&book), rows);
    assert_eq!(book.rows()[1..], before[..]);
    assert!(book.rows()[0].key > before[0].key);
    let landing = book.follow(since, answer(&rows[1..], false), true);
    assert_eq!(landing, Landing::Same);
}

#[test]
fn a_row_that_came_late_finds_its_place() {
    let mut book = begun(&[access(1, 0), access(8, 1)]);
    let landing = book.follow(None, answer(&[access(7, 2), access(9, 3)], false), false);
    assert_eq!(landing, Landing::Changed);
    assert_eq!(
        held(&book),
        [access(1, 0), access(7, 2), access(8, 1), access(9, 3)]
    );
    assert_eq!(book.follow(None, answer(&[], false), false), Landing::Same);
}

#[test]
fn a_gap_begins_anew_unless_somebody_reads() {
    let mut book = begun(&[access(1, 0)]);
    let newer = answer(&[access(90, 1)], true);
    assert_eq!(book.follow(None, newer.clone(), true), Landing::Behind);
    assert_eq!(held(&book), [access(1, 0)]);
    assert_eq!(book.follow(None, newer, false), Landing::Changed);
    assert_eq!(held(&book), [access(90, 1)]);
    assert!(book.is_truncated());
}

#[test]
fn no_more_is_held_than_can_be() {
    let many: Vec<AccessRow> = (0..MOST as i64).map(|second| access(second, 0)).collect();
    let mut book = begun(&many);
    let newer = answer(&[access(MOST as i64, 1)], false);
    assert_eq!(book.follow(None, newer.clone(), true), Landing::Behind);
    assert_eq!(book.follow(None, newer, false), Landing::Changed);
    assert_eq!(book.rows().len(), MOST);
    assert_eq!(held(&book).first(), Some(&access(1, 0)));
    assert!(book.is_truncated() && book.is_full());
}

#[test]
fn what_left_the_window_is_forgotten() {
    let mut book = Book::default();
    book.begin(answer(&[access(1, 0), access(2, 0), access(3, 0)], true));
    assert_eq!(book.forget_before(access(1, 0).timestamp), Landing::Same);
    assert!(book.is_truncated());
    assert_eq!(book.forget_before(access(2, 0).timestamp), Landing::Changed);
    assert_eq!(held(&book), [access(2, 0), access(3, 0)]);
    assert!(!book.is_truncated());
}

/// Requests in the order of a log, several of an instant and some of them alike.
fn log() -> impl Strategy<Value = Vec<AccessRow>> {
    proptest::collection::vec((0_i64..30, 0_u32..3), 0..60).prop_map(|mut rows| {
        rows.sort_by_key(|(second, _)| *second);
        rows.into_iter()
            .map(|(second, path)| access(second, path))
            .collect()
    })
}

proptest! {
    #[test]
    fn older_pages_bring_the_whole_log_once(log in log(), page in 1_usize..8) {
        let first = log.len().saturating_sub(page);
        let mut book = Book::default();
        book.begin(answer(&log[first..], first > 0));
        let mut pages = 0;
        while book.is_truncated() {
            let (oldest, ties) = book.oldest().unwrap();
            let end = log.partition_point(|row| row.timestamp <= oldest);
            let start = end.saturating_sub(page + ties);
            book.append(false, answer(&log[start..end], start > 0));
            pages += 1;
            prop_assert!(pages <= log.len());
        }
        prop_assert_eq!(held(&book), log);
        let mut keys: Vec<u64> = book.rows().iter().map(|row| row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), book.rows().len());
    }

    #[test]
    fn a_log_that_is_followed_is_the_log(log in log(), steps in proptest::collection::vec(0_usize..60, 0..6)) {
        let mut steps: Vec<usize> = steps.into_iter().map(|step| step.min(log.len())).collect();
        steps.sort_unstable();
        steps.push(log.len());
        let mut seen = steps[0];
        let (mut by_time, mut by_place) = (begun(&log[..seen]), begun(&log[..seen]));
        for step in steps {
            let since = by_time.resume();
            let from = since.map_or(0, |since| log.partition_point(|row| row.timestamp < since));
            let told = answer(&log[from..step], false);
            match since {
                Some(_) => {
                    by_time.follow(since, told, false);
                }
                None => by_time.begin(told),
            }
            by_place.follow(None, answer(&log[seen..step], false), false);
            seen = step;
            prop_assert_eq!(&held(&by_time), &log[..step]);
            prop_assert_eq!(&held(&by_place), &log[..step]);
        }
    }
}
