//! What keeps the platform from starting, and what it says then.

use std::fs;
use std::path::Path;

use rcgen::date_time_ymd;
use tempfile::TempDir;

use crate::serving::{Issued, command};

fn fails(folder: &Path) -> String {
    let output = command(folder, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.contains("BEGIN"), "{words}");
    words
}

#[test]
fn files_that_can_not_be_used_are_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let (certificate, key) = (path.join("cert.pem"), path.join("key.pem"));
    let (issued, other) = (Issued::new(), Issued::new());
    let says = |words: &[&str]| {
        let said = fails(path);
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    says(&["cert.pem can't be read", "--tls-certificate"]);
    fs::write(&certificate, &issued.certificate).unwrap();
    says(&["key.pem can't be read", "--tls-key"]);
    fs::write(&key, &other.key).unwrap();
    says(&[
        "key.pem does not belong to the certificate",
        "issued together",
    ]);
    fs::write(&key, "").unwrap();
    says(&["key.pem holds no key", "without a password"]);
    fs::write(&key, &issued.key).unwrap();
    for broken in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        fs::write(&certificate, broken).unwrap();
        says(&["cert.pem holds no certificate", "--tls-certificate"]);
    }
    fs::remove_file(&certificate).unwrap();
    fs::create_dir(&certificate).unwrap();
    says(&["cert.pem can't be read"]);
}

#[test]
fn one_whose_time_it_is_not_is_refused() {
    let folder = TempDir::new().unwrap();
    let over = Issued::with(|params| params.not_after = date_time_ymd(2020, 1, 1));
    over.write(folder.path());
    let words = fails(folder.path());
    assert!(words.contains("has expired: renew it"), "{words}");
    let later = Issued::with(|params| params.not_before = date_time_ymd(2900, 1, 1));
    later.write(folder.path());
    let words = fails(folder.path());
    assert!(words.contains("not valid yet: check the clock"), "{words}");
}

#[test]
fn one_file_wants_the_other() {
    let folder = TempDir::new().unwrap();
    for alone in ["--tls-certificate", "--tls-key"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        let output = command
            .args(["serve", alone, "a"])
            .current_dir(&folder)
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(
            words.contains("--tls-certificate") && words.contains("--tls-key"),
            "{words}"
        );
    }
}
