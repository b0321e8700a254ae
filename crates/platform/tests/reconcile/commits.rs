//! Repositories for tests.

use std::path::Path;
use std::process::Command;

/// Commits files to `main` of a repository, which is made as needed, and gives the commit.
pub(crate) fn commit(repository: &Path, files: &[(&str, &str)]) -> String {
    std::fs::create_dir_all(repository).unwrap();
    if !repository.join(".git").exists() {
        git(repository, &["init", "--quiet", "--initial-branch=main"]);
    }
    for (file, text) in files {
        std::fs::write(repository.join(file), text).unwrap();
    }
    git(repository, &["add", "--all"]);
    let message = [
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "A change",
    ];
    git(repository, &message);
    git(repository, &["rev-parse", "HEAD"])
}

/// Runs git in a repository, and gives what it says.
pub(crate) fn git(repository: &Path, args: &[&str]) -> String {
    let who = [
        "-c",
        "user.name=Tester",
        "-c",
        "user.email=tester@example.com",
    ];
    let output = Command::new("git")
        .current_dir(repository)
        .args(who)
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
