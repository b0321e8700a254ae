//! The log store as a whole, on a real disk.

mod paging;

use std::fs::{self, OpenOptions};
use std::io::Write;

use pilothouse_wire::logs::LogLine;
use tempfile::TempDir;

use super::segments::SEGMENT;
use super::*;

const NANOS: i64 = 1_000_000_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Lines of the year 1970 are kept, and none is dropped for want of room.
const ALL: Retention = Retention {
    bytes: 256 * 1024 * 1024,
    age: Duration::from_secs(100 * 365 * DAY.as_secs()),
};

fn line(engine_id: &str, nanos: i64, message: impl Into<String>) -> StoredLine {
    StoredLine {
        service_id: "service".to_owned(),
        engine_id: engine_id.to_owned(),
        instance: "web.0".to_owned(),
        nanos,
        stream: LogStream::Stdout,
        message: message.into(),
    }
}

fn open(folder: &TempDir) -> LogStore {
    LogStore::open(folder.path(), ALL).unwrap()
}

async fn messages(store: &LogStore, query: LogQuery) -> Vec<String> {
    let logs = store.read("service", query).await.unwrap();
    let lines = logs.lines.iter();
    lines.map(|line| line.message.clone()).collect()
}

fn limit(limit: u32) -> Option<LogLimit> {
    Some(LogLimit::new(u64::from(limit)).unwrap())
}

#[tokio::test]
async fn the_newest_lines_win_and_come_oldest_first() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    for number in 0..10 {
        store
            .append(line("a", number * NANOS, format!("line {number}")))
            .await;
    }
    let query = LogQuery {
        limit: limit(2),
        ..LogQuery::default()
    };
    let logs = store.read("service", query).await.unwrap();
    assert!(logs.truncated);
    let told: Vec<_> = logs
        .lines
        .iter()
        .map(|line| line.message.as_str())
        .collect();
    assert_eq!(told, ["line 8", "line 9"]);
    let query = LogQuery {
        filter: Some("LINE".to_owned()),
        ..LogQuery::default()
    };
    assert!(messages(&store, query).await.is_empty());
    let at = |second| Some(DateTime::from_timestamp(second, 0).unwrap());
    let query = LogQuery {
        window: Window {
            start: at(3),
            end: at(5),
            ..Window::default()
        },
        ..LogQuery::default()
    };
    assert_eq!(messages(&store, query).await, ["line 3", "line 4"]);
}

#[tokio::test]
async fn a_torn_tail_costs_only_what_it_tore() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    store.append(line("a", NANOS, "kept")).await;
    store.append(line("a", NANOS + 1, "torn")).await;
    store.flush().await;
    drop(store);
    let file = folder.path().join("service/00000001.log");
    let size = fs::metadata(&file).unwrap().len();
    OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(size - 3)
        .unwrap();

    let store = open(&folder);
    assert_eq!(messages(&store, LogQuery::default()).await, ["kept"]);
    let cursor = store.cursor("service", "a").await.unwrap();
    assert_eq!(
        cursor,
        Some(Cursor {
            second: 1,
            stored: 1,
            ahead: None,
        })
    );
    store.append(line("a", NANOS + 1, "again")).await;
    assert_eq!(
        messages(&store, LogQuery::default()).await,
        ["kept", "again"]
    );
}

#[tokio::test]
async fn zeros_that_a_power_loss_left_are_cut_off() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    store.append(line("a", 1, "kept")).await;
    store.flush().await;
    drop(store);
    let file = folder.path().join("service/00000001.log");
    OpenOptions::new()
        .append(true)
        .open(&file)
        .unwrap()
        .write_all(&[0; 100])
        .unwrap();
    let store = open(&folder);
    store.append(line("a", 2, "new")).await;
    assert_eq!(messages(&store, LogQuery::default()).await, ["kept", "new"]);
}

#[tokio::test]
async fn cursors_outlive_the_segments_that_they_speak_of() {
    let folder = TempDir::new().unwrap();
    let limit = 3 * SEGMENT;
    let retention = Retention {
        bytes: limit,
        ..ALL
    };
    let store = LogStore::open(folder.path(), retention).unwrap();
    store.append(line("silent", 5 * NANOS, "first")).await;
    let long = "x".repeat(1024 * 1024);
    for number in 0..100 {
        store
            .append(line("loud", 6 * NANOS + number, long.clone()))
            .await;
    }
    store.flush().await;
    let files: Vec<_> = fs::read_dir(folder.path().join("service"))
        .unwrap()
        .collect();
    let size: u64 = files
        .iter()
        .map(|file| file.as_ref().unwrap().metadata().unwrap().len())
        .sum();
    assert!(size <= limit + SEGMENT, "{size}");
    assert!(!folder.path().join("service/00000001.log").exists());
    drop(store);
    let store = LogStore::open(folder.path(), retention).unwrap();
    let cursor = |engine_id| store.cursor("service", engine_id);
    assert_eq!(
        cursor("silent").await.unwrap(),
        Some(Cursor {
            second: 5,
            stored: 1,
            ahead: None,
        })
    );
    assert_eq!(
        cursor("loud").await.unwrap(),
        Some(Cursor {
            second: 6,
            stored: 100,
            ahead: None,
        })
    );
    assert_eq!(cursor("new").await.unwrap(), None);
}

#[tokio::test]
async fn removed_lines_are_gone_from_the_disk() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    store.append(line("a", 1, "gone")).await;
    store.remove("service").await;
    assert!(!folder.path().join("service").exists());
    assert!(messages(&store, LogQuery::default()).await.is_empty());
}

#[tokio::test]
async fn the_last_line_is_the_instances_own() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    store.append(line("a", 1, "fatal: no configuration")).await;
    store.append(line("a", 2, "  ")).await;
    store.append(line("b", 3, "fine")).await;
    let last = store.last_line("service", "a").await.unwrap();
    assert_eq!(last.as_deref(), Some("fatal: no configuration"));
    assert_eq!(store.last_line("service", "c").await.unwrap(), None);
}

#[tokio::test]
async fn lines_are_told_no_more_when_their_time_is_over() {
    let folder = TempDir::new().unwrap();
    let retention = Retention {
        age: 10 * DAY,
        ..ALL
    };
    let ago = |days: u32| {
        let then = Utc::now() - days * DAY;
        then.timestamp_nanos_opt().unwrap()
    };
    let store = LogStore::open(folder.path(), retention).unwrap();
    store.append(line("a", ago(12), "too old already")).await;
    store.append(line("a", ago(9), "old")).await;
    assert_eq!(messages(&store, LogQuery::default()).await, ["old"]);
    drop(store);
    let first = folder.path().join("service/00000001.log");

    // One whose lines go back this far is closed with the next line.
    let store = LogStore::open(folder.path(), retention).unwrap();
    store.append(line("a", ago(0), "new")).await;
    assert_eq!(messages(&store, LogQuery::default()).await, ["old", "new"]);
    assert!(first.exists() && folder.path().join("service/00000002.log").exists());
}

#[tokio::test]
async fn windows_of_any_kind_have_an_outcome() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    store.append(line("a", NANOS, "then")).await;
    let now = Utc::now().timestamp_nanos_opt().unwrap();
    store.append(line("a", now, "now")).await;
    let instant = |text: &str| Some(text.parse().unwrap());
    let between = |start, end| Window {
        since: None,
        start,
        end,
    };
    let cases = [
        (between(instant("2200-01-01T00:00:00Z"), None), vec![]),
        // Beyond what nanoseconds can say.
        (between(instant("9999-01-01T00:00:00Z"), None), vec![]),
        (between(None, instant("0001-01-01T00:00:00Z")), vec![]),
        (
            between(
                instant("0001-01-01T00:00:00Z"),
                instant("9999-01-01T00:00:00Z"),
            ),
            vec!["then", "now"],
        ),
        (Window::last("31536000".parse().unwrap()), vec!["now"]),
        (
            between(
                instant("1970-01-01T00:00:01Z"),
                instant("1970-01-01T00:00:01.000000001Z"),
            ),
            vec!["then"],
        ),
        (
            between(
                instant("2026-01-01T00:00:00Z"),
                instant("2025-01-01T00:00:00Z"),
            ),
            vec![],
        ),
    ];
    for (window, expected) in cases {
        let query = LogQuery {
            window,
            ..LogQuery::default()
        };
        assert_eq!(messages(&store, query).await, expected, "{window:?}");
    }
}

#[tokio::test]
async fn lines_of_a_clock_that_was_ahead_are_not_the_newest() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let now = Utc::now().timestamp_nanos_opt().unwrap();
    let year = 365 * 24 * 60 * 60 * NANOS;
    store.append(line("a", now + year, "ahead")).await;
    store.append(line("a", now, "now")).await;
    store
        .append(line("a", now + 30 * NANOS, "almost now"))
        .await;
    for window in [Window::default(), Window::last("60".parse().unwrap())] {
        let query = LogQuery {
            window,
            limit: limit(2),
            ..LogQuery::default()
        };
        assert_eq!(messages(&store, query).await, ["now", "almost now"]);
    }
    let seen = store.read("service", LogQuery::default()).await.unwrap();
    // They are there for who asks for them, or sees them come.
    let end = DateTime::from_timestamp_nanos(now + 2 * year);
    let query = LogQuery {
        window: Window {
            end: Some(end),
            ..Window::default()
        },
        ..LogQuery::default()
    };
    assert_eq!(messages(&store, query).await.len(), 3);
    store.append(line("a", now + year, "comes")).await;
    let mut query = LogQuery::default();
    query.page.after = seen.newer.clone();
    assert_eq!(messages(&store, query).await, ["comes"]);
}

#[tokio::test]
async fn an_answer_with_too_much_text_ends_early_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let long = "x".repeat(1024 * 1024);
    for number in 0..150 {
        store
            .append(line("a", number, format!("{number} {long}")))
            .await;
    }
    let mut query = LogQuery::default();
    let mut numbers: Vec<u32> = Vec::new();
    loop {
        let logs = store.read("service", query.clone()).await.unwrap();
        let text: usize = logs.lines.iter().map(|line| line.message.len()).sum();
        assert!(text <= 64 * 1024 * 1024, "{text}");
        let number = |line: &LogLine| -> u32 {
            let number = line.message.split(' ').next().unwrap();
            number.parse().unwrap()
        };
        numbers.extend(logs.lines.iter().rev().map(number));
        assert_eq!(logs.truncated, logs.older.is_some());
        query.page.before = logs.older.clone();
        if query.page.before.is_none() {
            break;
        }
    }
    let expected: Vec<u32> = (0..150).rev().collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn what_is_not_sent_yet_holds_its_room_and_no_more() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    for number in 0..70 {
        store
            .append(line("a", number, "x".repeat(1024 * 1024)))
            .await;
    }
    store.append(line("a", 100, "small")).await;
    let of = async |lines: u32| {
        let query = LogQuery {
            limit: limit(lines),
            ..LogQuery::default()
        };
        store.read("service", query).await.unwrap()
    };
    let waits = async || {
        let next = timeout(Duration::from_millis(200), of(1)).await;
        next.is_err()
    };
    let mut small = Vec::new();
    for _ in 0..20 {
        small.push(of(1).await);
    }
    assert!(store.answers.available_permits() > ANSWERS - 20 * 200);
    let mut large = Vec::new();
    for _ in 0..4 {
        large.push(of(100).await);
    }
    assert!(waits().await);
    let (logs, room) = large.pop().unwrap().into_parts();
    drop(logs);
    assert!(waits().await);
    drop(room);
    assert!(!waits().await);
    drop((large, small));
    assert_eq!(store.answers.available_permits(), ANSWERS);
}

#[tokio::test]
async fn a_made_up_place_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    for field in ["before", "after"] {
        let cursor = Some("yesterday".parse().unwrap());
        let mut query = LogQuery::default();
        match field {
            "before" => query.page.before = cursor,
            _ => query.page.after = cursor,
        }
        let error = store.read("service", query).await.unwrap_err();
        assert!(matches!(error, LogError::NoPlace { field: told } if told == field));
    }
}
