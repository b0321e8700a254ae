//! Every line of the environment API's own document, as it stands there: its paths, its bodies, its
//! defaults.

use serde_json::{Value, json};

use crate::client::Api;

const SERVICES: &str = "/orgs/acme/projects/shop/envs/production/services";

/// The body of the document's «Create a service».
fn create() -> Value {
    json!({
        "name": "API",
        "platform": "wind",
        "github_repository": "acme/api",
        "health_check_path": "/_health/"
    })
}

pub(crate) async fn services_answer_as_the_seed_writes_them() {
    let api = Api::with_shop().await;
    let list = format!("{SERVICES}/");
    assert_eq!(api.get(&list).await.is(200).body, json!([]), "a bare array");
    let made = api.post(&list, create()).await.is(201).body;
    let uuid = made["id"].as_str().unwrap();
    assert!(uuid::Uuid::parse_str(uuid).is_ok(), "{uuid}");
    let scale = json!({"process_counts": {"web": 2, "worker": 1}});
    let at = format!("{SERVICES}/api");
    api.patch(&at, scale).await.is(200);

    // Every field of the document's list, with its value there.
    let expected = json!([{
        "id": uuid,
        "name": "API",
        "slug": "api",
        "platform": "wind",
        "github_repository": "acme/api",
        "process_counts": {"web": 2, "worker": 1}
    }]);
    let listed = api.get(&list).await.is(200).body;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    for (field, value) in expected[0].as_object().unwrap() {
        assert_eq!(&listed[0][field], value, "{field}");
    }
    // «Defaults to `/_health/`», «Defaults to 180».
    let defaults = json!({"name": "Other", "platform": "electric"});
    let other = api.post(&list, defaults).await.is(201).body;
    assert_eq!(other["health_check_path"], "/_health/");
    assert_eq!(other["deployment_timeout"], 180);

    // «Required: yes» and «One of».
    for (missing, field) in [
        (json!({"platform": "wind"}), "name"),
        (json!({"name": "X"}), "platform"),
        (json!({"name": "X", "platform": "coal"}), "platform"),
    ] {
        let refused = api.post(&list, missing).await.is(422);
        assert!(!refused.fault(field).is_empty(), "{field}");
    }
    for platform in ["wind", "steam", "diesel", "stirling", "nuclear", "electric"] {
        let body = json!({"name": format!("On {platform}"), "platform": platform});
        let made = api.post(&list, body).await.is(201).body;
        assert_eq!(made["platform"], platform);
    }

    // «Accepts the same fields as create (all optional)».
    let update = json!({
        "name": "API 2", "platform": "steam", "github_repository": "acme/api2",
        "health_check_path": "/up", "auto_deploy_branch": "main", "deployment_timeout": 60
    });
    for (field, value) in update.as_object().unwrap() {
        let mut one = json!({});
        one[field] = value.clone();
        let updated = api.patch(&at, one).await.is(200).body;
        assert_eq!(&updated[field], value, "{field}");
    }
    let service = api.get(&at).await.is(200).body;
    for (field, value) in update.as_object().unwrap() {
        assert_eq!(&service[field], value, "{field}");
    }
    api.app.close().await;
}

pub(crate) async fn delivery_answers_as_the_seed_writes_it() {
    let api = Api::with_shop().await;
    let mut body = create();
    body["github_repository"] = Value::Null;
    body["image"] = json!("shop/api:1");
    api.post(&format!("{SERVICES}/"), body).await.is(201);
    let at = |rest: &str| format!("{SERVICES}/api/{rest}");

    // Service configuration: list, set, resolved.
    assert_eq!(api.get(&at("config")).await.is(200).body, json!([]));
    let set = json!({"name": "MODE", "value": "live"});
    api.post(&at("config"), set).await.is(200);
    let list = api.get(&at("config")).await.is(200).body;
    assert_eq!(
        (&list[0]["name"], &list[0]["value"]),
        (&json!("MODE"), &json!("live"))
    );
    let above = json!({"name": "REGION", "value": "eu"});
    api.post("/orgs/acme/config", above).await.is(200);
    let merged = api.get(&at("config/resolved")).await.is(200).body;
    let names: Vec<&Value> = merged
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["MODE", "REGION"], "levels are merged");

    // Images: build «returns the image ID and version», pages, a version is an integer, its log.
    let build = api.post(&at("images/build"), json!({})).await.is(202).body;
    assert_eq!(build["version"], 1);
    let id = build["image_id"].as_str().unwrap().to_owned();
    api.until(&at("images/1"), |image| image["built"] == true)
        .await;
    let image = api.get(&at("images/1")).await.is(200).body;
    assert_eq!((&image["id"], &image["version"]), (&json!(id), &json!(1)));
    api.get(&at(&format!("images/{id}")))
        .await
        .fails(404, "not_found");
    let page = api.get(&at("images?page=1&per_page=1")).await.is(200).body;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let log = api.get(&at("images/1/log")).await.is(200).body;
    assert_eq!(
        (&log["status"], &log["version"]),
        (&json!("success"), &json!(1))
    );

    // Deploy «returns the release and deployment IDs», and takes the latest image.
    let deploy = api.post(&at("deploy"), json!({})).await.is(202).body;
    for id in ["release_id", "deployment_id"] {
        let text = deploy[id].as_str().unwrap();
        assert!(uuid::Uuid::parse_str(text).is_ok(), "{id}: {text}");
    }
    let release = api.get(&at("releases/1")).await.is(200).body;
    assert_eq!(release["id"], deploy["release_id"]);
    assert_eq!(release["image"]["version"], 1);
    let log = api.get(&at("releases/1/log")).await.is(200).body;
    assert!(!log["log_text"].as_str().unwrap().is_empty());

    // «Returns the 50 most recent releases», the newest first.
    for _ in 0..52 {
        api.post(&at("deploy"), json!({})).await.is(202);
    }
    let releases = api.get(&at("releases")).await.is(200).body;
    let versions = releases.as_array().unwrap().iter();
    let versions: Vec<u64> = versions
        .map(|one| one["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, (4..=53).rev().collect::<Vec<u64>>());
    api.app.close().await;
}
