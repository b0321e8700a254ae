//! A Docker Swarm of several nodes on this machine: daemons of their own, in networks of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// How many nodes there are.
const NODES: usize = 3;

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
        let told = script(
            "swarm",
            &["--start", "--small", "3", "--state", text(folder.path())],
        );
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

    /// Where the manager answers over TLS, and the folder of the certificates that it wants.
    pub(crate) fn tls_host(&self) -> (String, PathBuf) {
        let host = format!("tcp://{}:2376", self.address(1));
        (host, self.folder.path().join("certs"))
    }

    /// Asks a node's daemon for something.
    pub(crate) fn ask(&self, number: usize, method: &str, path: &str) -> Value {
        let answer = self.asked(number, method, path, &Value::Null);
        serde_json::from_slice(&answer).unwrap_or_default()
    }

    /// The same, with a body where it is not null; gives the answer as it is.
    pub(crate) fn asked(&self, number: usize, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let socket = self.node(number).join("docker.sock");
        let url = format!("http://engine{path}");
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-g", "-m", "60", "-X", method, "--unix-socket"])
            .args([text(&socket), &url]);
        if !body.is_null() {
            let body = body.to_string();
            command.args(["-H", "Content-Type: application/json", "-d", &body]);
        }
        command.output().unwrap().stdout
    }

    /// Every line that the containers of a service have written, on all nodes, the ended ones too.
    pub(crate) fn written(&self, service_id: &str) -> Vec<String> {
        let filter = format!(r#"{{"label":["pilothouse.service={service_id}"]}}"#);
        let path = format!("/containers/json?all=1&filters={}", escaped(&filter));
        let mut lines = Vec::new();
        for node in 1..=NODES {
            for container in list(self.ask(node, "GET", &path)) {
                let id = container["Id"].as_str().unwrap();
                let path = format!("/containers/{id}/logs?stdout=1&stderr=1");
                lines.extend(framed(&self.asked(node, "GET", &path, &Value::Null)));
            }
        }
        lines
    }

    /// Makes a node a `manager` or a `worker`. Gives why not: managers that have just found each other
    /// may not answer in time.
    pub(crate) fn set_role(&self, number: usize, role: &str) -> Result<(), String> {
        let name = format!("node{number}");
        let nodes = self.ask(1, "GET", "/nodes");
        let mut nodes = nodes.as_array().into_iter().flatten();
        let node = nodes.find(|node| node["Description"]["Hostname"] == *name);
        let node = node.ok_or("no node is told")?;
        let (id, version) = (node["ID"].as_str().unwrap(), &node["Version"]["Index"]);
        let mut spec = node["Spec"].clone();
        spec["Role"] = role.into();
        let path = format!("/nodes/{id}/update?version={version}");
        let answer = self.asked(1, "POST", &path, &spec);
        match answer.is_empty() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&answer).into_owned()),
        }
    }

    /// How many managers that reach each other a node knows of.
    pub(crate) fn managers(&self, number: usize) -> usize {
        let told = self.ask(number, "GET", "/nodes");
        let is_one = |node: &&Value| node["ManagerStatus"]["Reachability"] == "reachable";
        // One that is no manager itself tells of none.
        let nodes = told.as_array().into_iter().flatten();
        nodes.filter(is_one).count()
    }

    /// Ends the registry at once.
    pub(crate) fn kill_registry(&self) {
        let pid = std::fs::read_to_string(self.folder.path().join("registry.pid")).unwrap();
        run(Command::new("kill").args(["-KILL", pid.trim()]));
    }

    /// Starts it again.
    pub(crate) fn start_registry(&self) {
        script(
            "swarm",
            &["--registry", "--state", text(self.folder.path())],
        );
    }

    /// Leaves no room on the disk of a node, which has one of its own.
    pub(crate) fn fill_disk(&self, number: usize) {
        let filler = self.node(number).join("data/filler");
        let filled = Command::new("dd")
            .args([
                "if=/dev/zero",
                "bs=64k",
                &format!("of={}", filler.display()),
            ])
            .output();
        let words = String::from_utf8(filled.unwrap().stderr).unwrap();
        assert!(words.contains("No space left on device"), "{words}");
    }

    /// Makes room there again.
    pub(crate) fn empty_disk(&self, number: usize) {
        std::fs::remove_file(self.node(number).join("data/filler")).unwrap();
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

/// The lines of a log as the engine sends it: parts with a head of 8 bytes, of which the last 4 are the
/// length.
fn framed(mut bytes: &[u8]) -> Vec<String> {
    let mut text = Vec::new();
    while let [_, _, _, _, a, b, c, d, rest @ ..] = bytes {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        text.extend_from_slice(&rest[..length]);
        bytes = &rest[length..];
    }
    let text = String::from_utf8(text).unwrap();
    text.lines().map(str::to_owned).collect()
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
