//! Logs and access logs, in their windows and page by page: those of a service that runs, and of one
//! at rest, whose lines are written as its intake would.

use std::ops::Range;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pilothouse::logs::{LogStore, Retention, StoredLine};
use pilothouse_wire::access::AccessRow;
use pilothouse_wire::logs::LogStream;
use serde_json::{Value, json};

use crate::client::Api;

const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";
/// So many lines share an instant.
const SHARED: usize = 40;

/// A service that runs nothing, and where its lines are stored.
struct Quiet {
    api: Api,
    id: String,
    begun: DateTime<Utc>,
}

impl Quiet {
    async fn new() -> Self {
        let api = Api::with_shop().await;
        let service = json!({"name": "api", "image": "shop:1", "instances": 0});
        let made = api.post(W, service).await.is(201).data();
        Self {
            api,
            id: made["id"].as_str().unwrap().to_owned(),
            begun: Utc::now() - TimeDelta::hours(1),
        }
    }

    /// When the line of this number was written: many share an instant.
    fn instant(&self, number: usize) -> DateTime<Utc> {
        let second = i64::try_from(number / SHARED).unwrap();
        self.begun + TimeDelta::seconds(second)
    }

    fn store(&self, folder: &str) -> LogStore {
        LogStore::open(&self.api.folder.path().join(folder), Retention::default()).unwrap()
    }

    fn line(&self, at: DateTime<Utc>, message: String) -> StoredLine {
        StoredLine {
            service_id: self.id.clone(),
            engine_id: "container".to_owned(),
            instance: "web.0".to_owned(),
            nanos: at.timestamp_nanos_opt().unwrap(),
            stream: LogStream::Stdout,
            message,
        }
    }

    async fn write(&self, numbers: Range<usize>) {
        let store = self.store("logs");
        for number in numbers {
            let line = self.line(self.instant(number), format!("line {number}"));
            store.append(line).await;
        }
        store.flush().await;
    }

    async fn visit(&self, numbers: Range<usize>) {
        let store = self.store("access");
        for number in numbers {
            let row = AccessRow {
                timestamp: self.instant(number),
                method: if number.is_multiple_of(2) {
                    "GET"
                } else {
                    "POST"
                }
                .to_owned(),
                path: format!("/v1/items/{number}"),
                host: "api.example.com".to_owned(),
                status: if number.is_multiple_of(3) { 404 } else { 200 },
                duration_ms: 1.5,
                bytes_in: 0,
                bytes_out: 2,
                client: "127.0.0.1".to_owned(),
                instance: "web.0".to_owned(),
                request_id: String::new(),
            };
            let row = serde_json::to_string(&row).unwrap();
            store.append(self.line(self.instant(number), row)).await;
        }
        store.flush().await;
    }

    /// All of an answer's pages, each as the list of its numbers, and the first answer.
    async fn pages(
        &self,
        address: &str,
        numbers: impl Fn(&Value) -> Vec<usize>,
    ) -> (Vec<Vec<usize>>, Value) {
        let first = self.api.get(address).await.is(200).data();
        let mut pages = vec![numbers(&first)];
        let mut last = first.clone();
        while let Some(older) = last["older"].as_str() {
            assert_eq!(last["truncated"], true);
            let address = format!("{address}&before={older}");
            last = self.api.get(&address).await.is(200).data();
            assert_eq!(last.get("newer"), None);
            pages.push(numbers(&last));
        }
        assert_eq!(last["truncated"], false);
        (pages, first)
    }
}

fn line_numbers(logs: &Value) -> Vec<usize> {
    let lines = logs["lines"].as_array().unwrap();
    let messages = lines.iter().map(|line| line["message"].as_str().unwrap());
    messages
        .map(|message| message["line ".len()..].parse().unwrap())
        .collect()
}

fn row_numbers(logs: &Value) -> Vec<usize> {
    let rows = logs["rows"].as_array().unwrap();
    let paths = rows.iter().map(|row| row["path"].as_str().unwrap());
    paths
        .map(|path| path["/v1/items/".len()..].parse().unwrap())
        .collect()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(crate) async fn pages_neither_skip_nor_repeat_lines_of_one_instant() {
    let quiet = Quiet::new().await;
    quiet.write(0..1_000).await;
    let window = format!(
        "start={}&end={}",
        text(quiet.instant(200)),
        text(quiet.instant(800))
    );
    for at in [W, E] {
        let logs = format!("{at}/api/logs");
        for (query, expected) in [
            ("limit=7".to_owned(), (0..1_000).collect::<Vec<_>>()),
            ("limit=1000".to_owned(), (0..1_000).collect()),
            (format!("limit=33&{window}"), (200..800).collect()),
            (
                "limit=9&filter=7".to_owned(),
                (0..1_000).filter(|n| n.to_string().contains('7')).collect(),
            ),
        ] {
            let (pages, _) = quiet.pages(&format!("{logs}?{query}"), line_numbers).await;
            let lines: Vec<usize> = pages.into_iter().rev().flatten().collect();
            assert_eq!(lines, expected, "{query}");
        }
    }
    quiet.api.app.close().await;
}

pub(crate) async fn a_client_that_knows_the_window_alone_misses_no_line() {
    let quiet = Quiet::new().await;
    quiet.write(0..1_000).await;
    for limit in [SHARED, SHARED + 1, 3 * SHARED - 1, 1_000] {
        let (mut end, mut numbers) = (String::new(), Vec::new());
        loop {
            let address = format!("{W}/api/logs?limit={limit}{end}");
            let logs = quiet.api.get(&address).await.is(200).data();
            let page = line_numbers(&logs);
            assert!(!page.is_empty() && page.len() <= limit, "{logs}");
            numbers.extend(page.into_iter().rev());
            if logs["truncated"] == false {
                break;
            }
            end = format!("&end={}", logs["lines"][0]["timestamp"].as_str().unwrap());
        }
        assert_eq!(numbers, (0..1_000).rev().collect::<Vec<_>>(), "{limit}");
    }
    // An instant with more lines than the limit goes on by its cursor alone.
    let logs = format!("{W}/api/logs?limit={}", SHARED - 1);
    let (pages, first) = quiet.pages(&logs, line_numbers).await;
    assert_eq!(line_numbers(&first).len(), SHARED - 1);
    assert_eq!(pages.concat().len(), 1_000);
    quiet.api.app.close().await;
}

pub(crate) async fn what_is_followed_is_told_once_even_if_it_comes_late() {
    let quiet = Quiet::new().await;
    let none = quiet.api.get(&format!("{E}/api/logs")).await.is(200).data();
    assert_eq!(none, json!({"lines": [], "truncated": false}));
    quiet.write(0..100).await;
    for (round, at) in [W, E].into_iter().enumerate() {
        let logs = format!("{at}/api/logs?limit=30");
        let first = quiet.api.get(&logs).await.is(200).data();
        let newer = first["newer"].as_str().unwrap().to_owned();
        let nothing = quiet.api.get(&format!("{logs}&after={newer}")).await.data();
        assert_eq!(
            (line_numbers(&nothing), &nothing["newer"]),
            (vec![], &json!(newer))
        );

        // An instance whose lines come an hour late.
        let late = 50 * round..50 * round + 50;
        let store = quiet.store("logs");
        for number in late.clone() {
            let then = quiet.begun - TimeDelta::hours(1);
            store
                .append(quiet.line(then, format!("line {number}")))
                .await;
        }
        store.flush().await;
        let older = first["older"].as_str().unwrap();
        let old = quiet
            .api
            .get(&format!("{at}/api/logs?before={older}"))
            .await
            .data();
        let held = 100 - line_numbers(&first).len() + 50 * round;
        assert_eq!(line_numbers(&old).len(), held, "late lines are no old page");
        let (pages, new) = quiet
            .pages(&format!("{logs}&after={newer}"), line_numbers)
            .await;
        let lines: Vec<usize> = pages.into_iter().rev().flatten().collect();
        assert_eq!(lines, late.collect::<Vec<_>>());
        assert_ne!(new["newer"], json!(newer));
    }
    quiet.api.app.close().await;
}

pub(crate) async fn rows_of_one_instant_are_paged_newest_first() {
    let quiet = Quiet::new().await;
    quiet.visit(0..500).await;
    for at in [W, E] {
        let rows = format!("{at}/api/access-logs");
        let window = format!("start={}", text(quiet.instant(400)));
        let is_fit = |number: &usize| number.is_multiple_of(2) && number.is_multiple_of(3);
        for (query, expected) in [
            ("limit=7".to_owned(), (0..500).rev().collect::<Vec<_>>()),
            (
                "limit=7&status=4xx&method=GET".to_owned(),
                (0..500).rev().filter(is_fit).collect(),
            ),
            (format!("limit=3&{window}"), (400..500).rev().collect()),
            (
                "limit=5&path_contains=items/1".to_owned(),
                (0..500)
                    .rev()
                    .filter(|n| n.to_string().starts_with('1'))
                    .collect(),
            ),
        ] {
            let (pages, first) = quiet.pages(&format!("{rows}?{query}"), row_numbers).await;
            assert_eq!(pages.concat(), expected, "{query}");
            assert!(first["newer"].is_string());
        }
    }
    let (_, first) = quiet
        .pages(&format!("{E}/api/access-logs?limit=100"), row_numbers)
        .await;
    quiet.visit(500..510).await;
    let newer = first["newer"].as_str().unwrap();
    let address = format!("{E}/api/access-logs?limit=100&after={newer}");
    let new = quiet.api.get(&address).await.is(200).data();
    assert_eq!(row_numbers(&new), (500..510).rev().collect::<Vec<_>>());
    quiet.api.app.close().await;
}

pub(crate) async fn lines_hold_anything_and_queries_have_bounds() {
    let quiet = Quiet::new().await;
    let store = quiet.store("logs");
    let odd = "10%\r20%\r \u{1b}[31mred\u{1b}[0m \0 \u{fffd} \u{8} \u{1f600}";
    let long = "x".repeat(1024 * 1024);
    for message in [odd, long.as_str(), ""] {
        store
            .append(quiet.line(Utc::now(), message.to_owned()))
            .await;
    }
    store.flush().await;
    let filter = "f".repeat(10 * 1024);
    for at in [W, E] {
        let get = |query: &str| quiet.api.get(&format!("{at}/api/logs?{query}"));
        let all = get("").await.is(200).data();
        let lines = all["lines"].as_array().unwrap();
        let messages: Vec<&str> = lines
            .iter()
            .map(|line| line["message"].as_str().unwrap())
            .collect();
        assert_eq!(messages, [odd, long.as_str(), ""]);
        let found = get("filter=%1B%5B31m").await.is(200).data();
        assert_eq!(found["lines"].as_array().unwrap().len(), 1);

        let empty = [
            "start=2999-01-01T00:00:00Z&end=2999-01-02T00:00:00Z",
            "start=9999-01-01T00:00:00Z",
            "end=0001-01-01T00:00:00Z",
            "start=2020-01-01T00:00:00Z&end=2021-01-01T00:00:00Z",
        ];
        for query in empty {
            let none = get(query).await.is(200).data();
            assert_eq!(none["lines"], json!([]), "{query}");
            assert_eq!(none["truncated"], false, "{query}");
        }
        let year = get("since=31536000").await.is(200).data();
        assert_eq!(year["lines"].as_array().unwrap().len(), 3);
        for (query, field) in [
            (format!("filter={filter}"), "filter"),
            (
                "start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z".to_owned(),
                "start",
            ),
            ("before=yesterday".to_owned(), "before"),
            ("after=1.2.3.4".to_owned(), "after"),
            ("after=".to_owned(), "after"),
        ] {
            let got = get(&query).await.fails(422, "invalid");
            assert!(got.fault(field).len() > 10, "{field}");
        }
        let got = quiet
            .api
            .get(&format!("{at}/api/access-logs?before=yesterday"))
            .await;
        got.fails(422, "invalid").fault("before");
    }
    quiet.api.app.close().await;
}

pub(crate) async fn they_keep_to_their_window() {
    let api = Api::with_shop().await;
    api.post(W, json!({"name": "api", "image": "nginx", "instances": 2}))
        .await
        .is(201);
    for at in [W, E] {
        let logs = format!("{at}/api/logs");
        let some = |logs: &Value| logs["lines"].as_array().unwrap().len() >= 3;
        let all = api.until(&logs, some).await;
        let lines = all["lines"].as_array().unwrap();
        let times: Vec<&str> = lines
            .iter()
            .map(|l| l["timestamp"].as_str().unwrap())
            .collect();
        assert!(times.is_sorted());
        let newest = api.get(&format!("{logs}?limit=1")).await.is(200).data();
        assert_eq!(newest["lines"].as_array().unwrap().len(), 1);
        assert_eq!(newest["truncated"], true);
        let filter = "listening";
        let found = api
            .get(&format!("{logs}?filter={filter}&since=3600"))
            .await
            .is(200)
            .data();
        let found = found["lines"].as_array().unwrap().clone();
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|l| l["message"].as_str().unwrap().contains(filter))
        );
        let none = "?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z";
        let none = api.get(&format!("{logs}{none}")).await.is(200).data();
        assert_eq!(
            (&none["lines"], &none["truncated"]),
            (&json!([]), &json!(false))
        );
        let none = api
            .get(&format!("{logs}?filter=LISTENING"))
            .await
            .is(200)
            .data();
        assert_eq!(none["lines"], json!([]));
    }
}
