//! The gateway as it is started, with the real binary.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::gate::{KEY, key_file};
use crate::upstream::Upstream;

const BINARY: &str = env!("CARGO_BIN_EXE_pilothouse");

fn serve(folder: &TempDir, upstream: &str, extra: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    // A data directory that can't be made, which nobody asks for.
    command
        .args(["serve", "--data-dir", "/proc/none", "--upstream", upstream])
        .args(["--upstream-key-file"])
        .arg(folder.path().join("key"))
        .args(extra)
        .current_dir(folder.path());
    command
}

fn fails(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.contains(KEY), "{words}");
    words
}

/// A gateway that ends with the test.
struct Serving {
    child: Child,
    words: String,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .env("PILOTHOUSE_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut words = String::new();
        while !words.ends_with("\n\n") {
            assert_ne!(out.read_line(&mut words).unwrap(), 0, "it ended: {words}");
        }
        Self { child, words }
    }

    fn get(&self, path: &str) -> String {
        let line = self.words.lines().find(|line| line.starts_with("Console"));
        let (_, address) = line.unwrap().split_once("http://").unwrap();
        let mut stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it, and gives all that it said on standard error.
    fn end(mut self) -> String {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        let mut log = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        errors.read_to_string(&mut log).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{log}");
        log
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_nothing_else_and_says_nothing_of_its_key() {
    let upstream = Upstream::says("500 Broken", "Set-Cookie: a=b\n", "{}").await;
    let folder = TempDir::new().unwrap();
    key_file(&folder, KEY);
    let origin = format!("http://{}", upstream.address);
    let serving = Serving::start(serve(&folder, &origin, &["--listen", "127.0.0.1:0"]));
    assert!(serving.words.contains(&origin), "{}", serving.words);
    assert!(!serving.words.contains("Ingress"), "{}", serving.words);
    for path in ["/api/v1/orgs/?search=private", "/readyz", "/healthz", "/"] {
        let got = serving.get(path);
        assert!(!got.contains(KEY), "{got}");
    }
    let asked = upstream.got();
    assert!(asked.iter().any(|asked| asked.contains(KEY)), "{asked:?}");
    let words = serving.words.clone();
    let log = serving.end();
    assert!(log.contains("answered"), "{log}");
    assert!(!log.contains(KEY) && !words.contains(KEY));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "it wrote something: {left:?}");
}

#[test]
fn a_key_file_for_others_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = key_file(&folder, KEY);
    let at = ["--listen", "127.0.0.1:0"];
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let words = fails(&mut serve(&folder, "http://127.0.0.1:1", &at));
    assert!(
        words.contains("chmod 600") && words.contains("644"),
        "{words}"
    );
    fs::remove_file(&file).unwrap();
    let words = fails(&mut serve(&folder, "http://127.0.0.1:1", &at));
    assert!(words.contains("--upstream-key-file"), "{words}");
}

#[test]
fn what_others_reach_needs_tls_and_a_word() {
    let folder = TempDir::new().unwrap();
    key_file(&folder, KEY);
    let start = |extra: &[&str]| {
        let extra = [&["--listen", "0.0.0.0:0"], extra].concat();
        serve(&folder, "http://127.0.0.1:1", &extra)
    };
    let words = fails(&mut start(&[]));
    assert!(words.contains("--behind-proxy"), "{words}");
    let words = fails(&mut start(&["--upstream-open"]));
    assert!(words.contains("--behind-proxy"), "{words}");
    let words = fails(&mut start(&["--behind-proxy"]));
    assert!(words.contains("--upstream-open"), "{words}");
    Serving::start(start(&["--behind-proxy", "--upstream-open"])).end();
}

#[test]
fn settings_are_checked() {
    let folder = TempDir::new().unwrap();
    key_file(&folder, KEY);
    let words = fails(&mut serve(&folder, "https://a.example/api/v1", &[]));
    assert!(words.contains("without a path"), "{words}");
    let mut alone = Command::new(BINARY);
    let words = fails(alone.args(["serve", "--upstream", "https://a.example"]));
    assert!(words.contains("--upstream-key-file"), "{words}");
}
