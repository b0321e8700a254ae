//! Pages against a model that sorts a list: many lines of one instant, stored out of order and over
//! many segments, while more come.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ops::Range;

use pilothouse_wire::logs::{LogCursor, LogStream, Logs, Page};
use pilothouse_wire::quantity::LogLimit;
use pilothouse_wire::window::Window;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::frame::{Frame, Kind};
use super::super::read::{Part, read};
use super::super::segments;
use super::super::spans::Spans;

/// What the tests filter for.
const FILTER: &str = "odd";

/// A line of the model: its instant, and its number in the order in which lines were stored.
type Line = (i64, usize);

/// A log whose segments end where a test says.
struct Log {
    folder: TempDir,
    spans: Spans,
    lines: Vec<Line>,
    segment: u32,
}

impl Log {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            spans: Spans::default(),
            lines: Vec::new(),
            segment: 1,
        }
    }

    /// Stores a line, in a new segment where it is said so.
    fn store(&mut self, nanos: i64, begins_segment: bool) {
        if begins_segment {
            self.segment += 1;
        }
        let number = self.lines.len();
        self.lines.push((nanos, number));
        let parity = if number.is_multiple_of(2) {
            "even"
        } else {
            FILTER
        };
        let mut record = Vec::new();
        Frame {
            nanos,
            source: 7,
            kind: Kind::Line(LogStream::Stdout),
            instance: b"web.0",
            rest: format!("{number} {parity}").as_bytes(),
        }
        .write(&mut record);
        let file = self.folder.path().join(format!("{:08}.log", self.segment));
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .unwrap();
        file.write_all(&record).unwrap();
    }

    fn read(&self, page: &Page, asked: &Asked) -> Logs {
        let instant = chrono::DateTime::from_timestamp_nanos;
        let window = Window::between(instant(asked.window.start), instant(asked.window.end));
        let limit = LogLimit::new(asked.limit as u64).unwrap();
        let now = instant(i64::MAX);
        let part = Part::new(&window, page, limit, now, i64::MIN).unwrap();
        let filter = asked.is_filtered.then_some(FILTER);
        let (logs, _) = read(self.folder.path(), &self.spans, &part, filter).unwrap();
        logs
    }

    /// What the window and the filter let through of some lines, in the order of the log.
    fn expected(&self, numbers: Range<usize>, asked: &Asked) -> Vec<Line> {
        let mut lines: Vec<Line> = self.lines[numbers]
            .iter()
            .filter(|(nanos, _)| asked.window.contains(nanos))
            .filter(|(_, number)| !asked.is_filtered || number % 2 == 1)
            .copied()
            .collect();
        lines.sort_unstable();
        lines
    }

    /// Every line of a part, page by page from its end; between pages `meanwhile` happens.
    fn pages(
        &mut self,
        after: Option<LogCursor>,
        asked: &Asked,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> (Vec<Line>, Option<LogCursor>) {
        let mut page = Page {
            before: None,
            after,
        };
        let (mut lines, mut newer) = (Vec::new(), None);
        loop {
            let logs = self.read(&page, asked);
            let told = told(&logs);
            assert!(told.len() <= asked.limit && told.is_sorted());
            assert_eq!(logs.truncated, logs.older.is_some());
            let is_first = page.before.is_none() && page.after.is_none();
            assert!(!logs.truncated || is_first || told.len() == asked.limit);
            assert!(!logs.truncated || !told.is_empty());
            lines.splice(0..0, told);
            if page.before.is_none() {
                newer = logs.newer;
            } else {
                assert_eq!(logs.newer, None);
            }
            page.before = logs.older;
            if page.before.is_none() {
                return (lines, newer);
            }
            meanwhile(self);
        }
    }
}

/// What is asked of a log.
#[derive(Clone, Debug)]
struct Asked {
    window: Range<i64>,
    limit: usize,
    is_filtered: bool,
}

fn told(logs: &Logs) -> Vec<Line> {
    let line = |line: &pilothouse_wire::logs::LogLine| {
        let number = line.message.split(' ').next().unwrap();
        (
            line.timestamp.timestamp_nanos_opt().unwrap(),
            number.parse().unwrap(),
        )
    };
    logs.lines.iter().map(line).collect()
}

/// Few instants, so that most are shared; now and then a new segment.
fn lines(count: Range<usize>) -> impl Strategy<Value = Vec<(i64, bool)>> {
    let line = (0..6_i64, prop::bool::weighted(0.15));
    prop::collection::vec(line, count)
}

fn asked() -> impl Strategy<Value = Asked> {
    let window = prop_oneof![
        Just(0..6_i64),
        (0..6_i64, 1..4_i64).prop_map(|(start, length)| start..start + length)
    ];
    (window, 1..9_usize, any::<bool>()).prop_map(|(window, limit, is_filtered)| Asked {
        window,
        limit,
        is_filtered,
    })
}

proptest! {
    #[test]
    fn pages_neither_skip_nor_repeat(stored in lines(0..60), asked in asked()) {
        let mut log = Log::new();
        for (nanos, begins_segment) in &stored {
            log.store(*nanos, *begins_segment);
        }
        let (lines, newer) = log.pages(None, &asked, |_| {});
        prop_assert_eq!(lines, log.expected(0..stored.len(), &asked));
        prop_assert_eq!(newer.is_some(), !stored.is_empty());
    }

    /// A client that goes on from the oldest instant, without a cursor, misses only of an instant that
    /// alone is more than its limit.
    #[test]
    fn a_page_ends_between_instants(stored in lines(1..60), asked in asked()) {
        let mut log = Log::new();
        for (nanos, begins_segment) in &stored {
            log.store(*nanos, *begins_segment);
        }
        let all = log.expected(0..stored.len(), &asked);
        let logs = log.read(&Page::default(), &asked);
        let told = told(&logs);
        let (left_out, newest) = all.split_at(all.len() - told.len());
        prop_assert_eq!(&told, newest);
        if let (Some(last), Some(first)) = (left_out.last(), told.first()) {
            let instants = told.iter().map(|(nanos, _)| nanos);
            let is_one = instants.clone().min() == instants.max();
            prop_assert!(last.0 < first.0 || (is_one && told.len() == asked.limit));
        }
    }

    /// Old pages and what is followed meanwhile hold each line just once between them.
    #[test]
    fn lines_that_come_meanwhile_are_told_once(
        stored in lines(1..40), coming in lines(0..40), asked in asked(), each in 1..4_usize,
    ) {
        let mut log = Log::new();
        for (nanos, begins_segment) in &stored {
            log.store(*nanos, *begins_segment);
        }
        let mut coming = coming.into_iter();
        let (old, newer) = log.pages(None, &asked, |log| {
            for (nanos, begins_segment) in coming.by_ref().take(each) {
                log.store(nanos, begins_segment);
            }
        });
        prop_assert_eq!(old, log.expected(0..stored.len(), &asked));
        let mut newer = newer;
        let mut read = stored.len();
        loop {
            let until = log.lines.len();
            let (new, end) = log.pages(newer.clone(), &asked, |log| {
                for (nanos, begins_segment) in coming.by_ref().take(each) {
                    log.store(nanos, begins_segment);
                }
            });
            prop_assert_eq!(new, log.expected(read..until, &asked));
            (read, newer) = (until, end);
            if read == log.lines.len() {
                break;
            }
        }
    }
}

#[test]
fn pages_go_on_when_old_segments_are_gone() {
    let mut log = Log::new();
    for number in 0..40 {
        log.store(number / 4, number % 10 == 0);
    }
    let asked = Asked {
        window: 0..100,
        limit: 15,
        is_filtered: false,
    };
    let mut dropped = false;
    let (lines, _) = log.pages(None, &asked, |log| {
        if !dropped {
            let oldest = segments::list(log.folder.path()).unwrap().remove(0);
            fs::remove_file(oldest.path).unwrap();
            dropped = true;
        }
    });
    let numbers: Vec<usize> = lines.into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, (10..40).collect::<Vec<_>>());
}
