//! Lines on their way from real containers to the API: none is lost and none comes twice, whatever
//! is killed meanwhile.

use std::collections::BTreeMap;

use pilothouse::engine::RunState;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::away::{Service, Way};
use crate::bench::{Bench, text};
use crate::containers::sample;

/// What each of the instances writes, at which rate a second.
const LINES: usize = 66_667;
const RATE: u32 = 4_000;
const INSTANCES: usize = 3;
/// What is in each numbered line, and in no other.
const WORDS: &str = "of the log intake test";

/// The number of a line like `line 000017 of the log intake test`.
fn number(message: &str) -> usize {
    let number = message.split(' ').nth(1);
    number.and_then(|number| number.parse().ok()).unwrap()
}

/// Whether some instance's line of this number is stored.
fn has_line(bench: &Bench, number: usize) -> (usize, bool) {
    let query = format!("web/logs?limit=10&filter=line%20{number:06}%20of");
    let (_, logs) = bench.service("GET", &query, &Value::Null);
    let count = logs["lines"].as_array().map_or(0, Vec::len);
    (count, count > 0)
}

/// How far the number of a line may be below that of one before it: of what Podman leaves out at first it
/// tells the second alone, so that it stands at the end of what was written in that.
const OUT_OF_ORDER: usize = 8_000;

/// Whether lines are in order, as far as the engine tells.
fn are_in_order(numbers: &[usize]) -> bool {
    let mut last = 0;
    numbers.iter().all(|number| {
        last = last.max(*number);
        last - number <= OUT_OF_ORDER
    })
}

/// The numbers of all stored lines by instance, in the order of the log, read page by page.
fn stored(bench: &Bench) -> BTreeMap<String, Vec<usize>> {
    let mut newest_first: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let words = WORDS.replace(' ', "%20");
    let mut before = String::new();
    loop {
        let query = format!("web/logs?limit=30000&filter={words}{before}");
        let (status, logs) = bench.service("GET", &query, &Value::Null);
        assert_eq!(status, 200, "{logs}");
        for line in logs["lines"].as_array().unwrap().iter().rev() {
            let numbers = newest_first.entry(text(&line["instance"])).or_default();
            numbers.push(number(&text(&line["message"])));
        }
        match logs["older"].as_str() {
            Some(older) => before = format!("&before={older}"),
            None => break,
        }
    }
    newest_first
        .values_mut()
        .for_each(|numbers| numbers.reverse());
    newest_first
}

/// How many lines the container wrote whose successor in the slot then wrote all: those numbers are
/// there twice, and every other once.
fn written_before(label: &str, numbers: &[usize]) -> Result<usize, String> {
    let mut times = vec![0; LINES];
    for number in numbers {
        times[number - 1] += 1;
    }
    let before = times.iter().take_while(|times| **times == 2).count();
    let after = times.iter().enumerate().skip(before);
    let odd = after.filter(|(_, times)| **times != 1);
    let odd: Vec<_> = odd.map(|(index, times)| (index + 1, *times)).collect();
    match (odd.first(), odd.last()) {
        (Some(first), Some(last)) => Err(format!(
            "{label}: {before} lines, then {} numbers not once, but these so often: {first:?} … {last:?}",
            odd.len(),
        )),
        _ => Ok(before),
    }
}

/// Kills an instance, and counts the lines that it had written by then.
fn written_by(bench: &Bench, id: &str) -> usize {
    bench.kill_instance(id);
    bench.wait_for("its end", || {
        let mut real = bench.real().into_iter();
        let state = real.find(|one| one.id == id).map(|one| one.state);
        let ended = matches!(state, Some(RunState::Exited { .. }));
        (state, ended)
    });
    let written = bench.written(id);
    written.iter().filter(|line| line.contains(WORDS)).count()
}

#[test]
fn of_200_000_lines_none_is_lost_and_none_comes_twice() {
    let way = Way::to_engine();
    let mut bench = Bench::containers(Some(way.address.clone()));
    let mut body = sample(INSTANCES);
    body["env"] = json!({"LOG_RATE": RATE.to_string(), "LOG_LINES": LINES.to_string()});
    bench.create(&body);
    let id = |bench: &Bench, label: &str| {
        let mut real = bench.real().into_iter();
        real.find(|one| one.slot.label() == label).unwrap().id
    };

    bench.wait_for("the first lines", || has_line(&bench, 5_000));
    bench.kill();
    bench.start_again();
    bench.wait_for("lines after the kill", || has_line(&bench, 15_000));

    way.cut();
    bench.wait("the cut to be noticed", |status| {
        status["state"] == "degraded"
    });
    way.mend();
    bench.wait_for("lines after the cut", || has_line(&bench, 25_000));

    // An instance is killed while its lines are read: its last ones are still on their way …
    bench.signal(Signal::STOP);
    let read = written_by(&bench, &id(&bench, "web.1"));
    bench.signal(Signal::CONT);
    bench.wait_for("lines after it", || has_line(&bench, 35_000));

    // … and another while nobody reads them.
    bench.kill();
    let unread = written_by(&bench, &id(&bench, "web.2"));
    bench.start_again();

    let last = format!("web/logs?filter=line%20{LINES:06}%20of");
    bench.wait_for("the last lines", || {
        let (_, logs) = bench.service("GET", &last, &Value::Null);
        let count = logs["lines"].as_array().map_or(0, Vec::len);
        (count, count == INSTANCES)
    });
    assert!(read >= 24_000, "{read}");
    let expected = ["web.0", "web.1", "web.2"].map(str::to_owned);
    let expected: Vec<_> = expected.into_iter().zip([0, read, unread]).collect();
    // What the engine left out is missed once nothing comes any more.
    bench
        .wait_for("each line once", || {
            let stored = stored(&bench);
            assert!(are_in_order(&stored["web.0"]));
            let before = |(label, numbers): (&String, &Vec<usize>)| {
                Ok::<_, String>((label.clone(), written_before(label, numbers)?))
            };
            let before: Result<Vec<_>, _> = stored.iter().map(before).collect();
            let is_whole = before.as_ref() == Ok(&expected);
            (before, is_whole)
        })
        .unwrap();
}

#[test]
fn an_engine_that_is_started_again_costs_no_line() {
    let Some(mut engine) = Service::start() else {
        // Docker's daemon is no process of this test's to kill.
        return;
    };
    const FEWER: usize = 30_000;
    let mut bench = Bench::containers(Some(engine.address()));
    let mut body = sample(2);
    body["env"] = json!({"LOG_RATE": "3000", "LOG_LINES": FEWER.to_string()});
    bench.create(&body);
    bench.wait_for("the first lines", || has_line(&bench, 3_000));
    engine.kill();
    bench.wait("the words", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        message.contains("the container engine does not answer")
    });
    engine.start_again();
    let last = format!("web/logs?filter=line%20{FEWER:06}%20of");
    bench.wait_for("the last lines", || {
        let (_, logs) = bench.service("GET", &last, &Value::Null);
        let count = logs["lines"].as_array().map_or(0, Vec::len);
        (count, count == 2)
    });
    bench.wait_for("each line once", || {
        let stored = stored(&bench);
        assert_eq!(stored.len(), 2);
        let odd = stored.into_iter().find(|(_, numbers)| {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            !are_in_order(numbers) || !sorted.into_iter().eq(1..=FEWER)
        });
        let odd = odd.map(|(label, numbers)| (label, numbers.len()));
        let is_whole = odd.is_none();
        (odd, is_whole)
    });
}
