//! What goes wrong, in words that say what, why and what to do.

use serde_json::{Value, json};

use crate::bench::{Bench, text};

/// The state of the newest deployment, and why it failed.
fn deployment(bench: &Bench) -> (String, String) {
    let (_, service) = bench.service("GET", "web", &Value::Null);
    let newest = &service["latest_deployment"];
    let why = newest["error"].as_str().unwrap_or_default();
    (text(&newest["state"]), why.to_owned())
}

#[test]
fn a_crash_is_told_with_its_last_line_and_tried_again() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:crash"}));
    let status = bench.wait("three crashes", |status| {
        status["state"] == "down" && status["instances"][0]["restarts"].as_u64() >= Some(3)
    });
    let message = text(&status["message"]);
    assert!(message.contains("exit code 1"), "{message}");
    assert!(
        message.contains("fatal: no configuration found"),
        "{message}"
    );
    let (state, why) = deployment(&bench);
    assert_eq!(state, "error");
    assert!(
        why.starts_with("Release v1 did not become healthy: web.0:"),
        "{why}"
    );
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:missing", "instances": 2}));
    let status = bench.wait("the failure", |status| status["state"] == "down");
    let message = text(&status["message"]);
    assert!(
        message.contains("the image shop:missing was not found"),
        "{message}"
    );
    assert_eq!(status["instances"].as_array().unwrap().len(), 2);
    assert_eq!(status["instances"][1]["state"], "failed");
}

/// The image of the newest release, as `web` tells it.
fn newest_image(bench: &Bench) -> Value {
    let (_, listed) = bench.call(
        "GET",
        "/orgs/acme/projects/shop/envs/production/services/web/images",
        &Value::Null,
    );
    listed["items"][0].clone()
}

#[test]
fn a_release_that_is_scaled_to_nothing_is_fetched_all_the_same() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:slow", "instances": 1}));
    bench.wait("the fetch", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        message.starts_with("fetching the image shop:slow")
    });
    let (code, _) = bench.service("POST", "web/scale", &json!({"instances": 0}));
    assert_eq!(code, 202);
    bench.wait("that it goes on", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        let is_fetched = message.starts_with("fetching the image shop:slow");
        is_fetched && status["total"] == 0 && status["state"] == "converging"
    });
    let (code, _) = bench.service("PATCH", "web", &json!({"image": "shop:2"}));
    assert_eq!(code, 200);
    bench.wait("the pause", |status| status["state"] == "paused");
    assert_eq!(deployment(&bench).0, "complete");
    assert_eq!(newest_image(&bench)["state"], "built");
}

#[test]
fn a_release_that_is_scaled_to_nothing_and_has_no_image_is_told() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:missing", "instances": 0}));
    let (state, why) = bench.wait_for("its end", || {
        let seen = deployment(&bench);
        let is_over = seen.0 != "running";
        (seen, is_over)
    });
    assert_eq!(state, "error");
    assert!(
        why.contains("the image shop:missing was not found"),
        "{why}"
    );
    assert_eq!(newest_image(&bench)["state"], "failed");
    bench.wait("the pause", |status| status["state"] == "paused");
}

#[test]
fn an_image_on_its_way_does_not_hold_up_what_is_asked_meanwhile() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:1"}));
    bench.wait_running(1);
    let (code, _) = bench.service("PATCH", "web", &json!({"image": "shop:slow"}));
    assert_eq!(code, 200);
    let waits = bench.wait("the fetch and how far it is", |status| {
        let message = status["message"].as_str().unwrap_or_default();
        message.starts_with("fetching the image shop:slow: ") && message.ends_with(" of 80 MB")
    });
    assert_eq!(
        (&waits["state"], &waits["ready"]),
        (&json!("converging"), &json!(1))
    );
    let (code, _) = bench.service("PATCH", "web", &json!({"image": "shop:3"}));
    assert_eq!(code, 200);
    let fixed = bench.wait_running(1);
    assert_eq!(fixed["release_version"], 3);
}

#[test]
fn a_health_check_that_never_answers_is_told() {
    let mut bench = Bench::simulated();
    bench.create(&json!({
        "image": "shop:unhealthy", "port": 8080, "health_check_path": "/up", "deployment_timeout": 2,
    }));
    let waits = bench.wait("the wait", |status| {
        status["instances"][0]["state"] == "starting"
    });
    assert_eq!(waits["state"], "converging");
    let status = bench.wait("the failure", |status| status["state"] == "down");
    let message = text(&status["message"]);
    assert!(
        message.contains("not ready within 2 s: GET /up answered 503"),
        "{message}"
    );
}

#[test]
fn a_release_that_never_gets_healthy_leaves_the_old_one() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:1", "instances": 2}));
    let before = bench.wait_running(2);
    let (code, _) = bench.service("PATCH", "web", &json!({"image": "shop:crash"}));
    assert_eq!(code, 200);
    let after = bench.wait("the old release", |status| {
        assert!(status["ready"].as_u64() >= Some(2), "{status}");
        status["state"] == "running" && status["release_version"] == 1
    });
    assert_eq!(before["instances"][0]["id"], after["instances"][0]["id"]);
    let message = text(&after["message"]);
    assert!(
        message.contains("Release v2 did not become healthy"),
        "{message}"
    );
    assert!(message.contains("Release v1 goes on serving"), "{message}");
    assert_eq!(deployment(&bench).0, "error");
    let (code, _) = bench.service("PATCH", "web", &json!({"image": "shop:3"}));
    assert_eq!(code, 200);
    let fixed = bench.wait_running(2);
    assert_eq!(
        (&fixed["release_version"], &fixed["message"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(deployment(&bench).0, "complete");
}

#[test]
fn it_scales_pauses_and_ends() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:1", "instances": 1}));
    let first = bench.wait_running(1);
    let scale = |count: usize| {
        bench
            .service("POST", "web/scale", &json!({"instances": count}))
            .0
    };
    assert_eq!(scale(3), 202);
    let more = bench.wait_running(3);
    assert_eq!(more["instances"][0]["id"], first["instances"][0]["id"]);
    assert_eq!(scale(1), 202);
    let less = bench.wait_running(1);
    // What it uses is measured now and then.
    for known in ["id", "started", "restarts"] {
        assert_eq!(less["instances"][0][known], first["instances"][0][known]);
    }
    assert_eq!(scale(0), 202);
    bench.wait("the pause", |status| {
        status["state"] == "paused" && status["total"] == 0
    });
    assert_eq!(scale(2), 202);
    bench.wait_running(2);
    assert_eq!(bench.service("DELETE", "web", &Value::Null).0, 200);
    assert_eq!(bench.service("GET", "web/status", &Value::Null).0, 404);
}

#[test]
fn a_restart_replaces_each_instance_and_never_serves_with_fewer() {
    let mut bench = Bench::simulated();
    bench.create(&json!({"image": "shop:1", "instances": 3}));
    let before = bench.wait_running(3);
    assert_eq!(bench.service("POST", "web/restart", &Value::Null).0, 202);
    let after = bench.wait("the restart", |status| {
        assert!(status["ready"].as_u64() >= Some(3), "{status}");
        status["state"] == "running"
    });
    for index in 0..3 {
        assert_ne!(
            before["instances"][index]["id"],
            after["instances"][index]["id"]
        );
    }
}
