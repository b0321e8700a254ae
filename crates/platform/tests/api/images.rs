//! Images and their builds, the pipeline, promotion and pushes: a real repository, and an engine
//! that simulates what it builds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

use crate::client::{Api, Got};

const PROJECT: &str = "/orgs/acme/projects/shop";
const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production";
const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";
const WORKSPACE: &str = "/workspaces/acme/projects/shop/services/api";

/// Repositories of a test's own, below one folder.
struct Repositories(TempDir);

impl Repositories {
    fn new() -> Self {
        let all = Self(TempDir::new().unwrap());
        all.commit("acme/api", &[("Dockerfile", "FROM scratch\nCOPY . /\n")]);
        all
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Commits files to `main`, and gives the commit.
    fn commit(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = self.folder(name);
        if !folder.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            git(&folder, &["init", "--quiet", "--initial-branch=main"]);
        }
        for (file, text) in files {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        git(&folder, &["add", "--all"]);
        git(
            &folder,
            &[
                "commit",
                "--quiet",
                "--allow-empty",
                "--message",
                "A change",
            ],
        );
        git(&folder, &["rev-parse", "HEAD"])
    }
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=Tester",
            "-c",
            "user.email=tester@example.com",
        ])
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn with_service(repositories: &Repositories) -> Api {
    with_service_that_keeps(repositories, 10).await
}

async fn with_service_that_keeps(repositories: &Repositories, images: u32) -> Api {
    let base = format!("file://{}", repositories.0.path().display());
    let api = Api::start_with(|parts| {
        parts.builds.git_base = base;
        parts.builds.keep_images = images;
        parts.builds.folder = parts.data_dir.join("work");
    })
    .await
    .with_key()
    .await;
    api.post("/orgs/", json!({"name": "Acme"})).await.is(201);
    api.post("/orgs/acme/projects/", json!({"name": "Shop"}))
        .await
        .is(201);
    let body = json!({"name": "api", "platform": "wind", "github_repository": "acme/api"});
    api.post(&format!("{ENVIRONMENT}/services"), body)
        .await
        .is(201);
    api
}

async fn built(api: &Api, body: Value) -> Value {
    let started = api
        .post(&format!("{SERVICE}/images/build"), body)
        .await
        .is(202)
        .data();
    let version = started["version"].as_u64().unwrap();
    let over = |one: &Value| !["queued", "building"].contains(&one["state"].as_str().unwrap());
    api.until(&format!("{SERVICE}/images/{version}"), over)
        .await
}

pub(crate) async fn a_commit_becomes_an_image_a_release_and_a_deployment() {
    let repositories = Repositories::new();
    let commit = repositories.commit(
        "acme/api",
        &[("Procfile", "web: ./api\nworker: ./api work")],
    );
    let api = with_service(&repositories).await;
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .fails(409, "wrong_state");
    let preview = api
        .get(&format!("{SERVICE}/deploy/preview"))
        .await
        .is(200)
        .data();
    assert!(
        preview["obstacle"].as_str().unwrap().contains("Build"),
        "{preview}"
    );

    let image = built(&api, json!({"ref": "main"})).await;
    assert_eq!(image["state"], "built", "{image}");
    assert_eq!(image["commit_sha"], commit);
    assert_eq!(image["repository_name"], "acme/api");
    assert_eq!(image["build_ref"], "main");
    assert_eq!(image["dockerfile"], "Dockerfile");
    assert_eq!(
        image["processes"],
        json!({"web": "./api", "worker": "./api work"})
    );
    assert!(image["image_id"].as_str().unwrap().starts_with("sha256:"));
    assert!(image["image_metadata"]["duration_ms"].is_u64());

    let log = api
        .get(&format!("{SERVICE}/images/1/log"))
        .await
        .is(200)
        .data();
    assert_eq!(
        (&log["status"], &log["version"]),
        (&json!("success"), &json!(1))
    );
    let text = log["log_text"].as_str().unwrap();
    assert!(
        text.contains(&commit) && text.contains("STEP 2/2"),
        "{text}"
    );
    let rest = api
        .get(&format!("{WORKSPACE}/images/1/log?offset=10"))
        .await
        .data();
    assert_eq!(rest["log_text"], text[10..]);

    let unknown = api
        .patch(SERVICE, json!({"process_counts": {"clock": 1}}))
        .await
        .is(200);
    assert_eq!(unknown.body["process_counts"]["clock"], 1);
    let refused = api.post(&format!("{SERVICE}/deploy"), json!({})).await;
    assert!(
        refused
            .fails(422, "invalid")
            .fault("process_counts")
            .contains("clock")
    );
    api.patch(SERVICE, json!({"process_counts": {"worker": 2}}))
        .await
        .is(200);
    let done = api
        .post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202)
        .data();
    let id = done["deployment_id"].as_str().unwrap();
    api.until(&format!("{SERVICE}/deployments/{id}"), |one| {
        one["complete"] == true
    })
    .await;
    let release = api.get(&format!("{SERVICE}/releases/1")).await.data();
    assert_eq!(release["commit_sha"], commit);
    assert_eq!(release["image"]["version"], 1);
    assert_eq!(release["processes"]["worker"], "./api work");
    let status = api.get(&format!("{SERVICE}/status")).await.data();
    assert_eq!(status["total"], 3, "{status}");

    for scope in [SERVICE, WORKSPACE] {
        let page = api
            .get(&format!("{scope}/images?page=1&per_page=1"))
            .await
            .is(200)
            .data();
        assert_eq!(
            page["pagination"],
            json!({"page": 1, "per_page": 1, "total": 1, "total_pages": 1})
        );
        assert_eq!(page["items"][0]["image_metadata"]["releases"], json!([1]));
        api.get(&format!("{scope}/images/1")).await.is(200);
        api.get(&format!("{scope}/releases")).await.is(200);
        api.get(&format!("{scope}/deployments")).await.is(200);
    }
    // A newer image is something that a deploy would change.
    repositories.commit("acme/api", &[("new", "")]);
    built(&api, json!({})).await;
    let service = api.get(SERVICE).await.data();
    assert_eq!(
        (
            &service["undeployed_changes"],
            &service["latest_image"]["version"]
        ),
        (&json!(true), &json!(2))
    );
}

pub(crate) async fn branches_tags_and_commits_are_built() {
    let repositories = Repositories::new();
    let folder = repositories.folder("acme/api");
    let first = git(&folder, &["rev-parse", "HEAD"]);
    git(&folder, &["tag", "v1"]);
    let second = repositories.commit("acme/api", &[("two", "")]);
    git(&folder, &["checkout", "--quiet", "-b", "side"]);
    let third = repositories.commit("acme/api", &[("three", "")]);
    git(&folder, &["checkout", "--quiet", "main"]);
    let api = with_service(&repositories).await;
    for (reference, commit) in [
        ("v1", &first),
        ("side", &third),
        (&second, &second),
        (&first[..8], &first),
    ] {
        let image = built(&api, json!({"ref": reference})).await;
        assert_eq!(image["state"], "built", "{reference}: {image}");
        assert_eq!(image["commit_sha"], *commit, "{reference}");
    }
}

pub(crate) async fn builds_that_fail_say_why() {
    let repositories = Repositories::new();
    repositories.commit("acme/bare", &[("readme", "")]);
    repositories.commit(
        "acme/odd",
        &[("Dockerfile", "FROM scratch"), ("Procfile", "web")],
    );
    let api = with_service(&repositories).await;
    let fails = async |change: Value, reference: Value, words: &str| {
        api.patch(SERVICE, change).await.is(200);
        let image = built(&api, reference).await;
        assert_eq!(image["state"], "failed", "{image}");
        let error = image["error"].as_str().unwrap().to_owned();
        assert!(error.contains(words), "{error}");
        let version = &image["version"];
        let log = api
            .get(&format!("{SERVICE}/images/{version}/log"))
            .await
            .data();
        assert!(log["log_text"].as_str().unwrap().contains(&error), "{log}");
        assert_eq!(
            (&log["status"], &log["error"]),
            (&json!("error"), &image["error"])
        );
    };
    fails(
        json!({}),
        json!({"ref": "gone"}),
        "no branch, tag or commit gone",
    )
    .await;
    fails(
        json!({}),
        json!({"ref": "0123456789"}),
        "no branch, tag or commit",
    )
    .await;
    fails(json!({"subdirectory": "none"}), json!({}), "no folder none").await;
    fails(
        json!({"subdirectory": null, "github_repository": "acme/bare"}),
        json!({}),
        "no Dockerfile",
    )
    .await;
    fails(
        json!({"github_repository": "acme/odd"}),
        json!({}),
        "Procfile",
    )
    .await;
    fails(
        json!({"github_repository": "acme/none"}),
        json!({}),
        "was not found",
    )
    .await;
    for bad in ["-x", "a b", "a..b", ""] {
        api.post(&format!("{SERVICE}/images/build"), json!({"ref": bad}))
            .await
            .fails(422, "invalid");
    }
    api.patch(SERVICE, json!({"github_repository": null}))
        .await
        .is(200);
    api.post(&format!("{SERVICE}/images/build"), json!({}))
        .await
        .fails(409, "wrong_state");
    for bad in ["99", "none"] {
        api.get(&format!("{SERVICE}/images/{bad}"))
            .await
            .fails(404, "not_found");
        api.get(&format!("{SERVICE}/images/{bad}/log"))
            .await
            .fails(404, "not_found");
        api.post(&format!("{SERVICE}/images/{bad}/cancel"), json!({}))
            .await
            .fails(404, "not_found");
    }
    for bad in ["page=0", "per_page=0", "per_page=101", "page=x"] {
        api.get(&format!("{SERVICE}/images?{bad}"))
            .await
            .fails(422, "invalid");
    }
}

pub(crate) async fn a_reference_is_fetched_and_pinned() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.patch(
        SERVICE,
        json!({"github_repository": null, "image": "shop/api:slow"}),
    )
    .await
    .is(200);
    for scope in [SERVICE, WORKSPACE] {
        let started = api
            .post(&format!("{scope}/images/build"), json!({}))
            .await
            .is(202)
            .data();
        let path = format!("{scope}/images/{}", started["version"]);
        api.until(&path, |image| image["state"] == "building").await;
        // A second one of the same service waits.
        let second = api
            .post(&format!("{scope}/images/build"), json!({}))
            .await
            .is(202)
            .data();
        let waits = format!("{scope}/images/{}", second["version"]);
        assert_eq!(api.get(&waits).await.data()["state"], "queued");
        api.post(&format!("{waits}/cancel"), json!({}))
            .await
            .is(202);
        api.post(&format!("{path}/cancel"), json!({})).await.is(202);
        for path in [path, waits] {
            let image = api.get(&path).await.data();
            assert_eq!(image["state"], "cancelled");
            api.post(&format!("{path}/cancel"), json!({}))
                .await
                .fails(409, "wrong_state");
        }
    }
    api.patch(SERVICE, json!({"image": "shop/api:1"}))
        .await
        .is(200);
    let image = built(&api, json!({})).await;
    assert_eq!(
        (&image["state"], &image["repository_name"]),
        (&json!("built"), &json!("shop/api:1"))
    );
    api.patch(SERVICE, json!({"image": "shop/api:missing"}))
        .await
        .is(200);
    let image = built(&api, json!({})).await;
    assert!(
        image["error"].as_str().unwrap().contains("not found"),
        "{image}"
    );
}

pub(crate) async fn only_what_no_release_needs_is_pruned() {
    let repositories = Repositories::new();
    let api = with_service_that_keeps(&repositories, 1).await;
    built(&api, json!({})).await;
    let done = api
        .post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202)
        .data();
    let id = done["deployment_id"].as_str().unwrap();
    api.until(&format!("{SERVICE}/deployments/{id}"), |one| {
        one["complete"] == true
    })
    .await;
    for _ in 0..3 {
        built(&api, json!({})).await;
    }
    let versions = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|image| image["version"].as_u64().unwrap())
            .collect()
    };
    api.until(&format!("{SERVICE}/images"), |page| {
        versions(page) == [4, 1]
    })
    .await;
    api.get(&format!("{SERVICE}/images/2/log"))
        .await
        .fails(404, "not_found");
    let kept = api
        .get(&format!("{SERVICE}/images/1/log"))
        .await
        .is(200)
        .data();
    assert!(
        kept["log_text"].as_str().unwrap().contains("Commit"),
        "{kept}"
    );
    // A number is never used twice.
    assert_eq!(built(&api, json!({})).await["version"], 5);
    // What failed takes the place of nothing that was built.
    for _ in 0..3 {
        let failed = built(&api, json!({"ref": "no-such-branch"})).await;
        assert_eq!(failed["state"], "failed", "{failed}");
    }
    api.until(&format!("{SERVICE}/images"), |page| {
        versions(page) == [8, 5, 1]
    })
    .await;
}

pub(crate) async fn a_pipeline_builds_and_deploys_and_goes_back() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    let pipeline = format!("{PROJECT}/pipeline");
    let status = format!("{pipeline}/status?service=api&env=production");
    assert_eq!(api.get(&status).await.is(200).data(), json!({}));
    let which = json!({"service": "api", "env": "production", "message": "go"});
    api.post(&format!("{pipeline}/rollback"), which.clone())
        .await
        .fails(409, "wrong_state");
    for release in 1..=2 {
        repositories.commit("acme/api", &[("file", &release.to_string())]);
        api.post(&format!("{pipeline}/deploy"), which.clone())
            .await
            .is(202);
        api.until(&status, |status| {
            status["deploy"]["version"] == release && status["deploy"]["status"] == "success"
        })
        .await;
    }
    let now = api.get(&status).await.data();
    assert_eq!(
        (&now["build"]["version"], &now["build"]["status"]),
        (&json!(2), &json!("success"))
    );
    assert_eq!(now["release"]["version"], 2);
    let back = api
        .post(&format!("{pipeline}/rollback"), which)
        .await
        .is(202)
        .data();
    assert_eq!(back["release_version"], 1);
    for bad in [
        "service=api",
        "env=production",
        "service=none&env=production",
        "service=api&env=none",
    ] {
        let got = api.get(&format!("{pipeline}/status?{bad}")).await;
        assert!([404, 422].contains(&got.status), "{}", got.text);
    }
}

pub(crate) async fn a_release_is_promoted_with_the_targets_config() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.post(&format!("{PROJECT}/envs/"), json!({"name": "Staging"}))
        .await
        .is(201);
    let nowhere =
        format!("{PROJECT}/promote/preview?service=api&source_env=production&target_env=staging");
    let look = api.get(&nowhere).await.is(200).data();
    assert!(
        look["obstacle"]
            .as_str()
            .unwrap()
            .contains("Create it there"),
        "{look}"
    );
    let staging = format!("{PROJECT}/envs/staging");
    let body = json!({"name": "api", "platform": "wind", "github_repository": "acme/api"});
    api.post(&format!("{staging}/services"), body).await.is(201);
    for (place, value) in [(ENVIRONMENT, "live"), (staging.as_str(), "test")] {
        let body = json!({"name": "MODE", "value": value});
        api.post(&format!("{place}/config"), body).await.is(200);
    }
    let promotion = json!({"service": "api", "source_env": "staging", "target_env": "production"});
    let preview =
        format!("{PROJECT}/promote/preview?service=api&source_env=staging&target_env=production");
    assert!(api.get(&preview).await.is(200).data()["obstacle"].is_string());
    let promote = format!("{PROJECT}/promote");
    api.post(&promote, promotion.clone())
        .await
        .fails(409, "wrong_state");

    let run = json!({"service": "api", "env": "staging"});
    api.post(&format!("{PROJECT}/pipeline/deploy"), run)
        .await
        .is(202);
    let good = format!("{staging}/services/api/deployments");
    api.until(&good, |all| all[0]["complete"] == true).await;
    let look = api.get(&preview).await.is(200).data();
    assert_eq!(look["source_release_version"], 1);
    assert_eq!(look["config_diff"]["changed"][0]["after"], "live", "{look}");
    let done = api.post(&promote, promotion).await.is(202).data();
    let id = done["deployment_id"].as_str().unwrap();
    let deployment = api
        .until(&format!("{SERVICE}/deployments/{id}"), |one| {
            one["complete"] == true
        })
        .await;
    assert_eq!(deployment["kind"], "promotion");
    let there = api
        .get(&format!("{staging}/services/api/releases/1"))
        .await
        .data();
    let here = api.get(&format!("{SERVICE}/releases/1")).await.data();
    assert_eq!(here["image"]["reference"], there["image"]["reference"]);
    assert_eq!(here["configuration"][0]["value"], "live");

    // What is described otherwise from now on is what a deploy takes.
    assert_eq!(api.get(SERVICE).await.data()["undeployed_changes"], false);
    api.patch(
        SERVICE,
        json!({"github_repository": null, "image": "shop/api:9"}),
    )
    .await
    .is(200);
    assert_eq!(api.get(SERVICE).await.data()["undeployed_changes"], true);
    let look = api.get(&format!("{SERVICE}/deploy/preview")).await.data();
    assert_eq!(look["image"][0]["after"], "shop/api:9", "{look}");

    let same = json!({"service": "api", "source_env": "staging", "target_env": "staging"});
    api.post(&promote, same).await.fails(422, "invalid");
}

pub(crate) async fn what_is_built_and_can_not_be_deployed_says_why() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    repositories.commit("acme/api", &[("Procfile", "web: serve\n")]);
    api.patch(SERVICE, json!({"process_counts": {"ghost": 1}}))
        .await
        .is(200);
    let run = json!({"service": "api", "env": "production"});
    api.post(&format!("{PROJECT}/pipeline/deploy"), run)
        .await
        .is(202);
    let image = api
        .until(&format!("{SERVICE}/images/1"), |image| {
            image["built"] == true && image["error_detail"].is_string()
        })
        .await;
    let why = image["error_detail"].as_str().unwrap();
    assert!(
        why.contains("was not deployed") && why.contains("ghost"),
        "{why}"
    );
    let log = api.get(&format!("{SERVICE}/images/1/log")).await.data();
    assert!(
        log["log_text"]
            .as_str()
            .unwrap()
            .contains("was not deployed")
    );
    assert_eq!(
        api.get(&format!("{SERVICE}/deployments")).await.data(),
        json!([])
    );
}

pub(crate) async fn a_promotion_and_a_rollback_wait_where_that_is_asked_for() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.post(&format!("{PROJECT}/envs/"), json!({"name": "Staging"}))
        .await
        .is(201);
    let staging = format!("{PROJECT}/envs/staging");
    let body = json!({"name": "api", "platform": "wind", "image": "shop/api:1"});
    api.post(&format!("{staging}/services"), body).await.is(201);
    api.post(&format!("{staging}/services/api/deploy"), json!({}))
        .await
        .is(202);
    let there = format!("{staging}/services/api/deployments");
    api.until(&there, |all| all[0]["complete"] == true).await;
    // Something is under way in the target for long.
    let slow =
        json!({"github_repository": null, "image": "shop/api:slow", "deployment_timeout": 600});
    api.patch(SERVICE, slow).await.is(200);
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202);
    let deployments = format!("{SERVICE}/deployments");
    let state = |all: &Value, place: usize| all[place]["state"].as_str().unwrap().to_owned();
    api.until(&deployments, |all| state(all, 0) == "running")
        .await;
    let mut promotion = json!({
        "service": "api", "source_env": "staging", "target_env": "production", "when_busy": "wait",
    });
    let promote = format!("{PROJECT}/promote");
    api.post(&promote, promotion.clone()).await.is(202);
    let all = api.get(&deployments).await.data();
    assert_eq!(
        (state(&all, 0), state(&all, 1)),
        ("pending".into(), "running".into())
    );
    promotion["when_busy"] = json!("replace");
    api.post(&promote, promotion.clone()).await.is(202);
    let all = api
        .until(&deployments, |all| all[0]["complete"] == true)
        .await;
    assert_eq!(
        (state(&all, 1), state(&all, 2)),
        ("cancelled".into(), "cancelled".into())
    );
    promotion["when_busy"] = json!("perhaps");
    api.post(&promote, promotion).await.fails(422, "invalid");
    let back = json!({"service": "api", "env": "production", "when_busy": "wait"});
    api.post(&format!("{PROJECT}/pipeline/rollback"), back)
        .await
        .fails(409, "wrong_state");
}

fn push(commit: &str, branch: &str) -> String {
    json!({
        "ref": format!("refs/heads/{branch}"), "after": commit, "repository": {"full_name": "acme/api"},
        "pusher": {"name": "mona"}, "head_commit": {"message": "Faster\n\nMuch."},
    })
    .to_string()
}

async fn send(api: &Api, event: &str, body: &str, secret: &str) -> Got {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    api.anonymous("POST", "/webhooks/github")
        .header("x-github-event", event)
        .header("x-hub-signature-256", &format!("sha256={signature}"))
        .header("content-type", "application/json")
        .text(body)
        .send()
        .await
}

pub(crate) async fn a_push_to_the_branch_is_built_and_deployed() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.patch(SERVICE, json!({"auto_deploy_branch": "main"}))
        .await
        .is(200);
    let secret = std::fs::read_to_string(api.folder.path().join("webhook.secret")).unwrap();
    let secret = secret.trim();
    let commit = repositories.commit("acme/api", &[("pushed", "")]);
    // The branch moves on before the build: what was pushed is what is built.
    repositories.commit("acme/api", &[("later", "")]);
    let body = push(&commit, "main");
    send(&api, "push", &body, "wrong")
        .await
        .fails(401, "unauthorized");
    let unsigned = api
        .anonymous("POST", "/webhooks/github")
        .text(&body)
        .send()
        .await;
    unsigned.fails(401, "unauthorized");
    let taken = send(&api, "push", &body, secret).await.is(202);
    assert_eq!(taken.body["building"], json!(["api"]));
    let deployments = format!("{SERVICE}/deployments");
    let all = api
        .until(&deployments, |all| all[0]["complete"] == true)
        .await;
    assert_eq!(
        (&all[0]["kind"], &all[0]["by"], &all[0]["message"]),
        (&json!("push"), &json!("mona"), &json!("Faster"))
    );
    let release = api.get(&format!("{SERVICE}/releases/1")).await.data();
    assert_eq!(release["commit_sha"], commit);
    let again = send(&api, "push", &body, secret).await.is(200);
    assert!(
        again.body["ignored"].as_str().unwrap().contains("before"),
        "{}",
        again.text
    );
    for (event, body) in [
        ("ping", "{}".to_owned()),
        ("issues", "{}".to_owned()),
        ("push", push(&commit, "other")),
        ("push", body.replace("refs/heads/main", "refs/tags/v1")),
    ] {
        let got = send(&api, event, &body, secret).await.is(200);
        assert!(got.body["ignored"].is_string(), "{}", got.text);
    }
    for bad in ["{}", "no json", &push("main", "main")] {
        send(&api, "push", bad, secret)
            .await
            .fails(400, "malformed_json");
    }
    // Where a service names no branch, its environment's counts.
    api.patch(SERVICE, json!({"auto_deploy_branch": null}))
        .await
        .is(200);
    let other = push(&commit, "stable");
    let got = send(&api, "push", &other, secret).await.is(200);
    assert!(got.body["ignored"].is_string(), "{}", got.text);
    api.patch(ENVIRONMENT, json!({"auto_deploy_branch": "stable"}))
        .await
        .is(200);
    let newer = other.replace("Faster", "Faster still");
    let taken = send(&api, "push", &newer, secret).await.is(202);
    assert_eq!(taken.body["building"], json!(["api"]));
    tokio::time::timeout(Duration::from_secs(5), async {
        let page = api.get(&format!("{SERVICE}/images")).await.data();
        assert_eq!(page["pagination"]["total"], 2);
    })
    .await
    .unwrap();
}
