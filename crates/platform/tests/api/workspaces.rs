//! `/workspaces` and `/workspaces/{workspace_id}/projects`.

use serde_json::json;

use crate::client::Api;

pub(crate) async fn are_orgs_in_envelopes() {
    let api = Api::start().await.with_key().await;
    let made = api.post("/workspaces/", json!({"name": "Acme"})).await;
    let made = made.is(201).data();
    assert_eq!(api.get("/workspaces/").await.is(200).data(), json!([made]));
    assert_eq!(api.get("/orgs/").await.is(200).data(), json!([made]));
    let project = api.post("/workspaces/acme/projects/", json!({"name": "Shop"}));
    let project = project.await.is(201).data();
    let listed = api.get("/workspaces/acme/projects/").await.is(200).data();
    assert_eq!(listed, json!([project]));
    // The project came with the environment whose services W shows.
    let envs = api.get("/orgs/acme/projects/shop/envs/").await.is(200);
    assert_eq!(envs.body[0]["slug"], "production");
    let taken = api.post("/workspaces/acme/projects/", json!({"name": "SHOP"}));
    taken.await.fails(409, "name_taken").fault("name");
}
