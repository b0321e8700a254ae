//! What every test stands on: a `pilothouse serve` of its own, with one project in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use pilothouse::engine::{BuildSpec, Engine, EngineChoice, EngineInstance, connect};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The image of the sample service.
pub(crate) const IMAGE: &str = "localhost/pilothouse-reconcile-test:1";
const SERVICES: &str = "/workspaces/acme/projects/shop/services";
/// How long anything may take that should happen soon.
const PATIENCE: Duration = Duration::from_secs(90);
/// Where the repositories are that builds clone, in the bench's folder.
const REPOSITORIES: &str = "repositories";
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Settings of `serve`, by the names of their variables.
type Settings = &'static [(&'static str, &'static str)];

/// A platform at work.
pub(crate) struct Bench {
    engine: &'static str,
    docker_host: Option<String>,
    settings: Settings,
    folder: TempDir,
    child: Child,
    console: String,
    pub(crate) ingress: String,
    key: String,
    environment: String,
    services: Vec<String>,
    runtime: Runtime,
}

impl Bench {
    /// On the simulated engine.
    pub(crate) fn simulated() -> Self {
        Self::start("simulated", None, &[])
    }

    /// On real containers, reached at `DOCKER_HOST` or at the place that is given.
    pub(crate) fn containers(docker_host: Option<String>) -> Self {
        build_image();
        Self::start("containers", docker_host, &[])
    }

    /// On real containers, with settings of its own.
    pub(crate) fn containers_with(settings: Settings) -> Self {
        build_image();
        Self::start("containers", None, settings)
    }

    fn start(engine: &'static str, docker_host: Option<String>, settings: Settings) -> Self {
        let folder = TempDir::new().unwrap();
        let (child, console, ingress) = serve(engine, docker_host.as_deref(), settings, &folder);
        let made = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["key", "create", "--name", "test", "--data-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        let mut bench = Self {
            engine,
            docker_host,
            settings,
            folder,
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
        let host = self.docker_host.as_deref();
        let started = serve(self.engine, host, self.settings, &self.folder);
        (self.child, self.console, self.ingress) = started;
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
        let folder = self.folder.path().join(REPOSITORIES).join(repository);
        let git = |args: &[&str]| {
            let output = Command::new("git")
                .current_dir(&folder)
                .args([
                    "-c",
                    "user.name=Tester",
                    "-c",
                    "user.email=tester@example.com",
                ])
                .args(args)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        if !folder.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            git(&["init", "--quiet", "--initial-branch=main"]);
            std::fs::copy(sample_binary(), folder.join("sample")).unwrap();
        }
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        git(&["add", "--all"]);
        git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "A change",
        ]);
        git(&["rev-parse", "HEAD"])
    }

    /// Copies a file of this machine into a repository.
    pub(crate) fn copy_into(&self, repository: &str, from: &str, name: &str) {
        let folder = self.folder.path().join(REPOSITORIES).join(repository);
        std::fs::copy(from, folder.join(name)).unwrap();
    }

    /// Remembers a service, so that its volumes go with the bench.
    pub(crate) fn note_service(&mut self, id: &Value) {
        self.services.push(text(id));
    }

    /// Whether an image holds a text in any of its layers or its history.
    pub(crate) fn image_holds(&self, reference: &str, text: &str) -> bool {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.image_facts(reference).await.unwrap();
        });
        let host = std::env::var("DOCKER_HOST").unwrap();
        let saved = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--unix-socket"])
            .arg(host.trim_start_matches("unix://"))
            .arg(format!("http://localhost/images/{reference}/get"))
            .output()
            .unwrap();
        assert!(saved.status.success(), "{saved:?}");
        memchr::memmem::find(&saved.stdout, text.as_bytes()).is_some()
    }

    /// Whether an image is there.
    pub(crate) fn has_image(&self, reference: &str) -> bool {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.has_image(reference).await.unwrap()
        })
    }

    /// What really runs.
    pub(crate) fn real(&self) -> Vec<EngineInstance> {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.list(None).await.unwrap()
        })
    }

    /// Kills an instance behind the platform's back, with its first signal.
    pub(crate) fn kill_instance(&self, id: &str) {
        let host = std::env::var("DOCKER_HOST").unwrap();
        let killed = Command::new("curl")
            .args(["--silent", "--show-error", "--fail-with-body"])
            .args(["--request", "POST", "--unix-socket"])
            .arg(host.trim_start_matches("unix://"))
            .arg(format!("http://localhost/containers/{id}/kill"))
            .output()
            .unwrap();
        assert!(killed.status.success(), "{killed:?}");
    }

    /// What an instance that ended has written, as the engine has it.
    pub(crate) fn written(&self, id: &str) -> Vec<String> {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            let lines = engine.logs(id, None).await.unwrap();
            lines.map(|line| line.unwrap().message).collect().await
        })
    }

    /// Stops an instance behind the platform's back.
    pub(crate) fn stop(&self, id: &str) {
        self.runtime.block_on(async {
            let engine = self.connect().await;
            engine.stop(id, Duration::from_secs(5)).await.unwrap();
        });
    }

    async fn connect(&self) -> Arc<dyn Engine> {
        let file = self.folder.path().join("installation");
        let installation = std::fs::read_to_string(file).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match connect(EngineChoice::Containers, installation.trim()).await {
                Ok(engine) => return engine,
                // A machine with much to do may keep it from answering.
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
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

fn serve(
    engine: &str,
    docker_host: Option<&str>,
    settings: Settings,
    folder: &TempDir,
) -> (Child, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--ingress-listen",
        "127.0.0.1:0",
    ]);
    command
        .args(["--engine", engine, "--data-dir"])
        .arg(folder.path());
    let repositories = folder.path().join(REPOSITORIES);
    command.env(
        "PILOTHOUSE_GIT_BASE_URL",
        format!("file://{}", repositories.display()),
    );
    command.env("PILOTHOUSE_BUILD_LOG_LIMIT", "3");
    command.envs(settings.iter().copied());
    if let Some(host) = docker_host {
        command.env("DOCKER_HOST", host);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut words = String::new();
    while !words.ends_with("\n\n") {
        assert_ne!(out.read_line(&mut words).unwrap(), 0, "it ended: {words}");
    }
    let address = |word| {
        let line = words.lines().find(|line| line.starts_with(word)).unwrap();
        let (_, address) = line.split_once("http://").unwrap();
        address.trim_end_matches('/').to_owned()
    };
    let (console, ingress) = (address("Console"), address("Ingress"));
    (child, console, ingress)
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    host: &str,
    head: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    status
        .zip(body)
        .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

fn sample_binary() -> PathBuf {
    let built = "../../target/x86_64-unknown-linux-musl/release/pilothouse-sample";
    std::env::var_os("PILOTHOUSE_SAMPLE_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(built),
        PathBuf::from,
    )
}

/// Builds the sample's image, once.
fn build_image() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let binary = sample_binary();
        let Ok(binary) = std::fs::read(&binary) else {
            panic!(
                "there is no sample at {}; `make test` builds it",
                binary.display()
            );
        };
        let dockerfile = "FROM scratch\nCOPY sample /sample\nENTRYPOINT [\"/sample\"]\n";
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in [("Dockerfile", dockerfile.as_bytes()), ("sample", &binary)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            header.set_mtime(0);
            tar.append_data(&mut header, name, bytes).unwrap();
        }
        let context = tar.into_inner().unwrap();
        Runtime::new().unwrap().block_on(async {
            let engine = connect(EngineChoice::Containers, "build").await;
            let engine = engine.unwrap_or_else(|error| {
                panic!("{error}. These tests need Docker or Podman; `make test` starts one")
            });
            let spec = BuildSpec::plain(IMAGE, context.into());
            spec.run_quietly(engine.as_ref()).await.unwrap();
        });
    });
}
