//! What tests of builds and deploys share: recipes, and what is asked of the service `web`.

use serde_json::{Value, json};

use crate::bench::{Bench, request, text};

/// An image of the sample that tells its version.
pub(crate) fn recipe(version: &str) -> String {
    format!(
        "FROM scratch\nCOPY sample /sample\nENV RELEASE_VERSION={version}\nEXPOSE 8080\nENTRYPOINT [\"/sample\"]\n"
    )
}

/// A recipe with a shell in it, which runs a script while it is built.
pub(crate) fn script(run: &str) -> String {
    format!("FROM scratch\nCOPY busybox nonce /bin/\n{}", step(run))
}

/// A step that runs a script.
pub(crate) fn step(run: &str) -> String {
    format!("RUN [\"/bin/busybox\", \"sh\", \"-c\", \"{run}\"]\n")
}

/// Commits such a recipe with all that it needs. Its first step is its own: otherwise the engine may
/// know the outcome from an earlier time, or from another test.
pub(crate) fn with_busybox(bench: &Bench, run: &str) {
    bench.commit("acme/web", &[]);
    bench.copy_into("acme/web", "/bin/busybox", "busybox");
    let nonce = uuid::Uuid::new_v4().to_string();
    let files = [("Dockerfile", script(run)), ("nonce", nonce)];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    bench.commit("acme/web", &files);
}

impl Bench {
    /// Creates `web` of the repository `acme/web`, which waits for its first deploy.
    pub(crate) fn describe(&mut self) {
        let environment = "/orgs/acme/projects/shop/envs/production";
        let body = json!({
            "name": "web", "platform": "wind", "github_repository": "acme/web",
            "domains": ["web.localhost"], "deployment_timeout": 20,
        });
        let (status, made) = self.call("POST", &format!("{environment}/services"), &body);
        assert_eq!(status, 201, "{made}");
        self.note_service(&made["id"]);
    }

    pub(crate) fn image(&self, version: &Value) -> Value {
        self.service("GET", &format!("web/images/{version}"), &Value::Null)
            .1
    }

    pub(crate) fn begin_build(&self) -> Value {
        let (status, started) = self.service("POST", "web/images/build", &json!({}));
        assert_eq!(status, 202, "{started}");
        started["version"].clone()
    }

    pub(crate) fn build(&self) -> Value {
        self.end_of_build(&self.begin_build())
    }

    /// The image of a build once that is over.
    pub(crate) fn end_of_build(&self, version: &Value) -> Value {
        self.wait_for("the build to end", || {
            let image = self.image(version);
            let is_over = image["state"] != "queued" && image["state"] != "building";
            (image, is_over)
        })
    }

    pub(crate) fn log(&self, of: &str) -> Value {
        self.service("GET", &format!("web/{of}/log"), &Value::Null)
            .1
    }

    /// Deploys, and gives how that ended.
    pub(crate) fn deploy(&self, body: &Value) -> Value {
        let (status, begun) = self.service("POST", "web/deploy", body);
        assert_eq!(status, 202, "{begun}");
        let path = format!(
            "web/deployments/{}",
            begun["deployment_id"].as_str().unwrap()
        );
        self.wait_for("the deployment to end", || {
            let (_, one) = self.service("GET", &path, &Value::Null);
            let is_over = one["state"] != "pending" && one["state"] != "running";
            (one, is_over)
        })
    }

    /// What `web` says of its config and its image, through ingress.
    pub(crate) fn answer(&self) -> (String, String) {
        let answer = request(&self.ingress, "GET", "/", "web.localhost", "", "");
        let (status, body) = answer.unwrap();
        assert_eq!(status, 200, "{body}");
        let said: Value = serde_json::from_str(&body).unwrap();
        (text(&said["service"]), text(&said["release"]))
    }
}

/// The processes of this machine whose command line holds a text.
pub(crate) fn running(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let lines = processes
        .filter_map(|process| std::fs::read_to_string(process.ok()?.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(text)).collect()
}

/// Waits until no process of this machine has this text in its command line any more.
pub(crate) fn nothing_is_left(bench: &Bench, text: &str) {
    bench.wait_for("nothing to be left of it", || {
        let left = running(text);
        (left.clone(), left.is_empty())
    });
}
