//! `Idempotency-Key`: what is asked for again because an answer was lost is done once.

use serde_json::{Value, json};

use crate::client::{Api, Got};

async fn post(api: &Api, key: &str, path: &str, body: &Value) -> Got {
    let call = api.call("POST", path).header("idempotency-key", key);
    call.json(body).send().await
}

pub(crate) async fn the_same_again_is_done_once() {
    let api = Api::with_shop().await;
    let path = "/orgs/acme/keys";
    let body = json!({"name": "ci", "role": "viewer"});
    let first = post(&api, "one", path, &body).await.is(201);
    let again = post(&api, "one", path, &body).await.is(201);
    assert_eq!(first.text, again.text);
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(again.header("idempotency-replayed"), "true");
    let keys = api.get(path).await.is(200);
    assert_eq!(keys.body.as_array().unwrap().len(), 1);
    // What is told only once does not lie about in the clear.
    let secret = first.body["secret"].as_str().unwrap();
    for entry in std::fs::read_dir(api.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let is_there = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!is_there, "{} holds a key", path.display());
        }
    }
    // W has its envelope again, and a deploy happens once.
    let services = "/workspaces/acme/projects/shop/services/";
    let body = json!({"name": "api", "image": "api:1"});
    let first = post(&api, "two", services, &body).await.is(201);
    let again = post(&api, "two", services, &body).await.is(201);
    assert_eq!(first.text, again.text);
    let restart = format!("{services}api/deploy");
    let one = post(&api, "three", &restart, &json!({})).await.is(202);
    let two = post(&api, "three", &restart, &json!({})).await.is(202);
    assert_eq!(one.text, two.text);
    let audit = api.get("/orgs/acme/audit?action=service").await.is(200);
    assert_eq!(audit.body["entries"].as_array().unwrap().len(), 2);
    api.app.close().await;
}

pub(crate) async fn a_key_stands_for_one_request_of_one_caller() {
    let api = Api::with_shop().await;
    let path = "/orgs/acme/projects/";
    post(&api, "k", path, &json!({"name": "A"})).await.is(201);
    let other = post(&api, "k", path, &json!({"name": "B"})).await;
    assert!(
        !other
            .fails(422, "invalid")
            .fault("Idempotency-Key")
            .is_empty()
    );
    let elsewhere = post(&api, "k", "/orgs/", &json!({"name": "A"})).await;
    elsewhere.fails(422, "invalid");
    let second = api
        .app
        .create_key("other", pilothouse_wire::session::Role::Admin)
        .await
        .unwrap();
    let call = api.anonymous("POST", path).header("x-api-key", &second);
    let call = call
        .header("idempotency-key", "k")
        .json(&json!({"name": "B"}));
    call.send().await.is(201);
    for wrong in [String::new(), "x".repeat(256)] {
        let got = post(&api, &wrong, path, &json!({"name": "C"})).await;
        got.fails(422, "invalid");
    }
    // What was refused or wrong may be put right under the same key.
    post(&api, "w", path, &json!({}))
        .await
        .fails(422, "invalid");
    post(&api, "w", path, &json!({"name": "C"})).await.is(201);
    api.app.close().await;
}

pub(crate) async fn of_many_at_once_one_is_done() {
    let api = Api::with_shop().await;
    let ask = || {
        let call = api.call("POST", "/orgs/acme/keys");
        let call = call.header("idempotency-key", "many");
        call.json(&json!({"name": "ci", "role": "viewer"})).send()
    };
    let all = futures_util::future::join_all((0..20).map(|_| ask())).await;
    for got in &all {
        assert!([201, 409].contains(&got.status), "{}", got.text);
    }
    assert!(all.iter().any(|got| got.status == 201));
    let keys = api.get("/orgs/acme/keys").await.is(200);
    assert_eq!(keys.body.as_array().unwrap().len(), 1);
    api.app.close().await;
}
