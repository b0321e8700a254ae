//! What each role may do where: every route in every dialect, by the table of endpoints.

use http::header::COOKIE;
use pilothouse_wire::conceal::HIDDEN;
use pilothouse_wire::config::MASK;
use pilothouse_wire::endpoint::{Access, EndpointInfo};
use pilothouse_wire::endpoints;
use pilothouse_wire::open::Words;
use pilothouse_wire::session::Role;
use serde_json::{Value, json};

use crate::client::{Api, Call, Got};

/// How far an address narrows down where it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Platform,
    Org,
    Project,
    Environment,
}

impl Depth {
    fn of(endpoint: &EndpointInfo, template: &str) -> Self {
        let has = |part: &str| template.contains(part);
        // A workspace's project stands for its environment `production`.
        if has("{env}") || has("{project_id}") || endpoint.names_environment {
            Self::Environment
        } else if has("{project}") {
            Self::Project
        } else if has("{org}") || has("{workspace_id}") {
            Self::Org
        } else {
            Self::Platform
        }
    }
}

/// Somebody with a role in some places.
struct Caller<'a> {
    name: &'static str,
    header: (&'a str, String),
    /// The role that they have on the platform, at `acme`, its `shop` and that one's `production`.
    roles: [Option<Role>; 4],
    /// Whether they have one in it, of each of these.
    reaches: [bool; 4],
}

/// An address of what is there, as far as it is a place; of anything in it that is not.
fn address(endpoint: &EndpointInfo, template: &str) -> String {
    let parts = template.split('/').map(|part| match part {
        "{org}" | "{workspace_id}" => "acme",
        "{project}" | "{project_id}" => "shop",
        "{env}" => "production",
        part if part.starts_with('{') => "none",
        part => part,
    });
    let path: Vec<&str> = parts.collect();
    let path = path.join("/");
    let query = match endpoint.name {
        "pipeline.status" => "?service=none&env=production",
        "promotion.preview" => "?service=none&source_env=production&target_env=production",
        _ => "",
    };
    format!("{}{query}", path.trim_start_matches("/api/v1"))
}

fn ask(api: &Api, endpoint: &EndpointInfo, template: &str) -> Call {
    let path = address(endpoint, template);
    let call = api.anonymous(endpoint.method.name(), &path);
    match endpoint.name {
        "pipeline.deploy" | "pipeline.rollback" => {
            call.json(&json!({"service": "none", "env": "production"}))
        }
        "promotion.create" => call.json(&json!({
            "service": "none", "source_env": "production", "target_env": "production"
        })),
        _ => call,
    }
}

/// Whether an answer says that there is no such place.
fn is_hidden(got: &Got) -> bool {
    let words = got.message();
    let places = ["org", "project", "environment"];
    let says = |what: &&str| words.starts_with(&format!("There is no {what} '"));
    got.status == 404 && places.iter().any(says)
}

/// Asks for every route as somebody, and counts what was asked.
async fn walk(api: &Api, caller: &Caller<'_>) -> usize {
    let mut asked = 0;
    for endpoint in endpoints::ALL {
        // They would end what the rest is asked with.
        if endpoint.name.starts_with("session.delete") && caller.header.0 == COOKIE.as_str() {
            continue;
        }
        for (_, template) in endpoint.templates() {
            let depth = Depth::of(endpoint, &template);
            let call = ask(api, endpoint, &template);
            let (name, value) = &caller.header;
            let got = call.header(name, value).send().await;
            let at = format!("{}: {} {template}", caller.name, endpoint.name);
            asked += 1;
            let role = caller.roles[depth as usize];
            let reached = depth == Depth::Platform || caller.reaches[depth as usize];
            match endpoint.access {
                Access::Public | Access::SignedIn => assert_ne!(got.status, 403, "{at}"),
                _ if !reached => assert!(is_hidden(&got), "{at}: {} {}", got.status, got.text),
                access => {
                    let least = access.role();
                    let is_admitted =
                        least.is_none_or(|least| role.is_some_and(|role| role.admits(least)));
                    assert_eq!(got.status != 403, is_admitted, "{at}: {}", got.text);
                    assert!(!is_hidden(&got), "{at}: {}", got.text);
                    if let Some(least) = least.filter(|_| !is_admitted) {
                        let words = got.message();
                        let theirs = role.map_or("none".to_owned(), |role| role.to_string());
                        let says = [format!("role {least}"), theirs];
                        assert!(says.iter().all(|part| words.contains(part)), "{words}");
                    }
                }
            }
        }
    }
    asked
}

/// A platform with the org `acme`, its projects `shop` and `blog`, and the org `other`.
async fn two_orgs() -> Api {
    let api = Api::with_shop().await;
    api.post("/orgs/", json!({"name": "Other"})).await.is(201);
    let other = "/orgs/other/projects/";
    api.post(other, json!({"name": "Shop"})).await.is(201);
    let acme = "/orgs/acme/projects/";
    api.post(acme, json!({"name": "Blog"})).await.is(201);
    let staging = json!({"name": "Staging", "env_type": "staging"});
    api.post("/orgs/acme/projects/shop/envs/", staging)
        .await
        .is(201);
    // What holds a service is not deleted by who may.
    for scope in ["production", "staging"] {
        let path = format!("/orgs/acme/projects/shop/envs/{scope}/services/");
        let body = json!({"name": "api", "platform": "wind", "image": "api:1"});
        api.post(&path, body).await.is(201);
    }
    api
}

async fn key(api: &Api, org: &str, body: Value) -> String {
    let made = api.post(&format!("/orgs/{org}/keys"), body).await.is(201);
    made.data()["secret"].as_str().unwrap().to_owned()
}

/// Invites somebody, who comes in: their id and cookie.
async fn person(api: &Api, name: &str, role: &str) -> (String, String) {
    let body = json!({"name": name, "role": role});
    let link = api.post("/orgs/acme/invitations", body).await.is(201);
    let token = link.data()["token"].clone();
    let signed_in = api
        .anonymous("POST", "/auth/session")
        .json(&json!({"token": token}))
        .send()
        .await
        .is(201);
    let cookie = signed_in.header("set-cookie");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let people = api.get("/orgs/acme/people").await.is(200).data();
    let people = people.as_array().unwrap();
    let found = people.iter().find(|person| person["name"] == name).unwrap();
    (found["id"].as_str().unwrap().to_owned(), cookie)
}

pub(crate) async fn every_route_asks_for_its_role() {
    let api = two_orgs().await;
    let mut asked = 0;
    for role in Role::ALL.iter().copied() {
        let whole = api.app.create_key(role.word(), role).await.unwrap();
        let org = key(&api, "acme", json!({"name": "k", "role": role})).await;
        let project = json!({"name": "k", "role": role, "project": "shop"});
        let project = key(&api, "acme", project).await;
        let environment =
            json!({"name": "k", "role": role, "project": "shop", "environment": "production"});
        let environment = key(&api, "acme", environment).await;
        let blog = key(
            &api,
            "acme",
            json!({"name": "k", "role": role, "project": "blog"}),
        )
        .await;
        let foreign = key(&api, "other", json!({"name": "k", "role": role})).await;
        let some = Some(role);
        let callers = [
            ("whole platform", whole, [some; 4], [true; 4]),
            ("own org", org, [None, some, some, some], [true; 4]),
            ("own project", project, [None, None, some, some], [true; 4]),
            (
                "own environment",
                environment,
                [None, None, None, some],
                [true; 4],
            ),
            (
                "another project",
                blog,
                [None; 4],
                [true, true, false, false],
            ),
            (
                "foreign org",
                foreign,
                [None; 4],
                [true, false, false, false],
            ),
        ];
        for (name, key, roles, reaches) in callers {
            let caller = Caller {
                name,
                header: ("x-api-key", key),
                roles,
                reaches,
            };
            asked += walk(&api, &caller).await;
        }
    }
    // A role nearer by wins, for better or worse.
    let (id, cookie) = person(&api, "Ada", "admin").await;
    let grants = json!({"grants": [
        {"role": "admin"},
        {"role": "viewer", "project": "shop"},
        {"role": "member", "project": "shop", "environment": "production"},
    ]});
    let path = format!("/orgs/acme/people/{id}");
    api.patch(&path, grants).await.is(200);
    let ada = Caller {
        name: "a person with nearer roles",
        header: ("cookie", cookie),
        roles: [
            None,
            Some(Role::Admin),
            Some(Role::Viewer),
            Some(Role::Member),
        ],
        reaches: [true; 4],
    };
    asked += walk(&api, &ada).await;
    for endpoint in endpoints::ALL {
        for (_, template) in endpoint.templates() {
            let got = ask(&api, endpoint, &template).send().await;
            let is_open = endpoint.access == Access::Public;
            assert_eq!(got.status != 401, is_open, "{template}");
            asked += 1;
        }
    }
    println!("roles_checked: {asked}");
    assert!(asked > 2_000, "{asked}");
    api.app.close().await;
}

/// Everything that `acme` tells about its variables, as somebody reads it.
async fn told(api: &Api, key: &str) -> String {
    let service = "/orgs/acme/projects/shop/envs/production/services/api";
    let mut text = String::new();
    for path in [
        "/orgs/acme/config".to_owned(),
        "/orgs/acme/config/history".to_owned(),
        "/orgs/acme/config/resolved".to_owned(),
        "/workspaces/acme/projects/shop/services".to_owned(),
        "/workspaces/acme/projects/shop/services/api".to_owned(),
        format!("{service}/config"),
        format!("{service}/config/resolved"),
        format!("{service}/config/history"),
        format!("{service}/deploy/preview"),
        format!("{service}/releases"),
        format!("{service}/releases/1"),
        format!("{service}/events"),
        "/orgs/acme/events".to_owned(),
        "/orgs/acme/projects/shop/promote/preview?service=api&source_env=production&target_env=staging".to_owned(),
    ] {
        let got = api.anonymous("GET", &path).header("x-api-key", key).send().await;
        text.push_str(&got.is(200).text);
    }
    text
}

pub(crate) async fn viewers_read_names_and_no_values() {
    let api = two_orgs().await;
    let service = "/orgs/acme/projects/shop/envs/production/services/api";
    let set = |name: &str, value: &str, secret: bool| json!({"name": name, "value": value, "secret": secret});
    let config = format!("{service}/config");
    api.post("/orgs/acme/config", set("FAR", "far-away-value", false))
        .await
        .is(200);
    api.post(&config, set("NEAR", "close-by-value", false))
        .await
        .is(200);
    api.post(&config, set("KEY", "sealed-value", true))
        .await
        .is(200);
    api.post(&format!("{service}/deploy"), json!({}))
        .await
        .is(202);
    api.until(&format!("{service}/status"), |status| {
        status["state"] == "running"
    })
    .await;
    api.post(&config, set("NEAR", "later-value", false))
        .await
        .is(200);

    let viewer = key(&api, "acme", json!({"name": "v", "role": "viewer"})).await;
    let member = key(&api, "acme", json!({"name": "m", "role": "member"})).await;
    let seen = told(&api, &viewer).await;
    for name in ["FAR", "NEAR", "KEY"] {
        assert!(seen.contains(name), "{name}");
    }
    for value in [
        "far-away-value",
        "close-by-value",
        "later-value",
        "sealed-value",
    ] {
        assert!(!seen.contains(value), "a viewer reads {value}: {seen}");
    }
    assert!(seen.contains(HIDDEN) && seen.contains(MASK));
    let seen = told(&api, &member).await;
    for value in ["far-away-value", "close-by-value", "later-value"] {
        assert!(seen.contains(value), "a member does not read {value}");
    }
    assert!(!seen.contains("sealed-value") && !seen.contains(HIDDEN));

    // A member of one end of a promotion does not read the other's.
    let ends = json!({"name": "e", "role": "member", "project": "shop", "environment": "staging"});
    let ends = key(&api, "acme", ends).await;
    let path = "/orgs/acme/projects/shop/promote/preview?service=api&source_env=production&target_env=staging";
    let got = api
        .anonymous("GET", path)
        .header("x-api-key", &ends)
        .send()
        .await;
    assert!(got.is(404).message().contains("environment 'production'"));

    // What stands in for a value is never taken for one.
    for mask in [MASK, HIDDEN] {
        api.post(&config, set("NEAR", mask, false))
            .await
            .fails(422, "invalid");
        let raw = json!({"raw": format!("NEAR={mask}")});
        api.post(&format!("{config}/bulk"), raw)
            .await
            .fails(422, "invalid");
        let env = json!({"env": {"NEAR": mask}});
        api.patch("/workspaces/acme/projects/shop/services/api", env)
            .await
            .fails(422, "invalid");
    }
    api.app.close().await;
}

pub(crate) async fn lists_tell_what_one_may_see() {
    let api = two_orgs().await;
    let narrow =
        json!({"name": "n", "role": "viewer", "project": "shop", "environment": "staging"});
    let narrow = key(&api, "acme", narrow).await;
    let slugs = async |path: &str| {
        let got = api
            .anonymous("GET", path)
            .header("x-api-key", &narrow)
            .send()
            .await;
        let data = got.is(200).data();
        let list = data.as_array().unwrap().iter();
        list.map(|one| one["slug"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs("/orgs").await, ["acme"]);
    assert_eq!(slugs("/workspaces").await, ["acme"]);
    assert_eq!(slugs("/orgs/acme/projects").await, ["shop"]);
    assert_eq!(slugs("/orgs/acme/projects/shop/envs").await, ["staging"]);
    let read = async |path: &str| {
        let got = api
            .anonymous("GET", path)
            .header("x-api-key", &narrow)
            .send()
            .await;
        got.is(200).data()
    };
    for path in ["/orgs/acme/overview", "/orgs/acme/projects/shop/overview"] {
        let cells = read(path).await["cells"].clone();
        assert_eq!(cells.as_array().unwrap().len(), 1, "{cells}");
        assert_eq!(cells[0]["environment"], "staging");
    }
    for path in ["/orgs/acme/events", "/orgs/acme/projects/shop/events"] {
        let events = read(path).await["events"].clone();
        let events = events.as_array().unwrap();
        assert!(!events.is_empty());
        assert!(
            events.iter().all(|event| event["environment"] == "staging"),
            "{events:?}"
        );
    }
    api.app.close().await;
}
