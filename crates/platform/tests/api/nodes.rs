//! `/nodes` and below.

use serde_json::json;

use crate::client::Api;

pub(crate) async fn tell_what_runs_on_them() {
    let api = Api::with_shop().await;
    let services = "/orgs/acme/projects/shop/envs/production/services";
    let volumes = json!([{"name": "data", "mount_path": "/data", "size_gb": 1}]);
    let body = json!({
        "name": "api", "platform": "wind", "image": "api:1", "port": 80, "instances": 2, "volumes": volumes,
    });
    api.post(services, body).await.is(201);
    api.post(&format!("{services}/api/deploy"), json!({}))
        .await
        .is(202);
    api.until(&format!("{services}/api/status"), |status| {
        status["ready"] == 2
    })
    .await;
    let nodes = api.get("/nodes").await.is(200).body;
    let node = &nodes[0];
    assert_eq!(nodes.as_array().unwrap().len(), 1);
    assert_eq!(node["state"], "ready");
    assert_eq!(node["availability"], "active");
    let instances = node["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 2);
    let first = json!({
        "org": "acme", "project": "shop", "environment": "production", "service": "api",
        "process": "web", "ordinal": 0, "has_disk": true,
    });
    assert_eq!(instances[0], first);
    let name = node["name"].as_str().unwrap();
    let one = api.get(&format!("/nodes/{name}")).await.is(200);
    assert_eq!(one.body["id"], node["id"]);
    api.get("/nodes/elsewhere").await.fails(404, "not_found");
    api.app.close().await;
}

pub(crate) async fn are_drained_and_take_part_again() {
    let api = Api::with_shop().await;
    let node = api.get("/nodes").await.is(200).body[0].clone();
    let path = format!("/nodes/{}", node["id"].as_str().unwrap());
    let drained = api.patch(&path, json!({"availability": "drain"})).await;
    assert_eq!(drained.is(200).body["availability"], "drain");
    let audit = api.get("/audit?action=node.update").await.is(200);
    let entry = &audit.body["entries"][0];
    assert!(entry.to_string().contains("drain"), "{entry}");
    let bad = api.patch(&path, json!({"availability": "pause"})).await;
    bad.fails(422, "invalid").fault("availability");
    let active = api.patch(&path, json!({"availability": "active"})).await;
    assert_eq!(active.is(200).body["availability"], "active");
    api.app.close().await;
}
