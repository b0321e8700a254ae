//! The verdict on a release, of what ingress really answered. Time is what a test has least of, so
//! that what was measured of the first release is moved back to an hour ago.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::client::Api;
use crate::telemetry::{Visits, with_domain};

const W: &str = "/workspaces/acme/projects/shop/services/api";
const HOUR: TimeDelta = TimeDelta::hours(1);
const E: &str = "/orgs/acme/projects/shop/envs/production/services/api";

async fn database(api: &Api, file: &str) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(api.folder.path().join(file));
    options.connect().await.unwrap()
}

/// Sends so many requests, each of which is answered with 503, and waits until so many are counted.
async fn visit(api: &Api, visits: &Visits, requests: usize, expected: usize) {
    for _ in 0..requests {
        assert_eq!(visits.send("GET", "/").await, 503);
    }
    let mut metrics = database(api, "metrics.db").await;
    let counted = async |metrics: &mut SqliteConnection| -> i64 {
        sqlx::query_scalar(
            "SELECT COALESCE(SUM(requests), 0) FROM samples WHERE at > unixepoch() - 600",
        )
        .fetch_one(metrics)
        .await
        .unwrap()
    };
    while counted(&mut metrics).await < expected as i64 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    metrics.close().await.unwrap();
}

/// Waits until the newest deployment is of this release, and complete.
async fn deployed(api: &Api, release: u32) {
    let complete = |list: &Value| list[0]["release"] == release && list[0]["state"] == "complete";
    api.until(&format!("{E}/deployments"), complete).await;
}

/// A service whose release v1 was measured until an hour ago, with one in so many of its requests
/// an error, and whose release v2 began to serve 45 seconds ago.
async fn two_releases(requests: (usize, usize), one_in: i64) -> (Api, Visits) {
    let (api, visits) = with_domain().await;
    deployed(&api, 1).await;
    // One more showed that ingress knows the service.
    visit(&api, &visits, requests.0, requests.0 + 1).await;
    let change = Utc::now() - HOUR + TimeDelta::seconds(5);
    let mut metrics = database(&api, "metrics.db").await;
    for statement in [
        "DELETE FROM minutes".to_owned(),
        format!("UPDATE samples SET at = at - 3600, errors = errors / {one_in}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut metrics)
            .await
            .unwrap();
    }
    metrics.close().await.unwrap();

    api.patch(W, json!({"image": "shop:2"})).await.is(200);
    deployed(&api, 2).await;
    let mut store = database(&api, "pilothouse.db").await;
    let since = Utc::now() - TimeDelta::seconds(45);
    for (version, started, ended) in [(1, change - HOUR, change - HOUR), (2, change, since)] {
        sqlx::query("UPDATE deployments SET started = ?, updated = ? WHERE release_version = ?")
            .bind(started)
            .bind(ended)
            .bind(version)
            .execute(&mut store)
            .await
            .unwrap();
    }
    store.close().await.unwrap();
    visit(&api, &visits, requests.1, requests.1).await;
    (api, visits)
}

/// The verdict on v2 as soon as so many requests are in its window, in each dialect the same.
async fn verdict(api: &Api, requests: usize) -> Value {
    let path = "releases/2/verdict";
    let is_measured = |told: &Value| told["after"]["requests"].as_u64() >= Some(requests as u64);
    let told = api.until(&format!("{E}/{path}"), is_measured).await;
    let other = api.get(&format!("{W}/{path}")).await.is(200).data();
    assert_eq!(told["before"]["requests"], other["before"]["requests"]);
    told
}

pub(crate) async fn more_errors_are_told_with_their_sample_sizes() {
    let (api, _visits) = two_releases((150, 130), 50).await;
    let told = verdict(&api, 130).await;
    assert_eq!(
        (&told["state"], &told["previous"]),
        (&json!("worse"), &json!(1)),
        "{told}"
    );
    assert_eq!(told["errors"]["finding"], "worse");
    assert_eq!(told["errors"]["test"], "fisher_exact");
    assert!(told["errors"]["p_value"].as_f64().unwrap() < 1e-9);
    let (before, after) = (&told["before"], &told["after"]);
    assert!(before["requests"].as_u64().unwrap() >= 150, "{told}");
    assert_eq!(
        (&after["requests"], &after["errors"]),
        (&json!(130), &json!(130))
    );
    let length = |period: &Value| {
        let at = |name: &str| {
            period[name]
                .as_str()
                .unwrap()
                .parse::<DateTime<Utc>>()
                .unwrap()
        };
        at("end") - at("start")
    };
    assert_eq!(length(before), length(after));
    assert!(before["memory"].as_f64().unwrap() > 1e6);
    let sentence = told["sentence"].as_str().unwrap();
    for part in [
        "Since v2, ",
        "of v1 before: errors ",
        "130 of 130 after",
        "Fisher's exact test, p < 0.001",
        "p95 ",
        "memory ",
        "no restarts (before: 0).",
    ] {
        assert!(sentence.contains(part), "{part} is missing in: {sentence}");
    }
    api.app.close().await;
}

pub(crate) async fn alike_is_told_as_no_difference_seen() {
    let (api, _visits) = two_releases((130, 130), 1).await;
    let told = verdict(&api, 130).await;
    assert_eq!(told["errors"]["finding"], "none_seen", "{told}");
    assert!(
        told["sentence"]
            .as_str()
            .unwrap()
            .contains("no difference seen")
    );
    api.app.close().await;
}

pub(crate) async fn a_few_requests_are_too_little_to_say() {
    let (api, _visits) = two_releases((2, 3), 50).await;
    let told = verdict(&api, 3).await;
    assert_eq!(told["state"], "too_little", "{told}");
    let sentence = told["sentence"].as_str().unwrap();
    assert!(sentence.contains("too little traffic to say"), "{sentence}");
    api.app.close().await;
}

pub(crate) async fn there_is_not_always_one_to_tell() {
    let api = Api::with_shop().await;
    let service = json!({"name": "Api", "image": "shop:1", "port": 80});
    api.post("/workspaces/acme/projects/shop/services", service)
        .await
        .is(201);
    for at in [E, W] {
        let path = |version: &str| format!("{at}/releases/{version}/verdict");
        let first = |told: &Value| told["state"] == "first_release";
        let told = api.until(&path("1"), first).await;
        assert!(
            told["sentence"]
                .as_str()
                .unwrap()
                .starts_with("v1 is the first")
        );
        for unknown in ["2", "0", "two", "99999999999"] {
            api.get(&path(unknown)).await.fails(404, "not_found");
        }
        let got = api.get(&format!("{}?since=5", path("1"))).await;
        got.fails(422, "invalid").fault("since");
        api.anonymous("GET", &path("1"))
            .send()
            .await
            .fails(401, "unauthorized");
        api.get(&format!("{at}-none/releases/1/verdict"))
            .await
            .fails(404, "not_found");
    }
    // The next one has only just begun.
    api.patch(W, json!({"image": "shop:2"})).await.is(200);
    deployed(&api, 2).await;
    let told = api.get(&format!("{E}/releases/2/verdict")).await.data();
    assert_eq!(
        (&told["state"], &told["previous"]),
        (&json!("not_served"), &json!(1))
    );
    api.app.close().await;
}
