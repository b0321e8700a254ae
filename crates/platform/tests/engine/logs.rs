//! The lines of real containers.

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use pilothouse::engine::EngineLine;
use pilothouse_wire::logs::LogStream;

use crate::bench::on_bench;

#[tokio::test]
async fn both_streams_come_with_their_instants() {
    on_bench(|bench| async move {
        let before = Utc::now();
        let spec = bench.spec("echo out; echo err >&2; printf 'a\\377b\\n'; printf 'no end'");
        let instance = bench.started(&spec).await;
        let lines = bench.lines(&instance.id).await;
        let of = |stream| lines.iter().filter(move |line| line.stream == stream);
        let words = |stream| {
            of(stream)
                .map(|line| line.message.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(words(LogStream::Stdout), ["out", "a\u{fffd}b", "no end"]);
        assert_eq!(words(LogStream::Stderr), ["err"]);
        // Podman counts whole seconds.
        let from = DateTime::from_timestamp(before.timestamp(), 0).unwrap();
        assert!(
            lines
                .iter()
                .all(|line| (from..=Utc::now()).contains(&line.timestamp))
        );
    })
    .await;
}

#[tokio::test]
async fn a_long_line_stays_one_line() {
    on_bench(|bench| async move {
        let script = "head -c 100000 /dev/zero | tr '\\0' x; echo; echo after";
        let instance = bench.started(&bench.spec(script)).await;
        let messages = bench.messages(&instance.id).await;
        let lengths: Vec<usize> = messages.iter().map(String::len).collect();
        assert_eq!(lengths, [100_000, "after".len()]);
    })
    .await;
}

#[tokio::test]
async fn a_megabyte_stays_one_line_and_more_is_cut() {
    on_bench(|bench| async move {
        let line = |bytes: usize, letter: char| {
            format!("head -c {bytes} /dev/zero | tr '\\0' {letter}; echo; ")
        };
        let script = line(1024 * 1024, 'x') + &line(3_000_000, 'y') + "echo after";
        let instance = bench.started(&bench.spec(&script)).await;
        let messages = bench.messages(&instance.id).await;
        let [whole, cut, after] = messages.as_slice() else {
            panic!("{} lines", messages.len());
        };
        assert!(whole.len() == 1024 * 1024 && whole.bytes().all(|byte| byte == b'x'));
        let text = cut.strip_suffix(" … (cut at 1 MiB)").unwrap();
        assert!(text.len() == 1024 * 1024 && text.bytes().all(|byte| byte == b'y'));
        assert_eq!(after, "after");
    })
    .await;
}

#[tokio::test]
async fn control_characters_come_as_they_were_written() {
    on_bench(|bench| async move {
        let script = "printf 'a\\0b\\rc\\033[31md\\r\\n'; echo after";
        let instance = bench.started(&bench.spec(script)).await;
        let messages = bench.messages(&instance.id).await;
        assert_eq!(messages, ["a\0b\rc\u{1b}[31md", "after"]);
    })
    .await;
}

/// Podman drops some of the lines that it has not sent yet when their container ends.
#[tokio::test]
async fn what_is_written_just_before_the_end_is_whole() {
    on_bench(|bench| async move {
        let instance = bench.started(&bench.spec("sleep 1; seq 1 30000")).await;
        let expected: Vec<String> = (1..=30_000).map(|number| number.to_string()).collect();
        let followed = bench.messages(&instance.id).await;
        bench.end_of(&instance.id).await;
        let again = bench.messages(&instance.id).await;
        let sorted = |mut messages: Vec<String>| {
            messages.sort_by_key(|number| number.parse::<u32>().unwrap());
            messages
        };
        // In order but for what came before the end was known.
        assert!(
            sorted(followed) == expected,
            "none is lost, none comes twice"
        );
        assert!(again == expected);
    })
    .await;
}

/// The head of a long line may be written in another second than its end.
#[tokio::test]
async fn a_line_that_took_seconds_is_taken_up_again_once() {
    on_bench(|bench| async move {
        let script = "head -c 200000 /dev/zero | tr '\\0' x; sleep 1.3; echo; echo next; \
            sleep 4; echo last";
        let instance = bench.started(&bench.spec(script)).await;
        let lines = bench.engine.logs(&instance.id, None).await.unwrap();
        let before: Vec<EngineLine> = lines.map(Result::unwrap).take(2).collect().await;
        assert_eq!(
            (before[0].message.len(), before[1].message.as_str()),
            (200_000, "next")
        );
        let second = before[1].timestamp.timestamp();
        let known = before
            .iter()
            .filter(|line| line.timestamp.timestamp() == second)
            .count();
        let from = DateTime::from_timestamp(second, 0);
        let again = bench.engine.logs(&instance.id, from).await.unwrap();
        let again: Vec<String> = again.map(|line| line.unwrap().message).collect().await;
        assert_eq!(again[known..], ["last"]);
    })
    .await;
}

#[tokio::test]
async fn lines_are_taken_up_again_without_loss_or_doubles() {
    on_bench(|bench| async move {
        let script = "n=0; while [ $n -lt 30 ]; do echo line $n; n=$((n+1)); sleep 0.1; done";
        let instance = bench.started(&bench.spec(script)).await;
        let mut kept: Vec<EngineLine> = Vec::new();
        for some in [7, 9, usize::MAX] {
            let last = kept.last().map(|line| line.timestamp);
            let lines = bench.engine.logs(&instance.id, last).await.unwrap();
            let at_last = kept
                .iter()
                .filter(|line| Some(line.timestamp) == last)
                .count();
            let fresh: Vec<EngineLine> = lines
                .map(Result::unwrap)
                .skip_while(move |line| {
                    let before = last.is_some_and(|last| line.timestamp < last);
                    std::future::ready(before)
                })
                .skip(at_last)
                .take(some)
                .collect()
                .await;
            kept.extend(fresh);
        }
        let messages: Vec<String> = kept.into_iter().map(|line| line.message).collect();
        let expected: Vec<String> = (0..30).map(|number| format!("line {number}")).collect();
        assert_eq!(messages, expected);
    })
    .await;
}

#[tokio::test]
async fn the_lines_of_what_is_gone_just_end() {
    on_bench(|bench| async move {
        assert_eq!(bench.lines("no-such-instance").await, []);
    })
    .await;
}
