//! What tests of builds stand on: a real repository, and a service that is built of it on an engine
//! that simulates what it builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Api;

pub(crate) const PROJECT: &str = "/orgs/acme/projects/shop";
pub(crate) const ENVIRONMENT: &str = "/orgs/acme/projects/shop/envs/production";
pub(crate) const SERVICE: &str = "/orgs/acme/projects/shop/envs/production/services/api";

/// Repositories of a test's own, below one folder.
pub(crate) struct Repositories(pub(crate) TempDir);

impl Repositories {
    pub(crate) fn new() -> Self {
        let all = Self(TempDir::new().unwrap());
        all.commit("acme/api", &[("Dockerfile", "FROM scratch\nCOPY . /\n")]);
        all
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Commits files to `main`, and gives the commit.
    pub(crate) fn commit(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = self.folder(name);
        if !folder.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            git(&folder, &["init", "--quiet", "--initial-branch=main"]);
        }
        for (file, text) in files {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        git(&folder, &["add", "--all"]);
        git(
            &folder,
            &[
                "commit",
                "--quiet",
                "--allow-empty",
                "--message",
                "A change",
            ],
        );
        git(&folder, &["rev-parse", "HEAD"])
    }
}

pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=Tester",
            "-c",
            "user.email=tester@example.com",
        ])
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) async fn with_service(repositories: &Repositories) -> Api {
    with_service_that_keeps(repositories, 10).await
}

pub(crate) async fn with_service_that_keeps(repositories: &Repositories, images: u32) -> Api {
    let base = format!("file://{}", repositories.0.path().display());
    let api = Api::shop_with(|parts| {
        parts.builds.git_base = base;
        parts.builds.keep_images = images;
        parts.builds.folder = parts.data_dir.join("work");
    })
    .await;
    let body = json!({"name": "api", "platform": "wind", "github_repository": "acme/api"});
    api.post(&format!("{ENVIRONMENT}/services"), body)
        .await
        .is(201);
    api
}

pub(crate) async fn built(api: &Api, body: Value) -> Value {
    let started = api
        .post(&format!("{SERVICE}/images/build"), body)
        .await
        .is(202)
        .data();
    let version = started["version"].as_u64().unwrap();
    let over = |one: &Value| !["queued", "building"].contains(&one["state"].as_str().unwrap());
    api.until(&format!("{SERVICE}/images/{version}"), over)
        .await
}
