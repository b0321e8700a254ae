//! What only the engine's own API tells: what it has of the platform besides instances.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::bench::{Bench, text};

impl Bench {
    /// The nameless images of this platform that no other is built on.
    pub(crate) fn dangling(&self) -> BTreeSet<String> {
        let images = self.listed("images/json", &json!({"dangling": ["true"]}));
        images.iter().map(|image| text(&image["Id"])).collect()
    }

    /// Waits until no image is left of a build's step.
    pub(crate) fn no_step_is_left(&self) {
        self.wait_for("nothing to be left of it", || {
            let left = self.dangling();
            (left.clone(), left.is_empty())
        });
    }

    /// What the engine lists of this platform.
    pub(crate) fn listed(&self, what: &str, filters: &Value) -> Vec<Value> {
        let file = self.folder.path().join("installation");
        let installation = std::fs::read_to_string(file).unwrap();
        let label = format!("pilothouse.installation={}", installation.trim());
        let mut filters = filters.clone();
        filters["label"] = json!([label]);
        let host = self.engine_host();
        let list = || {
            Command::new("curl")
                .args(["--silent", "--show-error", "--fail", "--get"])
                .arg("--unix-socket")
                .arg(host.trim_start_matches("unix://"))
                .args(["--data-urlencode", &format!("filters={filters}")])
                .arg(format!("http://localhost/{what}"))
                .output()
                .unwrap()
        };
        // Podman fails where another thing goes while it lists them.
        let listed = self.wait_for("a list of the engine", || {
            let listed = list();
            let is_there = listed.status.success();
            (listed, is_there)
        });
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let list = match listed {
            Value::Object(mut all) => all.remove("Volumes").unwrap_or_default(),
            list => list,
        };
        list.as_array().cloned().unwrap_or_default()
    }
}
