//! A platform on a Swarm, and what people do with it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::asking::{greeted, request};
use crate::cluster::{Cluster, script};
use crate::images;

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
        bench.make_image(FIRST);
        bench
    }

    /// An image of the sample of its own, made on the manager; the platform hands it to the nodes.
    pub(crate) fn make_image(&self, tag: &str) {
        images::build(
            &self.cluster.host(1),
            Path::new(&self.sample),
            &self.image(tag),
        );
    }

    /// One that says that it is for another processor.
    pub(crate) fn make_image_for(&self, processor: &str, tag: &str) {
        let image = self.image(tag);
        images::load(
            &self.cluster.host(1),
            Path::new(&self.sample),
            &image,
            processor,
        );
    }

    /// What the manager calls such an image.
    pub(crate) fn image(&self, tag: &str) -> String {
        format!("localhost/pilothouse-swarm-test:{tag}")
    }

    /// A repository that builds clone, with the binary of the sample in it.
    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("repositories").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(&self.sample, folder.join("sample")).unwrap();
        folder
    }

    /// Calls the API.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let console = self.console();
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
        let service = self.create(name, count, more);
        service.deploy();
        service.wait_ready(count);
        service
    }

    /// Creates a service: of the sample, unless more is said.
    pub(crate) fn create(&self, name: &str, count: u32, more: &Value) -> Service<'_> {
        let mut body = json!({
            "name": name,
            "platform": "wind",
            "port": 8080,
            "instances": count,
            "health_check_path": "/_health/",
            "deployment_timeout": 60,
            "domains": [format!("{name}.test")],
        });
        let fields = body.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        if !fields.contains_key("github_repository") {
            let image = json!(self.image(FIRST));
            fields.entry("image").or_insert(image);
        }
        let made = self.post(&format!("{SERVICES}/"), &body);
        Service {
            bench: self,
            name: name.to_owned(),
            id: made["id"].as_str().unwrap().to_owned(),
        }
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

    /// Asks there for something as who has this token, or tells something; gives the status.
    pub(crate) fn knock(&self, path: &str, token: &str, told: Option<&str>) -> String {
        let url = format!("https://{}{path}", self.edge_door());
        let header = format!("Authorization: Bearer {token}");
        let mut command = Command::new("curl");
        command.args([
            "-sk",
            "-m",
            "10",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            &header,
        ]);
        if let Some(told) = told {
            command.args(["-H", "Content-Type: application/json", "-d", told]);
        }
        let asked = command.arg(url).output();
        String::from_utf8(asked.unwrap().stdout).unwrap()
    }

    /// Tells something there as an edge does.
    pub(crate) fn tell_as_edge(&self, path: &str, told: &str) -> String {
        let known = std::fs::read(self.folder.path().join("edges.json")).unwrap();
        let known: Value = serde_json::from_slice(&known).unwrap();
        self.knock(path, known["token"].as_str().unwrap(), Some(told))
    }

    /// Where the edge of a node takes visitors.
    pub(crate) fn edge(&self, node: usize) -> String {
        format!("{}:{EDGE_PORT}", self.cluster.address(node))
    }

    /// Where the platform answers.
    pub(crate) fn console(&self) -> String {
        self.running.lock().unwrap().console.clone()
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

/// The tag of the image that services run where nothing else is said.
const FIRST: &str = "1";

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
        ]);
    let (host, certificates) = cluster.tls_host();
    command
        .env(
            "PILOTHOUSE_GIT_BASE_URL",
            format!("file://{}", data.join("repositories").display()),
        )
        .env("DOCKER_HOST", host)
        .env("DOCKER_TLS_VERIFY", "1")
        .env("DOCKER_CERT_PATH", certificates);
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
        match answer {
            Ok((status, words)) if status >= 500 => Err(format!("{status}: {words}")),
            Ok((status, _)) => Ok(status),
            Err(error) => Err(error.to_string()),
        }
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
