//! `/orgs` and `/orgs/{org}`.

use serde_json::{Value, json};

use crate::client::Api;

pub(crate) async fn live_from_create_to_delete() {
    let api = Api::start().await.with_key().await;
    assert_eq!(api.get("/orgs/").await.is(200).body, json!([]));
    let made = api.post("/orgs/", json!({"name": " Acme Inc. "})).await;
    let made = made.is(201).body;
    assert_eq!(
        (&made["name"], &made["slug"]),
        (&json!("Acme Inc."), &json!("acme-inc"))
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(api.get(&format!("/orgs/{id}")).await.is(200).body, made);
    assert_eq!(api.get("/orgs/acme-inc").await.is(200).body, made);
    assert_eq!(
        api.get("/orgs").await.is(200).body,
        Value::Array(vec![made.clone()])
    );
    let renamed = api.patch("/orgs/acme-inc", json!({"name": "Acme"})).await;
    let renamed = renamed.is(200).body;
    // Links keep working.
    assert_eq!(
        (&renamed["name"], &renamed["slug"]),
        (&json!("Acme"), &json!("acme-inc"))
    );
    let gone = api.delete("/orgs/acme-inc").await.is(200).body;
    assert_eq!(gone, json!({"ok": true}));
    api.get("/orgs/acme-inc").await.fails(404, "not_found");
}

pub(crate) async fn refuse_what_is_taken_or_full() {
    let api = Api::with_shop().await;
    let taken = api.post("/orgs/", json!({"name": "acme"})).await;
    let taken = taken.fails(409, "name_taken");
    assert!(taken.fault("name").contains("acme"));
    let full = api.delete("/orgs/acme").await.fails(409, "not_empty");
    assert!(full.message().contains("Shop"), "{}", full.text);
    for name in ["", " ", "!!!", &"x".repeat(64)] {
        let got = api.post("/orgs/", json!({"name": name})).await;
        got.fails(422, "invalid").fault("name");
    }
}
