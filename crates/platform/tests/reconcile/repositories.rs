//! Repositories that are not public, have moved, or are not there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::bench::{Bench, text};
use crate::commits::{commit, git};
use crate::git_host::{GitHost, Seen, Site, credentials};

const TOKEN: &str = "ghp-t0p-s3cret-token";

/// A host whose repositories are those of a folder.
fn host(folder: &Path, token: Option<&'static str>, moved: Vec<(&'static str, String)>) -> GitHost {
    GitHost::start(Site {
        folder: folder.to_owned(),
        token,
        moved,
        ..Site::default()
    })
}

/// A simulated platform whose builds clone from there.
fn platform(host: &GitHost, token: Option<&Path>) -> Bench {
    let mut settings = vec![
        ("PILOTHOUSE_GIT_BASE_URL", host.base.as_str()),
        // All that it ever says.
        ("PILOTHOUSE_LOG", "trace"),
    ];
    let file = token.map(|file| file.display().to_string());
    settings.extend(
        file.as_deref()
            .map(|file| ("PILOTHOUSE_GIT_TOKEN_FILE", file)),
    );
    let mut bench = Bench::simulated_with(&settings);
    bench.describe();
    bench
}

/// Lets `web` be built from another repository, and gives how that ended.
fn built_of(bench: &Bench, repository: &str) -> Value {
    let path = "/orgs/acme/projects/shop/envs/production/services/web";
    let change = json!({"github_repository": repository});
    assert_eq!(bench.call("PATCH", path, &change).0, 200);
    bench.build()
}

fn file_with_token(folder: &Path) -> PathBuf {
    let file = folder.join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    file
}

/// What no text may hold that anybody else can read.
fn tells(text: &str) -> bool {
    text.contains(TOKEN) || text.contains(&credentials(TOKEN))
}

/// All files below a folder, as text.
fn texts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let text = |file: &Path| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    entries
        .flat_map(|path| {
            if path.is_dir() {
                texts(&path)
            } else {
                vec![text(&path)]
            }
        })
        .collect()
}

/// Nothing of the platform, and no command line while it cloned, tells the token.
fn is_kept(bench: &Bench, seen: &[Seen]) {
    assert!(!tells(&bench.words()), "its log tells the token");
    for text in texts(bench.folder.path()) {
        assert!(!tells(&text), "its data tells the token");
    }
    for (_, answer) in [
        bench.service("GET", "web/images", &Value::Null),
        bench.service("GET", "web/images/1/log", &Value::Null),
        bench.call("GET", "/orgs/acme/projects/shop/events", &Value::Null),
    ] {
        assert!(!tells(&answer.to_string()), "{answer}");
    }
    let lines: Vec<&String> = seen.iter().flat_map(|one| &one.processes).collect();
    assert!(
        lines.iter().any(|line| line.contains("remote-http")),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| !tells(line)), "{lines:?}");
}

#[test]
fn a_repository_that_is_not_public_needs_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path(), Some(TOKEN), Vec::new());
    let commit = commit(
        &folder.path().join("acme/web"),
        &[("Dockerfile", "FROM scratch\n")],
    );

    let bench = platform(&host, None);
    let image = bench.build();
    assert_eq!(image["state"], "failed", "{image}");
    let why = text(&image["error"]);
    assert!(
        why.contains("acme/web was not found, or is not public")
            && why.contains("--git-token-file"),
        "{why}"
    );
    assert!(text(&bench.log("images/1")["log_text"]).contains(&why));
    drop(bench);

    let aside = tempfile::tempdir().unwrap();
    let token = file_with_token(aside.path());
    let bench = platform(&host, Some(&token));
    let image = bench.build();
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    assert_eq!(image["commit_sha"], commit);
    // One that the token does not open either.
    let image = built_of(&bench, "acme/none");
    let why = text(&image["error"]);
    assert!(
        why.contains("acme/none was not found") && why.contains("a token that may read it"),
        "{why}"
    );
    is_kept(&bench, &host.seen());
    drop(bench);

    fs::write(&token, "an-old-one").unwrap();
    let bench = platform(&host, Some(&token));
    let why = text(&bench.build()["error"]);
    assert!(why.contains("a token that may read it"), "{why}");
}

#[test]
fn a_token_goes_to_its_own_host_alone() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["acme/web", "acme/public"] {
        commit(
            &folder.path().join(name),
            &[("Dockerfile", "FROM scratch\n")],
        );
    }
    let other = host(folder.path(), None, Vec::new());
    let closed = host(folder.path(), Some("another"), Vec::new());
    let moved = vec![
        // A repository with a new name on the same host, and two that went elsewhere.
        ("/acme/old.git", "/acme/web.git".to_owned()),
        ("/acme/gone.git", format!("{}/acme/public.git", other.base)),
        ("/acme/taken.git", format!("{}/acme/web.git", closed.base)),
    ];
    let host = host(folder.path(), Some(TOKEN), moved);
    let aside = tempfile::tempdir().unwrap();
    let bench = platform(&host, Some(&file_with_token(aside.path())));
    let image = built_of(&bench, "acme/old");
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/1"));
    let image = built_of(&bench, "acme/gone");
    assert_eq!(image["state"], "built", "{image} {}", bench.log("images/2"));
    let image = built_of(&bench, "acme/taken");
    assert_eq!(image["state"], "failed", "{image}");
    for other in [other, closed] {
        let seen = other.seen();
        assert!(!seen.is_empty());
        for one in seen {
            assert!(!tells(&one.head), "{one:?}");
        }
    }
    is_kept(&bench, &host.seen());
}

#[test]
fn a_commit_that_vanished_is_told_and_the_next_build_goes_well() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path(), None, Vec::new());
    let repository = folder.path().join("acme/web");
    commit(&repository, &[("Dockerfile", "FROM scratch\n")]);
    let gone = commit(&repository, &[("new", "")]);
    let git = |args: &[&str]| git(&repository, args);
    git(&["reset", "--quiet", "--hard", "HEAD^"]);
    git(&["reflog", "expire", "--expire=now", "--all"]);
    git(&["gc", "--quiet", "--prune=now"]);
    let bench = platform(&host, None);
    let (status, begun) = bench.service("POST", "web/images/build", &json!({"ref": gone}));
    assert_eq!(status, 202, "{begun}");
    let image = bench.end_of_build(&begun["version"]);
    assert_eq!(image["state"], "failed", "{image}");
    let why = text(&image["error"]);
    assert!(
        why.contains(&format!("no branch, tag or commit {gone} (any more)")),
        "{why}"
    );
    assert_eq!(bench.build()["state"], "built");
}
