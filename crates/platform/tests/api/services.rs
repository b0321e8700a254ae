//! `S` and below, under both scopes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Api;

const W: &str = "/workspaces/acme/projects/shop/services";
const E: &str = "/orgs/acme/projects/shop/envs/production/services";

/// A service's whole description without what differs from run to run.
fn lasting(mut service: Value) -> Value {
    let fields = service.as_object_mut().unwrap();
    for field in ["id", "created", "updated", "status"] {
        fields.remove(field).unwrap_or_else(|| panic!("no {field}"));
    }
    for field in ["latest_release", "latest_deployment", "latest_image"] {
        fields.remove(field);
    }
    service
}

fn full(name: &str) -> Value {
    json!({
        "name": name, "image": "ghcr.io/acme/api:2.4", "port": 8080,
        "domains": ["API.example.com", "*.api.example.com"], "tags": ["backend"],
        "env": {"LEVEL": "debug", "EMPTY": ""},
        "volumes": [{"name": "data", "mount_path": "/data", "size_gb": 2}],
        "platform": "steam", "github_repository": "acme/api", "health_check_path": "/up",
        "auto_deploy_branch": "main", "deployment_timeout": 60,
        "process_counts": {"web": 2, "worker": 1}, "subdirectory": "services/api",
        "health_check_host": "api.example.com",
    })
}

fn full_reply(name: &str) -> Value {
    let mut reply = full(name);
    reply["slug"] = json!(name.to_lowercase());
    reply["instances"] = json!(2);
    reply["undeployed_changes"] = json!(false);
    reply
}

pub(crate) async fn live_from_create_to_delete_as_workspace() {
    let api = Api::with_shop().await;
    assert_eq!(api.get(W).await.is(200).data(), json!([]));
    let made = api.post(W, full("Api")).await.is(201).data();
    assert_eq!(lasting(made.clone()), full_reply("Api"));
    assert_eq!(made["latest_release"]["version"], 1);
    lives_on(&api, W, made).await;
}

pub(crate) async fn live_from_create_to_delete_as_environment() {
    let api = Api::with_shop().await;
    assert_eq!(api.get(E).await.is(200).data(), json!([]));
    let made = api.post(E, full("Api")).await.is(201).data();
    assert_eq!(lasting(made.clone()), full_reply("Api"));
    assert_eq!(made["status"]["state"], "undeployed");
    let deploy = api.post(&format!("{E}/api/deploy"), json!({"message": "first"}));
    let deployed = deploy.await.is(202).data();
    assert_eq!(
        (&deployed["ok"], &deployed["release_version"]),
        (&json!(true), &json!(1))
    );
    lives_on(&api, E, made).await;
}

/// From the first release on, both dialects are the same.
async fn lives_on(api: &Api, at: &str, made: Value) {
    let service = format!("{at}/api");
    let status = format!("{service}/status");
    let running = |wanted: u32| {
        move |status: &Value| {
            status["state"] == "running" && status["ready"] == wanted && status["total"] == wanted
        }
    };
    let seen = api.until(&status, running(3)).await;
    assert_eq!(seen["available"], true);
    assert_eq!(seen["desired"], 3);
    let slots: BTreeSet<String> = seen["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(slot)
        .collect();
    assert_eq!(
        slots,
        ["web.0", "web.1", "worker.0"].map(str::to_owned).into()
    );
    let id = made["id"].as_str().unwrap();
    let by_id = api.get(&format!("{at}/{id}")).await.is(200).data();
    assert_eq!(lasting(by_id), full_reply("Api"));
    let listed = api.get(at).await.is(200).data();
    assert_eq!(listed[0]["status"]["ready"], 3);

    let scale = api.post(&format!("{service}/scale"), json!({"instances": 1}));
    assert_eq!(scale.await.is(202).data(), json!({"ok": true}));
    assert_ne!(api.get(&status).await.data()["desired"], 3);
    api.until(&status, running(2)).await;
    let scale = api.post(
        &format!("{service}/scale"),
        json!({"process_counts": {"worker": 0}}),
    );
    scale.await.is(202);
    let before = api.until(&status, running(1)).await;

    let restart = api.call("POST", &format!("{service}/restart")).send().await;
    assert_eq!(restart.is(202).data(), json!({"ok": true}));
    let old = before["instances"][0]["id"].clone();
    let new = api
        .until(&status, |status| {
            running(1)(status) && status["instances"][0]["id"] != old
        })
        .await;
    assert_eq!(slot(&new["instances"][0]), "web.0");

    let pause = api.post(&format!("{service}/scale"), json!({"instances": 0}));
    pause.await.is(202);
    let paused = api
        .until(&status, |status| status["state"] == "paused")
        .await;
    assert_eq!(
        (&paused["total"], &paused["available"]),
        (&json!(0), &json!(false))
    );

    let renamed = api
        .patch(&service, json!({"name": "Renamed", "tags": ["a", "b"]}))
        .await;
    let renamed = renamed.is(200).data();
    assert_eq!(
        (&renamed["name"], &renamed["slug"]),
        (&json!("Renamed"), &json!("api"))
    );

    assert_eq!(
        api.delete(&service).await.is(200).data(),
        json!({"ok": true})
    );
    api.get(&service).await.fails(404, "not_found");
    assert_eq!(api.get(at).await.is(200).data(), json!([]));
}

fn slot(instance: &Value) -> String {
    format!(
        "{}.{}",
        instance["process"].as_str().unwrap(),
        instance["ordinal"]
    )
}

pub(crate) async fn a_workspace_acts_at_once() {
    let api = Api::with_shop().await;
    api.post(W, json!({"name": "api", "image": "nginx:1"}))
        .await
        .is(201);
    let service = format!("{W}/api");
    for (patch, version) in [
        (json!({"image": "nginx:2"}), 2),
        (json!({"port": 80}), 3),
        (json!({"env": {"A": "1"}}), 4),
        (json!({"domains": ["a.example"]}), 5),
        (
            json!({"volumes": [{"name": "d", "mount_path": "/d", "size_gb": 1}]}),
            6,
        ),
        (json!({"instances": 2}), 7),
        (json!({"tags": ["x"]}), 7),
        (json!({"name": "Api"}), 7),
        (json!({"instances": 2}), 7),
        (json!({}), 7),
    ] {
        let got = api.patch(&service, patch.clone()).await.is(200).data();
        assert_eq!(got["latest_release"]["version"], version, "{patch}");
        assert_eq!(got["undeployed_changes"], false, "{patch}");
    }
    api.until(&format!("{service}/status"), |status| {
        status["state"] == "running"
            && status["total"] == 2
            && status["instances"][0]["release_version"] == 7
    })
    .await;
    let got = api.patch(&service, json!({"image": null})).await;
    got.fails(422, "invalid").fault("image");
}

pub(crate) async fn an_environment_waits_for_deploy() {
    let api = Api::with_shop().await;
    let body = json!({"name": "api", "platform": "wind", "image": "nginx:1"});
    let made = api.post(E, body).await.is(201).data();
    assert_eq!(made["health_check_path"], "/_health/");
    assert_eq!(made["status"]["state"], "undeployed");
    let service = format!("{E}/api");
    let deploy = || api.call("POST", &format!("{service}/deploy")).send();
    deploy().await.is(202);
    for patch in [
        json!({"instances": 2}),
        json!({"image": "nginx:2"}),
        json!({"env": {"A": "1"}}),
        json!({"port": 81}),
    ] {
        let got = api.patch(&service, patch.clone()).await.is(200).data();
        assert_eq!(got["undeployed_changes"], true, "{patch}");
        assert_eq!(got["latest_release"]["version"], 1, "{patch}");
        assert_eq!(got["status"]["desired"], 1, "{patch}");
    }
    assert_eq!(deploy().await.is(202).data()["release_version"], 2);
    let got = api.get(&service).await.is(200).data();
    assert_eq!(got["undeployed_changes"], false);
    let running = |status: &Value| {
        status["state"] == "running"
            && status["instances"][0]["release_version"] == 2
            && status["total"] == 2
    };
    api.until(&format!("{service}/status"), running).await;
    let done = |service: &Value| service["latest_deployment"]["state"] == "complete";
    api.until(&service, done).await;
}

pub(crate) async fn null_clears_and_left_out_stays() {
    let api = Api::with_shop().await;
    for (at, name) in [(W, "one"), (E, "two")] {
        let mut body = full(name);
        body["domains"] = json!([format!("{name}.example")]);
        api.post(at, body).await.is(201);
        let service = format!("{at}/{name}");
        let before = api.get(&service).await.is(200).data();
        let same = api.patch(&service, json!({})).await.is(200).data();
        assert_eq!(lasting(before.clone()), lasting(same));
        let patch = json!({
            "port": null, "domains": null, "tags": null, "env": null, "volumes": null,
            "github_repository": null, "health_check_path": null, "auto_deploy_branch": null,
            "deployment_timeout": null, "subdirectory": null, "health_check_host": null,
        });
        let cleared = api.patch(&service, patch).await.is(200).data();
        for field in [
            "port",
            "github_repository",
            "health_check_path",
            "auto_deploy_branch",
            "subdirectory",
            "health_check_host",
        ] {
            assert_eq!(cleared.get(field), None, "{field}");
        }
        assert_eq!(cleared["domains"], json!([]));
        assert_eq!(cleared["env"], json!({}));
        assert_eq!(cleared["deployment_timeout"], 180);
        assert_eq!(
            (&cleared["image"], &cleared["platform"]),
            (&before["image"], &before["platform"])
        );
        for field in ["name", "platform", "instances", "process_counts"] {
            let got = api.patch(&service, json!({field: null})).await;
            got.fails(422, "invalid").fault(field);
        }
    }
}

pub(crate) async fn put_is_patch() {
    let api = Api::with_shop().await;
    api.post(W, full("api")).await.is(201);
    let put = api
        .call("PUT", &format!("{W}/api"))
        .json(&json!({"tags": ["x"]}));
    let got = put.send().await.is(200).data();
    assert_eq!((&got["tags"], &got["port"]), (&json!(["x"]), &json!(8080)));
}

pub(crate) async fn instances_are_the_count_of_web() {
    let api = Api::with_shop().await;
    for (at, name) in [(W, "one"), (E, "two")] {
        let body = json!({"name": name, "image": "nginx", "platform": "wind", "instances": 3});
        let made = api.post(at, body).await.is(201).data();
        assert_eq!(made["process_counts"], json!({"web": 3}));
        let service = format!("{at}/{name}");
        let patch = json!({"process_counts": {"web": 2, "worker": 5}});
        let got = api.patch(&service, patch).await.is(200).data();
        assert_eq!(got["instances"], 2);
        let got = api
            .patch(&service, json!({"instances": 4}))
            .await
            .is(200)
            .data();
        assert_eq!(got["process_counts"], json!({"web": 4, "worker": 5}));
        let both = json!({"instances": 1, "process_counts": {"web": 2}});
        let got = api.patch(&service, both).await;
        got.fails(422, "invalid").fault("instances");
    }
}

pub(crate) async fn the_state_speaks_against_it() {
    let api = Api::with_shop().await;
    let body = json!({"name": "api", "platform": "wind"});
    api.post(E, body).await.is(201);
    for at in [E, W] {
        let service = format!("{at}/api");
        let scale = api
            .post(&format!("{service}/scale"), json!({"instances": 2}))
            .await;
        assert!(
            scale
                .fails(409, "wrong_state")
                .message()
                .contains("Deploy it first")
        );
        let restart = api.call("POST", &format!("{service}/restart")).send().await;
        restart.fails(409, "wrong_state");
        let deploy = api.call("POST", &format!("{service}/deploy")).send().await;
        assert!(deploy.fails(409, "wrong_state").message().contains("image"));
    }
    api.patch(
        &format!("{E}/api"),
        json!({"image": "nginx", "instances": 0}),
    )
    .await
    .is(200);
    api.call("POST", &format!("{W}/api/deploy"))
        .send()
        .await
        .is(202);
    let restart = api.call("POST", &format!("{E}/api/restart")).send().await;
    assert!(
        restart
            .fails(409, "wrong_state")
            .message()
            .contains("Scale it up")
    );
    let unknown = json!({"process_counts": {"cron": 1}});
    let got = api.post(&format!("{E}/api/scale"), unknown).await;
    got.fails(422, "invalid").fault("process_counts");
    for body in [
        json!({}),
        json!({"instances": 1, "process_counts": {"web": 1}}),
        json!({"instances": 101}),
    ] {
        let got = api.post(&format!("{E}/api/scale"), body).await;
        got.fails(422, "invalid").fault("instances");
    }
    let long = json!({"message": "x".repeat(501)});
    let got = api.post(&format!("{E}/api/deploy"), long).await;
    got.fails(422, "invalid").fault("message");
}

pub(crate) async fn domains_belong_to_one() {
    let api = Api::with_shop().await;
    let body = |name: &str, domain: &str| json!({"name": name, "image": "nginx", "platform": "wind", "domains": ["own-".to_owned() + name + ".example", domain]});
    api.post(E, body("one", "Shop.example")).await.is(201);
    for (at, name) in [(W, "two"), (E, "three")] {
        let got = api.post(at, body(name, "shop.EXAMPLE")).await;
        let got = got.fails(409, "domain_taken");
        assert!(got.fault("domains.1").contains("one"), "{}", got.text);
        api.post(at, body(name, &format!("{name}.example")))
            .await
            .is(201);
        let patch = json!({"domains": ["shop.example"]});
        let got = api.patch(&format!("{at}/{name}"), patch).await;
        got.fails(409, "domain_taken").fault("domains.0");
    }
    // What is routed stays its own until a deploy takes it away.
    let deploy = || api.call("POST", &format!("{E}/one/deploy")).send();
    deploy().await.is(202);
    api.patch(&format!("{E}/one"), json!({"domains": []}))
        .await
        .is(200);
    let patch = || api.patch(&format!("{W}/two"), json!({"domains": ["shop.example"]}));
    patch().await.fails(409, "domain_taken");
    deploy().await.is(202);
    patch().await.is(200);
}

pub(crate) async fn names_are_taken_once_even_at_once() {
    let api = Api::with_shop().await;
    for at in [W, E] {
        let body =
            json!({"name": format!("Api {}", at.len()), "image": "nginx", "platform": "wind"});
        let (one, two) = tokio::join!(api.post(at, body.clone()), api.post(at, body.clone()));
        let statuses = BTreeSet::from([one.status, two.status]);
        assert_eq!(statuses, BTreeSet::from([201, 409]));
        let lost = if one.status == 409 { one } else { two };
        lost.fails(409, "name_taken").fault("name");
    }
    assert_eq!(api.get(W).await.data().as_array().unwrap().len(), 2);
}

pub(crate) async fn a_deleted_name_is_free_at_once() {
    let api = Api::with_shop().await;
    let body = json!({"name": "api", "image": "nginx", "domains": ["a.example"]});
    let first = api.post(W, body.clone()).await.is(201).data();
    api.until(&format!("{W}/api/status"), |status| {
        status["state"] == "running"
    })
    .await;
    api.delete(&format!("{W}/api")).await.is(200);
    let second = api.post(W, body).await.is(201).data();
    assert_ne!(first["id"], second["id"]);
    api.get(&format!("{W}/{}", first["id"].as_str().unwrap()))
        .await
        .fails(404, "not_found");
    api.until(&format!("{W}/api/status"), |status| {
        status["state"] == "running"
    })
    .await;
}

pub(crate) async fn changes_at_once_are_all_kept() {
    let api = Api::with_shop().await;
    api.post(W, json!({"name": "api", "image": "nginx"}))
        .await
        .is(201);
    let service = format!("{W}/api");
    let scale_path = format!("{service}/scale");
    let (a, b, c, d) = tokio::join!(
        api.patch(&service, json!({"port": 81})),
        api.patch(&service, json!({"env": {"A": "1"}})),
        api.post(&scale_path, json!({"instances": 3})),
        api.patch(&service, json!({"tags": ["x"]})),
    );
    for (got, status) in [(a, 200), (b, 200), (c, 202), (d, 200)] {
        got.is(status);
    }
    let got = api.get(&service).await.is(200).data();
    assert_eq!(got["port"], 81);
    assert_eq!(got["env"], json!({"A": "1"}));
    assert_eq!(got["instances"], 3);
    assert_eq!(got["tags"], json!(["x"]));
}

pub(crate) async fn both_scopes_show_the_same_service() {
    let api = Api::with_shop().await;
    api.post(W, full("api")).await.is(201);
    api.until(&format!("{W}/api/status"), |status| {
        status["state"] == "running"
    })
    .await;
    let w = api.get(&format!("{W}/api")).await.is(200).data();
    let e = api.get(&format!("{E}/api")).await.is(200).data();
    assert_eq!(w, e);
    let staging = json!({"name": "Staging"});
    api.post("/orgs/acme/projects/shop/envs", staging)
        .await
        .is(201);
    let other = "/orgs/acme/projects/shop/envs/staging/services";
    api.get(&format!("{other}/api"))
        .await
        .fails(404, "not_found");
    let body = json!({"name": "api", "platform": "wind"});
    api.post(other, body).await.is(201);
    assert_eq!(api.get(W).await.data().as_array().unwrap().len(), 1);
    for action in ["restart", "deploy"] {
        let call = api.call("POST", &format!("{W}/api/{action}"));
        call.send().await.is(202);
    }
}
