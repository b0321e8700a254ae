//! A platform of a test's own that speaks TLS, and certificates for it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_pilothouse");
/// How long a condition may take to come true.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A certificate with its key.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Issued {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// Puts both where a platform looks for them, as a tool that renews certificates does.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, text) in [("cert.pem", &self.certificate), ("key.pem", &self.key)] {
            let new = folder.join(format!("{name}.new"));
            fs::write(&new, text).unwrap();
            fs::rename(new, folder.join(name)).unwrap();
        }
    }
}

/// `pilothouse serve` with the certificate of a folder.
pub(crate) fn command(folder: &Path, extra: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args(["serve", "--ingress-listen", "127.0.0.1:0"])
        .args(["--engine", "simulated", "--data-dir"])
        .arg(folder.join("data"))
        .arg("--tls-certificate")
        .arg(folder.join("cert.pem"))
        .arg("--tls-key")
        .arg(folder.join("key.pem"))
        .args(extra)
        .current_dir(folder);
    if !extra.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

/// A platform that ends with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) words: String,
    log: Receiver<String>,
    pub(crate) folder: TempDir,
}

impl Serving {
    pub(crate) fn start(issued: &Issued) -> Self {
        let folder = TempDir::new().unwrap();
        issued.write(folder.path());
        let command = command(folder.path(), &[]);
        Self::of(folder, command)
    }

    pub(crate) fn of(folder: TempDir, mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut words = String::new();
        while !words.ends_with("\n\n") {
            let read = out.read_line(&mut words).unwrap();
            if read == 0 {
                let mut errors = String::new();
                let mut err = child.stderr.take().unwrap();
                err.read_to_string(&mut errors).unwrap();
                panic!("it ended: {words}{errors}");
            }
        }
        let (line, log) = channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for read in errors.lines().map_while(Result::ok) {
                let _ = line.send(read);
            }
        });
        Self {
            child,
            words,
            log,
            folder,
        }
    }

    /// Where the console is, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        let line = self.words.lines().find(|line| line.starts_with("Console"));
        let (_, address) = line.unwrap().split_once("https://").unwrap();
        address.trim_end_matches('/').to_owned()
    }

    pub(crate) fn key(&self) -> String {
        let mut made = Command::new(BINARY);
        made.args(["key", "create", "--name", "tls", "--data-dir"]);
        let made = made.arg(self.folder.path().join("data")).output().unwrap();
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for a line of the log.
    pub(crate) fn says(&self, words: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it never said: {words}"));
            if line.contains(words) {
                return line;
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
