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
