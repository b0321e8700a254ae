//! From a build to a deployment in one go, and from one environment to the next.

use serde_json::{Value, json};

use crate::repositories::{ENVIRONMENT, PROJECT, Repositories, SERVICE, with_service};

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
