//! Releases, deploys and deployments, under both scopes.

use serde_json::{Value, json};

use crate::client::Api;

const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";
const WORKSPACE: &str = "/workspaces/acme/projects/shop/services/api";
const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production";

async fn with_service(image: &str) -> Api {
    let api = Api::with_shop().await;
    let body = json!({"name": "api", "platform": "wind", "image": image, "port": 8080});
    api.post(&format!("{ENVIRONMENT}/services"), body)
        .await
        .is(201);
    api
}

async fn deploy(api: &Api, body: Value) -> Value {
    api.post(&format!("{SERVICE}/deploy"), body)
        .await
        .is(202)
        .data()
}

/// Waits until a deployment has ended, and gives it.
async fn ended(api: &Api, id: &Value) -> Value {
    let path = format!("{SERVICE}/deployments/{}", id.as_str().unwrap());
    let over = |one: &Value| !["pending", "running"].contains(&one["state"].as_str().unwrap());
    api.until(&path, over).await
}

/// The log of a deployment, without the times.
async fn story(api: &Api, id: &Value) -> String {
    let path = format!("{SERVICE}/deployments/{}/log", id.as_str().unwrap());
    let log = api.get(&path).await.is(200).data();
    let text = log["log_text"].as_str().unwrap().to_owned();
    let lines = text.lines().map(|line| line.split_once("  ").unwrap().1);
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) async fn a_deploy_tells_its_story_to_the_end() {
    let api = with_service("shop/api:1").await;
    let done = deploy(&api, json!({"message": "first try"})).await;
    assert_eq!(done["ok"], true);
    let deployment = ended(&api, &done["deployment_id"]).await;
    assert_eq!(deployment["state"], "complete", "{deployment}");
    assert_eq!(
        (
            &deployment["release"],
            &deployment["kind"],
            &deployment["by"],
            &deployment["message"]
        ),
        (
            &json!(1),
            &json!("deploy"),
            &json!("tester"),
            &json!("first try")
        )
    );
    let told = story(&api, &done["deployment_id"]).await;
    for part in [
        "Release v1: shop/api:1, 0 variables, web 1.",
        "Asked for by tester: first try",
        "web.0 starts.",
        "web.0 is ready after",
        "Done: the instance of v1 is ready.",
    ] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
    let services = api.get(&format!("{ENVIRONMENT}/services")).await.data();
    let newest = &services[0]["latest_deployment"];
    assert_eq!(
        (&newest["id"], &newest["state"]),
        (&done["deployment_id"], &json!("complete"))
    );
    let list = api
        .get(&format!("{WORKSPACE}/deployments"))
        .await
        .is(200)
        .data();
    assert_eq!(list[0]["id"], done["deployment_id"]);
    for scope in [SERVICE, WORKSPACE] {
        let path = format!(
            "{scope}/deployments/{}",
            done["deployment_id"].as_str().unwrap()
        );
        api.get(&path).await.is(200);
        let log = api.get(&format!("{path}/log")).await.is(200).data();
        assert_eq!(
            (&log["status"], &log["version"]),
            (&json!("success"), &json!(1))
        );
        let whole = log["log_text"].as_str().unwrap();
        assert_eq!(log["next_offset"], whole.len());
        let rest = api.get(&format!("{path}/log?offset=20")).await.data();
        assert_eq!(rest["log_text"], whole[20..]);
        let tail = api.get(&format!("{path}/log?tail=9")).await.data();
        assert_eq!(tail["log_text"], whole[whole.len() - 9..]);
        api.get(&format!("{path}/log?tail=9&offset=1"))
            .await
            .fails(422, "invalid");
        api.post(&format!("{path}/cancel"), json!({}))
            .await
            .fails(409, "wrong_state");
    }
}

pub(crate) async fn a_release_says_what_differs_from_the_one_before() {
    let api = with_service("shop/api:1").await;
    let config = format!("{SERVICE}/config");
    api.post(&config, json!({"name": "MODE", "value": "slow"}))
        .await
        .is(200);
    let first = deploy(&api, json!({})).await;
    ended(&api, &first["deployment_id"]).await;
    api.post(
        &format!("{config}/bulk"),
        json!([
            {"name": "MODE", "value": "fast"}, {"name": "TOKEN", "value": "t", "secret": true},
        ]),
    )
    .await
    .is(200);
    api.patch(
        SERVICE,
        json!({"image": "shop/api:2", "health_check_path": "/up"}),
    )
    .await
    .is(200);
    let preview = api
        .get(&format!("{SERVICE}/deploy/preview"))
        .await
        .is(200)
        .data();
    assert_eq!(
        (&preview["running_release"], &preview["release"]),
        (&json!(1), &json!(2))
    );
    let second = deploy(&api, json!({"message": "faster"})).await;
    ended(&api, &second["deployment_id"]).await;
    let releases = api
        .get(&format!("{WORKSPACE}/releases"))
        .await
        .is(200)
        .data();
    let versions: Vec<_> = releases
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["version"].clone())
        .collect();
    assert_eq!(json!(versions), json!([2, 1]));
    for scope in [SERVICE, WORKSPACE] {
        let release = api.get(&format!("{scope}/releases/2")).await.is(200).data();
        assert_eq!(release, releases[0]);
        assert_eq!(release["current"], true);
        assert_eq!(release["message"], "faster");
        assert_eq!(release["built"], true);
        assert_eq!(release["image"]["reference"], "shop/api:2");
        assert!(
            release["image"]["digest"]
                .as_str()
                .unwrap()
                .starts_with("sha256:")
        );
        assert_eq!(
            release["configuration"],
            json!([
                {"name": "MODE", "value": "fast", "secret": false},
                {"name": "TOKEN", "value": "**secret**", "secret": true},
            ])
        );
        let changes = &release["configuration_changes"];
        assert_eq!(
            changes["changed"][0],
            json!({"name": "MODE", "kind": "changed", "before": "slow", "after": "fast"})
        );
        assert_eq!(changes["added"][0]["after"], "**secret**");
        let names: Vec<_> = release["image_changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["image", "health_check_path"]);
        let log = api
            .get(&format!("{scope}/releases/2/log"))
            .await
            .is(200)
            .data();
        let text = log["log_text"].as_str().unwrap();
        assert!(
            text.contains("changed MODE") && text.contains("shop/api:2"),
            "{text}"
        );
        assert_eq!(preview["config"], *changes);
    }
    for bad in ["3", "none", "0", "-1", "99999999999"] {
        api.get(&format!("{SERVICE}/releases/{bad}"))
            .await
            .fails(404, "not_found");
        api.get(&format!("{SERVICE}/releases/{bad}/log"))
            .await
            .fails(404, "not_found");
    }
}

pub(crate) async fn a_rollback_brings_image_and_config_back_and_nothing_else() {
    let api = with_service("shop/api:1").await;
    let config = format!("{SERVICE}/config");
    api.post(&config, json!({"name": "MODE", "value": "old"}))
        .await
        .is(200);
    let first = deploy(&api, json!({})).await;
    ended(&api, &first["deployment_id"]).await;
    api.post(&config, json!({"name": "MODE", "value": "new"}))
        .await
        .is(200);
    let change = json!({
        "image": "shop/api:2", "domains": ["shop.localhost"], "instances": 3,
        "process_counts": {"worker": 2},
    });
    api.patch(SERVICE, change).await.is(200);
    let second = deploy(&api, json!({})).await;
    ended(&api, &second["deployment_id"]).await;

    let preview = api
        .get(&format!("{SERVICE}/deploy/preview?release=1"))
        .await
        .is(200)
        .data();
    assert_eq!(preview["config"]["changed"][0]["after"], "old");
    assert_eq!(preview["image"][0]["after"], "shop/api:1");
    assert_eq!(
        preview["stays"],
        json!([{"name": "domains", "after": "shop.localhost"}])
    );
    assert_eq!(
        preview["processes"],
        json!([{"name": "worker", "before": "2"}]),
        "the release has no such process"
    );
    let back = deploy(&api, json!({"release": 1, "message": "v2 is slow"})).await;
    assert_eq!(back["release_version"], 1);
    let deployment = ended(&api, &back["deployment_id"]).await;
    assert_eq!(
        (
            &deployment["kind"],
            &deployment["previous_release"],
            &deployment["message"]
        ),
        (&json!("rollback"), &json!(2), &json!("v2 is slow"))
    );
    let service = api.get(SERVICE).await.data();
    assert_eq!(service["latest_release"]["version"], 1);
    assert_eq!(service["undeployed_changes"], true);
    let status = api.get(&format!("{SERVICE}/status")).await.data();
    assert_eq!(
        (&status["release_version"], &status["total"]),
        (&json!(1), &json!(3))
    );
    let again = deploy(&api, json!({"release": 2})).await;
    ended(&api, &again["deployment_id"]).await;
    let status = api.get(&format!("{SERVICE}/status")).await.data();
    assert_eq!(
        status["total"], 3,
        "a process that comes back waits for its scale"
    );
    api.post(&format!("{SERVICE}/deploy"), json!({"release": 9}))
        .await
        .fails(404, "not_found");
    api.get(&format!("{SERVICE}/deploy/preview?release=9"))
        .await
        .fails(404, "not_found");
    api.get(&format!("{WORKSPACE}/deploy/preview"))
        .await
        .is(200);
}

pub(crate) async fn a_deploy_that_fails_leaves_the_old_release() {
    let api = with_service("shop/api:1").await;
    let first = deploy(&api, json!({})).await;
    ended(&api, &first["deployment_id"]).await;
    api.patch(
        SERVICE,
        json!({"image": "shop/api:missing", "domains": ["new.localhost"]}),
    )
    .await
    .is(200);
    let second = deploy(&api, json!({})).await;
    let deployment = ended(&api, &second["deployment_id"]).await;
    assert_eq!(deployment["state"], "error");
    assert!(
        deployment["error"].as_str().unwrap().contains("not found"),
        "{deployment}"
    );
    let told = story(&api, &second["deployment_id"]).await;
    assert!(told.ends_with("Release v1 goes on serving."), "{told}");
    let service = api.get(SERVICE).await.data();
    assert_eq!(service["latest_release"]["version"], 1);
    assert_eq!(service["latest_image"]["state"], "failed");
    let release = api.get(&format!("{SERVICE}/releases/2")).await.data();
    assert_eq!(
        (&release["state"], &release["built"]),
        (&json!("failed"), &json!(false))
    );
    api.post(&format!("{SERVICE}/deploy"), json!({"release": 2}))
        .await
        .fails(409, "wrong_state");
}

pub(crate) async fn a_deploy_of_which_nothing_moves_ends_by_itself() {
    let api = with_service("shop/api:1").await;
    let first = deploy(&api, json!({})).await;
    ended(&api, &first["deployment_id"]).await;
    let hangs = json!({"image": "shop/api:hanging", "deployment_timeout": 1});
    api.patch(SERVICE, hangs).await.is(200);
    let second = deploy(&api, json!({})).await;
    let deployment = ended(&api, &second["deployment_id"]).await;
    assert_eq!(deployment["state"], "error");
    let why = deployment["error"].as_str().unwrap();
    assert!(why.contains("nothing came for 1 s"), "{why}");
    let status = format!("{SERVICE}/status");
    let settled = |status: &Value| status["state"] == "running" && status["release_version"] == 1;
    api.until(&status, settled).await;
}

pub(crate) async fn a_cancelled_deploy_leaves_the_old_release() {
    let api = with_service("shop/api:1").await;
    let first = deploy(&api, json!({})).await;
    ended(&api, &first["deployment_id"]).await;
    api.patch(SERVICE, json!({"image": "shop/api:unhealthy"}))
        .await
        .is(200);
    for scope in [SERVICE, WORKSPACE] {
        let second = deploy(&api, json!({})).await;
        let id = second["deployment_id"].as_str().unwrap();
        let path = format!("{scope}/deployments/{id}");
        api.until(&path, |one| one["state"] == "running").await;
        api.post(&format!("{path}/cancel"), json!({})).await.is(202);
        let deployment = api.get(&path).await.data();
        assert_eq!(deployment["state"], "cancelled");
        assert_eq!(deployment["error"], "tester cancelled it");
    }
    let status = format!("{SERVICE}/status");
    let settled = |status: &Value| status["state"] == "running" && status["release_version"] == 1;
    api.until(&status, settled).await;
}

pub(crate) async fn a_first_deploy_that_is_cancelled_leaves_nothing() {
    let api = with_service("shop/api:unhealthy").await;
    let first = deploy(&api, json!({})).await;
    let id = first["deployment_id"].as_str().unwrap();
    let status = format!("{SERVICE}/status");
    api.until(&status, |status| {
        status["instances"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    })
    .await;
    api.post(&format!("{SERVICE}/deployments/{id}/cancel"), json!({}))
        .await
        .is(202);
    let gone = |status: &Value| status["state"] == "undeployed" && status["instances"] == json!([]);
    api.until(&status, gone).await;
}

pub(crate) async fn the_second_of_two_deploys_replaces_or_waits() {
    let api = with_service("shop/api:slow").await;
    let first = deploy(&api, json!({})).await;
    let waiting = deploy(&api, json!({"when_busy": "wait"})).await;
    let path = format!(
        "{SERVICE}/deployments/{}",
        waiting["deployment_id"].as_str().unwrap()
    );
    let pending = api.get(&path).await.data();
    assert_eq!(pending["state"], "pending");
    api.patch(SERVICE, json!({"image": "shop/api:2"}))
        .await
        .is(200);
    let third = deploy(&api, json!({"when_busy": "replace"})).await;
    let done = ended(&api, &third["deployment_id"]).await;
    assert_eq!(done["state"], "complete");
    for replaced in [&first, &waiting] {
        let one = ended(&api, &replaced["deployment_id"]).await;
        assert_eq!(one["state"], "cancelled");
        assert!(
            one["error"].as_str().unwrap().contains("took its place"),
            "{one}"
        );
    }
    // One that waits begins when the one before it has ended.
    api.patch(SERVICE, json!({"image": "shop/api:unhealthy"}))
        .await
        .is(200);
    let stuck = deploy(&api, json!({})).await;
    api.patch(SERVICE, json!({"image": "shop/api:3"}))
        .await
        .is(200);
    let next = deploy(&api, json!({"when_busy": "wait"})).await;
    let id = stuck["deployment_id"].as_str().unwrap();
    api.post(&format!("{SERVICE}/deployments/{id}/cancel"), json!({}))
        .await
        .is(202);
    let done = ended(&api, &next["deployment_id"]).await;
    assert_eq!(done["state"], "complete", "{done}");
    let service = api.get(SERVICE).await.data();
    assert_eq!(
        service["latest_release"]["version"],
        next["release_version"]
    );
    api.post(&format!("{SERVICE}/deploy"), json!({"when_busy": "never"}))
        .await
        .fails(422, "invalid");
}

pub(crate) async fn unknown_deployments() {
    let api = with_service("shop/api:1").await;
    for path in ["deployments/none", "deployments/none/log"] {
        api.get(&format!("{SERVICE}/{path}"))
            .await
            .fails(404, "not_found");
    }
    api.post(&format!("{SERVICE}/deployments/none/cancel"), json!({}))
        .await
        .fails(404, "not_found");
}
