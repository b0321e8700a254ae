//! `/orgs/{org}/projects/{project}/envs` and below, but services.

use serde_json::json;

use crate::client::Api;

const AT: &str = "/orgs/acme/projects/shop/envs";

pub(crate) async fn live_from_create_to_delete() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Staging", "env_type": "staging", "auto_deploy_branch": "main"});
    let made = api.post(AT, body).await.is(201).body;
    assert_eq!(made["slug"], "staging");
    assert_eq!(made["auto_deploy_branch"], "main");
    assert_eq!(api.get(&format!("{AT}/staging")).await.is(200).body, made);
    let patch = json!({"protected": true, "auto_deploy_branch": null});
    let changed = api
        .patch(&format!("{AT}/staging"), patch)
        .await
        .is(200)
        .body;
    assert_eq!(changed["protected"], true);
    assert_eq!(changed.get("auto_deploy_branch"), None);
    assert_eq!(changed["env_type"], "staging");
    assert_eq!(api.get(AT).await.is(200).body.as_array().unwrap().len(), 2);
    api.delete(&format!("{AT}/staging")).await.is(200);
    api.get(&format!("{AT}/staging"))
        .await
        .fails(404, "not_found");
}

pub(crate) async fn refuse_what_is_taken_or_full() {
    let api = Api::with_shop().await;
    let taken = api.post(AT, json!({"name": "Production"})).await;
    taken.fails(409, "name_taken").fault("name");
    let bad = api.post(AT, json!({"name": "x", "env_type": "moon"})).await;
    assert!(
        bad.fails(422, "invalid")
            .fault("env_type")
            .contains("staging")
    );
    let service = json!({"name": "api", "platform": "wind"});
    api.post(AT, json!({"name": "Staging"})).await.is(201);
    api.post(&format!("{AT}/staging/services"), service)
        .await
        .is(201);
    let full = api.delete(&format!("{AT}/staging")).await;
    assert!(full.fails(409, "not_empty").message().contains("api"));
}

pub(crate) async fn the_default_one_stays() {
    let api = Api::with_shop().await;
    let kept = api.delete(&format!("{AT}/production")).await;
    let kept = kept.fails(409, "wrong_state");
    assert!(kept.message().contains("Delete the project"));
    api.get(&format!("{AT}/production")).await.is(200);
}
