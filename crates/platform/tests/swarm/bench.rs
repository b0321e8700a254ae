//! A platform on a Swarm, and what people do with it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::asking::{greeted, request};
use crate::cluster::{Cluster, script};

/// How long anything may take that should happen soon.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Where the platform's own log goes.
const WORDS: &str = "words.log";
const SERVICES: &str = "/orgs/acme/projects/shop/envs/production/services";

/// A platform at work on a Swarm of its own.
pub(crate) struct Bench {
    pub(crate) cluster: Cluster,
    folder: TempDir,
    probe: String,
    sample: String,
    key: String,
    running: Mutex<Running>,
}

struct Running {
    child: Child,
    console: String,
    ingress: String,
}

impl Bench {
    pub(crate) fn start() -> Self {
        let built = |name: &str| {
            let told = script(name, &[]).stdout;
            let told = String::from_utf8(told).unwrap();
            told.lines().last().unwrap().to_owned()
        };
        let (probe, sample) = (built("probe"), built("sample"));
        let cluster = Cluster::start();
        let folder = TempDir::new().unwrap();
        let running = Running::begin(&cluster, folder.path(), &probe);
        let made = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["key", "create", "--name", "test", "--data-dir"])
            .arg(folder.path())
            .output();
        let key = String::from_utf8(made.unwrap().stdout).unwrap();
        let bench = Self {
            cluster,
            folder,
            probe,
            sample,
            key: key.trim().to_owned(),
            running: Mutex::new(running),
        };
        bench.post("/orgs/", &json!({"name": "Acme"}));
        bench.post("/orgs/acme/projects/", &json!({"name": "Shop"}));
        bench.make_image();
        bench
    }

    /// The image of the sample, made on the manager; the platform hands it to the nodes.
    fn make_image(&self) {
        let context = TempDir::new().unwrap();
        let words = "FROM scratch\nCOPY sample /sample\nENTRYPOINT [\"/sample\"]\n";
        std::fs::write(context.path().join("Dockerfile"), words).unwrap();
        std::fs::copy(&self.sample, context.path().join("sample")).unwrap();
        let tar = context.path().join("context.tar");
        let packed = Command::new("tar")
            .args(["-cf", tar.to_str().unwrap(), "-C"])
            .arg(context.path())
            .args(["Dockerfile", "sample"])
            .status();
        assert!(packed.unwrap().success());
        let host = self.cluster.host(1);
        let built = Command::new("curl")
            .args(["-sS", "-X", "POST", "-H", "Content-Type: application/x-tar"])
            .args(["--data-binary", &format!("@{}", tar.display())])
            .args(["--unix-socket", host.strip_prefix("unix://").unwrap()])
            .arg(format!("http://engine/build?t={IMAGE}"))
            .output();
        let words = String::from_utf8(built.unwrap().stdout).unwrap();
        assert!(words.contains("Successfully built"), "{words}");
    }

    /// Calls the API.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let console = self.running.lock().unwrap().console.clone();
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let head = format!(
            "X-API-Key: {}\r\nContent-Type: application/json\r\n",
            self.key
        );
        let path = format!("/api/v1{path}");
        let (status, body) = request(&console, method, &path, "x", &head, &body).unwrap();
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call("POST", path, body);
        assert!(status < 300, "{path}: {answer}");
        answer
    }

    /// Creates a service of the sample, deploys it, and waits until it is ready.
    pub(crate) fn run(&self, name: &str, count: u32, more: &Value) -> Service<'_> {
        let mut body = json!({
            "name": name,
            "platform": "wind",
            "image": IMAGE,
            "port": 8080,
            "instances": count,
            "health_check_path": "/_health/",
            "deployment_timeout": 60,
            "domains": [format!("{name}.test")],
        });
        let fields = body.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        let made = self.post(&format!("{SERVICES}/"), &body);
        let service = Service {
            bench: self,
            name: name.to_owned(),
            id: made["id"].as_str().unwrap().to_owned(),
        };
        service.deploy();
        service.wait_ready(count);
        service
    }

    /// Ends the platform as a power loss would, without a word.
    pub(crate) fn kill(&self) {
        let mut running = self.running.lock().unwrap();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
    }

    /// Starts it again on the same data.
    pub(crate) fn start_again(&self) {
        *self.running.lock().unwrap() =
            Running::begin(&self.cluster, self.folder.path(), &self.probe);
    }

    /// Where edges come to.
    pub(crate) fn edge_door(&self) -> String {
        edge_listen(&self.cluster.registry)
    }

    /// Where the edge of a node takes visitors.
    pub(crate) fn edge(&self, node: usize) -> String {
        format!("{}:{EDGE_PORT}", self.cluster.address(node))
    }

    /// Where the platform's own ingress does.
    pub(crate) fn ingress(&self) -> String {
        self.running.lock().unwrap().ingress.clone()
    }

    /// What a start of another platform on the same Swarm says, which must fail.
    pub(crate) fn refusal(&self, registry: &str) -> String {
        let data = TempDir::new().unwrap();
        let mut command = serve(&self.cluster, data.path(), &self.probe, registry);
        let Output { status, stderr, .. } = command.output().unwrap();
        assert!(!status.success());
        String::from_utf8(stderr).unwrap()
    }

    /// What the platform has logged so far.
    fn words(&self) -> String {
        let words = std::fs::read(self.folder.path().join(WORDS)).unwrap();
        String::from_utf8_lossy(&words).into_owned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.words());
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Both fail where it was killed already.
        let _ = running.child.kill();
        let _ = running.child.wait();
    }
}

/// Where edges take visitors on every node.
const EDGE_PORT: &str = "8088";

/// The image of the sample, as the manager knows it.
const IMAGE: &str = "localhost/pilothouse-swarm-test:1";

impl Running {
    fn begin(cluster: &Cluster, data: &Path, probe: &str) -> Self {
        let words = File::options()
            .create(true)
            .append(true)
            .open(data.join(WORDS));
        let mut child = serve(cluster, data, probe, &cluster.registry)
            .stderr(words.unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (console, ingress) = greeted(&mut child);
        Self {
            console,
            ingress,
            child,
        }
    }
}

fn serve(cluster: &Cluster, data: &Path, probe: &str, registry: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--ingress-listen", "127.0.0.1:0", "--engine", "swarm"])
        .args(["--registry", registry, "--probe", probe, "--data-dir"])
        .arg(data)
        .args([
            "--edge-listen",
            &edge_listen(registry),
            "--edge-port",
            EDGE_PORT,
        ])
        .env("DOCKER_HOST", cluster.host(1));
    command
}

/// Where edges come to: this machine's address in the network of the nodes, which is the registry's.
fn edge_listen(registry: &str) -> String {
    let (host, _) = registry.split_once(':').unwrap();
    format!("{host}:7081")
}

/// A service that was made for a test.
pub(crate) struct Service<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) name: String,
    pub(crate) id: String,
}

impl Service<'_> {
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{SERVICES}/{}{rest}", self.name)
    }

    pub(crate) fn deploy(&self) {
        self.bench.post(&self.path("/deploy"), &json!({}));
    }

    pub(crate) fn status(&self) -> Value {
        self.bench.get(&self.path("/status"))
    }

    /// Waits until the status is as wanted.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || self.status(), is_so)
    }

    pub(crate) fn wait_ready(&self, count: u32) -> Value {
        self.wait("all to be ready", |status| {
            status["state"] == "running" && status["ready"] == count
        })
    }

    /// The end of its newest deployment.
    pub(crate) fn wait_ended(&self) -> Value {
        let newest = || self.bench.get(&self.path("/deployments"))[0].clone();
        wait_for("the deployment to end", newest, |deployment| {
            matches!(deployment["state"].as_str(), Some("complete" | "error"))
        })
    }

    /// The kinds of what happened to it.
    pub(crate) fn happened(&self) -> Vec<String> {
        let events = self.bench.get(&self.path("/events"));
        let events = events["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    /// One request by way of the platform's own ingress: its status, or why there is none.
    pub(crate) fn visit(&self) -> Result<u16, String> {
        self.visit_by(&self.bench.ingress())
    }

    /// The same by way of ingress at an address.
    pub(crate) fn visit_by(&self, ingress: &str) -> Result<u16, String> {
        let host = format!("{}.test", self.name);
        let answer = request(ingress, "GET", "/", &host, "", "");
        answer
            .map(|(status, _)| status)
            .map_err(|error| error.to_string())
    }
}

/// Looks until it is as wanted.
pub(crate) fn wait_for<T: std::fmt::Debug>(
    what: &str,
    look: impl Fn() -> T,
    is_so: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "waiting for {what}: {seen:?}");
        thread::sleep(LOOK_EVERY);
    }
}
