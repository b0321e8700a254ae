//! The audit: every change with a name on it, every refusal, and nothing secret.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::client::Api;

async fn key(api: &Api, org: &str, body: Value) -> String {
    let made = api.post(&format!("/orgs/{org}/keys"), body).await.is(201);
    made.data()["secret"].as_str().unwrap().to_owned()
}

async fn entries(api: &Api, path: &str) -> Vec<Value> {
    let audit = api.get(path).await.is(200).data();
    audit["entries"].as_array().unwrap().clone()
}

/// `image: - > api:1` of each field that changed.
fn changes(entry: &Value) -> Vec<String> {
    let list = entry["changes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    list.map(|one| {
        let (before, after) = (text(&one["before"]), text(&one["after"]));
        format!("{}: {before} > {after}", text(&one["name"]))
    })
    .collect()
}

pub(crate) async fn every_change_has_a_name_on_it() {
    let api = Api::with_shop().await;
    let scope = "/orgs/acme/projects/shop/envs/production/services/";
    let service = format!("{scope}api");
    let body = json!({"name": "api", "platform": "wind", "image": "api:1"});
    api.post(scope, body).await.is(201);
    let patch = json!({"image": "api:2"});
    api.patch(&service, patch).await.is(200);
    let config = format!("{service}/config");
    let plain = json!({"name": "PLAIN", "value": "one"});
    api.post(&config, plain).await.is(200);
    for value in ["first-secret", "second-secret"] {
        let secret = json!({"name": "KEY", "value": value, "secret": true});
        api.post(&config, secret).await.is(200);
    }
    api.post(&format!("{service}/deploy"), json!({}))
        .await
        .is(202);
    api.post(&format!("{service}/scale"), json!({"instances": 2}))
        .await
        .is(202);
    let env = "/orgs/acme/projects/shop/envs/production";
    api.patch(env, json!({"name": "Live"})).await.is(200);
    let made = json!({"name": "ci", "role": "member", "project": "shop"});
    let secret = key(&api, "acme", made).await;
    api.delete(&service).await.is(200);

    let got = api.get("/orgs/acme/audit").await.is(200);
    for hidden in ["first-secret", "second-secret", &secret, api.key()] {
        assert!(!got.text.contains(hidden), "the audit tells {hidden}");
    }
    let told = got.data();
    let told: Vec<&Value> = told["entries"].as_array().unwrap().iter().rev().collect();
    let actions: Vec<&str> = told
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    let expected = [
        "org.create",
        "project.create",
        "service.create",
        "service.update",
        "config.set",
        "config.set",
        "config.set",
        "service.deploy",
        "service.scale",
        "environment.update",
        "key.create",
        "service.delete",
    ];
    // The org was not there when it was asked for.
    assert_eq!(actions, expected[1..]);
    for entry in &told {
        assert_eq!(entry["by"], "tester");
        assert_eq!(entry["by_kind"], "key");
        assert_eq!(entry["outcome"], "done");
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["org"], "acme");
        assert!(entry["at"].is_string() && entry["request_id"].is_string());
    }
    let of = |at: usize| changes(told[at]);
    assert!(of(1).contains(&"image: - > api:1".to_owned()));
    assert_eq!(of(2), ["image: api:1 > api:2"]);
    assert_eq!(of(3), ["PLAIN: - > one"]);
    assert_eq!(of(4), ["KEY: - > **secret**"]);
    assert_eq!(of(5), ["KEY: - > **secret**"]);
    assert_eq!(of(6), ["release: - > v1"]);
    assert_eq!(of(7), ["web: 1 > 2"]);
    assert_eq!(of(8), ["name: Production > Live"]);
    assert_eq!(of(9), ["name: - > ci", "role: - > member of shop"]);
    assert_eq!(told[7]["subject"], format!("{service}/scale"));
    assert_eq!(told[7]["environment"], "production");
    let all = entries(&api, "/audit").await;
    assert_eq!(all.last().unwrap()["action"], expected[0]);
    api.app.close().await;
}

pub(crate) async fn refusals_are_told_once_each() {
    let api = Api::with_shop().await;
    api.post("/orgs/", json!({"name": "Other"})).await.is(201);
    let viewer = key(&api, "acme", json!({"name": "v", "role": "viewer"})).await;
    let foreign = key(&api, "other", json!({"name": "f", "role": "admin"})).await;
    let ask = |key: &str, method: &str, path: &str| {
        let call = api.anonymous(method, path).header("x-api-key", key);
        call.send()
    };
    for _ in 0..3 {
        ask(&viewer, "DELETE", "/orgs/acme").await.is(403);
        ask(&foreign, "GET", "/orgs/acme/projects").await.is(404);
        ask("ph_wrong", "GET", "/orgs").await.is(401);
    }
    // What is not there at all is no refusal.
    ask(&viewer, "GET", "/orgs/acme/projects/shop/envs/none")
        .await
        .is(404);
    let told = entries(&api, "/orgs/acme/audit?outcome=refused").await;
    let actions: Vec<&str> = told
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["project.list", "org.delete"], "{told:?}");
    assert_eq!(told[0]["by"], "f");
    let reason = told[1]["reason"].as_str().unwrap();
    assert!(reason.contains("role admin"), "{reason}");
    let told = entries(&api, "/audit?by=nobody").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["by_kind"], "nobody");
    assert_eq!(told[0]["outcome"], "refused");
    let wrong = api.anonymous("POST", "/auth/session");
    wrong
        .json(&json!({"token": "pht_wrong"}))
        .send()
        .await
        .is(401);
    let right = api.anonymous("POST", "/auth/session");
    right.json(&json!({"key": viewer})).send().await.is(201);
    let told = entries(&api, "/audit?action=session").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["by"], "v");
    assert_eq!(told[1]["outcome"], "refused");
    api.app.close().await;
}

pub(crate) async fn it_is_read_by_admins_in_pages_and_never_written_again() {
    let api = Api::with_shop().await;
    for at in 0..5 {
        let body = json!({"name": format!("P{at}")});
        api.post("/orgs/acme/projects/", body).await.is(201);
    }
    let mut subjects = Vec::new();
    let mut path = "/orgs/acme/audit?limit=2&action=PROJECT".to_owned();
    loop {
        let page = api.get(&path).await.is(200).data();
        let page_entries = page["entries"].as_array().unwrap();
        subjects.extend(page_entries.iter().map(|entry| changes(entry)[0].clone()));
        if page["truncated"] == false {
            break;
        }
        let last = page_entries.last().unwrap()["id"].as_str().unwrap();
        path = format!("/orgs/acme/audit?limit=2&action=PROJECT&before={last}");
    }
    let expected = ["P4", "P3", "P2", "P1", "P0", "Shop"];
    assert_eq!(subjects, expected.map(|name| format!("name: - > {name}")));
    assert_eq!(entries(&api, "/orgs/acme/audit?by=TEST").await.len(), 6);
    assert!(
        entries(&api, "/orgs/acme/audit?end=2020-01-01T00:00:00Z")
            .await
            .is_empty()
    );
    let got = api.get("/orgs/acme/audit?outcome=maybe&limit=0&before=x");
    let got = got.await.fails(422, "invalid");
    for field in ["outcome", "limit", "before"] {
        assert!(!got.fault(field).is_empty());
    }
    let member = key(&api, "acme", json!({"name": "m", "role": "member"})).await;
    let call = api.anonymous("GET", "/orgs/acme/audit");
    call.header("x-api-key", &member).send().await.is(403);
    let admin = key(&api, "acme", json!({"name": "a", "role": "admin"})).await;
    let call = api.anonymous("GET", "/audit").header("x-api-key", &admin);
    call.send().await.is(403);

    let options = SqliteConnectOptions::new().filename(api.folder.path().join("pilothouse.db"));
    let mut database = options.connect().await.unwrap();
    for change in ["DELETE FROM audit", "UPDATE audit SET by = 'eve'"] {
        let error = sqlx::query(change).execute(&mut database).await;
        assert!(error.unwrap_err().to_string().contains("only ever added"));
    }
    database.close().await.unwrap();
    api.app.close().await;
}
