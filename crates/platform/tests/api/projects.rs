//! `/orgs/{org}/projects` and below, but environments.

use serde_json::json;

use crate::client::Api;

pub(crate) async fn live_from_create_to_delete() {
    let api = Api::with_shop().await;
    let at = "/orgs/acme/projects";
    let project = api.get(&format!("{at}/shop")).await.is(200).body;
    assert_eq!(project["name"], "Shop");
    assert_eq!(api.get(at).await.is(200).body, json!([project]));
    api.post(at, json!({"name": "shop"}))
        .await
        .fails(409, "name_taken");
    let renamed = api.patch(&format!("{at}/shop"), json!({"name": "Store"}));
    assert_eq!(renamed.await.is(200).body["name"], "Store");
    let service = json!({"name": "api", "image": "nginx", "platform": "wind"});
    let services = format!("{at}/shop/envs/production/services");
    api.post(&services, service).await.is(201);
    let full = api.delete(&format!("{at}/shop")).await;
    assert!(full.fails(409, "not_empty").message().contains("api"));
    api.delete(&format!("{services}/api")).await.is(200);
    api.delete(&format!("{at}/shop")).await.is(200);
    api.get(&format!("{at}/shop")).await.fails(404, "not_found");
    assert_eq!(api.get(at).await.is(200).body, json!([]));
}
