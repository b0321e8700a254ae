//! Protected environments: what is deployed to them waits until another admin has approved it.

use serde_json::{Value, json};

use crate::client::Api;

const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production";
const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";

/// A service that runs its first release in an environment that is protected from then on; and the
/// key of another admin.
async fn protected(api: &Api) -> String {
    let services = format!("{ENVIRONMENT}/services/");
    let body = json!({"name": "api", "platform": "wind", "image": "api:1"});
    api.post(&services, body).await.is(201);
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202);
    runs(api, 1).await;
    api.patch(ENVIRONMENT, json!({"protected": true}))
        .await
        .is(200);
    let other = json!({"name": "other", "role": "admin"});
    let made = api.post("/orgs/acme/keys", other).await.is(201);
    made.data()["secret"].as_str().unwrap().to_owned()
}

/// Until a release runs and no other is under way.
async fn runs(api: &Api, version: u32) {
    api.until(&format!("{SERVICE}/status"), |status| {
        status["state"] == "running" && status["release_version"] == version
    })
    .await;
}

async fn deploy(api: &Api, body: Value) -> String {
    let got = api.post(&format!("{SERVICE}/deploy"), body).await.is(202);
    got.body["deployment_id"].as_str().unwrap().to_owned()
}

async fn approve(api: &Api, key: &str, id: &str) -> crate::client::Got {
    let path = format!("{SERVICE}/deployments/{id}/approve");
    let call = api.anonymous("POST", &path).header("x-api-key", key);
    call.send().await
}

async fn deployment(api: &Api, id: &str) -> Value {
    let got = api.get(&format!("{SERVICE}/deployments/{id}")).await;
    got.is(200).body
}

pub(crate) async fn a_deploy_waits_for_another_admin() {
    let api = Api::with_shop().await;
    // Whoever made the key is who holds it: it approves nothing of its maker's.
    let own = protected(&api).await;
    let other = api
        .app
        .create_key("second admin", pilothouse_wire::session::Role::Admin)
        .await
        .unwrap();
    let body = json!({"name": "m", "role": "member"});
    let member = api.post("/orgs/acme/keys", body).await.is(201).data();
    let member = member["secret"].as_str().unwrap();

    let id = deploy(&api, json!({"message": "second"})).await;
    let waiting = deployment(&api, &id).await;
    assert_eq!(waiting["state"], "pending");
    assert_eq!(waiting["needs_approval"], true);
    runs(&api, 1).await;
    for key in [api.key(), &own] {
        let got = approve(&api, key, &id).await.fails(409, "wrong_state");
        assert!(got.message().contains("another admin"));
    }
    approve(&api, member, &id).await.fails(403, "forbidden");
    let log = api.get(&format!("{SERVICE}/deployments/{id}/log")).await;
    assert!(log.text.contains("waits for another admin"), "{}", log.text);

    let approved = approve(&api, &other, &id).await.is(202).data();
    assert_eq!(approved["needs_approval"], false);
    assert_eq!(approved["approved_by"], "second admin");
    runs(&api, 2).await;
    approve(&api, &other, &id).await.fails(409, "wrong_state");
    let audit = api.get("/orgs/acme/audit?action=approve").await.is(200);
    let entries = audit.body["entries"].as_array().unwrap();
    let outcomes: Vec<_> = entries.iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["done", "refused"], "{}", audit.text);
    api.app.close().await;
}

pub(crate) async fn every_way_to_deploy_waits() {
    let api = Api::with_shop().await;
    protected(&api).await;
    let waiting = async || {
        let list = api.get(&format!("{SERVICE}/deployments")).await.is(200);
        let list = list.body.as_array().unwrap().clone();
        list.into_iter()
            .filter(|one| one["needs_approval"] == true)
            .count()
    };
    // In W a change acts at once; here it waits.
    let workspace = "/workspaces/acme/projects/shop/services/api";
    api.patch(workspace, json!({"image": "api:2"}))
        .await
        .is(200);
    assert_eq!(waiting().await, 1);
    deploy(&api, json!({"release": 1})).await;
    assert_eq!(waiting().await, 2);
    let pipeline = "/orgs/acme/projects/shop/pipeline";
    let at = json!({"service": "api", "env": "production"});
    api.post(&format!("{pipeline}/rollback"), at).await;
    runs(&api, 1).await;
    let staging = json!({"name": "Staging", "env_type": "staging"});
    api.post("/orgs/acme/projects/shop/envs/", staging)
        .await
        .is(201);
    let there = "/orgs/acme/projects/shop/envs/staging/services/";
    let body = json!({"name": "api", "platform": "wind", "image": "api:3"});
    api.post(there, body).await.is(201);
    api.post(&format!("{there}api/deploy"), json!({}))
        .await
        .is(202);
    api.until(&format!("{there}api/status"), |status| {
        status["state"] == "running"
    })
    .await;
    let before = waiting().await;
    let promotion = json!({"service": "api", "source_env": "staging", "target_env": "production"});
    api.post("/orgs/acme/projects/shop/promote", promotion)
        .await
        .is(202);
    assert_eq!(waiting().await, before + 1);
    runs(&api, 1).await;
    api.app.close().await;
}

pub(crate) async fn what_waits_for_an_approval_can_be_cancelled_and_stays_in_line() {
    let api = Api::with_shop().await;
    protected(&api).await;
    let other = api
        .app
        .create_key("second admin", pilothouse_wire::session::Role::Admin)
        .await
        .unwrap();
    let first = deploy(&api, json!({})).await;
    let second = deploy(&api, json!({})).await;
    api.post(&format!("{SERVICE}/deployments/{first}/cancel"), json!({}))
        .await
        .is(202);
    let cancelled = deployment(&api, &first).await;
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["needs_approval"], false);
    approve(&api, &other, &first)
        .await
        .fails(409, "wrong_state");
    assert_eq!(deployment(&api, &second).await["state"], "pending");
    let path = format!("/workspaces/acme/projects/shop/services/api/deployments/{second}/approve");
    let call = api.anonymous("POST", &path).header("x-api-key", &other);
    call.send().await.is(202);
    runs(&api, 3).await;
    approve(&api, &other, "none").await.fails(404, "not_found");
    api.app.close().await;
}
