//! Real containers of the sample service.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pilothouse::engine::RunState;
use serde_json::{Value, json};

use crate::bench::{Bench, request, text};
use crate::engine::IMAGE;

/// The sample with a health check.
pub(crate) fn sample(instances: usize) -> Value {
    json!({
        "image": IMAGE, "port": 8080, "health_check_path": "/_health/", "instances": instances,
        "domains": ["web.localhost"], "deployment_timeout": 60,
    })
}

/// Sends so many requests a second through ingress while something goes on; tells how many were
/// sent, and how those that failed did.
pub(crate) fn under_load<T>(
    bench: &Bench,
    rate: u32,
    work: impl FnOnce() -> T,
) -> (T, usize, Vec<String>) {
    const SENDERS: u32 = 8;
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let send = || {
        let mut failed = Vec::new();
        let mut next = Instant::now();
        while !done.load(Ordering::Relaxed) {
            match request(&bench.ingress, "GET", "/", "web.localhost", "", "") {
                Ok((200, _)) => {}
                Ok((status, body)) => failed.push(format!("{status}: {body}")),
                Err(error) => failed.push(error.to_string()),
            }
            sent.fetch_add(1, Ordering::Relaxed);
            next += Duration::from_secs(1) * SENDERS / rate;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        failed
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        let failed = senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap());
        let failed = failed.collect();
        (outcome, sent.load(Ordering::Relaxed), failed)
    })
}

/// Checks that every one of so many requests was answered as it should be.
pub(crate) fn none_failed(sent: usize, failed: &[String]) {
    let (count, first) = (failed.len(), failed.first());
    assert!(failed.is_empty(), "{count} of {sent} failed: {first:?}");
}

#[test]
fn a_rolling_restart_loses_no_request() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(3));
    bench.wait_running(3);
    let before: BTreeSet<String> = bench.real().into_iter().map(|one| one.id).collect();
    let (_, sent, failed) = under_load(&bench, 200, || {
        assert_eq!(bench.service("POST", "web/restart", &Value::Null).0, 202);
        bench.wait_running(3);
    });
    none_failed(sent, &failed);
    assert!(sent >= 200, "{sent}");
    let after: BTreeSet<String> = bench.real().into_iter().map(|one| one.id).collect();
    assert_eq!(after.len(), 3);
    assert!(before.is_disjoint(&after));
}

#[test]
fn scaling_up_and_down_loses_no_request() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    bench.wait_running(2);
    let scale = |count: usize| {
        let body = json!({"instances": count});
        assert_eq!(bench.service("POST", "web/scale", &body).0, 202);
        bench.wait_running(count);
        bench.wait_for("what is too much to be gone", || {
            let real = bench.real().len();
            (real, real == count)
        });
    };
    let long = || {
        request(
            &bench.ingress,
            "GET",
            "/slow?ms=2000",
            "web.localhost",
            "",
            "",
        )
    };
    let (_, sent, failed) = under_load(&bench, 200, || {
        scale(4);
        // Some are under way at every instance when three of four end.
        thread::scope(|scope| {
            let under_way: Vec<_> = (0..12).map(|_| scope.spawn(long)).collect();
            scale(1);
            for one in under_way {
                assert_eq!(one.join().unwrap().unwrap().0, 200);
            }
        });
        scale(3);
    });
    none_failed(sent, &failed);
    assert!(sent >= 200, "{sent}");
}

#[test]
fn what_ran_in_containers_is_not_simulated() {
    let mut bench = Bench::containers(None);
    bench.kill();
    let words = bench.start_without_engine();
    assert!(words.contains("their engine is away"), "{words}");
    assert!(words.contains("--engine simulated"), "{words}");
}

#[test]
fn a_bad_release_is_told_and_the_old_one_serves_on() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(1));
    bench.wait_running(1);
    let (_, sent, failed) = under_load(&bench, 20, || {
        let bad = json!({"env": {"EXIT_AT_START": "3"}});
        assert_eq!(bench.service("PATCH", "web", &bad).0, 200);
        let status = bench.wait("the old release", |status| {
            status["state"] == "running" && status["release_version"] == 1
        });
        let message = text(&status["message"]);
        assert!(message.contains("exit code 3"), "{message}");
    });
    none_failed(sent, &failed);
    assert_eq!(bench.real().len(), 1);
}

#[test]
fn volumes_are_never_shared_and_outlive_their_instances() {
    let mut bench = Bench::containers(None);
    let mut body = sample(1);
    body["volumes"] = json!([{"name": "data", "mount_path": "/data", "size_gb": 1}]);
    bench.create(&body);
    bench.wait_running(1);
    let before = bench.real().remove(0).id;
    assert_eq!(bench.service("POST", "web/restart", &Value::Null).0, 202);
    let after = bench.wait_for("the restart", || {
        let real = bench.real();
        let running = real.iter().filter(|one| one.state == RunState::Running);
        assert!(running.count() <= 1, "{real:?}");
        let (_, status) = bench.service("GET", "web/status", &Value::Null);
        let done = status["state"] == "running";
        (real, done)
    });
    assert_ne!(after[0].id, before);
}

#[test]
fn what_ends_is_started_again_and_nothing_is_left_of_what_is_deleted() {
    let mut bench = Bench::containers(None);
    bench.create(&sample(2));
    bench.wait_running(2);
    let victim = bench.real().remove(0);
    bench.stop(&victim.id);
    let status = bench.wait("the new instance", |status| {
        status["state"] == "running"
            && status["instances"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["restarts"] == 1))
    });
    assert_eq!(status["ready"], 2);
    assert_eq!(bench.service("DELETE", "web", &Value::Null).0, 200);
    bench.wait_for("the end", || {
        let real = bench.real();
        let done = real.is_empty();
        (real, done)
    });
}
