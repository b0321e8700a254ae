//! A whole platform behind the gateway.

use std::num::NonZeroU16;

use pilothouse::app::{Parts, app};
use pilothouse_wire::session::Role;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::gate::Gate;

#[tokio::test]
async fn a_platform_is_used_without_a_key_of_ones_own() {
    let folder = TempDir::new().unwrap();
    let app = app(Parts::simulated(folder.path().to_owned(), NonZeroU16::MIN))
        .await
        .unwrap();
    let key = app.create_key("gateway", Role::Admin).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let gate = Gate::with(address, &key, |_| {}).await;
    let page = format!(
        "Origin: http://{}\nSec-Fetch-Site: same-origin\n",
        gate.address
    );
    let sent = format!("{page}Content-Type: application/json\n");
    let body = json!({"name": "Acme"}).to_string();
    // An answer that was lost on the way is asked for again under the same key.
    let sent = format!("{sent}Idempotency-Key: one\n");
    let first = gate.send("POST /api/v1/orgs/", &sent, &body).await.is(201);
    let again = gate.send("POST /api/v1/orgs/", &sent, &body).await.is(201);
    assert_eq!(first.body, again.body);
    assert!(
        again.head.contains("idempotency-replayed: true"),
        "{again:?}"
    );
    let listed = gate.ask("GET /api/v1/orgs/", &page).await.is(200);
    let orgs: Value = serde_json::from_str(&listed.body).unwrap();
    assert_eq!(orgs[0]["name"], "Acme", "{listed:?}");
    let enveloped = gate.ask("GET /api/v1/workspaces/", &page).await.is(200);
    assert!(enveloped.body.contains("\"success\""), "{enveloped:?}");
    let session = gate.ask("GET /api/v1/auth/session", &page).await.is(200);
    assert!(session.body.contains("admin"), "{session:?}");
    for got in [listed, enveloped, session] {
        assert!(!got.body.contains(&key) && !got.head.contains(&key));
    }
    let missing = gate.ask("GET /api/v1/orgs/none", &page).await;
    let missing = missing.fails(404, "not_found");
    let body: Value = serde_json::from_str(&missing.body).unwrap();
    let id = body["request_id"].as_str().unwrap();
    assert!(missing.head.contains(&format!("x-request-id: {id}")));
    gate.ask("GET /readyz", "").await.is(200);
    app.close().await;
}
