//! `…/config`, at every level.

use pilothouse_wire::session::Role;
use serde_json::{Value, json};

use crate::client::Api;

const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";
const WORKSPACE: &str = "/workspaces/acme/projects/shop/services/api";
const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production";
const PROJECT: &str = "/orgs/acme/projects/shop";
const ORG: &str = "/orgs/acme";

async fn with_service() -> Api {
    let api = Api::with_shop().await;
    api.post(
        &format!("{ENVIRONMENT}/services"),
        json!({"name": "api", "platform": "wind", "image": "shop/api:1"}),
    )
    .await
    .is(201);
    api
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one[field].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) async fn members_leave_secrets_alone() {
    let api = with_service().await;
    let member = api.app.create_key("member", Role::Member).await.unwrap();
    for level in [ORG, PROJECT, ENVIRONMENT, SERVICE, WORKSPACE] {
        let config = format!("{level}/config");
        let secret = json!({"name": "TOKEN", "value": "hush", "secret": true});
        let made = api.post(&config, secret).await.is(200).data();
        let asks = |method: &str, path: &str| {
            let call = api.anonymous(method, path);
            call.header("x-api-key", &member)
        };
        let plain = json!({"name": "MODE", "value": "fast"});
        asks("POST", &config).json(&plain).send().await.is(200);
        let one = format!("{config}/{}", made["id"].as_str().unwrap());
        let bulk = format!("{config}/bulk");
        for call in [
            asks("POST", &config).json(&json!({"name": "OTHER", "value": "x", "secret": true})),
            asks("POST", &config).json(&json!({"name": "TOKEN", "value": "x", "secret": true})),
            asks("POST", &config).json(&json!({"name": "TOKEN", "value": "x"})),
            asks("POST", &bulk).json(&json!({"variables": {"MODE": "slow", "TOKEN": "x"}})),
            // Not even whether a guess is right.
            asks("POST", &config).json(&json!({"name": "TOKEN", "value": "hush", "secret": true})),
            asks("POST", &format!("{config}/preview"))
                .json(&json!({"variables": {"TOKEN": "hush"}})),
            asks("DELETE", &one),
        ] {
            call.send().await.fails(403, "forbidden");
        }
        let listed = api.get(&config).await.is(200).data();
        assert_eq!(names(&listed, "name"), ["MODE", "TOKEN"]);
        assert_eq!(listed[0]["value"], "fast", "all or nothing");
        api.delete(&one).await.is(200);
    }
    api.app.close().await;
}

/// Every level answers every operation in the same words.
pub(crate) async fn every_level_has_the_same_operations() {
    let api = with_service().await;
    for level in [ORG, PROJECT, ENVIRONMENT, SERVICE, WORKSPACE] {
        let config = format!("{level}/config");
        let set = api
            .post(&config, json!({"name": "MODE", "value": "a b"}))
            .await
            .is(200);
        let variable = set.data();
        assert_eq!(
            (&variable["name"], &variable["value"]),
            (&json!("MODE"), &json!("a b"))
        );
        assert_eq!(
            (&variable["secret"], &variable["buildtime"]),
            (&json!(false), &json!(false))
        );
        assert!(variable["created"].is_string() && variable["updated"].is_string());
        let list = api.get(&config).await.is(200).data();
        assert_eq!(names(&list, "name"), ["MODE"]);
        let resolved = api.get(&format!("{config}/resolved")).await.is(200).data();
        assert_eq!(resolved[0]["value"], "a b");
        let preview = api
            .post(
                &format!("{config}/preview"),
                json!({"variables": {"NEW": "1"}}),
            )
            .await
            .is(200)
            .data();
        assert_eq!(preview["changes"][0]["kind"], "added");
        let done = api
            .post(
                &format!("{config}/bulk"),
                json!({"raw": "MODE='a b'\nMORE=1"}),
            )
            .await
            .is(200)
            .data();
        assert_eq!(
            done,
            json!({"created": ["MORE"], "updated": [], "skipped": ["MODE"], "deleted": [], "errors": []})
        );
        let id = variable["id"].as_str().unwrap();
        let gone = api.delete(&format!("{config}/{id}")).await.is(200).data();
        assert_eq!(gone, json!({"ok": true}));
        let history = api.get(&format!("{config}/history")).await.is(200).data();
        let kinds: Vec<_> = history
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                (
                    event["kind"].as_str().unwrap(),
                    event["name"].as_str().unwrap(),
                    event["by"].as_str().unwrap(),
                )
            })
            .collect();
        let removed = &kinds[0];
        assert_eq!(*removed, ("removed", "MODE", "tester"), "{kinds:?}");
        api.post(&format!("{config}/bulk"), json!({"delete": ["MORE"]}))
            .await
            .is(200);
    }
}

pub(crate) async fn the_nearest_level_wins_and_says_what_it_hides() {
    let api = with_service().await;
    for (level, value) in [(ORG, "warn"), (ENVIRONMENT, "info"), (SERVICE, "debug")] {
        let body = json!({"name": "LOG_LEVEL", "value": value});
        api.post(&format!("{level}/config"), body).await.is(200);
    }
    let body = json!({"name": "TOKEN", "value": "t0p", "secret": true});
    api.post(&format!("{PROJECT}/config"), body).await.is(200);
    let wanted = json!([
        {"name": "LOG_LEVEL", "value": "debug", "secret": false, "buildtime": false, "scope": "service",
         "overrides": [{"scope": "org", "value": "warn"}, {"scope": "env", "value": "info"}]},
        {"name": "TOKEN", "value": "**secret**", "secret": true, "buildtime": false, "scope": "project",
         "overrides": []},
    ]);
    for service in [SERVICE, WORKSPACE] {
        let resolved = api.get(&format!("{service}/config/resolved")).await.is(200);
        assert_eq!(resolved.data(), wanted);
    }
    let above = api
        .get(&format!("{ENVIRONMENT}/config/resolved"))
        .await
        .data();
    assert_eq!(above[0]["value"], "info");
}

pub(crate) async fn secrets_are_never_read_back() {
    let api = with_service().await;
    let config = format!("{SERVICE}/config");
    let body = json!({"name": "KEY", "value": "hunter2", "secret": true});
    let set = api.post(&config, body.clone()).await.is(200);
    assert_eq!(set.body["value"], "**secret**");
    let changed = json!({"variables": [{"name": "KEY", "value": "hunter3", "secret": true}]});
    api.post(&format!("{config}/preview"), changed.clone())
        .await
        .is(200);
    let done = api.post(&format!("{config}/bulk"), changed).await.is(200);
    assert_eq!(done.body["updated"], json!(["KEY"]));
    // The same again is no change.
    let same = json!([{"name": "KEY", "value": "hunter3", "secret": true}]);
    let done = api.post(&format!("{config}/bulk"), same).await.is(200);
    assert_eq!(done.body["skipped"], json!(["KEY"]));
    for path in [
        "config",
        "config/resolved",
        "config/history",
        "",
        "deploy/preview",
    ] {
        let got = api.get(&format!("{SERVICE}/{path}")).await;
        assert!(!got.text.contains("hunter"), "{path}: {}", got.text);
    }
    let masked = json!({"name": "KEY", "value": "**secret**", "secret": true});
    api.post(&config, masked).await.fails(422, "invalid");
    let twice = json!({"raw": "A=1\nA=2"});
    let refused = api.post(&format!("{config}/bulk"), twice).await.is(422);
    assert!(
        refused.fault("raw").contains("line 1 already"),
        "{}",
        refused.text
    );
    for (size, status) in [(64 * 1024, 200), (64 * 1024 + 1, 422)] {
        let raw = json!({"raw": format!("LARGE={}", "x".repeat(size))});
        api.post(&format!("{config}/bulk"), raw).await.is(status);
    }
    let raw = json!({"raw": "KEY=**secret**"});
    api.post(&format!("{config}/bulk"), raw)
        .await
        .fails(422, "invalid");
    // What does not say that it is secret stays so.
    let raw = json!({"raw": "KEY=hunter4"});
    api.post(&format!("{config}/bulk"), raw).await.is(200);
    let got = api.get(&config).await.is(200);
    assert!(!got.text.contains("hunter"), "{}", got.text);
    let plain = json!({"name": "KEY", "value": "open", "secret": false});
    let set = api.post(&config, plain).await.is(200);
    assert_eq!(set.body["value"], "open");
    // What becomes a secret is not told of the time before.
    for (value, secret) in [("once-open", false), ("once-open", true)] {
        let body = json!({"name": "LATE", "value": value, "secret": secret});
        api.post(&config, body).await.is(200);
    }
    let history = api.get(&format!("{config}/history")).await.is(200);
    assert!(history.text.contains("LATE") && !history.text.contains("once-open"));
    // On the disk it is sealed.
    let files = std::fs::read_dir(api.folder.path()).unwrap();
    for file in files
        .map(|file| file.unwrap().path())
        .filter(|file| file.is_file())
    {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(7).any(|window| window == b"hunter2");
        assert!(!found, "{}", file.display());
    }
}

pub(crate) async fn a_stale_change_is_refused_and_nothing_is_lost() {
    let api = with_service().await;
    let config = format!("{ENVIRONMENT}/config");
    let read = api.get(&config).await.is(200);
    let etag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(etag, "\"0\"");
    let body = json!({"variables": {"A": "theirs"}});
    let first = api.call("POST", &format!("{config}/bulk")).json(&body);
    let first = first.header("if-match", &etag).send().await.is(200);
    let newer = first.headers["etag"].to_str().unwrap().to_owned();
    assert_ne!(newer, etag);
    let mine = json!({"variables": {"A": "mine"}});
    for stale in [etag.as_str(), "W/\"1\"", "nonsense"] {
        let second = api.call("POST", &format!("{config}/bulk")).json(&mine);
        let second = second.header("if-match", stale).send().await;
        second.fails(412, "stale");
    }
    let single = json!({"name": "A", "value": "mine"});
    let second = api
        .call("POST", &config)
        .json(&single)
        .header("if-match", &etag);
    second.send().await.fails(412, "stale");
    let list = api.get(&config).await.is(200).data();
    assert_eq!(list[0]["value"], "theirs");
    let id = list[0]["id"].as_str().unwrap();
    let gone = api.call("DELETE", &format!("{config}/{id}"));
    gone.header("if-match", &etag)
        .send()
        .await
        .fails(412, "stale");
    let again = api
        .call("POST", &config)
        .json(&single)
        .header("if-match", &newer);
    again.send().await.is(200);
}

pub(crate) async fn bulk_is_all_or_nothing() {
    let api = with_service().await;
    let bulk = format!("{SERVICE}/config/bulk");
    for bad in [
        json!([{"name": "GOOD", "value": "1"}, {"name": "2BAD", "value": "1"}]),
        json!({"raw": "GOOD=1\nno equals sign"}),
        json!({"variables": {"GOOD": "1", "LONG": "x".repeat(64 * 1024 + 1)}}),
        json!({"variables": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        json!({"raw": "A=1", "delete": ["A"]}),
        json!({"variables": {"GOOD": 1}}),
        json!({"unknown": true}),
    ] {
        api.post(&bulk, bad).await.fails(422, "invalid");
    }
    let faults = api.post(&bulk, json!({"raw": "A=1\n1B=2\n2C=3"})).await;
    let faults = faults.fails(422, "invalid");
    assert_eq!(faults.body["errors"]["raw"].as_array().unwrap().len(), 2);
    let list = api.get(&format!("{SERVICE}/config")).await.data();
    assert_eq!(list, json!([]));
    let many: serde_json::Map<_, _> = (0..500).map(|n| (format!("V{n}"), json!("x"))).collect();
    api.post(&bulk, json!({"variables": many})).await.is(200);
    api.post(&bulk, json!({"variables": {"ONE_MORE": "x"}}))
        .await
        .fails(422, "invalid");
    api.post(
        &bulk,
        json!({"variables": {"ONE_MORE": "x"}, "delete": ["V0"]}),
    )
    .await
    .is(200);
}

pub(crate) async fn a_preview_tells_whom_a_change_reaches() {
    let api = with_service().await;
    let other = json!({"name": "worker", "platform": "wind"});
    api.post(&format!("{ENVIRONMENT}/services"), other)
        .await
        .is(201);
    let own = json!({"name": "TZ", "value": "CET"});
    api.post(&format!("{SERVICE}/config"), own).await.is(200);
    let preview = api
        .post(
            &format!("{ORG}/config/preview"),
            json!({"variables": {"TZ": "UTC", "REGION": "eu"}}),
        )
        .await
        .is(200)
        .data();
    assert_eq!(preview["total"], 2);
    assert_eq!(
        preview["services"],
        json!([
            {"project": "shop", "environment": "production", "service": "api", "name": "api",
             "changed": ["REGION"], "shielded": [{"name": "TZ", "scope": "service"}]},
            {"project": "shop", "environment": "production", "service": "worker", "name": "worker",
             "changed": ["REGION", "TZ"], "shielded": []},
        ])
    );
    let list = api.get(&format!("{ORG}/config")).await.data();
    assert_eq!(list, json!([]), "a preview changes nothing");

    // What a farther level gives already reaches nobody; that it is for builds alone does.
    let region = json!({"name": "REGION", "value": "eu"});
    api.post(&format!("{ORG}/config"), region.clone())
        .await
        .is(200);
    let environment = format!("{ENVIRONMENT}/config/preview");
    let look = async |variable: Value| {
        let body = json!({"variables": [variable]});
        let preview = api.post(&environment, body).await.is(200).data();
        (
            preview["changes"].as_array().unwrap().len(),
            names(&preview["services"], "service"),
        )
    };
    assert_eq!(look(region).await, (1, vec![]));
    let other = json!({"name": "REGION", "value": "us"});
    let both = vec!["api".to_owned(), "worker".to_owned()];
    assert_eq!(look(other).await, (1, both.clone()));
    let for_builds = json!({"name": "REGION", "value": "eu", "buildtime": true});
    assert_eq!(look(for_builds).await, (1, both));
}

pub(crate) async fn one_store_has_two_views() {
    let api = with_service().await;
    let config = format!("{SERVICE}/config");
    api.post(&config, json!({"name": "PLAIN", "value": "1"}))
        .await
        .is(200);
    api.post(
        &config,
        json!({"name": "BUILD", "value": "2", "buildtime": true}),
    )
    .await
    .is(200);
    api.post(
        &config,
        json!({"name": "HIDDEN", "value": "3", "secret": true}),
    )
    .await
    .is(200);
    let service = api.get(WORKSPACE).await.is(200).data();
    assert_eq!(service["env"], json!({"PLAIN": "1", "BUILD": "2"}));
    let env = json!({"env": {"BUILD": "22", "NEW": "4"}});
    api.patch(WORKSPACE, env).await.is(200);
    let list = api.get(&config).await.data();
    let told: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["name"], one["value"], one["buildtime"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["BUILD", "22", true],
            ["HIDDEN", "**secret**", false],
            ["NEW", "4", false]
        ])
    );
    let taken = api.patch(WORKSPACE, json!({"env": {"HIDDEN": "5"}})).await;
    let errors = taken.fails(422, "invalid");
    assert!(errors.fault("env.HIDDEN").contains("secret"));
}

pub(crate) async fn config_waits_for_the_next_release() {
    let api = with_service().await;
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202);
    let ahead = async || {
        let one = api.get(SERVICE).await.is(200).data()["undeployed_changes"].clone();
        let list = api
            .get(&format!("{ENVIRONMENT}/services"))
            .await
            .is(200)
            .data();
        assert_eq!(list[0]["undeployed_changes"], one);
        one == json!(true)
    };
    assert!(!ahead().await);
    api.post(
        &format!("{ORG}/config"),
        json!({"name": "TZ", "value": "UTC"}),
    )
    .await
    .is(200);
    assert!(ahead().await);
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202);
    assert!(!ahead().await);
    // What only builds receive runs nowhere.
    api.post(
        &format!("{SERVICE}/config"),
        json!({"name": "B", "value": "1", "buildtime": true}),
    )
    .await
    .is(200);
    assert!(!ahead().await);
    let secret = |value: &str| json!({"name": "S", "value": value, "secret": true});
    api.post(&format!("{SERVICE}/config"), secret("1"))
        .await
        .is(200);
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202);
    api.post(&format!("{SERVICE}/config"), secret("1"))
        .await
        .is(200);
    assert!(!ahead().await, "the same value again");
    api.post(&format!("{SERVICE}/config"), secret("2"))
        .await
        .is(200);
    assert!(ahead().await);
}

pub(crate) async fn unknown_levels_and_variables() {
    let api = with_service().await;
    for path in [
        "/orgs/none/config",
        "/orgs/acme/projects/none/config",
        "/orgs/acme/projects/shop/envs/none/config",
        "/orgs/acme/projects/shop/envs/production/services/none/config",
        "/workspaces/acme/projects/none/services/api/config",
    ] {
        api.get(path).await.fails(404, "not_found");
    }
    api.delete(&format!("{SERVICE}/config/none"))
        .await
        .fails(404, "not_found");
    // A variable of another level is not here.
    let set = api
        .post(&format!("{ORG}/config"), json!({"name": "A", "value": "1"}))
        .await;
    let id = set.body["id"].as_str().unwrap().to_owned();
    api.delete(&format!("{SERVICE}/config/{id}"))
        .await
        .fails(404, "not_found");
}
