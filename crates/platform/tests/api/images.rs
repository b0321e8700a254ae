//! Images and their builds.

use serde_json::{Value, json};

use crate::repositories::{
    Repositories, SERVICE, built, git, with_service, with_service_that_keeps,
};

const WORKSPACE: &str = "/workspaces/acme/projects/shop/services/api";

pub(crate) async fn a_commit_becomes_an_image_a_release_and_a_deployment() {
    let repositories = Repositories::new();
    let commit = repositories.commit(
        "acme/api",
        &[("Procfile", "web: ./api\nworker: ./api work")],
    );
    let api = with_service(&repositories).await;
    api.post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .fails(409, "wrong_state");
    let preview = api
        .get(&format!("{SERVICE}/deploy/preview"))
        .await
        .is(200)
        .data();
    assert!(
        preview["obstacle"].as_str().unwrap().contains("Build"),
        "{preview}"
    );

    let image = built(&api, json!({"ref": "main"})).await;
    assert_eq!(image["state"], "built", "{image}");
    assert_eq!(image["commit_sha"], commit);
    assert_eq!(image["repository_name"], "acme/api");
    assert_eq!(image["build_ref"], "main");
    assert_eq!(image["dockerfile"], "Dockerfile");
    assert_eq!(
        image["processes"],
        json!({"web": "./api", "worker": "./api work"})
    );
    assert!(image["image_id"].as_str().unwrap().starts_with("sha256:"));
    assert!(image["image_metadata"]["duration_ms"].is_u64());

    let log = api
        .get(&format!("{SERVICE}/images/1/log"))
        .await
        .is(200)
        .data();
    assert_eq!(
        (&log["status"], &log["version"]),
        (&json!("success"), &json!(1))
    );
    let text = log["log_text"].as_str().unwrap();
    assert!(
        text.contains(&commit) && text.contains("STEP 2/2"),
        "{text}"
    );
    let rest = api
        .get(&format!("{WORKSPACE}/images/1/log?offset=10"))
        .await
        .data();
    assert_eq!(rest["log_text"], text[10..]);

    let unknown = api
        .patch(SERVICE, json!({"process_counts": {"clock": 1}}))
        .await
        .is(200);
    assert_eq!(unknown.body["process_counts"]["clock"], 1);
    let refused = api.post(&format!("{SERVICE}/deploy"), json!({})).await;
    assert!(
        refused
            .fails(422, "invalid")
            .fault("process_counts")
            .contains("clock")
    );
    api.patch(SERVICE, json!({"process_counts": {"worker": 2}}))
        .await
        .is(200);
    let done = api
        .post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202)
        .data();
    let id = done["deployment_id"].as_str().unwrap();
    api.until(&format!("{SERVICE}/deployments/{id}"), |one| {
        one["complete"] == true
    })
    .await;
    let release = api.get(&format!("{SERVICE}/releases/1")).await.data();
    assert_eq!(release["commit_sha"], commit);
    assert_eq!(release["image"]["version"], 1);
    assert_eq!(release["processes"]["worker"], "./api work");
    let status = api.get(&format!("{SERVICE}/status")).await.data();
    assert_eq!(status["total"], 3, "{status}");

    for scope in [SERVICE, WORKSPACE] {
        let page = api
            .get(&format!("{scope}/images?page=1&per_page=1"))
            .await
            .is(200)
            .data();
        assert_eq!(
            page["pagination"],
            json!({"page": 1, "per_page": 1, "total": 1, "total_pages": 1})
        );
        assert_eq!(page["items"][0]["image_metadata"]["releases"], json!([1]));
        api.get(&format!("{scope}/images/1")).await.is(200);
        api.get(&format!("{scope}/releases")).await.is(200);
        api.get(&format!("{scope}/deployments")).await.is(200);
    }
    // A newer image is something that a deploy would change.
    repositories.commit("acme/api", &[("new", "")]);
    built(&api, json!({})).await;
    let service = api.get(SERVICE).await.data();
    assert_eq!(
        (
            &service["undeployed_changes"],
            &service["latest_image"]["version"]
        ),
        (&json!(true), &json!(2))
    );
}

pub(crate) async fn branches_tags_and_commits_are_built() {
    let repositories = Repositories::new();
    let folder = repositories.folder("acme/api");
    let first = git(&folder, &["rev-parse", "HEAD"]);
    git(&folder, &["tag", "v1"]);
    let second = repositories.commit("acme/api", &[("two", "")]);
    git(&folder, &["checkout", "--quiet", "-b", "side"]);
    let third = repositories.commit("acme/api", &[("three", "")]);
    git(&folder, &["checkout", "--quiet", "main"]);
    let api = with_service(&repositories).await;
    for (reference, commit) in [
        ("v1", &first),
        ("side", &third),
        (&second, &second),
        (&first[..8], &first),
    ] {
        let image = built(&api, json!({"ref": reference})).await;
        assert_eq!(image["state"], "built", "{reference}: {image}");
        assert_eq!(image["commit_sha"], *commit, "{reference}");
    }
}

pub(crate) async fn builds_that_fail_say_why() {
    let repositories = Repositories::new();
    repositories.commit("acme/bare", &[("readme", "")]);
    repositories.commit(
        "acme/odd",
        &[("Dockerfile", "FROM scratch"), ("Procfile", "web")],
    );
    let api = with_service(&repositories).await;
    let fails = async |change: Value, reference: Value, words: &str| {
        api.patch(SERVICE, change).await.is(200);
        let image = built(&api, reference).await;
        assert_eq!(image["state"], "failed", "{image}");
        let error = image["error"].as_str().unwrap().to_owned();
        assert!(error.contains(words), "{error}");
        let version = &image["version"];
        let log = api
            .get(&format!("{SERVICE}/images/{version}/log"))
            .await
            .data();
        assert!(log["log_text"].as_str().unwrap().contains(&error), "{log}");
        assert_eq!(
            (&log["status"], &log["error"]),
            (&json!("error"), &image["error"])
        );
    };
    fails(
        json!({}),
        json!({"ref": "gone"}),
        "no branch, tag or commit gone",
    )
    .await;
    fails(
        json!({}),
        json!({"ref": "0123456789"}),
        "no branch, tag or commit",
    )
    .await;
    fails(json!({"subdirectory": "none"}), json!({}), "no folder none").await;
    fails(
        json!({"subdirectory": null, "github_repository": "acme/bare"}),
        json!({}),
        "no Dockerfile",
    )
    .await;
    fails(
        json!({"github_repository": "acme/odd"}),
        json!({}),
        "Procfile",
    )
    .await;
    fails(
        json!({"github_repository": "acme/none"}),
        json!({}),
        "was not found",
    )
    .await;
    for bad in ["-x", "a b", "a..b", ""] {
        api.post(&format!("{SERVICE}/images/build"), json!({"ref": bad}))
            .await
            .fails(422, "invalid");
    }
    api.patch(SERVICE, json!({"github_repository": null}))
        .await
        .is(200);
    api.post(&format!("{SERVICE}/images/build"), json!({}))
        .await
        .fails(409, "wrong_state");
    for bad in ["99", "none"] {
        api.get(&format!("{SERVICE}/images/{bad}"))
            .await
            .fails(404, "not_found");
        api.get(&format!("{SERVICE}/images/{bad}/log"))
            .await
            .fails(404, "not_found");
        api.post(&format!("{SERVICE}/images/{bad}/cancel"), json!({}))
            .await
            .fails(404, "not_found");
    }
    for bad in ["page=0", "per_page=0", "per_page=101", "page=x"] {
        api.get(&format!("{SERVICE}/images?{bad}"))
            .await
            .fails(422, "invalid");
    }
}

pub(crate) async fn a_reference_is_fetched_and_pinned() {
    let repositories = Repositories::new();
    let api = with_service(&repositories).await;
    api.patch(
        SERVICE,
        json!({"github_repository": null, "image": "shop/api:slow"}),
    )
    .await
    .is(200);
    for scope in [SERVICE, WORKSPACE] {
        let started = api
            .post(&format!("{scope}/images/build"), json!({}))
            .await
            .is(202)
            .data();
        let path = format!("{scope}/images/{}", started["version"]);
        api.until(&path, |image| image["state"] == "building").await;
        // A second one of the same service waits.
        let second = api
            .post(&format!("{scope}/images/build"), json!({}))
            .await
            .is(202)
            .data();
        let waits = format!("{scope}/images/{}", second["version"]);
        assert_eq!(api.get(&waits).await.data()["state"], "queued");
        api.post(&format!("{waits}/cancel"), json!({}))
            .await
            .is(202);
        api.post(&format!("{path}/cancel"), json!({})).await.is(202);
        for path in [path, waits] {
            let image = api.get(&path).await.data();
            assert_eq!(image["state"], "cancelled");
            api.post(&format!("{path}/cancel"), json!({}))
                .await
                .fails(409, "wrong_state");
        }
    }
    api.patch(SERVICE, json!({"image": "shop/api:1"}))
        .await
        .is(200);
    let image = built(&api, json!({})).await;
    assert_eq!(
        (&image["state"], &image["repository_name"]),
        (&json!("built"), &json!("shop/api:1"))
    );
    api.patch(SERVICE, json!({"image": "shop/api:missing"}))
        .await
        .is(200);
    let image = built(&api, json!({})).await;
    assert!(
        image["error"].as_str().unwrap().contains("not found"),
        "{image}"
    );
}

pub(crate) async fn only_what_no_release_needs_is_pruned() {
    let repositories = Repositories::new();
    let api = with_service_that_keeps(&repositories, 1).await;
    built(&api, json!({})).await;
    let done = api
        .post(&format!("{SERVICE}/deploy"), json!({}))
        .await
        .is(202)
        .data();
    let id = done["deployment_id"].as_str().unwrap();
    api.until(&format!("{SERVICE}/deployments/{id}"), |one| {
        one["complete"] == true
    })
    .await;
    for _ in 0..3 {
        built(&api, json!({})).await;
    }
    let versions = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|image| image["version"].as_u64().unwrap())
            .collect()
    };
    api.until(&format!("{SERVICE}/images"), |page| {
        versions(page) == [4, 1]
    })
    .await;
    api.get(&format!("{SERVICE}/images/2/log"))
        .await
        .fails(404, "not_found");
    let kept = api
        .get(&format!("{SERVICE}/images/1/log"))
        .await
        .is(200)
        .data();
    assert!(
        kept["log_text"].as_str().unwrap().contains("Commit"),
        "{kept}"
    );
    // A number is never used twice.
    assert_eq!(built(&api, json!({})).await["version"], 5);
    // What failed takes the place of nothing that was built.
    for _ in 0..3 {
        let failed = built(&api, json!({"ref": "no-such-branch"})).await;
        assert_eq!(failed["state"], "failed", "{failed}");
    }
    api.until(&format!("{SERVICE}/images"), |page| {
        versions(page) == [8, 5, 1]
    })
    .await;
}
