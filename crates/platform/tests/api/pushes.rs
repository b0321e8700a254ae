//! Pushes to a branch, as GitHub tells of them.

use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::client::{Api, Got};
use crate::repositories::{ENVIRONMENT, Repositories, SERVICE, with_service};

fn push(commit: &str, branch: &str) -> String {
    json!({
        "ref": format!("refs/heads/{branch}"), "after": commit, "repository": {"full_name": "acme/api"},
        "pusher": {"name": "mona"}, "head_commit": {"message": "Faster\n\nMuch."},
    })
    .to_string()
}

async fn send(api: &Api, event: &str, body: &str, secret: &str) -> Got {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    api.anonymous("POST", "/webhooks/github")
        .header("x-github-event", event)
        .header("x-hub-signature-256", &format!("sha256={signature}"))
        .header("content-type", "application/json")
        .text(body)
        .send()
        .await
}

pub(crate) async fn a_push_to_the_branch_is_built_and_deployed() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.patch(SERVICE, json!({"auto_deploy_branch": "main"}))
        .await
        .is(200);
    let secret = std::fs::read_to_string(api.folder.path().join("webhook.secret")).unwrap();
    let secret = secret.trim();
    let commit = repositories.commit("acme/api", &[("pushed", "")]);
    // The branch moves on before the build: what was pushed is what is built.
    repositories.commit("acme/api", &[("later", "")]);
    let body = push(&commit, "main");
    send(&api, "push", &body, "wrong")
        .await
        .fails(401, "unauthorized");
    let unsigned = api
        .anonymous("POST", "/webhooks/github")
        .text(&body)
        .send()
        .await;
    unsigned.fails(401, "unauthorized");
    let taken = send(&api, "push", &body, secret).await.is(202);
    assert_eq!(taken.body["building"], json!(["api"]));
    let deployments = format!("{SERVICE}/deployments");
    let all = api
        .until(&deployments, |all| all[0]["complete"] == true)
        .await;
    assert_eq!(
        (&all[0]["kind"], &all[0]["by"], &all[0]["message"]),
        (&json!("push"), &json!("mona"), &json!("Faster"))
    );
    let release = api.get(&format!("{SERVICE}/releases/1")).await.data();
    assert_eq!(release["commit_sha"], commit);
    let again = send(&api, "push", &body, secret).await.is(200);
    assert!(
        again.body["ignored"].as_str().unwrap().contains("before"),
        "{}",
        again.text
    );
    let log = api.get("/orgs/acme/audit?action=service.push").await.data();
    let told = log["entries"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!(
        (&told[0]["by"], &told[0]["by_kind"], &told[0]["project"]),
        (&json!("mona"), &json!("webhook"), &json!("shop"))
    );
    assert_eq!(told[0]["changes"][1]["after"], commit);
    let refused = api.get("/audit?action=service.push&outcome=refused");
    let refused = refused.await.data();
    assert_eq!(refused["entries"][0]["by_kind"], "nobody", "{refused}");
    for (event, body) in [
        ("ping", "{}".to_owned()),
        ("issues", "{}".to_owned()),
        ("push", push(&commit, "other")),
        ("push", body.replace("refs/heads/main", "refs/tags/v1")),
    ] {
        let got = send(&api, event, &body, secret).await.is(200);
        assert!(got.body["ignored"].is_string(), "{}", got.text);
    }
    for bad in ["{}", "no json", &push("main", "main")] {
        send(&api, "push", bad, secret)
            .await
            .fails(400, "malformed_json");
    }
    // Where a service names no branch, its environment's counts.
    api.patch(SERVICE, json!({"auto_deploy_branch": null}))
        .await
        .is(200);
    let other = push(&commit, "stable");
    let got = send(&api, "push", &other, secret).await.is(200);
    assert!(got.body["ignored"].is_string(), "{}", got.text);
    api.patch(ENVIRONMENT, json!({"auto_deploy_branch": "stable"}))
        .await
        .is(200);
    let newer = other.replace("Faster", "Faster still");
    let taken = send(&api, "push", &newer, secret).await.is(202);
    assert_eq!(taken.body["building"], json!(["api"]));
    tokio::time::timeout(Duration::from_secs(5), async {
        let page = api.get(&format!("{SERVICE}/images")).await.data();
        assert_eq!(page["pagination"]["total"], 2);
    })
    .await
    .unwrap();
}
