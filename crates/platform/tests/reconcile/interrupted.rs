//! The platform is killed while it builds and deploys.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::workshop::{nothing_is_left, recipe, with_busybox};

#[test]
fn a_kill_at_any_moment_leaves_nothing_stuck_and_the_old_release_serving() {
    let mut bench = Bench::containers(None);
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", &recipe("first"))]);
    assert_eq!(bench.build()["state"], "built");
    assert_eq!(bench.deploy(&json!({}))["state"], "complete");
    let run = json!({"service": "web", "env": "production"});
    let is_over = |state: &Value| {
        !["queued", "building", "pending", "running"]
            .map(Value::from)
            .contains(state)
    };
    // From the queue over clone and build to the rollout that follows.
    for (round, wait) in [0, 60, 250, 700, 1_500, 2_500, 4_000]
        .into_iter()
        .enumerate()
    {
        let nonce = format!(
            "{}LABEL round={round}.{}\n",
            recipe("next"),
            uuid::Uuid::new_v4()
        );
        bench.commit("acme/web", &[("Dockerfile", &nonce)]);
        let path = "/orgs/acme/projects/shop/pipeline/deploy";
        let (status, begun) = bench.call("POST", path, &run);
        assert_eq!(status, 202, "{begun}");
        thread::sleep(Duration::from_millis(wait));
        bench.kill();
        bench.start_again();
        let image = bench.wait_for("the build to be over", || {
            let image = bench.image(&begun["version"]);
            let is_over = is_over(&image["state"]);
            (image, is_over)
        });
        if image["state"] == "failed" {
            assert!(
                image["error"].as_str().unwrap().contains("interrupted"),
                "{image}"
            );
        } else {
            assert_eq!(image["state"], "built", "{image}");
            bench.wait_for("its deployment to be over", || {
                let (_, all) = bench.service("GET", "web/deployments", &Value::Null);
                let (_, images) = bench.service("GET", "web/images", &Value::Null);
                let newest = &images["items"][0]["image_metadata"]["releases"];
                let is_over = !newest.as_array().unwrap().is_empty() && is_over(&all[0]["state"]);
                (all, is_over)
            });
        }
        bench.wait_for("one instance to be ready", || {
            let (_, status) = bench.service("GET", "web/status", &Value::Null);
            let is_well = status["state"] == "running" && status["ready"] == 1;
            (status, is_well)
        });
        let (_, release) = bench.answer();
        assert!(["first", "next"].contains(&release.as_str()), "{release}");
    }
}

#[test]
fn what_a_kill_interrupts_is_never_stuck() {
    let mut bench = Bench::containers(None);
    bench.describe();
    with_busybox(&bench, "echo it begins; exec /bin/busybox sleep 4322");
    let version = bench.begin_build();
    bench.wait_for("the build to go on", || {
        let log = bench.log(&format!("images/{version}"));
        let text = log["log_text"].as_str().unwrap_or_default().to_owned();
        let goes_on = text.contains("\nit begins\n");
        (text, goes_on)
    });
    bench.kill();
    bench.start_again();
    let image = bench.image(&version);
    assert_eq!(image["state"], "failed", "{image}");
    assert!(
        image["error"].as_str().unwrap().contains("interrupted"),
        "{image}"
    );
    nothing_is_left(&bench, "sleep\u{0}4322");

    bench.commit("acme/web", &[("Dockerfile", &recipe("one"))]);
    assert_eq!(bench.build()["state"], "built");
    let (status, begun) = bench.service("POST", "web/deploy", &json!({}));
    assert_eq!(status, 202, "{begun}");
    let path = format!(
        "web/deployments/{}",
        begun["deployment_id"].as_str().unwrap()
    );
    bench.wait_for("the deployment to go on", || {
        let (_, one) = bench.service("GET", &path, &Value::Null);
        let goes_on = one["state"] == "running";
        (one, goes_on)
    });
    bench.kill();
    bench.start_again();
    let done = bench.wait_for("the deployment to end", || {
        let (_, one) = bench.service("GET", &path, &Value::Null);
        let is_over = one["state"] == "complete" || one["state"] == "error";
        (one, is_over)
    });
    assert_eq!(done["state"], "complete", "{done}");
    bench.answer();
}

#[test]
fn a_long_log_keeps_its_tail_through_a_kill() {
    let mut bench = Bench::containers_with(&[]);
    bench.describe();
    let run = "echo the head; i=0; while [ $i -lt 90000 ]; do i=$((i+1)); echo $i 0123456789012345678901234567890123456789012345678901234567890123456789; done; echo the tail; exec /bin/busybox sleep 4325";
    with_busybox(&bench, run);
    let version = bench.begin_build();
    // What is kept back can't be read before the end.
    let tail = bench.folder.path().join("work");
    bench.wait_for("the tail to be written", || {
        let files = std::fs::read_dir(&tail).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let tails = files.filter(|file| file.extension().is_some_and(|end| end == "tail"));
        let is_there = tails
            .filter_map(|file| std::fs::read(file).ok())
            .any(|bytes| bytes.ends_with(b"\nthe tail\n"));
        ((), is_there)
    });
    bench.kill();
    bench.start_again();
    let image = bench.end_of_build(&version);
    assert_eq!(image["state"], "failed", "{image}");
    let log = bench.log(&format!("images/{version}"));
    let text = log["log_text"].as_str().unwrap();
    assert!(text.contains("\nthe head\n"));
    assert!(text.contains("are left out here"), "{} bytes", text.len());
    let (_, end) = text.split_at(text.len() - 200);
    assert!(end.contains("\n90000 01234"), "{end}");
    assert!(end.contains("\nthe tail\n\nIt was interrupted"), "{end}");
    nothing_is_left(&bench, "sleep\u{0}4325");
}
