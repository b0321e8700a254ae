//! What happened: told at every level, newest first, without a value of any variable.

use serde_json::{Value, json};

use crate::client::Api;

const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";
const LEVELS: [&str; 3] = [
    "/orgs/acme/projects/shop/envs/production/events",
    "/orgs/acme/projects/shop/events",
    "/orgs/acme/events",
];

fn list(reply: &Value) -> &Vec<Value> {
    reply["events"].as_array().unwrap()
}

fn kinds(reply: &Value) -> Vec<&str> {
    let events = list(reply).iter();
    events.map(|one| one["kind"].as_str().unwrap()).collect()
}

fn has(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |reply| kinds(reply).contains(&kind)
}

/// The newest event of a kind.
fn of<'a>(reply: &'a Value, kind: &str) -> &'a Value {
    let found = list(reply).iter().find(|one| one["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {reply}"))
}

pub(crate) async fn a_services_life_is_told_at_every_level() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Api", "platform": "wind", "image": "shop:1", "port": 80});
    api.post(E, body).await.is(201);
    let feed = format!("{E}/api/events");
    let message = json!({"message": "first try"});
    api.post(&format!("{E}/api/deploy"), message).await.is(202);
    api.until(&feed, has("deployed")).await;
    let scale = json!({"instances": 2});
    api.post(&format!("{E}/api/scale"), scale).await.is(202);
    let patch = json!({"port": 81, "tags": ["x"]});
    api.patch(&format!("{E}/api"), patch).await.is(200);
    api.call("POST", &format!("{E}/api/restart"))
        .send()
        .await
        .is(202);
    let pause = json!({"instances": 0});
    api.post(&format!("{E}/api/scale"), pause).await.is(202);

    for path in [&feed, &format!("{W}/api/events")] {
        let told = api.get(path).await.is(200).data();
        assert_eq!(
            kinds(&told),
            [
                "paused",
                "restarted",
                "updated",
                "scaled",
                "deployed",
                "created"
            ]
        );
        assert_eq!(told["truncated"], false);
        for (kind, message) in [
            ("scaled", "Instances: web 1 → 2."),
            ("paused", "Instances: web 2 → 0."),
            ("updated", "The description changed: port, tags."),
            ("deployed", "Release v1 was deployed: first try"),
        ] {
            assert_eq!(of(&told, kind)["message"], message);
        }
        let deployed = of(&told, "deployed");
        for (field, value) in [
            ("by", json!("tester")),
            ("org", json!("acme")),
            ("project", json!("shop")),
            ("environment", json!("production")),
            ("service", json!("api")),
            ("service_name", json!("Api")),
            ("release_version", json!(1)),
        ] {
            assert_eq!(deployed[field], value, "{field}");
        }
        assert!(deployed.get("instance").is_none() && deployed.get("times").is_none());
    }

    for path in LEVELS {
        let told = api.get(path).await.is(200).data();
        let of_service = list(&told).iter().filter(|one| one["service"] == "api");
        let mut kinds: Vec<_> = of_service.map(|one| one["kind"].clone()).collect();
        kinds.reverse();
        let life = [
            "created",
            "deployed",
            "scaled",
            "updated",
            "restarted",
            "paused",
        ];
        assert_eq!(kinds, life, "{path}");
    }

    // Its environment still tells of it when it is gone.
    api.delete(&format!("{E}/api")).await.is(200);
    api.get(&feed).await.fails(404, "not_found");
    for path in LEVELS {
        let told = api.get(path).await.is(200).data();
        assert_eq!(kinds(&told)[..2], ["deleted", "paused"], "{path}");
        assert_eq!(of(&told, "deleted")["service"], "api");
    }
    api.app.close().await;
}

pub(crate) async fn deployments_that_end_otherwise_say_why() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Api", "platform": "wind", "image": "shop:1", "port": 80});
    api.post(E, body).await.is(201);
    let feed = format!("{E}/api/events");
    let deploy = format!("{E}/api/deploy");
    api.post(&deploy, json!({})).await.is(202);
    api.until(&feed, has("deployed")).await;
    let image = |image: &str| json!({"image": image});
    api.patch(&format!("{E}/api"), image("shop:crash"))
        .await
        .is(200);
    api.post(&deploy, json!({})).await.is(202);
    let told = api.until(&feed, has("deploy_failed")).await;
    let failed = of(&told, "deploy_failed");
    let words = failed["message"].as_str().unwrap();
    assert!(
        words.starts_with("Release v2 did not become healthy: web.0: it ended"),
        "{words}"
    );
    assert!(words.ends_with(". Release v1 goes on."), "{words}");
    assert!(!words.contains("last line"), "{words}");
    // What fell over and over is told once.
    let crashes: Vec<&Value> = list(&told)
        .iter()
        .filter(|one| one["kind"] == "crashed")
        .collect();
    assert_eq!(crashes.len(), 1, "{told}");
    let crash = crashes[0];
    assert_eq!(
        (&crash["instance"], &crash["release_version"]),
        (&json!("web.0"), &json!(2))
    );
    assert!(crash["times"].as_u64().unwrap() >= 3, "{crash}");
    assert!(crash["since"].as_str() < crash["timestamp"].as_str());
    for path in LEVELS {
        let told = api.get(path).await.is(200).data();
        assert_eq!(of(&told, "crashed")["message"], crash["message"], "{path}");
    }

    // Deployed again, and cancelled by the next one.
    api.post(&deploy, json!({"release": 2})).await.is(202);
    api.post(&deploy, json!({"release": 1})).await.is(202);
    let told = api.until(&feed, has("rolled_back")).await;
    let cancelled = of(&told, "deploy_cancelled")["message"].as_str().unwrap();
    assert_eq!(
        cancelled,
        "Release v2 was not deployed: Release v1 took its place."
    );
    let back = of(&told, "rolled_back")["message"].as_str().unwrap();
    assert_eq!(back, "Release v1 was deployed again.");
    api.app.close().await;
}

pub(crate) async fn config_is_told_by_name_where_it_changed() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Api", "image": "shop:1", "env": {"PLAIN": "told-never"}});
    api.post(W, body).await.is(201);
    let secret = |name: &str| json!({"name": name, "value": "hush-hush", "secret": true});
    for level in [
        "/orgs/acme/config",
        "/orgs/acme/projects/shop/config",
        "/orgs/acme/projects/shop/envs/production/config",
        &format!("{E}/api/config"),
    ] {
        api.post(level, secret("TOKEN")).await.is(200);
    }
    let patch = json!({"env": {"PLAIN": "told-never-2", "OTHER": "told-never-3"}});
    api.patch(&format!("{W}/api"), patch).await.is(200);

    let expected = [2, 3, 4, 5];
    let places = [format!("{E}/api/events")]
        .into_iter()
        .chain(LEVELS.map(str::to_owned));
    for (path, count) in places.zip(expected) {
        let got = api
            .get(&format!("{path}?kinds=config_changed"))
            .await
            .is(200);
        for value in ["hush-hush", "told-never"] {
            assert!(!got.text.contains(value), "{}", got.text);
        }
        let told = got.data();
        assert_eq!(list(&told).len(), count, "{path}: {told}");
        assert_eq!(
            list(&told)[0]["message"],
            "2 variables changed: OTHER, PLAIN."
        );
        assert_eq!(list(&told)[1]["message"], "The variable TOKEN changed.");
    }
    let told = api.get(LEVELS[2]).await.data();
    let of_org = list(&told).last().unwrap();
    assert_eq!(of_org["kind"], "created");
    let org = list(&told)
        .iter()
        .filter(|one| one.get("project").is_none());
    assert_eq!(org.count(), 1);
    api.app.close().await;
}

pub(crate) async fn windows_kinds_and_limits_choose() {
    let api = Api::with_shop().await;
    let body = json!({"name": "Api", "image": "shop:1"});
    api.post(W, body).await.is(201);
    let feed = format!("{E}/api/events");
    api.until(&feed, has("deployed")).await;
    for at in [W, E] {
        let feed = format!("{at}/api/events");
        let get = async |query: &str| api.get(&format!("{feed}?{query}")).await.is(200).data();
        let newest = get("limit=1").await;
        assert_eq!(
            (kinds(&newest), &newest["truncated"]),
            (vec!["deployed"], &json!(true))
        );
        // The rest is what came before: none is skipped, none comes twice.
        let at = list(&newest)[0]["timestamp"].as_str().unwrap();
        assert_eq!(kinds(&get(&format!("end={at}")).await), ["created"]);
        assert_eq!(kinds(&get(&format!("start={at}")).await), ["deployed"]);
        assert_eq!(kinds(&get("kinds=created,crashed").await), ["created"]);
        assert_eq!(kinds(&get("since=600").await).len(), 2);
        assert_eq!(kinds(&get("start=2999-01-01T00:00:00Z").await).len(), 0);
    }
    let refused = [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("kinds=created,exploded", "kinds"),
        ("since=0", "since"),
        (
            "start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z",
            "start",
        ),
        ("page=2", "page"),
    ];
    let feeds = [feed, format!("{W}/api/events")];
    for path in feeds.into_iter().chain(LEVELS.map(str::to_owned)) {
        for (query, field) in refused {
            let got = api.get(&format!("{path}?{query}")).await;
            got.fails(422, "invalid").fault(field);
        }
        api.anonymous("GET", &path)
            .send()
            .await
            .fails(401, "unauthorized");
    }
    for path in [
        format!("{E}/nobody/events"),
        format!("{W}/nobody/events"),
        "/orgs/acme/projects/shop/envs/none/events".to_owned(),
        "/orgs/acme/projects/none/events".to_owned(),
        "/orgs/none/events".to_owned(),
    ] {
        api.get(&path).await.fails(404, "not_found");
    }
    api.app.close().await;
}
