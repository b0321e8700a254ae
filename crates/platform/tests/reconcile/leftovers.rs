//! What builds leave on the engine: nothing of those that fail, and all that a release needs.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::workshop::{recipe, running, script, step, with_busybox};

impl Bench {
    /// The nameless images of this platform that no other is built on.
    fn dangling(&self) -> BTreeSet<String> {
        let installation =
            std::fs::read_to_string(self.folder.path().join("installation")).unwrap();
        let filters = json!({
            "dangling": ["true"],
            "label": [format!("pilothouse.installation={}", installation.trim())],
        });
        let host = self.engine_host();
        let list = || {
            Command::new("curl")
                .args([
                    "--silent",
                    "--show-error",
                    "--fail",
                    "--get",
                    "--unix-socket",
                ])
                .arg(host.trim_start_matches("unix://"))
                .args(["--data-urlencode", &format!("filters={filters}")])
                .arg("http://localhost/images/json")
                .output()
                .unwrap()
        };
        // Podman fails where another image goes while it lists them.
        let listed = self.wait_for("a list of images", || {
            let listed = list();
            let is_there = listed.status.success();
            (listed, is_there)
        });
        let images: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let ids = images.as_array().unwrap().iter();
        ids.map(|image| text(&image["Id"])).collect()
    }

    fn nothing_is_left(&self) {
        self.wait_for("nothing to be left of it", || {
            let left = self.dangling();
            (left.clone(), left.is_empty())
        });
    }
}

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
    bench.nothing_is_left();
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
    bench.nothing_is_left();

    // What runs is still there, and can run again.
    assert_eq!(bench.answer().1, "one");
    let (status, _) = bench.service("POST", "web/restart", &Value::Null);
    assert_eq!(status, 202);
    let done = bench.deploy(&json!({"release": 1}));
    assert_eq!(done["state"], "complete", "{done}");
    assert_eq!(bench.answer().1, "one");
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
