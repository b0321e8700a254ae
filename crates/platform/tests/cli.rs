//! The command line, with the real binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

#[path = "cli/database.rs"]
mod database;
#[path = "cli/keys.rs"]
mod keys;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_pilothouse");

/// A `pilothouse serve` that ends with the test.
struct Serving {
    child: Child,
    words: String,
    folder: TempDir,
}

impl Serving {
    fn start(extra: &[&str]) -> Self {
        Self::start_in(TempDir::new().unwrap(), extra)
    }

    fn start_in(folder: TempDir, extra: &[&str]) -> Self {
        let mut child = serve(folder.path(), extra)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut words = String::new();
        while !words.ends_with("\n\n") {
            assert_ne!(out.read_line(&mut words).unwrap(), 0, "it ended: {words}");
        }
        Self {
            child,
            words,
            folder,
        }
    }

    /// The address that the start printed behind a word.
    fn address(&self, word: &str) -> String {
        let line = self.words.lines().find(|line| line.starts_with(word));
        let (_, address) = line.unwrap().split_once("http://").unwrap();
        address.trim_end_matches('/').to_owned()
    }

    fn key(&self) -> String {
        self.key_of("admin")
    }

    fn key_of(&self, role: &str) -> String {
        let made = run(
            &["key", "create", "--name", "cli", "--role", role],
            self.folder.path(),
        );
        assert!(made.status.success(), "{made:?}");
        let key = String::from_utf8(made.stdout).unwrap();
        assert_eq!(key.lines().count(), 1);
        key.trim().to_owned()
    }

    fn api(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address("Console")).unwrap();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let length = body.len();
        write!(
            stream,
            "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// The status that a key is answered with.
    fn status(&self, key: &str, path: &str) -> u16 {
        self.api(key, "GET", path, &Value::Null).0
    }

    /// Ends it with a signal and gives the folder back.
    fn end(mut self, signal: &str) -> (Option<i32>, TempDir) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let code = self.child.wait().unwrap().code();
        let folder = std::mem::replace(&mut self.folder, TempDir::new().unwrap());
        (code, folder)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path, extra: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--ingress-listen",
            "127.0.0.1:0",
        ])
        .args(["--engine", "simulated", "--data-dir"])
        .arg(folder)
        .args(extra);
    command
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(BINARY);
    command.args(arguments).arg("--data-dir").arg(folder);
    command.output().unwrap()
}

fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_key_made_while_serving_opens_the_api() {
    let serving = Serving::start(&[]);
    assert!(
        serving.words.contains("/connect#token="),
        "{}",
        serving.words
    );
    let key = serving.key();
    assert!(key.starts_with("ph_"), "{key}");
    let (status, _) = serving.api(&key, "POST", "/orgs/", &json!({"name": "Acme"}));
    assert_eq!(status, 201);
    let (status, _) = serving.api("ph_wrong", "GET", "/orgs/", &Value::Null);
    assert_eq!(status, 401);
}

#[test]
fn what_was_answered_survives_a_kill() {
    let serving = Serving::start(&[]);
    let key = serving.key();
    let at = "/workspaces/acme/projects/shop/services";
    serving.api(&key, "POST", "/orgs/", &json!({"name": "Acme"}));
    serving.api(
        &key,
        "POST",
        "/orgs/acme/projects/",
        &json!({"name": "Shop"}),
    );
    for index in 0..5 {
        let body = json!({"name": format!("api-{index}"), "image": "nginx", "instances": 2});
        assert_eq!(serving.api(&key, "POST", at, &body).0, 201);
    }
    let (status, _) = serving.api(
        &key,
        "POST",
        &format!("{at}/api-4/scale"),
        &json!({"instances": 3}),
    );
    assert_eq!(status, 202);
    let (_, folder) = serving.end("-KILL");
    let serving = Serving::start_in(folder, &[]);
    let (status, listed) = serving.api(&key, "GET", at, &Value::Null);
    assert_eq!(status, 200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 5);
    assert_eq!(listed["data"][4]["instances"], 3);
    assert_eq!(listed["data"][0]["latest_release"]["version"], 1);
    assert!(!serving.words.contains("#token="), "{}", serving.words);
}

#[test]
fn a_signal_ends_it_well() {
    for signal in ["-TERM", "-INT"] {
        let (code, _folder) = Serving::start(&[]).end(signal);
        assert_eq!(code, Some(0));
    }
}

#[test]
fn two_do_not_serve_one_folder() {
    let serving = Serving::start(&[]);
    let second = serve(serving.folder.path(), &[]).output().unwrap();
    assert!(fails(&second).contains("another pilothouse serves"));
}

#[test]
fn the_folder_is_for_its_owner_alone() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("deep/data");
    let made = run(&["key", "create", "--name", "a"], &folder);
    assert!(made.status.success(), "{made:?}");
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(BINARY);
    command.args([
        "serve",
        "--engine",
        "simulated",
        "--listen",
        &address,
        "--data-dir",
    ]);
    let words = fails(&command.arg(folder.path()).output().unwrap());
    assert!(
        words.contains(&address) && words.contains("--listen"),
        "{words}"
    );
}

#[test]
fn public_addresses_need_a_proxy() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(BINARY);
    command.args([
        "serve",
        "--engine",
        "simulated",
        "--listen",
        "0.0.0.0:0",
        "--data-dir",
    ]);
    let words = fails(&command.arg(folder.path()).output().unwrap());
    assert!(words.contains("--behind-proxy"), "{words}");
}

#[test]
fn the_webhook_secret_is_made_once() {
    let folder = TempDir::new().unwrap();
    let first = run(&["webhook-secret"], folder.path());
    assert!(first.status.success(), "{first:?}");
    let again = run(&["webhook-secret"], folder.path());
    assert_eq!(first.stdout, again.stdout);
    assert_eq!(first.stdout.trim_ascii().len(), 64);
}

#[test]
fn settings_of_builds_are_checked() {
    let folder = TempDir::new().unwrap();
    for bad in [
        ["--git-base-url", "ssh://git.example"],
        ["--git-base-url", "https://user:secret@git.example"],
        ["--build-timeout", "0"],
        ["--git-token-file", "/nowhere/token"],
    ] {
        let output = serve(folder.path(), &bad).output().unwrap();
        assert!(!output.status.success(), "{bad:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(bad[0]), "{words}");
    }
}

#[test]
fn help_explains_each_option() {
    let help = Command::new(BINARY)
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for word in [
        "--listen",
        "--ingress-listen",
        "--data-dir",
        "--engine",
        "--sample",
        "--console",
        "--tls-certificate",
        "--tls-key",
        "--upstream",
        "--upstream-key-file",
        "PILOTHOUSE_",
    ] {
        assert!(help.contains(word), "{word}");
    }
}

#[test]
fn a_key_may_do_what_its_role_says() {
    let serving = Serving::start(&[]);
    let (admin, body) = (serving.key(), json!({"name": "Acme"}));
    let create = |key: &str, path: &str, body: &Value| serving.api(key, "POST", path, body).0;
    assert_eq!(create(&admin, "/workspaces/", &body), 201);
    let projects = "/workspaces/acme/projects/";
    assert_eq!(create(&admin, projects, &json!({"name": "Shop"})), 201);
    let services = format!("{projects}shop/services/");
    let service = json!({"name": "web", "image": "shop:1", "instances": 0});
    for (role, status) in [("viewer", 403), ("member", 201)] {
        let key = serving.key_of(role);
        assert_eq!(serving.api(&key, "GET", &services, &Value::Null).0, 200);
        assert_eq!(create(&key, "/workspaces/", &body), 403);
        assert_eq!(create(&key, &services, &service), status, "{role}");
    }
}

#[test]
fn a_provider_of_identities_is_named_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "a secret").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let secret = secret.to_str().unwrap();
    let issuer = [
        "--oidc-issuer",
        "https://id.example",
        "--oidc-client-id",
        "a",
    ];
    let start = |extra: &[&str]| {
        let mut command = serve(folder.path(), extra);
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let with = |extra: &[&'static str]| start(&[&issuer[..], extra].concat());
    assert!(start(&issuer[..2]).contains("--oidc-client-id"));
    assert!(start(&["--oidc-issuer", "http://id.example"]).contains("https://"));
    assert!(with(&["--behind-proxy"]).contains("--public-url"));
    let open = [
        "--behind-proxy",
        "--public-url",
        "http://pilothouse.example",
    ];
    assert!(with(&open).contains("unencrypted"));
    assert!(with(&["--oidc-domain", "example.com"]).contains("--oidc-org"));
    let wild = ["--oidc-domain", "*.example.com", "--oidc-org", "acme"];
    assert!(with(&wild).contains("name one domain"));
    assert!(with(&["--oidc-role", "admin"]).contains("viewer, member"));
    let words = start(&[&issuer[..], &["--oidc-client-secret-file", secret]].concat());
    assert!(
        words.contains("chmod 600") && !words.contains("a secret"),
        "{words}"
    );
}
