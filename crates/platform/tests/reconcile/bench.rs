//! What every test stands on: a `pilothouse serve` of its own, with one project in it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::asking::greeted;
pub(crate) use crate::asking::request;
use crate::commits::commit;
use crate::disk::Disk;
use crate::engine::{build_image, sample_binary};

const SERVICES: &str = "/workspaces/acme/projects/shop/services";
/// How long anything may take that should happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Where the platform's own log goes, beside the repositories.
const WORDS: &str = "words.log";
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How a platform is started.
#[derive(Default)]
pub(crate) struct Setup {
    /// The address at which the platform finds its engine, if not that of the tests.
    pub(crate) docker_host: Option<String>,
    /// The engine that is really behind it, if not that of the tests.
    pub(crate) own_engine: Option<String>,
    /// The size of the data directory's disk, in MiB, if it is one of its own.
    pub(crate) disk: Option<u32>,
    /// Settings of `serve`, by the names of their variables.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// A platform at work.
pub(crate) struct Bench {
    engine: &'static str,
    setup: Setup,
    /// Goes before the folder on which it is.
    _disk: Option<Disk>,
    pub(crate) folder: TempDir,
    /// The repositories that builds clone, and what else is no part of the data.
    pub(crate) aside: TempDir,
    child: Child,
    pub(crate) console: String,
    pub(crate) ingress: String,
    pub(crate) key: String,
    environment: String,
    services: Vec<String>,
    pub(crate) runtime: Runtime,
}

impl Bench {
    /// On the simulated engine.
    pub(crate) fn simulated() -> Self {
        Self::simulated_with(&[])
    }

    /// On the simulated engine, with settings of its own.
    pub(crate) fn simulated_with(settings: &[(&'static str, &str)]) -> Self {
        Self::start("simulated", Setup::of_settings(settings))
    }

    /// On the simulated engine, with its data on a disk of so many MiB.
    pub(crate) fn simulated_on_disk(size: u32) -> Self {
        let setup = Setup {
            disk: Some(size),
            ..Setup::default()
        };
        Self::start("simulated", setup)
    }

    /// On real containers, reached at `DOCKER_HOST` or at the place that is given.
    pub(crate) fn containers(docker_host: Option<String>) -> Self {
        build_image();
        let setup = Setup {
            docker_host,
            ..Setup::default()
        };
        Self::start("containers", setup)
    }

    /// On real containers, with settings of its own.
    pub(crate) fn containers_with(settings: &[(&'static str, &str)]) -> Self {
        Self::start("containers", Setup::of_settings(settings))
    }

    /// On real containers, which run only what is built.
    pub(crate) fn set_up(setup: Setup) -> Self {
        Self::start("containers", setup)
    }

    fn start(engine: &'static str, setup: Setup) -> Self {
        let (folder, aside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let disk = setup.disk.map(|size| Disk::mount(folder.path(), size));
        let mut child = serve(engine, &setup, folder.path(), aside.path());
        let (console, ingress) = greeted(&mut child);
        let made = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["key", "create", "--name", "test", "--data-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        let mut bench = Self {
            engine,
            setup,
            _disk: disk,
            folder,
            aside,
            child,
            console,
            ingress,
            key: String::from_utf8(made.stdout).unwrap().trim().to_owned(),
            environment: String::new(),
            services: Vec::new(),
            runtime: Runtime::new().unwrap(),
        };
        assert_eq!(
            bench.call("POST", "/orgs/", &json!({"name": "Acme"})).0,
            201
        );
        let shop = json!({"name": "Shop"});
        assert_eq!(bench.call("POST", "/orgs/acme/projects/", &shop).0, 201);
        let (_, environments) = bench.call("GET", "/orgs/acme/projects/shop/envs/", &Value::Null);
        bench.environment = text(&environments[0]["id"]);
        bench
    }

    /// Ends the platform as a power loss would, without a word.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Halts it where it is, as a machine without a processor to spare would, or lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Starts it again on the same data.
    pub(crate) fn start_again(&mut self) {
        self.begin_again();
        self.wait_for_greeting();
    }

    /// Begins to start it again, and does not wait until it serves.
    pub(crate) fn begin_again(&mut self) {
        let (data, aside) = (self.folder.path(), self.aside.path());
        self.child = serve(self.engine, &self.setup, data, aside);
    }

    /// Waits until it serves.
    pub(crate) fn wait_for_greeting(&mut self) {
        (self.console, self.ingress) = greeted(&mut self.child);
    }

    /// What a start on the same data says when no container engine is to be found.
    pub(crate) fn start_without_engine(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ingress-listen"])
            .args(["127.0.0.1:0", "--engine", "auto", "--data-dir"])
            .arg(self.folder.path())
            .env("DOCKER_HOST", "unix:///nowhere/engine.sock")
            .output()
            .unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let head = format!(
            "X-API-Key: {}\r\nContent-Type: application/json\r\n",
            self.key
        );
        let path = format!("/api/v1{path}");
        let (status, body) = request(&self.console, method, &path, "x", &head, &body).unwrap();
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// An operation on a service.
    pub(crate) fn service(&self, method: &str, rest: &str, body: &Value) -> (u16, Value) {
        let (status, answer) = self.call(method, &format!("{SERVICES}/{rest}"), body);
        (status, answer["data"].clone())
    }

    /// Creates the service `web`, which begins to run at once.
    pub(crate) fn create(&mut self, body: &Value) {
        let mut whole = json!({"name": "web"});
        whole
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        let (status, made) = self.service("POST", "", &whole);
        assert_eq!(status, 201, "{made}");
        self.services.push(text(&made["id"]));
    }

    /// Waits until the status of `web` is as wanted.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(what, || {
            let (_, status) = self.service("GET", "web/status", &Value::Null);
            let done = is_so(&status);
            (status, done)
        })
    }

    /// Waits until all instances are ready.
    pub(crate) fn wait_running(&self, count: usize) -> Value {
        self.wait("all to be ready", |status| {
            status["state"] == "running" && status["ready"] == count
        })
    }

    pub(crate) fn wait_for<T: std::fmt::Debug>(
        &self,
        what: &str,
        look: impl Fn() -> (T, bool),
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (seen, done) = look();
            if done {
                return seen;
            }
            assert!(Instant::now() < deadline, "waiting for {what}: {seen:?}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Commits files to `main` of a repository that builds clone, and gives the commit. The binary of
    /// the sample is among them.
    pub(crate) fn commit(&self, repository: &str, files: &[(&str, &str)]) -> String {
        let folder = self.aside.path().join(repository);
        if !folder.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::copy(sample_binary(), folder.join("sample")).unwrap();
        }
        commit(&folder, files)
    }

    /// Copies a file of this machine into a repository.
    pub(crate) fn copy_into(&self, repository: &str, from: &str, name: &str) {
        let folder = self.aside.path().join(repository);
        std::fs::copy(from, folder.join(name)).unwrap();
    }

    /// What the platform has logged so far.
    pub(crate) fn words(&self) -> String {
        let words = std::fs::read(self.aside.path().join(WORDS)).unwrap();
        String::from_utf8_lossy(&words).into_owned()
    }

    /// The engine that is really behind the platform.
    pub(crate) fn engine_host(&self) -> String {
        let own = self.setup.own_engine.clone();
        own.unwrap_or_else(|| std::env::var("DOCKER_HOST").unwrap())
    }

    /// Remembers a service, so that its volumes go with the bench.
    pub(crate) fn note_service(&mut self, id: &Value) {
        self.services.push(text(id));
    }
}

impl Setup {
    fn of_settings(settings: &[(&'static str, &str)]) -> Self {
        let settings = settings.iter();
        Self {
            settings: settings
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ..Self::default()
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.words());
        }
        // Both fail where it was killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.engine == "simulated" {
            return;
        }
        self.runtime.block_on(async {
            let engine = self.connect().await;
            for instance in engine.list(None).await.unwrap() {
                // Podman may still be at its end, where much else goes on.
                let mut tries = 0;
                while let Err(error) = engine.remove(&instance.id).await {
                    tries += 1;
                    assert!(tries < 10, "{error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            for service in &self.services {
                engine.remove_volumes(service).await.unwrap();
            }
            engine.remove_network(&self.environment).await.unwrap();
        });
    }
}

fn serve(engine: &str, setup: &Setup, data: &Path, aside: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ingress-listen",
        "127.0.0.1:0",
    ]);
    command.args(["--engine", engine, "--data-dir"]).arg(data);
    command.env(
        "PILOTHOUSE_GIT_BASE_URL",
        format!("file://{}", aside.display()),
    );
    command.env("PILOTHOUSE_BUILD_LOG_LIMIT", "3");
    let settings = setup.settings.iter();
    command.envs(settings.map(|(name, value)| (name, value)));
    if let Some(host) = setup.docker_host.as_ref().or(setup.own_engine.as_ref()) {
        command.env("DOCKER_HOST", host);
    }
    let words = File::options()
        .create(true)
        .append(true)
        .open(aside.join(WORDS));
    command.stderr(words.unwrap());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
