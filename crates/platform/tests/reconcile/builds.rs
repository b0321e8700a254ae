//! Builds that hang, print, take too long or are given secrets.

use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::workshop::{nothing_is_left, recipe, with_busybox};

#[test]
fn secrets_of_a_build_land_in_no_layer_and_no_log() {
    let mut bench = Bench::containers(None);
    bench.describe();
    for (name, value, secret) in [
        ("TOKEN", "t0p-s3cret-value", true),
        ("PLAIN", "plain-value", false),
    ] {
        let body = json!({"name": name, "value": value, "secret": secret, "buildtime": true});
        assert_eq!(bench.service("POST", "web/config", &body).0, 200);
    }
    with_busybox(&bench, "true");
    let recipe = "FROM scratch\nARG PLAIN\nCOPY . /\n\
        RUN --mount=type=secret,id=TOKEN [\"/busybox\", \"sh\", \"-c\", \"/busybox cat /run/secrets/TOKEN; echo; echo got $PLAIN # NONCE\"]\n";
    let recipe = recipe.replace("NONCE", &uuid::Uuid::new_v4().to_string());
    bench.commit("acme/web", &[("Dockerfile", &recipe)]);
    let image = bench.build();
    let log = bench.log(&format!("images/{}", image["version"]));
    assert_eq!(image["state"], "built", "{image} {log}");
    let text = log["log_text"].as_str().unwrap();
    assert!(
        text.contains("**secret**") && text.contains("got plain-value"),
        "{text}"
    );
    assert!(!text.contains("t0p-s3cret"), "{text}");
    let digest = image["image_id"].as_str().unwrap();
    assert!(
        !bench.image_holds(digest, "t0p-s3cret-value"),
        "it is in the image"
    );
    assert!(
        bench.image_holds(digest, "busybox"),
        "the look itself works"
    );

    // Nor in what is told of a step that fails.
    let run = "echo it is $(/busybox cat /run/secrets/TOKEN); exit 3";
    let recipe = format!(
        "FROM scratch\nCOPY . /\nRUN --mount=type=secret,id=TOKEN [\"/busybox\", \"sh\", \"-c\", \"{run} # {}\"]\n",
        uuid::Uuid::new_v4()
    );
    bench.commit("acme/web", &[("Dockerfile", &recipe)]);
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    let log = bench.log(&format!("images/{}", image["version"]));
    let (_, list) = bench.service("GET", "web/images", &Value::Null);
    for told in [&image, &log, &list] {
        let told = told.to_string();
        assert!(told.contains("**secret**"), "{told}");
        assert!(!told.contains("t0p-s3cret"), "{told}");
    }
}

#[test]
fn a_build_that_hangs_is_cancelled() {
    let mut bench = Bench::containers(None);
    bench.describe();
    with_busybox(&bench, "echo it begins; exec /bin/busybox sleep 4321");
    let version = bench.begin_build();
    let log = format!("images/{version}");
    bench.wait_for("the build to hang", || {
        let text = bench.log(&log)["log_text"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let hangs = text.contains("\nit begins\n");
        (text, hangs)
    });
    let second = bench.begin_build();
    assert_eq!(bench.image(&second)["state"], "queued");
    let (status, _) = bench.service("POST", &format!("web/images/{second}/cancel"), &json!({}));
    assert_eq!(status, 202);
    let (status, _) = bench.service("POST", &format!("web/images/{version}/cancel"), &json!({}));
    assert_eq!(status, 202);
    assert_eq!(bench.image(&version)["state"], "cancelled");
    // What comes next is no part of it.
    with_busybox(&bench, "/bin/busybox sleep 3");
    let next = bench.build();
    assert_eq!(next["state"], "built", "{next}");
    nothing_is_left(&bench, "sleep\u{0}4321");
}

#[test]
fn a_build_that_prints_is_cancelled_too() {
    let mut bench = Bench::containers(None);
    bench.describe();
    let nonce = uuid::Uuid::new_v4().to_string();
    with_busybox(&bench, &format!("exec /bin/busybox yes {nonce}"));
    let version = bench.begin_build();
    bench.wait_for("the build to print", || {
        let log = bench.log(&format!("images/{version}"));
        let text = log["log_text"].as_str().unwrap_or_default().len();
        (text, text > 100_000)
    });
    let (status, _) = bench.service("POST", &format!("web/images/{version}/cancel"), &json!({}));
    assert_eq!(status, 202);
    nothing_is_left(&bench, &nonce);
}

#[test]
fn a_build_that_takes_too_long_ends_and_no_more_go_on_than_may() {
    let mut bench = Bench::containers_with(&[
        ("PILOTHOUSE_BUILD_TIMEOUT", "6"),
        ("PILOTHOUSE_BUILDS_AT_ONCE", "1"),
    ]);
    bench.describe();
    let environment = "/orgs/acme/projects/shop/envs/production";
    let body = json!({"name": "other", "platform": "wind", "github_repository": "acme/other"});
    let (status, made) = bench.call("POST", &format!("{environment}/services"), &body);
    assert_eq!(status, 201, "{made}");
    bench.note_service(&made["id"]);
    bench.commit("acme/other", &[("Dockerfile", &recipe("other"))]);
    with_busybox(&bench, "exec /bin/busybox sleep 4323");
    let version = bench.begin_build();
    bench.wait_for("the build to begin", || {
        let state = text(&bench.image(&version)["state"]);
        (state.clone(), state == "building")
    });
    assert_eq!(
        bench.service("POST", "other/images/build", &json!({})).0,
        202
    );
    let other = || text(&bench.service("GET", "other/images/1", &Value::Null).1["state"]);
    assert_eq!(other(), "queued", "one at once, whosever it is");
    let image = bench.wait_for("the build to be ended", || {
        let image = bench.image(&version);
        let is_over = image["state"] != "building";
        (image, is_over)
    });
    assert_eq!(image["state"], "failed", "{image}");
    let why = image["error"].as_str().unwrap();
    assert!(why.contains("did not end within 6 seconds"), "{why}");
    bench.wait_for("the next to be built", || {
        let state = other();
        (state.clone(), state == "built")
    });
    nothing_is_left(&bench, "sleep\u{0}4323");
}

#[test]
fn a_build_that_prints_without_end_keeps_head_and_tail() {
    let mut bench = Bench::containers(None);
    bench.describe();
    let run = "echo the head; i=0; while [ $i -lt 90000 ]; do i=$((i+1)); echo $i 0123456789012345678901234567890123456789012345678901234567890123456789; done; echo the tail";
    with_busybox(&bench, run);
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image}");
    let log = bench.log(&format!("images/{}", image["version"]));
    let text = log["log_text"].as_str().unwrap();
    assert!(text.contains("the head") && text.contains("the tail"));
    assert!(text.contains("are left out here"), "{} bytes", text.len());
    assert!(text.len() < 4 * 1024 * 1024, "{} bytes", text.len());
}
