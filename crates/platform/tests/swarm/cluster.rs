//! A Docker Swarm of several nodes on this machine: daemons of their own, in networks of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A Swarm, for as long as it is held.
pub(crate) struct Cluster {
    folder: TempDir,
    /// The registry that its nodes share.
    pub(crate) registry: String,
}

impl Cluster {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let told = script("swarm", &["--start", "--state", text(folder.path())]);
        let told = String::from_utf8(told.stdout).unwrap();
        let registry = told
            .lines()
            .find_map(|line| line.strip_prefix("SWARM_REGISTRY="));
        Self {
            registry: registry.unwrap().to_owned(),
            folder,
        }
    }

    /// The address of a node in the network of all.
    pub(crate) fn address(&self, number: usize) -> String {
        let address = std::fs::read_to_string(self.node(number).join("address"));
        address.unwrap().trim().to_owned()
    }

    fn node(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("node{number}"))
    }

    /// Where a node's daemon answers; the first is a manager.
    pub(crate) fn host(&self, number: usize) -> String {
        format!("unix://{}/docker.sock", text(&self.node(number)))
    }

    /// Asks a node's daemon for something.
    pub(crate) fn ask(&self, number: usize, method: &str, path: &str) -> Value {
        let socket = self.node(number).join("docker.sock");
        let url = format!("http://engine{path}");
        let answer = Command::new("curl")
            .args(["-sS", "-g", "-m", "60", "-X", method, "--unix-socket"])
            .args([text(&socket), &url])
            .output()
            .unwrap();
        serde_json::from_slice(&answer.stdout).unwrap_or_default()
    }

    /// The services of the Swarm that are for a service of the platform.
    pub(crate) fn services(&self, service_id: &str) -> Vec<Value> {
        let filter = format!(r#"{{"label":["pilothouse.service={service_id}"]}}"#);
        let path = format!("/services?filters={}", escaped(&filter));
        let mut found = list(self.ask(1, "GET", &path));
        found.sort_by_key(|service| service["Spec"]["Name"].to_string());
        found
    }

    /// The tasks that run, or are to run, of a service of the platform.
    pub(crate) fn tasks(&self, service_id: &str) -> Vec<Value> {
        let all = list(self.ask(1, "GET", "/tasks"));
        let of_service = |task: &Value| {
            let labels = &task["Spec"]["ContainerSpec"]["Labels"];
            labels["pilothouse.service"] == service_id && task["DesiredState"] == "running"
        };
        all.into_iter().filter(of_service).collect()
    }

    /// Which node it is, by the Swarm's id.
    pub(crate) fn number_of(&self, id: &Value) -> usize {
        let node = self.ask(1, "GET", &format!("/nodes/{}", id.as_str().unwrap()));
        let name = node["Description"]["Hostname"].as_str().unwrap();
        name.strip_prefix("node").unwrap().parse().unwrap()
    }

    /// Ends the first process of a task at once, as the kernel would where memory is short.
    pub(crate) fn kill_task(&self, task: &Value) {
        let container = task["Status"]["ContainerStatus"]["ContainerID"].as_str();
        let path = format!("/containers/{}/kill", container.unwrap());
        self.ask(self.number_of(&task["NodeID"]), "POST", &path);
    }

    /// Ends a node's daemon at once.
    pub(crate) fn kill_daemon(&self, number: usize) {
        let pid = std::fs::read_to_string(self.node(number).join("pid")).unwrap();
        run(Command::new("kill").args(["-KILL", pid.trim()]));
    }

    /// Starts it again.
    pub(crate) fn start_daemon(&self, number: usize) {
        let state = text(self.folder.path());
        script("swarm", &["--node", &number.to_string(), "--state", state]);
    }

    /// How the managers see a node: `ready` or `down`.
    pub(crate) fn state(&self, number: usize) -> String {
        let nodes = list(self.ask(1, "GET", "/nodes"));
        let name = format!("node{number}");
        let mut nodes = nodes.iter();
        let node = nodes.find(|node| node["Description"]["Hostname"] == *name);
        node.unwrap()["Status"]["State"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Cuts a node off from all others, or connects it again.
    pub(crate) fn set_link(&self, number: usize, state: &str) {
        let link = std::fs::read_to_string(self.node(number).join("link")).unwrap();
        run(Command::new("ip").args(["link", "set", link.trim(), state]));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let state = text(self.folder.path());
        script("swarm", &["--remove", "--state", state]);
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all,
        other => panic!("no list: {other}"),
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs one of the project's own scripts.
pub(crate) fn script(name: &str, args: &[&str]) -> Output {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.make");
    run(Command::new(path.join(name)).args(args))
}

fn run(command: &mut Command) -> Output {
    let done = command.output().unwrap();
    let words = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {words}");
    done
}
