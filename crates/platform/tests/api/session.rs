//! `/auth/session`: who may come in, and how.

use serde_json::json;

use crate::client::{Api, Got};

/// The cookie that a reply sets, as a browser sends it back.
fn cookie(got: &Got) -> String {
    let set = got.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

pub(crate) async fn a_key_signs_in_and_the_cookie_works() {
    let api = Api::start().await.with_key().await;
    let signed_in = api
        .anonymous("POST", "/auth/session")
        .json(&json!({"key": api.key()}))
        .send()
        .await
        .is(201);
    assert_eq!(signed_in.body["name"], "tester");
    assert_eq!(signed_in.body["role"], "admin");
    let set = signed_in.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    let cookie = cookie(&signed_in);
    let with = |method, path| api.anonymous(method, path).header("cookie", &cookie);
    let session = with("GET", "/auth/session").send().await.is(200);
    assert_eq!(session.body["name"], "tester");
    assert!(session.body["expires"].is_string());
    let signed_out = with("DELETE", "/auth/session").send().await.is(200);
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"));
    with("GET", "/auth/session")
        .send()
        .await
        .fails(401, "unauthorized");
}

pub(crate) async fn the_first_link_works_once() {
    let api = Api::start().await;
    let older = api.app.first_sign_in().await.unwrap().unwrap();
    let token = api.app.first_sign_in().await.unwrap().unwrap();
    let sign_in = |token: &str| {
        let call = api.anonymous("POST", "/auth/session");
        call.json(&json!({"token": token})).send()
    };
    sign_in(&older).await.fails(401, "unauthorized");
    let first = sign_in(&token).await.is(201);
    assert_eq!(first.body["role"], "admin");
    sign_in(&token).await.fails(401, "unauthorized");
    assert_eq!(api.app.first_sign_in().await.unwrap(), None);
}

pub(crate) async fn wrong_keys_are_slowed_down() {
    let api = Api::start().await.with_key().await;
    for _ in 0..10 {
        let call = api.anonymous("POST", "/auth/session");
        let got = call.json(&json!({"key": "ph_wrong"})).send().await;
        got.fails(401, "unauthorized");
    }
    let call = api.anonymous("POST", "/auth/session");
    let got = call.json(&json!({"key": "ph_wrong"})).send().await;
    let got = got.fails(429, "too_many_requests");
    let seconds: u64 = got.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    // Whoever holds a key is not kept out by those who guess.
    api.get("/orgs").await.is(200);
}

pub(crate) async fn both_headers_are_accepted_in_both_dialects() {
    let api = Api::start().await.with_key().await;
    let bearer = format!("Bearer {}", api.key());
    for path in ["/orgs/", "/workspaces/"] {
        for (name, value) in [("authorization", bearer.as_str()), ("x-api-key", api.key())] {
            let call = api.anonymous("GET", path).header(name, value);
            call.send().await.is(200);
        }
    }
}

pub(crate) async fn another_sites_page_changes_nothing() {
    let api = Api::start().await.with_key().await;
    let sign_in = || {
        let call = api.anonymous("POST", "/auth/session");
        call.json(&json!({"key": api.key()}))
    };
    let cookie = cookie(&sign_in().send().await.is(201));
    let create = |name: &str| {
        let call = api.anonymous("POST", "/orgs/").header("cookie", &cookie);
        call.header("host", "127.0.0.1:7070")
            .json(&json!({"name": name}))
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ] {
        create("a")
            .header(name, value)
            .send()
            .await
            .fails(403, "forbidden");
        sign_in()
            .header(name, value)
            .send()
            .await
            .fails(403, "forbidden");
    }
    let own = create("a").header("sec-fetch-site", "same-origin");
    own.send().await.is(201);
    let own = create("b").header("origin", "http://127.0.0.1:7070");
    own.send().await.is(201);
    // Reading changes nothing, and links from elsewhere may open the page.
    let read = api.anonymous("GET", "/orgs/").header("cookie", &cookie);
    read.header("sec-fetch-site", "cross-site")
        .send()
        .await
        .is(200);
}

pub(crate) async fn a_proxy_makes_cookies_secure() {
    let api = Api::start_with(|parts| parts.behind_proxy = true).await;
    let api = api.with_key().await;
    let call = api.anonymous("POST", "/auth/session");
    let got = call.json(&json!({"key": api.key()})).send().await.is(201);
    assert!(got.header("set-cookie").contains("; Secure"));
}
