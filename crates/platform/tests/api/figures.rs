//! `/metrics`: what the platform tells Prometheus of itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Api;
use crate::telemetry::Visits;

/// Values by name and labels, as `name{label="value"}`.
type Values = BTreeMap<String, f64>;

/// Reads the text strictly: every value belongs to a metric that has a type and help, and stands
/// there once.
fn read(text: &str) -> Values {
    let (mut values, mut kinds) = (Values::new(), BTreeMap::new());
    let mut described = String::new();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(comment) = line.strip_prefix("# ") {
            let (what, rest) = comment.split_once(' ').unwrap();
            let (name, said) = rest.split_once(' ').unwrap();
            assert!(!said.is_empty(), "{line}");
            match what {
                "HELP" => described = name.to_owned(),
                "TYPE" => {
                    assert_eq!(name, described, "{line}");
                    let twice = kinds.insert(name.to_owned(), said.to_owned());
                    assert_eq!(twice, None, "{line}");
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        assert!(
            bare.starts_with(&described),
            "{line} belongs to {described}"
        );
        match kinds[&described].as_str() {
            "counter" => assert_eq!(bare, format!("{described}_total")),
            "gauge" => assert_eq!(bare, described),
            "histogram" => assert!(bare != described),
            other => panic!("{other}"),
        }
        let twice = values.insert(name.to_owned(), value.parse().unwrap());
        assert_eq!(twice, None, "{line}");
    }
    values
}

async fn look(api: &Api) -> (String, Values) {
    let got = api.anonymous("GET", "//metrics").send().await.is(200);
    assert!(
        got.header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let values = read(&got.text);
    (got.text, values)
}

pub(crate) async fn tell_how_the_platform_does() {
    let api = Api::with_shop().await;
    let service = "/orgs/acme/projects/shop/envs/production/services/api";
    let new = json!({
        "name": "Api", "image": "shop:1", "port": 80, "instances": 2, "domains": ["api.example.com"],
    });
    let made = api
        .post("/workspaces/acme/projects/shop/services", new)
        .await;
    made.is(201);
    let runs = |status: &Value| status["state"] == "running";
    api.until(&format!("{service}/status"), runs).await;
    let visits = Visits::open(&api).await;
    visits.known().await;
    let (_, before) = look(&api).await;
    for _ in 0..3 {
        assert_eq!(visits.send("GET", "/").await, 503);
        api.get("/orgs/acme/projects/nowhere").await.is(404);
    }
    let (text, after) = look(&api).await;
    let grew = |name: &str| after[name] - before.get(name).copied().unwrap_or_default();
    assert_eq!(
        grew("pilothouse_ingress_requests_total{class=\"5xx\"}"),
        3.0
    );
    let route = "method=\"GET\",route=\"/api/v1/orgs/{org}/projects/{project}\"";
    let asked = format!("pilothouse_api_requests_total{{{route},status=\"404\"}}");
    assert_eq!(grew(&asked), 3.0);
    let timed = format!("pilothouse_api_request_duration_seconds_count{{{route}}}");
    assert_eq!(grew(&timed), 3.0);

    for (name, expected) in [
        ("pilothouse_ingress_in_flight", 0.0),
        ("pilothouse_access_rows_lost_total", 0.0),
        ("pilothouse_instances_desired", 2.0),
        ("pilothouse_instances_ready", 2.0),
        ("pilothouse_builds{state=\"building\"}", 0.0),
        ("pilothouse_builds_ended_total{outcome=\"failed\"}", 0.0),
        ("pilothouse_deploys{state=\"running\"}", 0.0),
        ("pilothouse_deploys_ended_total{outcome=\"complete\"}", 1.0),
    ] {
        assert_eq!(after.get(name), Some(&expected), "{name} in\n{text}");
    }
    for name in [
        "pilothouse_log_lines_total",
        "pilothouse_database_bytes{database=\"pilothouse\"}",
        "pilothouse_database_bytes{database=\"metrics\"}",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
    ] {
        assert!(after[name] > 0.0, "{name} in\n{text}");
    }
    assert!(after["pilothouse_sampler_lag_seconds"] < 30.0, "{text}");
    // Whoever may read this learns nothing of what runs here.
    for secret in ["acme", "shop", "nowhere", "example.com", api.key()] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
    api.app.close().await;
}
