//! From a commit to real containers and back: real builds of a real repository.

use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::containers::{none_failed, under_load};
use crate::workshop::recipe;

#[test]
fn commit_build_deploy_bad_deploy_rollback() {
    let mut bench = Bench::containers(None);
    bench.describe();
    let good = bench.commit("acme/web", &[("Dockerfile", &recipe("one"))]);
    let set = |value: &str| {
        let body = json!({"name": "SERVICE_NAME", "value": value});
        assert_eq!(bench.service("POST", "web/config", &body).0, 200);
    };
    set("first");
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    assert_eq!(image["commit_sha"], good);
    assert_eq!(image["image_metadata"]["exposed_ports"], json!([8080]));
    assert!(image["image_metadata"]["size"].as_u64().unwrap() > 100_000);
    let text = bench.log("images/1")["log_text"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.contains("COPY sample"), "{text}");
    let done = bench.deploy(&json!({}));
    assert_eq!(
        done["state"],
        "complete",
        "{done} {}",
        bench.log("releases/1")
    );
    let answer = bench.answer();
    assert_eq!(answer, ("first".to_owned(), "one".to_owned()));

    // A build that breaks: what runs goes on.
    bench.commit(
        "acme/web",
        &[("Dockerfile", "FROM scratch\nCOPY nothing-there /x\n")],
    );
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    assert!(
        image["error_detail"]
            .as_str()
            .unwrap()
            .contains("nothing-there"),
        "{image}"
    );
    assert_eq!(bench.answer(), answer);

    // An image that never becomes healthy is held back, and no request is lost meanwhile.
    let sick = recipe("sick") + "ENV UNHEALTHY=1\n";
    bench.commit("acme/web", &[("Dockerfile", &sick)]);
    assert_eq!(bench.build()["state"], "built");
    let (done, sent, failed) = under_load(&bench, 100, || bench.deploy(&json!({})));
    assert_eq!(done["state"], "error", "{done}");
    none_failed(sent, &failed);
    assert!(
        done["error"]
            .as_str()
            .unwrap()
            .contains("did not become healthy"),
        "{done}"
    );
    assert_eq!(bench.answer(), answer);

    // A good one with other config, and back again.
    bench.commit("acme/web", &[("Dockerfile", &recipe("two"))]);
    set("second");
    assert_eq!(bench.build()["state"], "built");
    let (done, sent, failed) = under_load(&bench, 100, || bench.deploy(&json!({})));
    assert_eq!(done["state"], "complete", "{done}");
    none_failed(sent, &failed);
    assert_eq!(bench.answer(), ("second".to_owned(), "two".to_owned()));
    let back = json!({"release": 1, "message": "two is slow"});
    let (done, sent, failed) = under_load(&bench, 100, || bench.deploy(&back));
    none_failed(sent, &failed);
    assert_eq!(
        (&done["state"], &done["kind"]),
        (&json!("complete"), &json!("rollback"))
    );
    assert_eq!(bench.answer(), answer, "image and config come back");
}

#[test]
fn processes_of_a_procfile_run_their_commands() {
    let mut bench = Bench::containers(None);
    bench.describe();
    bench.commit(
        "acme/web",
        &[
            ("Dockerfile", &recipe("one")),
            ("Procfile", "web: /sample\nworker: /sample --work\n"),
        ],
    );
    assert_eq!(bench.build()["state"], "built");
    let counts = json!({"process_counts": {"web": 1, "worker": 1}});
    let path = "/orgs/acme/projects/shop/envs/production/services/web";
    assert_eq!(bench.call("PATCH", path, &counts).0, 200);
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    let processes: Vec<_> = bench
        .real()
        .into_iter()
        .map(|one| one.slot.process)
        .collect();
    assert_eq!(processes.len(), 2, "{processes:?}");
}

#[test]
fn images_go_with_their_service_and_stay_for_others() {
    let mut bench = Bench::containers(None);
    bench.describe();
    bench.commit("acme/web", &[("Dockerfile", &recipe("shared"))]);
    // The same commit again is the same image with one more name, unless what other builds do to
    // the engine's cache meanwhile has it built anew.
    let mut ids = Vec::new();
    while ids.len() < 5 {
        let image = bench.build();
        assert_eq!(image["state"], "built", "{image}");
        let id = text(&image["image_id"]);
        let is_shared = ids.contains(&id);
        ids.push(id);
        if is_shared {
            break;
        }
    }
    let environment = "/orgs/acme/projects/shop/envs/production";
    let (_, service) = bench.call("GET", &format!("{environment}/services/web"), &Value::Null);
    let tags: Vec<String> = (1..=ids.len())
        .map(|version| format!("localhost/pilothouse/{}:v{version}", text(&service["id"])))
        .collect();
    assert!(tags.iter().all(|tag| bench.has_image(tag)), "{ids:?}");
    let (status, _) = bench.call(
        "DELETE",
        &format!("{environment}/services/web"),
        &Value::Null,
    );
    assert_eq!(status, 200);
    bench.wait_for("its images to go", || {
        let left = tags.iter().filter(|tag| bench.has_image(tag)).cloned();
        let left: Vec<String> = left.collect();
        (left.clone(), left.is_empty())
    });
}

#[test]
fn what_was_promoted_outlives_the_service_that_built_it() {
    let mut bench = Bench::containers(None);
    let project = "/orgs/acme/projects/shop";
    let (status, made) = bench.call(
        "POST",
        &format!("{project}/envs/"),
        &json!({"name": "Staging"}),
    );
    assert_eq!(status, 201, "{made}");
    let staging = format!("{project}/envs/staging/services");
    let body = json!({
        "name": "web", "platform": "wind", "github_repository": "acme/web", "deployment_timeout": 20,
    });
    let (status, made) = bench.call("POST", &staging, &body);
    assert_eq!(status, 201, "{made}");
    bench.note_service(&made["id"]);
    bench.describe();
    // No other service has an image of this commit.
    let only = format!(
        "{}LABEL only={}\n",
        recipe("promoted"),
        uuid::Uuid::new_v4()
    );
    bench.commit("acme/web", &[("Dockerfile", &only)]);
    let run = json!({"service": "web", "env": "staging"});
    let (status, begun) = bench.call("POST", &format!("{project}/pipeline/deploy"), &run);
    assert_eq!(status, 202, "{begun}");
    let complete = |path: String| {
        bench.wait_for("the deployment to end", || {
            let (_, all) = bench.call("GET", &path, &Value::Null);
            let is_over = all[0]["complete"] == true;
            (all, is_over)
        });
    };
    complete(format!("{staging}/web/deployments"));
    let promotion = json!({"service": "web", "source_env": "staging", "target_env": "production"});
    let (status, begun) = bench.call("POST", &format!("{project}/promote"), &promotion);
    assert_eq!(status, 202, "{begun}");
    complete(format!(
        "{project}/envs/production/services/web/deployments"
    ));
    assert_eq!(bench.answer().1, "promoted");

    // Nothing runs it while its first service goes.
    assert_eq!(
        bench
            .service("POST", "web/scale", &json!({"instances": 0}))
            .0,
        202
    );
    bench.wait("all to be gone", |status| status["state"] == "paused");
    let (status, _) = bench.call("DELETE", &format!("{staging}/web"), &Value::Null);
    assert_eq!(status, 200);
    let tag = format!("localhost/pilothouse/{}:v1", text(&made["id"]));
    bench.wait_for("its name to go", || {
        let is_there = bench.has_image(&tag);
        (is_there, !is_there)
    });
    assert_eq!(
        bench
            .service("POST", "web/scale", &json!({"instances": 1}))
            .0,
        202
    );
    bench.wait_running(1);
    assert_eq!(bench.answer().1, "promoted");
}
