//! The log store as a whole, on a real disk.

use std::fs::{self, OpenOptions};
use std::io::Write;

use tempfile::TempDir;

use super::segments::SEGMENT;
use super::*;

const NANOS: i64 = 1_000_000_000;

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
    LogStore::open(folder.path(), DEFAULT_LIMIT).unwrap()
}

async fn messages(store: &LogStore, query: LogQuery) -> Vec<String> {
    let logs = store.read("service", query).await.unwrap();
    logs.lines.into_iter().map(|line| line.message).collect()
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
    let at = |second| Some(chrono::DateTime::from_timestamp(second, 0).unwrap());
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
            stored: 1
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
    let store = LogStore::open(folder.path(), limit).unwrap();
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
    let store = LogStore::open(folder.path(), limit).unwrap();
    let cursor = |engine_id| store.cursor("service", engine_id);
    assert_eq!(
        cursor("silent").await.unwrap(),
        Some(Cursor {
            second: 5,
            stored: 1
        })
    );
    assert_eq!(
        cursor("loud").await.unwrap(),
        Some(Cursor {
            second: 6,
            stored: 100
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
