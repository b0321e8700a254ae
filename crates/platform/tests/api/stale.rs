//! `If-Match`: a change of what was changed meanwhile is refused.

use serde_json::{Value, json};

use crate::client::{Api, Got};

async fn change(api: &Api, method: &str, path: &str, tag: &str, body: &Value) -> Got {
    let call = api.call(method, path).header("if-match", tag);
    call.json(body).send().await
}

pub(crate) async fn a_change_of_an_older_state_is_refused() {
    let api = Api::with_shop().await;
    let services = "/orgs/acme/projects/shop/envs/production/services/";
    let body = json!({"name": "api", "platform": "wind", "image": "api:1"});
    api.post(services, body).await.is(201);
    let invited = json!({"name": "Ada", "role": "viewer"});
    let link = api.post("/orgs/acme/invitations", invited).await.is(201);
    let sign_in = api.anonymous("POST", "/auth/session");
    let token = json!({"token": link.body["token"]});
    sign_in.json(&token).send().await.is(201);
    let people = api.get("/orgs/acme/people").await.is(200);
    let person = format!(
        "/orgs/acme/people/{}",
        people.body[0]["id"].as_str().unwrap()
    );

    let service = format!("{services}api");
    let workspace = "/workspaces/acme/projects/shop/services/api".to_owned();
    for (method, path) in [
        ("PATCH", "/orgs/acme".to_owned()),
        ("PATCH", "/orgs/acme/projects/shop".to_owned()),
        (
            "PATCH",
            "/orgs/acme/projects/shop/envs/production".to_owned(),
        ),
        ("PATCH", service),
        ("PATCH", workspace.clone()),
        ("PUT", workspace),
        ("PATCH", person),
    ] {
        let named = |name: &str| json!({"name": name});
        let seen = api.get(&path).await.is(200);
        let old = seen.header("etag").to_owned();
        assert!(old.starts_with('"') && old.len() > 2, "{path}: {old}");
        let changed = change(&api, method, &path, &old, &named("One"))
            .await
            .is(200);
        let new = changed.header("etag").to_owned();
        assert_ne!(old, new, "{path}");
        let late = change(&api, method, &path, &old, &named("Two")).await;
        assert!(
            late.fails(412, "stale")
                .message()
                .contains("changed meanwhile")
        );
        change(&api, method, &path, "what?", &named("Two"))
            .await
            .fails(412, "stale");
        change(&api, method, &path, &new, &named("Two"))
            .await
            .is(200);
        change(&api, method, &path, "*", &named("Three"))
            .await
            .is(200);
    }
    api.app.close().await;
}
