//! A known load on real containers: what metrics and access log tell of it is what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::{Bench, request, text};
use crate::containers::sample;

/// Requests of each kind: enough that those which wait are more than one in twenty.
const PLAIN: usize = 240;
const FAILING: usize = 40;
const WAITING: usize = 40;
const WAIT: Duration = Duration::from_millis(300);
const SENDERS: usize = 8;

/// How far `latency_p95` may be from the exact percentile: a share of it.
const LATENCY_ERROR: f64 = 0.01;
/// How far `cpu_usage` may be from the processor time that was used: a share of it, since the ends of
/// a load fall into ticks with rest.
const CPU_ERROR: f64 = 0.1;
/// How far `memory_usage` may be from what was allocated, in bytes.
const MEMORY_ERROR: f64 = 4_000_000.0;

fn path_of(number: usize) -> String {
    match number % 8 {
        0 => format!("/fail?status=500&n={number}"),
        4 => format!("/slow?ms={}&n={number}", WAIT.as_millis()),
        _ => format!("/?n={number}"),
    }
}

/// Sends every request once, each on a connection of its own: how many had which status, and how
/// long each took.
fn send(bench: &Bench) -> (BTreeMap<u16, usize>, Vec<Duration>) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut sent = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= PLAIN + FAILING + WAITING {
                return sent;
            }
            let begun = Instant::now();
            let path = path_of(number);
            let answer = request(&bench.ingress, "GET", &path, "web.localhost", "", "");
            sent.push((answer.unwrap().0, begun.elapsed()));
        }
    };
    let sent: Vec<_> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(work)).collect();
        let sent = senders.into_iter().flat_map(|one| one.join().unwrap());
        sent.collect()
    });
    let mut statuses = BTreeMap::new();
    for (status, _) in &sent {
        *statuses.entry(*status).or_default() += 1;
    }
    (statuses, sent.into_iter().map(|(_, took)| took).collect())
}

/// How long a step is in which a metric is told, in seconds, and its values.
fn values(bench: &Bench, name: &str, query: &str) -> (f64, Vec<f64>) {
    let path = format!("web/metrics?names={name}&{query}");
    let (status, metrics) = bench.service("GET", &path, &Value::Null);
    assert_eq!(status, 200, "{metrics}");
    let series = &metrics[name];
    let points = series["points"].as_array().unwrap();
    let values = points.iter().map(|point| point[1].as_f64().unwrap());
    (series["step"].as_f64().unwrap(), values.collect())
}

/// When the first and the last step of a metric begin, in seconds since 1970.
fn span(bench: &Bench, name: &str) -> (f64, f64) {
    let path = format!("web/metrics?names={name}&since=600");
    let (_, metrics) = bench.service("GET", &path, &Value::Null);
    let points = metrics[name]["points"].as_array().unwrap();
    let at = |point: &Value| {
        let at = chrono::DateTime::parse_from_rfc3339(point[0].as_str().unwrap());
        at.unwrap().timestamp() as f64
    };
    (at(points.first().unwrap()), at(points.last().unwrap()))
}

/// What a rate comes to over the last ten minutes.
fn total(bench: &Bench, name: &str) -> f64 {
    let (step, values) = values(bench, name, "since=600");
    values.iter().sum::<f64>() * step
}

fn rows(bench: &Bench, query: &str) -> Vec<Value> {
    let path = format!("web/access-logs?limit=100000&{query}");
    let (status, logs) = bench.service("GET", &path, &Value::Null);
    assert_eq!(status, 200, "{logs}");
    assert_eq!(logs["truncated"], false);
    logs["rows"].as_array().unwrap().clone()
}

fn near(told: f64, exact: f64, share: f64) -> bool {
    (told - exact).abs() <= exact * share
}

/// Waits for the next day where this one is nearly over, in UTC: what is told by the day is then told in
/// one step.
fn wait_for_one_day() {
    const DAY: i64 = 24 * 60 * 60;
    while DAY - chrono::Utc::now().timestamp().rem_euclid(DAY) < 240 {
        thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn metrics_and_access_log_tell_what_was_sent() {
    wait_for_one_day();
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    bench.wait_running(2);
    let (statuses, mut took) = send(&bench);
    let all = PLAIN + FAILING + WAITING;
    assert_eq!(
        statuses,
        BTreeMap::from([(200, PLAIN + WAITING), (500, FAILING)])
    );

    // Every request is one row.
    let logged = rows(&bench, "since=600");
    let paths: BTreeSet<String> = logged.iter().map(|row| text(&row["path"])).collect();
    let sent: BTreeSet<String> = (0..all).map(path_of).collect();
    assert_eq!(logged.len(), all);
    assert_eq!(paths, sent);
    assert_eq!(rows(&bench, "status=5xx").len(), FAILING);
    assert_eq!(rows(&bench, "status=200&method=GET").len(), PLAIN + WAITING);
    let waited = rows(&bench, "path_contains=/slow");
    assert_eq!(waited.len(), WAITING);
    let duration = |row: &Value| row["duration_ms"].as_f64().unwrap() / 1_000.0;
    assert!(waited.iter().all(|row| duration(row) >= WAIT.as_secs_f64()));
    let instances: BTreeSet<String> = logged.iter().map(|row| text(&row["instance"])).collect();
    assert_eq!(
        instances,
        BTreeSet::from(["web.0".to_owned(), "web.1".to_owned()])
    );

    // Two ticks later all are sampled.
    let ticks = || values(&bench, "request_rate", "since=600").1.len();
    let before = ticks();
    bench.wait_for("two ticks", || (ticks(), ticks() >= before + 2));
    // One step of a day holds all of them: of its rates the share of errors is exact.
    let day = |name: &str| {
        let (_, values) = values(&bench, name, "since=600&step=86400");
        assert_eq!(values.len(), 1, "{values:?}");
        values[0]
    };
    let (requests, errors) = (day("request_rate"), day("error_rate"));
    let share = FAILING as f64 / all as f64;
    assert!(
        near(errors, requests * share, 1e-6),
        "{errors} of {requests}"
    );
    // And the rate counts them over the time that was watched, known to a tick at either end.
    let (first, last) = span(&bench, "request_rate");
    let (told, tick) = (all as f64 / requests, 5.0);
    let times = last - first - tick..=last - first + 3.0 * tick;
    assert!(times.contains(&told), "{told} s is not in {times:?}");

    let p95 = day("latency_p95");
    let mut exact: Vec<f64> = logged.iter().map(duration).collect();
    exact.sort_by(f64::total_cmp);
    took.sort();
    let rank = (0.95 * (all - 1) as f64) as usize;
    assert!(
        near(p95, exact[rank], LATENCY_ERROR),
        "{p95} for {}",
        exact[rank]
    );
    // The visitor's own clock saw that, and the way to ingress beside it.
    let (least, most) = (1.0 - LATENCY_ERROR, 1.0 + LATENCY_ERROR);
    let seen = WAIT.as_secs_f64() * least..=took[rank].as_secs_f64() * most;
    assert!(seen.contains(&p95), "{p95} is not in {seen:?}");
}

/// Asks the one instance of `web` for something.
fn ask(bench: &Bench, path: &str) -> String {
    let (status, answer) = request(&bench.ingress, "GET", path, "web.localhost", "", "").unwrap();
    assert_eq!(status, 200, "{answer}");
    answer
}

#[test]
fn processor_and_memory_are_what_was_used() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(1));
    bench.wait_running(1);
    let last = |name: &str| values(&bench, name, "since=600").1.last().copied();
    // A rate takes two readings, and the load begins after them.
    bench.wait_for("a reading", || {
        (last("cpu_usage"), last("cpu_usage").is_some())
    });
    let rest = last("memory_usage").unwrap();
    let before = total(&bench, "cpu_usage");

    ask(&bench, "/allocate?mb=64");
    let used: f64 = (0..2)
        .map(|_| {
            let told = ask(&bench, "/spin?ms=8000");
            let (_, used) = told.rsplit_once(", ").unwrap();
            used.split(' ').next().unwrap().parse::<f64>().unwrap() / 1_000.0
        })
        .sum();
    let used = used + before;
    bench.wait_for("the processor time", || {
        let told = total(&bench, "cpu_usage");
        (told, near(told, used, CPU_ERROR))
    });
    let grown = last("memory_usage").unwrap() - rest;
    assert!((grown - 64e6).abs() <= MEMORY_ERROR, "{grown}");

    ask(&bench, "/allocate?mb=0");
    bench.wait_for("the memory to be given back", || {
        let left = last("memory_usage").unwrap() - rest;
        (left, left.abs() <= MEMORY_ERROR)
    });
}

#[test]
fn what_is_paused_or_deleted_leaves_a_gap_and_then_nothing() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(1));
    // Just created: there is an answer, and nothing in it yet.
    assert!(values(&bench, "latency_p95", "since=600").1.is_empty());
    bench.wait_running(1);
    let count = |name: &str| values(&bench, name, "since=600").1.len();
    bench.wait_for("a reading", || {
        (count("memory_usage"), count("memory_usage") > 1)
    });

    let (status, answer) = bench.service("POST", "web/scale", &json!({"instances": 0}));
    assert_eq!(status, 202, "{answer}");
    bench.wait("the pause", |status| status["state"] == "paused");
    let answer = request(&bench.ingress, "GET", "/", "web.localhost", "", "").unwrap();
    assert_eq!(answer.0, 503);
    // Two ticks later nothing more was measured of instances, while ingress counts on.
    let requests = count("request_rate");
    bench.wait_for("two ticks", || {
        (requests, count("request_rate") >= requests + 2)
    });
    let measured = count("memory_usage");
    let requests = count("request_rate");
    bench.wait_for("two ticks", || {
        (requests, count("request_rate") >= requests + 2)
    });
    assert_eq!(count("memory_usage"), measured);
    assert_eq!(rows(&bench, "status=503").len(), 1);

    assert_eq!(bench.service("DELETE", "web", &Value::Null).0, 200);
    for rest in ["web/metrics", "web/access-logs"] {
        assert_eq!(bench.service("GET", rest, &Value::Null).0, 404);
    }
}
