//! What builds leave on the engine: nothing of those that fail, and all that a release needs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::workshop::{recipe, running, script, step, with_busybox};

#[test]
fn nothing_is_left_of_builds_that_bring_no_image() {
    let mut bench = Bench::containers_with(&[]);
    bench.describe();
    with_busybox(&bench, "true");
    let good = script("echo well") + &recipe("one").replace("FROM scratch\n", "");
    bench.commit("acme/web", &[("Dockerfile", &good)]);
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    assert_eq!(bench.dangling(), BTreeSet::new());

    // One that begins where the good one did, goes on, and fails.
    let bad = good.clone() + &step("echo two") + &step("echo three") + &step("exit 3");
    bench.commit("acme/web", &[("Dockerfile", &bad)]);
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    let log = text(&bench.log("images/2")["log_text"]);
    assert!(log.matches("--> ").count() > 3, "{log}");
    assert_eq!(bench.dangling(), BTreeSet::new(), "{log}");

    // One that is cancelled.
    let hangs = good + &step("echo four") + &step("echo it begins; exec /bin/busybox sleep 4324");
    bench.commit("acme/web", &[("Dockerfile", &hangs)]);
    let version = bench.begin_build();
    bench.wait_for("the build to hang", || {
        let text = text(&bench.log("images/3")["log_text"]);
        let hangs = text.contains("\nit begins\n");
        (text, hangs)
    });
    assert_eq!(bench.dangling().len(), 1, "the look itself works");
    let (status, _) = bench.service("POST", &format!("web/images/{version}/cancel"), &json!({}));
    assert_eq!(status, 202);
    bench.no_step_is_left();
    assert_eq!(running("sleep\u{0}4324"), Vec::<String>::new());

    // One that the platform does not outlive.
    let version = bench.begin_build();
    bench.wait_for("the build to hang", || {
        let text = text(&bench.log(&format!("images/{version}"))["log_text"]);
        let hangs = text.contains("\nit begins\n");
        (text, hangs)
    });
    bench.kill();
    assert_eq!(bench.dangling().len(), 1);
    bench.start_again();
    bench.no_step_is_left();

    // What runs is still there, and can run again.
    assert_eq!(bench.answer().1, "one");
    let (status, _) = bench.service("POST", "web/restart", &Value::Null);
    assert_eq!(status, 202);
    let done = bench.deploy(&json!({"release": 1}));
    assert_eq!(done["state"], "complete", "{done}");
    assert_eq!(bench.answer().1, "one");
}

#[test]
fn a_log_of_what_is_forgotten_goes_with_the_next_start() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:1"}));
    bench.wait_running(1);
    bench.kill();
    // As a process leaves it that ends between the row of a build and its log.
    let work = bench.folder.path().join("work");
    let stray = work.join(format!("{}.log", uuid::Uuid::new_v4()));
    std::fs::write(&stray, "Building acme/web.\n").unwrap();
    bench.start_again();
    bench.wait_for("the log to go", || ((), !stray.exists()));
    let (_, all) = bench.service("GET", "web/deployments", &Value::Null);
    let path = format!("web/deployments/{}/log", text(&all[0]["id"]));
    let (_, log) = bench.service("GET", &path, &Value::Null);
    assert!(text(&log["log_text"]).contains("Release v1"), "{log}");
}

#[test]
fn a_build_removes_no_image_that_it_only_names() {
    let mut bench = Bench::containers_with(&[]);
    bench.describe();
    with_busybox(&bench, "true");
    let first = bench.build();
    assert_eq!(first["state"], "built", "{first}");
    // As the engine would tell of the image of a step.
    let id = text(&first["image_id"]);
    let id = id.trim_start_matches("sha256:");
    with_busybox(&bench, &format!("echo '--> {id}'; exit 3"));
    let second = bench.build();
    assert_eq!(second["state"], "failed", "{second}");
    assert!(text(&bench.log("images/2")["log_text"]).contains(&format!("\n--> {id}\n")));
    assert!(bench.has_image(&text(&first["image_id"])));
}
