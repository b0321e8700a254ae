//! Disks that builds fill: the engine's, and that of the data directory.

use std::io::Read;

use serde_json::{Value, json};

use crate::bench::{Bench, Setup, text};
use crate::engine::SmallEngine;
use crate::workshop::{recipe, with_busybox};

/// Bytes that nothing makes smaller.
fn noise(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut random = std::fs::File::open("/dev/urandom").unwrap();
    random.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_build_that_fills_the_engines_disk_fails_and_nothing_else_does() {
    let engine = SmallEngine::start(96);
    let mut bench = Bench::set_up(Setup {
        own_engine: Some(engine.host.clone()),
        ..Setup::default()
    });
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", &recipe("one"))]);
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    let free = engine.free();

    with_busybox(&bench, "/bin/busybox dd if=/dev/zero of=/full bs=64k");
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    let why = text(&image["error"]);
    let log = bench.log("images/2");
    assert!(
        why.contains("isk is full") && why.contains("o space left"),
        "{why} {log}"
    );
    assert!(why.contains("Free some space"), "{why}");
    assert_eq!(bench.answer().1, "one", "the old release serves");
    bench.wait_for("its disk to be as free as before", || {
        let now = engine.free();
        // What it notes of images and containers may grow a little.
        (now, now + 1024 * 1024 > free)
    });

    bench.commit("acme/web", &[("Dockerfile", &recipe("two"))]);
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/3"));
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    assert_eq!(bench.answer().1, "two");
}

#[test]
fn a_repository_that_fills_the_data_directorys_disk_is_told() {
    let mut bench = Bench::simulated_on_disk(24);
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", "FROM scratch\n")]);
    assert_eq!(bench.build()["state"], "built");
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    // It is full while git fetches, while it checks out, while the context is packed.
    let mut states = Vec::new();
    for size in [32, 12, 9, 8, 7, 6, 1] {
        let file = bench.aside.path().join("acme/web/noise");
        std::fs::write(file, noise(size << 20)).unwrap();
        bench.commit("acme/web", &[]);
        let image = bench.build();
        if image["state"] == "failed" {
            let why = text(&image["error"]);
            assert!(why.starts_with("The disk is full ("), "{size} MiB: {why}");
            assert!(why.contains("Free some space"), "{why}");
            let log = bench.log(&format!("images/{}", image["version"]));
            assert!(text(&log["log_text"]).contains(&why), "{log}");
        }
        states.push(text(&image["state"]));
        let (_, status) = bench.service("GET", "web/status", &Value::Null);
        assert_eq!(status["state"], "running", "{status}");
    }
    assert_eq!(states[0], "failed", "{states:?}");
    assert_eq!(states[states.len() - 1], "built", "{states:?}");
}
