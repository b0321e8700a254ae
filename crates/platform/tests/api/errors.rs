//! Bad input: each has a clear error, in the shape of its dialect.

use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::client::Api;

const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";

pub(crate) async fn malformed_json() {
    let api = Api::with_shop().await;
    for path in [W, E] {
        for body in ["{\"name\":", "nope", "", "\u{0}"] {
            let call = api.call("POST", path).text(body);
            let got = call.header("content-type", "application/json").send().await;
            got.fails(400, "malformed_json");
        }
        let got = api.post(path, json!(["a list"])).await;
        got.fails(422, "invalid");
    }
}

pub(crate) async fn every_bad_field_at_once() {
    let api = Api::with_shop().await;
    let body = json!({
        "name": "x".repeat(64), "image": "Not An Image", "port": 70000, "instances": 101,
        "domains": ["-a.example", "ok.example", "ok.example"], "platform": "coal",
        "env": {"1BAD": "x", "LONG": "x".repeat(65 * 1024)}, "tags": "web",
        "volumes": [{"name": "data", "mount_path": "relative", "size_gb": 0}],
        "deployment_timeout": 0, "health_check_path": "no-slash", "surprise": true,
    });
    for path in [W, E] {
        let got = api.post(path, body.clone()).await.fails(422, "invalid");
        for field in [
            "name",
            "image",
            "port",
            "instances",
            "domains.0",
            "platform",
            "env.1BAD",
            "env.LONG",
            "tags",
            "volumes.0.mount_path",
            "volumes.0.size_gb",
            "deployment_timeout",
            "health_check_path",
            "surprise",
        ] {
            got.fault(field);
        }
    }
    // What each dialect requires.
    let got = api.post(W, json!({})).await.fails(422, "invalid");
    assert!(!got.fault("name").is_empty() && !got.fault("image").is_empty());
    let got = api.post(E, json!({})).await.fails(422, "invalid");
    assert!(!got.fault("name").is_empty() && !got.fault("platform").is_empty());
}

pub(crate) async fn bodies_are_bounded() {
    let api = Api::with_shop().await;
    let large = json!({"name": "a", "image": "b", "env": {"A": "x".repeat(1024 * 1024)}});
    for path in [W, E] {
        api.post(path, large.clone()).await.fails(413, "too_large");
    }
    let announced = api.call("POST", W).text("{}");
    let announced = announced.header("content-length", "99999999");
    announced.send().await.fails(413, "too_large");
}

pub(crate) async fn bodies_are_json() {
    let api = Api::with_shop().await;
    for path in [W, E] {
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let call = api.call("POST", path).text("{\"name\":\"a\"}");
            let got = call.header("content-type", kind).send().await;
            got.fails(415, "unsupported_media_type");
        }
    }
    let call = api.call("POST", "/orgs").text("{\"name\":\"a\"}");
    let call = call.header("content-type", "Application/JSON; charset=utf-8");
    call.send().await.is(201);
}

pub(crate) async fn unknown_addresses_and_methods() {
    let api = Api::with_shop().await;
    for path in [
        "/nothing",
        "/workspaces/acme/nothing",
        "/",
        "/orgs/acme/x/y/z",
    ] {
        api.get(path).await.fails(404, "not_found");
    }
    for (method, path) in [("PUT", "/orgs"), ("DELETE", "/workspaces"), ("PUT", E)] {
        let got = api.call(method, path).send().await;
        got.fails(405, "method_not_allowed");
    }
}

pub(crate) async fn unknown_ids_in_each_place() {
    let api = Api::with_shop().await;
    for (path, what) in [
        ("/orgs/none", "org 'none'"),
        ("/workspaces/none/projects", "org 'none'"),
        ("/orgs/acme/projects/none", "project 'none'"),
        ("/orgs/acme/projects/shop/envs/none", "environment 'none'"),
        (
            "/orgs/acme/projects/shop/envs/none/services",
            "environment 'none'",
        ),
        ("/workspaces/acme/projects/none/services", "project 'none'"),
    ] {
        let got = api.get(path).await.fails(404, "not_found");
        assert!(got.message().contains(what), "{}", got.text);
    }
    for at in [W, E] {
        let service = format!("{at}/none");
        for path in [
            &service,
            &format!("{service}/status"),
            &format!("{service}/logs"),
        ] {
            let got = api.get(path).await.fails(404, "not_found");
            assert!(got.message().contains("service 'none'"), "{}", got.text);
        }
        api.patch(&service, json!({})).await.fails(404, "not_found");
        api.delete(&service).await.fails(404, "not_found");
        let scale = api.post(&format!("{service}/scale"), json!({"instances": 1}));
        scale.await.fails(404, "not_found");
        for action in ["restart", "deploy"] {
            let call = api.call("POST", &format!("{service}/{action}"));
            call.send().await.fails(404, "not_found");
        }
    }
}

pub(crate) async fn no_key_or_a_wrong_one() {
    let api = Api::with_shop().await;
    for path in [W, E, "/orgs", "/workspaces", "/auth/session"] {
        let got = api.anonymous("GET", path).send().await;
        let got = got.fails(401, "unauthorized");
        assert!(got.header("www-authenticate").starts_with("Bearer"));
        let wrong = api.anonymous("GET", path).header("x-api-key", "ph_wrong");
        wrong.send().await.fails(401, "unauthorized");
    }
    let ended = api
        .anonymous("GET", W)
        .header("cookie", "pilothouse_session=x");
    ended.send().await.fails(401, "unauthorized");
}

pub(crate) async fn unknown_query_parameters() {
    let api = Api::with_shop().await;
    let got = api.get("/orgs?page=2").await.fails(422, "invalid");
    got.fault("page");
    let service = json!({"name": "api", "image": "nginx"});
    api.post(W, service).await.is(201);
    for (query, field) in [
        ("since=0", "since"),
        ("since=5&start=2026-01-01T00:00:00Z", "since"),
        ("start=yesterday", "start"),
        (
            "start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
            "start",
        ),
        ("limit=100001", "limit"),
        ("limit=1&limit=2", "limit"),
        ("follow=true", "follow"),
    ] {
        for at in [W, E] {
            let got = api.get(&format!("{at}/api/logs?{query}")).await;
            got.fails(422, "invalid").fault(field);
        }
    }
}

pub(crate) async fn a_slash_at_the_end_is_optional() {
    let api = Api::with_shop().await;
    for path in [
        "/orgs/acme",
        "/orgs",
        "/workspaces",
        "/meta",
        "/auth/session",
        W,
        E,
    ] {
        for path in [path.to_owned(), format!("{path}/")] {
            api.get(&path).await.is(200);
        }
    }
}

/// Another process holds the database: the API waits a while, then says so.
pub(crate) async fn a_database_that_is_held_says_so() {
    let api = Api::with_shop().await;
    let file = api.folder.path().join("pilothouse.db");
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = options.connect().await.unwrap();
    let held = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
    held.unwrap();
    let body = json!({"name": "api", "image": "nginx", "platform": "wind"});
    for at in [W, E] {
        let got = api.post(at, body.clone()).await;
        let got = got.fails(503, "storage_unavailable");
        assert!(got.message().contains("another process"), "{}", got.text);
        assert!(!got.header("retry-after").is_empty());
        // Reading goes on.
        assert_eq!(api.get(at).await.is(200).data(), json!([]));
    }
    let let_go = sqlx::query("ROLLBACK").execute(&mut other).await;
    let_go.unwrap();
    api.post(W, body).await.is(201);
}
