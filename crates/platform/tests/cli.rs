//! The command line, with the real binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]

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
fn a_backup_is_a_whole_database() {
    let serving = Serving::start(&[]);
    let key = serving.key();
    serving.api(&key, "POST", "/orgs/", &json!({"name": "Acme"}));
    let other = TempDir::new().unwrap();
    let file = other.path().join("pilothouse.db");
    let path = file.to_str().unwrap();
    let made = run(&["backup", path], serving.folder.path());
    assert!(made.status.success(), "{made:?}");
    let again = run(&["backup", path], serving.folder.path());
    assert!(fails(&again).contains("exists already"));
    let restored = Serving::start_in(other, &[]);
    let (status, orgs) = restored.api(&key, "GET", "/orgs/", &Value::Null);
    assert_eq!((status, &orgs[0]["name"]), (200, &json!("Acme")));
}

#[test]
fn secrets_without_their_key_are_never_sealed_anew() {
    let serving = Serving::start(&[]);
    let key = serving.key();
    serving.api(&key, "POST", "/orgs/", &json!({"name": "Acme"}));
    let secret = json!({"name": "TOKEN", "value": "t0p", "secret": true});
    let (status, _) = serving.api(&key, "POST", "/orgs/acme/config", &secret);
    assert_eq!(status, 200);
    let (_, folder) = serving.end("-TERM");
    fs::remove_file(folder.path().join("secrets.key")).unwrap();
    let words = fails(&serve(folder.path(), &[]).output().unwrap());
    assert!(words.contains("put it back from a backup"), "{words}");
    assert!(!folder.path().join("secrets.key").exists());
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
fn a_backup_of_nothing_says_so() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("copy.db");
    let made = run(&["backup", target.to_str().unwrap()], folder.path());
    assert!(fails(&made).contains("no database"));
    assert!(!target.exists());
}

#[test]
fn a_damaged_database_is_refused_and_a_backup_takes_its_place() {
    let serving = Serving::start(&[]);
    let key = serving.key();
    let aside = TempDir::new().unwrap();
    let copy = aside.path().join("copy.db");
    let made = run(&["backup", copy.to_str().unwrap()], serving.folder.path());
    assert!(made.status.success(), "{made:?}");
    let (_, folder) = serving.end("-TERM");
    let database = folder.path().join("pilothouse.db");
    fs::write(&database, "this was a database once").unwrap();
    for beside in ["pilothouse.db-wal", "pilothouse.db-shm"] {
        let _ = fs::remove_file(folder.path().join(beside));
    }
    let words = fails(&serve(folder.path(), &[]).output().unwrap());
    assert!(
        words.contains("damaged") && words.contains("pilothouse backup"),
        "{words}"
    );
    fs::copy(&copy, &database).unwrap();
    let again = Serving::start_in(folder, &[]);
    assert_eq!(again.api(&key, "GET", "/orgs/", &Value::Null).0, 200);
}

/// Makes a file or a folder read-only for as long as it is held; permissions mean nothing to root.
struct Locked<'a>(&'a Path);

impl<'a> Locked<'a> {
    fn new(path: &'a Path) -> Self {
        for options in ["bind", "remount,bind,ro"] {
            let mut mount = Command::new("mount");
            let mounted = mount.args(["-o", options]).args([path, path]).status();
            assert!(mounted.unwrap().success(), "it is mounted by root");
        }
        Self(path)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn data_that_cannot_be_written_is_not_served_and_can_be_taken_elsewhere() {
    let (_, folder) = Serving::start(&[]).end("-TERM");
    let (data, aside) = (folder.path(), TempDir::new().unwrap());
    let database = data.join("pilothouse.db");
    for (copy, locked) in [("1.db", database.as_path()), ("2.db", data)] {
        let lock = Locked::new(locked);
        let words = fails(&serve(data, &[]).output().unwrap());
        let backup = format!("`pilothouse backup FILE --data-dir {}`", data.display());
        let place = locked.display().to_string();
        assert!(words.contains(&place) && words.contains(&backup), "{words}");
        let copy = aside.path().join(copy);
        let made = run(&["backup", copy.to_str().unwrap()], data);
        assert!(made.status.success(), "{made:?}");
        drop(lock);
        let other = TempDir::new().unwrap();
        fs::copy(&copy, other.path().join("pilothouse.db")).unwrap();
        Serving::start_in(other, &[]);
    }
    Serving::start_in(folder, &[]);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_named() {
    let folder = TempDir::new().unwrap();
    let script = format!(
        "ulimit -f 100; trap '' XFSZ; exec {BINARY} serve --listen 127.0.0.1:0 --ingress-listen 127.0.0.1:0 \
         --engine simulated --data-dir {}",
        folder.path().display()
    );
    let words = fails(&Command::new("sh").args(["-c", &script]).output().unwrap());
    let database = folder.path().join("pilothouse.db").display().to_string();
    assert!(
        words.contains("Free some space") || words.contains("disk"),
        "{words}"
    );
    assert!(words.contains(&database), "{words}");
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

/// A file may grow no further, as on a full disk: writing is refused with words, reading goes on,
/// and the process lives.
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
fn a_full_disk_is_survived() {
    let folder = TempDir::new().unwrap();
    let key = run(&["key", "create", "--name", "a"], folder.path());
    let key = String::from_utf8(key.stdout).unwrap().trim().to_owned();
    // In blocks of 512 bytes: room for a few small writes after the first migration.
    let script = format!(
        "ulimit -f 600; trap '' XFSZ; exec {BINARY} serve --listen 127.0.0.1:0 --ingress-listen 127.0.0.1:0 \
         --engine simulated --data-dir {}",
        folder.path().display()
    );
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut words = String::new();
    while !words.ends_with("\n\n") {
        assert_ne!(out.read_line(&mut words).unwrap(), 0, "it ended: {words}");
    }
    let serving = Serving {
        child,
        words,
        folder,
    };
    serving.api(&key, "POST", "/orgs/", &json!({"name": "Acme"}));
    serving.api(
        &key,
        "POST",
        "/orgs/acme/projects/",
        &json!({"name": "Shop"}),
    );
    let at = "/orgs/acme/projects/shop/envs/production/services";
    let mut made = 0;
    let refused = (0..100).find_map(|index| {
        let body = json!({
            "name": format!("api-{index}"), "platform": "wind", "env": {"A": "x".repeat(30_000)},
        });
        let (status, reply) = serving.api(&key, "POST", at, &body);
        made += u32::from(status == 201);
        (status != 201).then_some((status, reply))
    });
    let (status, reply) = refused.expect("the disk was never full");
    assert_eq!(status, 503, "{reply}");
    assert_eq!(reply["code"], "storage_unavailable");
    assert!(
        reply["message"].as_str().unwrap().contains("disk"),
        "{reply}"
    );
    let (status, listed) = serving.api(&key, "GET", at, &Value::Null);
    assert_eq!(status, 200);
    assert_eq!(listed.as_array().unwrap().len(), made as usize);
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
