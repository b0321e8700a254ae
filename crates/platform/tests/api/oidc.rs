//! Signing in at a provider of identities, as far as none is needed for it.

use pilothouse::oidc::Settings;
use serde_json::json;

use crate::client::{Api, Got};

/// A port of this machine where nobody answers.
const NOBODY: &str = "http://127.0.0.1:9";

fn settings() -> Settings {
    Settings {
        issuer: NOBODY.parse().unwrap(),
        client_id: "pilothouse".to_owned(),
        client_secret: None,
        name: "Acme ID".to_owned(),
        public: "http://127.0.0.1:7070".parse().unwrap(),
        joins: None,
    }
}

async fn with_provider() -> Api {
    Api::shop_with(|parts| parts.oidc = Some(settings())).await
}

async fn visit(api: &Api, path: &str) -> Got {
    api.anonymous("GET", path).send().await
}

pub(crate) async fn the_page_is_told_where_people_sign_in() {
    let api = with_provider().await;
    let meta = visit(&api, "/meta").await.is(200).data();
    let url = "http://127.0.0.1:7070/api/v1/auth/oidc/start";
    assert_eq!(meta["sign_in"], json!([{"name": "Acme ID", "url": url}]));
}

pub(crate) async fn without_a_provider_there_is_no_way_to_one() {
    let api = Api::with_shop().await;
    let meta = visit(&api, "/meta").await.is(200).data();
    assert!(meta.get("sign_in").is_none(), "{meta}");
    for path in ["/auth/oidc/start", "/auth/oidc/callback?state=a&code=b"] {
        visit(&api, path).await.fails(404, "not_found");
    }
}

pub(crate) async fn a_provider_that_is_away_keeps_nobody_from_anything_else() {
    let api = with_provider().await;
    let turned = visit(&api, "/auth/oidc/start?next=/o/acme?q=a")
        .await
        .is(303);
    let back = "/connect?refused=provider_unavailable&next=%2Fo%2Facme%3Fq%3Da";
    assert_eq!(turned.header("location"), back);
    assert_eq!(turned.header("set-cookie"), "");
    assert_eq!(turned.header("cache-control"), "no-store");
    api.get("/orgs/").await.is(200);
}

pub(crate) async fn nobody_is_sent_to_another_site() {
    let api = with_provider().await;
    for next in [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example",
        "/.//evil.example",
        "/%0d%0aSet-Cookie:a=b//",
        "/connect",
    ] {
        let turned = visit(&api, &format!("/auth/oidc/start?next={next}"))
            .await
            .is(303);
        let back = turned.header("location");
        assert!(
            !back.contains("evil") && back.starts_with("/connect?"),
            "{back}"
        );
    }
}

pub(crate) async fn a_state_that_nobody_began_opens_nothing_and_is_slowed_down() {
    let api = with_provider().await;
    let expired = "/connect?refused=expired&next=%2F";
    let too_many = "/connect?refused=too_many_attempts&next=%2F";
    for attempt in 0..12 {
        let call = api.anonymous("GET", "/auth/oidc/callback?state=guess&code=guess");
        let cookie = "pilothouse_sign_in_0123456789abcdef=phb_guess";
        let turned = call.header("cookie", cookie).send().await.is(303);
        let back = if attempt < 10 { expired } else { too_many };
        assert_eq!(turned.header("location"), back);
        assert!(!turned.header("set-cookie").contains("pilothouse_session"));
    }
    let audit = api
        .get("/audit?action=session.create&outcome=refused")
        .await;
    let audit = audit.is(200).data();
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "the same is told once: {audit}");
    assert_eq!(entries[0]["subject"], "/auth/oidc/callback");
    assert_eq!(entries[0]["by_kind"], "nobody");
    assert!(!audit.to_string().contains("guess"), "{audit}");
}

pub(crate) async fn an_address_is_part_of_an_invitation_and_of_a_person() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Ada", "role": "viewer", "email": " Ada@Example.com "});
    let link = api
        .post("/orgs/acme/invitations", body)
        .await
        .is(201)
        .data();
    let listed = api.get("/orgs/acme/invitations").await.is(200).data();
    assert_eq!(listed[0]["email"], "ada@example.com");
    let bad = json!({"name": "Ada", "role": "viewer", "email": "ada"});
    let refused = api.post("/orgs/acme/invitations", bad).await;
    let words = "An e-mail address looks like ada@example.com.";
    assert_eq!(refused.fails(422, "invalid").fault("email"), words);

    let token = json!({"token": link["token"]});
    let call = api.anonymous("POST", "/auth/session").json(&token);
    call.send().await.is(201);
    let ada = api.get("/orgs/acme/people").await.is(200).data()[0].clone();
    assert_eq!(ada["email"], "ada@example.com");
    let path = format!("/orgs/acme/people/{}", ada["id"].as_str().unwrap());
    let changed = api.patch(&path, json!({"email": "A@x.example"})).await;
    assert_eq!(changed.is(200).data()["email"], "a@x.example");
    let kept = api
        .patch(&path, json!({"name": "Ada L"}))
        .await
        .is(200)
        .data();
    assert_eq!(kept["email"], "a@x.example");
    let cleared = api
        .patch(&path, json!({"email": null}))
        .await
        .is(200)
        .data();
    assert!(cleared.get("email").is_none(), "{cleared}");
    let audit = api.get("/orgs/acme/audit?action=person.update").await;
    let audit = audit.is(200).data();
    let change = json!({"name": "email", "before": "a@x.example"});
    assert_eq!(audit["entries"][0]["changes"], json!([change]));
}
