//! People, invitations, keys and the sessions that they open.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::client::{Api, Call, Got};

/// The platform's database, to let time pass in it.
async fn database(api: &Api) -> SqliteConnection {
    let file = api.folder.path().join("pilothouse.db");
    let options = SqliteConnectOptions::new().filename(file);
    options.connect().await.unwrap()
}

async fn sign_in(api: &Api, with: Value) -> Got {
    api.anonymous("POST", "/auth/session")
        .json(&with)
        .send()
        .await
}

fn cookie(got: &Got) -> String {
    let set = got.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

/// Invites somebody who comes in: their cookie.
async fn invited(api: &Api, body: Value) -> String {
    let link = api.post("/orgs/acme/invitations", body).await.is(201);
    cookie(
        &sign_in(api, json!({"token": link.data()["token"]}))
            .await
            .is(201),
    )
}

fn with(api: &Api, cookie: &str, method: &str, path: &str) -> Call {
    api.anonymous(method, path).header("cookie", cookie)
}

async fn id_of(api: &Api, name: &str) -> String {
    let people = api.get("/orgs/acme/people").await.is(200).data();
    let mut people = people.as_array().unwrap().iter();
    let person = people.find(|person| person["name"] == name).unwrap();
    person["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn keys_are_made_told_once_and_revoked() {
    let api = Api::with_shop().await;
    let body = json!({"name": "ci", "role": "member", "project": "shop", "expires_in": 3600});
    let made = api.post("/orgs/acme/keys", body).await.is(201).data();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("ph_"));
    assert_eq!(
        made["grant"],
        json!({"role": "member", "org": "acme", "project": "shop"})
    );
    assert_eq!(made["created_by"], "tester");
    let listed = api.get("/orgs/acme/keys").await.is(200);
    assert!(!listed.text.contains(secret) && !listed.text.contains("secret"));
    assert!(listed.body[0]["used"].is_null());
    let ask = || {
        api.anonymous("GET", "/orgs/acme/projects")
            .header("x-api-key", secret)
    };
    ask().send().await.is(200);
    let listed = api.get("/orgs/acme/keys").await.is(200);
    assert!(listed.body[0]["used"].is_string(), "{}", listed.text);
    // Who signed in with it goes with it.
    let cookie = cookie(&sign_in(&api, json!({"key": secret})).await.is(201));
    with(&api, &cookie, "GET", "/auth/session")
        .send()
        .await
        .is(200);
    let path = format!("/orgs/acme/keys/{}", made["id"].as_str().unwrap());
    api.delete(&path).await.is(200);
    ask().send().await.fails(401, "unauthorized");
    with(&api, &cookie, "GET", "/auth/session")
        .send()
        .await
        .fails(401, "unauthorized");
    api.delete(&path).await.fails(404, "not_found");
    api.app.close().await;
}

pub(crate) async fn a_key_ends_when_it_was_said_to() {
    let api = Api::with_shop().await;
    let body = json!({"name": "ci", "role": "viewer", "expires_in": 60});
    let made = api.post("/orgs/acme/keys", body).await.is(201).data();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let cookie = cookie(&sign_in(&api, json!({"key": secret})).await.is(201));
    let mut database = database(&api).await;
    sqlx::query("UPDATE keys SET expires = ? WHERE name = 'ci'")
        .bind(Utc::now() - TimeDelta::seconds(1))
        .execute(&mut database)
        .await
        .unwrap();
    let call = api.anonymous("GET", "/orgs").header("x-api-key", &secret);
    call.send().await.fails(401, "unauthorized");
    with(&api, &cookie, "GET", "/orgs")
        .send()
        .await
        .fails(401, "unauthorized");
    database.close().await.unwrap();
    api.app.close().await;
}

pub(crate) async fn what_a_key_or_an_invitation_may_be_is_checked() {
    let api = Api::with_shop().await;
    for path in ["/orgs/acme/keys", "/orgs/acme/invitations"] {
        let got = api.post(path, json!({})).await.fails(422, "invalid");
        assert!(!got.fault("name").is_empty() && !got.fault("role").is_empty());
        let wrong = json!({"name": "a", "role": "owner"});
        assert!(
            !api.post(path, wrong)
                .await
                .fails(422, "invalid")
                .fault("role")
                .is_empty()
        );
        let nowhere = json!({"name": "a", "role": "viewer", "project": "none"});
        let got = api.post(path, nowhere).await.fails(422, "invalid");
        assert!(got.fault("project").contains("'none'"));
        let loose = json!({"name": "a", "role": "viewer", "environment": "production"});
        let got = api.post(path, loose).await.fails(422, "invalid");
        assert!(!got.fault("project").is_empty());
    }
    let forever = json!({"name": "a", "role": "viewer", "expires_in": 1});
    let got = api
        .post("/orgs/acme/keys", forever)
        .await
        .fails(422, "invalid");
    assert!(!got.fault("expires_in").is_empty());
    api.delete("/orgs/acme/invitations/none")
        .await
        .fails(404, "not_found");
    api.app.close().await;
}

pub(crate) async fn an_invitation_lets_one_person_in() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Ada", "role": "member", "project": "shop"});
    let link = api
        .post("/orgs/acme/invitations", body)
        .await
        .is(201)
        .data();
    let listed = api.get("/orgs/acme/invitations").await.is(200);
    assert_eq!(listed.body[0]["name"], "Ada");
    assert!(!listed.text.contains(link["token"].as_str().unwrap()));
    let token = json!({"token": link["token"]});
    let first = sign_in(&api, token.clone()).await.is(201);
    assert_eq!(first.body["name"], "Ada");
    let grant = json!([{"role": "member", "org": "acme", "project": "shop"}]);
    assert_eq!(first.body["grants"], grant);
    sign_in(&api, token).await.fails(401, "unauthorized");
    let listed = api.get("/orgs/acme/invitations").await.is(200);
    assert_eq!(listed.body, json!([]));
    let people = api.get("/orgs/acme/people").await.is(200);
    assert_eq!(people.body[0]["name"], "Ada");
    assert!(people.body[0]["seen"].is_string());

    let body = json!({"name": "Bob", "role": "viewer"});
    let link = api
        .post("/orgs/acme/invitations", body)
        .await
        .is(201)
        .data();
    let listed = api.get("/orgs/acme/invitations").await.is(200);
    let path = format!(
        "/orgs/acme/invitations/{}",
        listed.body[0]["id"].as_str().unwrap()
    );
    api.delete(&path).await.is(200);
    sign_in(&api, json!({"token": link["token"]}))
        .await
        .fails(401, "unauthorized");
    api.app.close().await;
}

pub(crate) async fn roles_change_at_once_and_never_ones_own() {
    let api = Api::with_shop().await;
    let ada = invited(&api, json!({"name": "Ada", "role": "viewer"})).await;
    let path = format!("/orgs/acme/people/{}", id_of(&api, "Ada").await);
    let create = || {
        let call = with(&api, &ada, "POST", "/orgs/acme/projects/");
        call.json(&json!({"name": "Mine"})).send()
    };
    create().await.fails(403, "forbidden");
    let admin = json!({"name": "Ada L.", "grants": [{"role": "admin"}]});
    let got = api.patch(&path, admin).await.is(200);
    assert_eq!(got.body["name"], "Ada L.");
    create().await.is(201);
    let own = with(&api, &ada, "PATCH", &path).json(&json!({"grants": [{"role": "viewer"}]}));
    own.send().await.fails(409, "wrong_state");
    with(&api, &ada, "DELETE", &path)
        .send()
        .await
        .fails(409, "wrong_state");
    let twice = json!({"grants": [{"role": "admin"}, {"role": "viewer"}]});
    let got = api.patch(&path, twice).await.fails(422, "invalid");
    assert!(!got.fault("grants.1").is_empty());
    let none = api
        .patch(&path, json!({"grants": []}))
        .await
        .fails(422, "invalid");
    assert!(!none.fault("grants").is_empty());
    // Without any role there is nobody to be signed in as.
    api.delete(&path).await.is(200);
    create().await.fails(401, "unauthorized");
    api.patch(&path, json!({})).await.fails(404, "not_found");
    api.app.close().await;
}

pub(crate) async fn a_sign_in_link_is_not_a_way_up() {
    let api = Api::with_shop().await;
    let ada = invited(&api, json!({"name": "Ada", "role": "admin"})).await;
    let bob = invited(&api, json!({"name": "Bob", "role": "viewer"})).await;
    let path = format!("/orgs/acme/people/{}", id_of(&api, "Bob").await);
    let link_path = format!("{path}/sign-in-link");
    let link = with(&api, &ada, "POST", &link_path).send().await.is(201);
    let again = sign_in(&api, json!({"token": link.data()["token"]})).await;
    assert_eq!(again.is(201).body["name"], "Bob");
    with(&api, &bob, "POST", &link_path)
        .send()
        .await
        .fails(403, "forbidden");
    // Somebody with a role elsewhere is more than an admin of this org may become.
    let mut database = database(&api).await;
    sqlx::query(
        "INSERT INTO grants (person_id, role) SELECT id, 'admin' FROM people WHERE name = 'Bob'",
    )
    .execute(&mut database)
    .await
    .unwrap();
    with(&api, &ada, "POST", &link_path)
        .send()
        .await
        .fails(409, "wrong_state");
    let rename = with(&api, &ada, "PATCH", &path).json(&json!({"name": "Eve"}));
    rename.send().await.fails(409, "wrong_state");
    // Nor may that one say what they may do here: the nearest role would win.
    for role in ["viewer", "admin"] {
        let roles = with(&api, &ada, "PATCH", &path).json(&json!({"grants": [{"role": role}]}));
        roles.send().await.fails(409, "wrong_state");
    }
    let address = with(&api, &ada, "PATCH", &path).json(&json!({"email": "eve@evil.example"}));
    address.send().await.fails(409, "wrong_state");
    let removal = with(&api, &ada, "DELETE", &path).send().await;
    removal.fails(409, "wrong_state");
    api.patch(&path, json!({"grants": [{"role": "member"}]}))
        .await
        .is(200);
    api.post(&link_path, json!({})).await.is(201);
    database.close().await.unwrap();
    api.app.close().await;
}

/// Lets so much time pass for the secrets of all sessions.
async fn age(database: &mut SqliteConnection, column: &str, past: TimeDelta) {
    let statement = format!("UPDATE session_secrets SET {column} = ? WHERE {column} IS NOT NULL");
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(Utc::now() - past)
        .execute(database)
        .await
        .unwrap();
}

pub(crate) async fn a_sessions_secret_is_replaced_while_it_is_used() {
    let api = Api::with_shop().await;
    let first = invited(&api, json!({"name": "Ada", "role": "viewer"})).await;
    let read = |cookie: &str| with(&api, cookie, "GET", "/auth/session").send();
    assert_eq!(read(&first).await.is(200).header("set-cookie"), "");
    let mut database = database(&api).await;
    age(&mut database, "created", TimeDelta::hours(2)).await;
    let replaced = read(&first).await.is(200);
    assert!(replaced.header("set-cookie").contains("HttpOnly"));
    // Of requests at once one brings the successor.
    assert_eq!(read(&first).await.is(200).header("set-cookie"), "");
    // The answer that brought it was lost: the secret goes on, and gets another after a minute.
    age(&mut database, "succeeded", TimeDelta::minutes(2)).await;
    let replaced = read(&first).await.is(200);
    let second = cookie(&replaced);
    assert_ne!(first, second);
    // It came back: requests that were under way still hold the one before, for a minute.
    assert_eq!(read(&second).await.is(200).header("set-cookie"), "");
    assert_eq!(read(&first).await.is(200).header("set-cookie"), "");
    age(&mut database, "expires", TimeDelta::seconds(1)).await;
    read(&first).await.fails(401, "unauthorized");
    read(&second).await.is(200);
    // Whoever signs out gets no secret instead.
    age(&mut database, "created", TimeDelta::hours(2)).await;
    let out = with(&api, &second, "DELETE", "/auth/session").send().await;
    assert!(out.is(200).header("set-cookie").contains("Max-Age=0"));
    database.close().await.unwrap();
    api.app.close().await;
}

pub(crate) async fn a_session_ends_idle_and_in_any_case() {
    let api = Api::with_shop().await;
    let mut database = database(&api).await;
    for (name, column, past) in [
        ("Ada", "seen", TimeDelta::days(3)),
        ("Bob", "expires", TimeDelta::zero()),
    ] {
        let session = invited(&api, json!({"name": name, "role": "viewer"})).await;
        let read = || with(&api, &session, "GET", "/auth/session").send();
        read().await.is(200);
        let end = format!("UPDATE sessions SET {column} = ?");
        sqlx::query(sqlx::AssertSqlSafe(end))
            .bind(Utc::now() - past)
            .execute(&mut database)
            .await
            .unwrap();
        read().await.fails(401, "unauthorized");
    }
    database.close().await.unwrap();
    api.app.close().await;
}

pub(crate) async fn one_can_sign_out_everywhere() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Ada", "role": "viewer"});
    let first = invited(&api, body).await;
    let path = format!(
        "/orgs/acme/people/{}/sign-in-link",
        id_of(&api, "Ada").await
    );
    let link = api.post(&path, json!({})).await.is(201).data();
    let second = cookie(&sign_in(&api, json!({"token": link["token"]})).await.is(201));
    let other = invited(&api, json!({"name": "Bob", "role": "viewer"})).await;
    let out = with(&api, &first, "DELETE", "/auth/sessions")
        .send()
        .await
        .is(200);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    for ended in [&first, &second] {
        with(&api, ended, "GET", "/auth/session")
            .send()
            .await
            .fails(401, "unauthorized");
    }
    with(&api, &other, "GET", "/auth/session")
        .send()
        .await
        .is(200);
    api.app.close().await;
}
