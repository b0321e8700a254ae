//! One running sample service a test, ended with it.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Longer than anything here takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Sample {
    child: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Sample {
    /// Starts the service on a free port and waits until it listens.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let mut child = command(variables).env("PORT", "0").spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut sample = Self {
            child,
            output,
            port: 0,
        };
        let line = sample.line_that(|line| line.starts_with("listening on "));
        sample.port = line.rsplit(':').next().unwrap().parse().unwrap();
        sample
    }

    /// Runs the service until it ends by itself: code, standard output and standard error.
    pub(crate) fn run(variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let done = command(variables).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    }

    /// Reads standard output up to the line that `wanted` accepts.
    pub(crate) fn line_that(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).unwrap();
            assert!(length > 0, "the service ended before it printed the line");
            if wanted(line.trim_end()) {
                return line.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address())
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        read_reply(&mut stream)
    }

    /// Asks the service to stop.
    pub(crate) fn terminate(&self) {
        let done = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Waits for the end: code, the rest of standard output, and standard error.
    pub(crate) fn wait(mut self) -> (Option<i32>, String, String) {
        let mut output = String::new();
        self.output.read_to_string(&mut output).unwrap();
        let mut errors = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), output, errors)
    }

    /// Stops the service and waits for its end.
    pub(crate) fn stop(self) -> (Option<i32>, String, String) {
        self.terminate();
        self.wait()
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse-sample"));
    command
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Reads one reply with a `Content-Length`, and nothing after it.
pub(crate) fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    Reply {
        status: head[9..12].parse().unwrap(),
        head,
        body: String::from_utf8(body).unwrap(),
    }
}
