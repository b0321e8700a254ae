//! From a commit to real containers and back: real builds of a real repository.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, request, text};
use crate::containers::under_load;

/// An image of the sample that tells its version.
fn recipe(version: &str) -> String {
    format!(
        "FROM scratch\nCOPY sample /sample\nENV RELEASE_VERSION={version}\nEXPOSE 8080\nENTRYPOINT [\"/sample\"]\n"
    )
}

/// A recipe with a shell in it, which runs a script while it is built.
fn script(run: &str) -> String {
    // Otherwise the engine may know the outcome from an earlier time.
    let run = format!("{run} # {}", uuid::Uuid::new_v4());
    format!(
        "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"{run}\"]\n"
    )
}

fn with_busybox(bench: &Bench, run: &str) {
    bench.commit("acme/web", &[("Dockerfile", "FROM scratch\n")]);
    bench.copy_into("acme/web", "/bin/busybox", "busybox");
    bench.commit("acme/web", &[("Dockerfile", &script(run))]);
}

impl Bench {
    /// Creates `web` of the repository `acme/web`, which waits for its first deploy.
    fn describe(&mut self) {
        let environment = "/orgs/acme/projects/shop/envs/production";
        let body = json!({
            "name": "web", "platform": "wind", "github_repository": "acme/web",
            "domains": ["web.localhost"], "deployment_timeout": 20,
        });
        let (status, made) = self.call("POST", &format!("{environment}/services"), &body);
        assert_eq!(status, 201, "{made}");
        self.note_service(&made["id"]);
    }

    fn image(&self, version: &Value) -> Value {
        self.service("GET", &format!("web/images/{version}"), &Value::Null)
            .1
    }

    fn begin_build(&self) -> Value {
        let (status, started) = self.service("POST", "web/images/build", &json!({}));
        assert_eq!(status, 202, "{started}");
        started["version"].clone()
    }

    fn build(&self) -> Value {
        let version = self.begin_build();
        self.wait_for("the build to end", || {
            let image = self.image(&version);
            let is_over = image["state"] != "queued" && image["state"] != "building";
            (image, is_over)
        })
    }

    fn log(&self, of: &str) -> Value {
        self.service("GET", &format!("web/{of}/log"), &Value::Null)
            .1
    }

    /// Deploys, and gives how that ended.
    fn deploy(&self, body: &Value) -> Value {
        let (status, begun) = self.service("POST", "web/deploy", body);
        assert_eq!(status, 202, "{begun}");
        let path = format!(
            "web/deployments/{}",
            begun["deployment_id"].as_str().unwrap()
        );
        self.wait_for("the deployment to end", || {
            let (_, one) = self.service("GET", &path, &Value::Null);
            let is_over = one["state"] != "pending" && one["state"] != "running";
            (one, is_over)
        })
    }

    /// What `web` says of its config and its image, through ingress.
    fn answer(&self) -> (String, String) {
        let answer = request(&self.ingress, "GET", "/", "web.localhost", "", "");
        let (status, body) = answer.unwrap();
        assert_eq!(status, 200, "{body}");
        let said: Value = serde_json::from_str(&body).unwrap();
        (text(&said["service"]), text(&said["release"]))
    }
}

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
    assert!(
        failed.is_empty(),
        "{} of {sent}: {:?}",
        failed.len(),
        failed.first()
    );
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
    let done = bench.deploy(&json!({}));
    assert_eq!(done["state"], "complete", "{done}");
    assert_eq!(bench.answer(), ("second".to_owned(), "two".to_owned()));
    let done = bench.deploy(&json!({"release": 1, "message": "two is slow"}));
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
    bench.wait_for("nothing to be left of it", || {
        let left = running("sleep\u{0}4321");
        (left.clone(), left.is_empty())
    });
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
    bench.wait_for("nothing to be left of it", || {
        let left = running(&nonce);
        (left.clone(), left.is_empty())
    });
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
    bench.wait_for("nothing to be left of it", || {
        let left = running("sleep\u{0}4323");
        (left.clone(), left.is_empty())
    });
}

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

/// The processes of this machine whose command line holds a text.
fn running(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let lines = processes
        .filter_map(|process| std::fs::read_to_string(process.ok()?.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(text)).collect()
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
    bench.wait_for("nothing to be left of it", || {
        let left = running("sleep\u{0}4322");
        (left.clone(), left.is_empty())
    });

    bench.commit("acme/web", &[("Dockerfile", &recipe("one"))]);
    assert_eq!(bench.build()["state"], "built");
    let (status, begun) = bench.service("POST", "web/deploy", &json!({}));
    assert_eq!(status, 202, "{begun}");
    thread::sleep(Duration::from_millis(300));
    bench.kill();
    bench.start_again();
    let path = format!(
        "web/deployments/{}",
        begun["deployment_id"].as_str().unwrap()
    );
    let done = bench.wait_for("the deployment to end", || {
        let (_, one) = bench.service("GET", &path, &Value::Null);
        let is_over = one["state"] == "complete" || one["state"] == "error";
        (one, is_over)
    });
    assert_eq!(done["state"], "complete", "{done}");
    bench.answer();
}
