//! The database: its backup, and what becomes of a platform that can't read or write it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BINARY, Serving, fails, run, serve};

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

/// A file may grow no further, as on a full disk: writing is refused with words, reading goes on,
/// and the process lives.
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
