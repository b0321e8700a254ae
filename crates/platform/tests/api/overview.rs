//! `…/overview` of orgs, projects and environments.

use serde_json::{Value, json};

use crate::client::Api;
use crate::telemetry::with_domain;

const ORG: &str = "/orgs/acme/overview";
const PROJECT: &str = "/orgs/acme/projects/shop/overview";
const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production/overview";
const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";

/// `[["down", 1], …]`
fn counts(overview: &Value) -> Value {
    let counts = overview["services"].as_array().unwrap().iter();
    counts
        .map(|one| json!([one["state"], one["count"]]))
        .collect()
}

/// `[["down", "production", "api"], …]`
fn concerns(overview: &Value) -> Value {
    let attention = overview["attention"].as_array().unwrap().iter();
    attention
        .map(|one| json!([one["concern"], one["environment"], one["name"]]))
        .collect()
}

pub(crate) async fn nothing_is_told_of_an_empty_place() {
    let api = Api::start().await.with_key().await;
    api.post("/orgs/", json!({"name": "Acme"})).await.is(201);
    let empty = json!({"services": [], "attention": [], "more_attention": 0, "cells": []});
    assert_eq!(api.get(ORG).await.is(200).body, empty);
    api.post("/orgs/acme/projects/", json!({"name": "Shop"}))
        .await
        .is(201);
    let cell = json!({
        "project": "shop", "project_name": "Shop", "environment": "production",
        "environment_name": "Production", "env_type": "production", "protected": false,
        "services": [],
    });
    for path in [ORG, PROJECT, ENVIRONMENT] {
        let overview = api.get(path).await.is(200).body;
        assert_eq!(overview["cells"], json!([cell]), "{path}");
        assert_eq!(overview["services"], json!([]));
    }
}

pub(crate) async fn each_level_tells_of_what_is_below_it() {
    let api = Api::with_shop().await;
    api.post("/orgs/acme/projects/", json!({"name": "Blog"}))
        .await
        .is(201);
    let staging = json!({"name": "Staging", "env_type": "staging"});
    api.post("/orgs/acme/projects/shop/envs", staging)
        .await
        .is(201);
    let service = |name: &str, image: &str| json!({"name": name, "image": image, "port": 80});
    api.post(W, service("Api", "shop:1")).await.is(201);
    api.post(W, service("Jobs", "shop:crash")).await.is(201);
    let blog = "/workspaces/acme/projects/blog/services";
    api.post(blog, service("Pages", "blog:1")).await.is(201);
    let described = json!({"name": "Later", "image": "shop:1", "platform": "wind"});
    let staging = "/orgs/acme/projects/shop/envs/staging";
    api.post(&format!("{staging}/services"), described)
        .await
        .is(201);

    let all = json!([["down", 1], ["running", 2], ["undeployed", 1]]);
    let org = api.until(ORG, |overview| counts(overview) == all).await;
    assert_eq!(concerns(&org), json!([["down", "production", "Jobs"]]));
    let down = &org["attention"][0];
    assert_eq!(
        (&down["project"], &down["service"]),
        (&json!("shop"), &json!("jobs"))
    );
    assert!(down["since"].is_string(), "{down}");
    assert!(
        down["why"].as_str().unwrap().contains("exit code 1"),
        "{down}"
    );

    let cells: Value = org["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| json!([cell["project"], cell["environment"], cell["state"]]))
        .collect();
    let expected = json!([
        ["blog", "production", "running"],
        ["shop", "production", "down"],
        ["shop", "staging", "undeployed"],
    ]);
    assert_eq!(cells, expected);
    let newest = &org["cells"][1]["deployment"];
    assert_eq!(
        (&newest["name"], &newest["release"], &newest["by"]),
        (&json!("Jobs"), &json!(1), &json!("tester"))
    );
    assert!(newest["created"].is_string(), "{newest}");
    assert!(org["cells"][2].get("deployment").is_none());

    let project = api.get(PROJECT).await.is(200).body;
    assert_eq!(
        counts(&project),
        json!([["down", 1], ["running", 1], ["undeployed", 1]])
    );
    assert_eq!(project["cells"].as_array().unwrap().len(), 2);
    let environment = api.get(&format!("{staging}/overview")).await.is(200).body;
    assert_eq!(counts(&environment), json!([["undeployed", 1]]));
    assert_eq!(environment["attention"], json!([]));

    // What is deleted is told of no more.
    api.delete(&format!("{E}/jobs")).await.is(200);
    let production = api.get(ENVIRONMENT).await.is(200).body;
    assert_eq!(counts(&production), json!([["running", 1]]));
    assert_eq!(production["attention"], json!([]));
}

pub(crate) async fn the_newest_deploy_and_build_are_told_if_they_failed() {
    let api = Api::shop_with(|parts| {
        // No repository is there.
        parts.builds.git_base = format!("file://{}", parts.data_dir.join("none").display());
        parts.builds.folder = parts.data_dir.join("work");
    })
    .await;
    api.post(W, json!({"name": "Api", "image": "shop:1"}))
        .await
        .is(201);
    let running = json!([["running", 1]]);
    api.until(ENVIRONMENT, |overview| counts(overview) == running)
        .await;
    api.patch(&format!("{W}/api"), json!({"image": "shop:missing"}))
        .await
        .is(200);
    let failed = json!([["deploy_failed", "production", "Api"]]);
    let overview = api
        .until(ENVIRONMENT, |overview| concerns(overview) == failed)
        .await;
    let deploy = &overview["attention"][0];
    assert_eq!(deploy["version"], 2, "{deploy}");
    assert!(
        deploy["why"].as_str().unwrap().contains("was not found"),
        "{deploy}"
    );

    let built = json!({"name": "Built", "platform": "wind", "github_repository": "acme/none"});
    api.post(E, built).await.is(201);
    let build = api.call("POST", &format!("{E}/built/images/build"));
    build.send().await.is(202);
    let both = json!([
        ["deploy_failed", "production", "Api"],
        ["build_failed", "production", "Built"],
    ]);
    let overview = api
        .until(ENVIRONMENT, |overview| concerns(overview) == both)
        .await;
    let build = &overview["attention"][1];
    assert_eq!(build["version"], 1, "{build}");
    assert!(
        build["why"].as_str().unwrap().contains("was not found"),
        "{build}"
    );

    // A deploy that goes well takes the place of the one that failed.
    api.patch(&format!("{W}/api"), json!({"image": "shop:2"}))
        .await
        .is(200);
    let build = json!([["build_failed", "production", "Built"]]);
    api.until(ENVIRONMENT, |overview| concerns(overview) == build)
        .await;
}

pub(crate) async fn errors_are_told_with_how_many_requests_they_are_of() {
    let (api, visits) = with_domain().await;
    for _ in 0..20 {
        visits.send("GET", "/").await;
    }
    let failing = |overview: &Value| {
        let reason = &overview["attention"][0];
        reason["concern"] == "errors" && reason["errors"]["requests"].as_u64() >= Some(20)
    };
    let overview = api.until(ORG, failing).await;
    let reason = &overview["attention"][0];
    assert_eq!(reason["name"], "Api");
    assert_eq!(reason["errors"]["seconds"], 900);
    assert_eq!(reason["errors"]["errors"], reason["errors"]["requests"]);
    api.app.close().await;
}

pub(crate) async fn unknown_places() {
    let api = Api::with_shop().await;
    for (path, what) in [
        ("/orgs/none/overview", "org 'none'"),
        ("/orgs/acme/projects/none/overview", "project 'none'"),
        (
            "/orgs/acme/projects/shop/envs/none/overview",
            "environment 'none'",
        ),
    ] {
        let got = api.get(path).await.fails(404, "not_found");
        assert!(got.message().contains(what), "{}", got.text);
        let got = api.anonymous("GET", path).send().await;
        got.fails(401, "unauthorized");
    }
    api.get(&format!("{ORG}?since=5"))
        .await
        .fails(422, "invalid");
}
