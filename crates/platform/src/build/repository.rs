//! A commit of a repository, by the `git` of this machine.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::error::BuildError;
use super::log::Log;

/// How much of git's words an error repeats, in bytes.
const LAST_WORDS: usize = 2_000;
/// What git says where a disk is full, in lower case.
const DISK_FULL: [&str; 4] = [
    "no space left",
    "out of diskspace",
    "unable to write file",
    "disk quota",
];
/// The variable in which git's credential helper finds the token.
const TOKEN: &str = "PILOTHOUSE_GIT_TOKEN";
/// What answers git when it asks for credentials: RFC 7617, with the name that GitHub wants.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=x-access-token\npassword=%s\n' "$PILOTHOUSE_GIT_TOKEN"; }; f"#;

/// Where repositories are.
pub(super) struct Host<'a> {
    /// `https://github.com`
    pub(super) base: &'a str,
    pub(super) token: Option<&'a str>,
}

impl Host<'_> {
    /// Checks a branch, tag or commit out into an empty folder, without its history where the host
    /// lets us, and gives the commit.
    pub(super) async fn check_out(
        &self,
        repository: &str,
        reference: Option<&str>,
        into: &Path,
        log: &mut Log,
    ) -> Result<String, BuildError> {
        let url = self.url(repository);
        let wanted = reference.unwrap_or("HEAD");
        self.git(into, &["init", "--quiet"], log).await?;
        let shallow = [
            "fetch",
            "--no-tags",
            "--depth=1",
            "--progress",
            &url,
            wanted,
        ];
        let commit = match self.git(into, &shallow, log).await {
            Ok(()) => "FETCH_HEAD".to_owned(),
            Err(error) if is_commit(wanted) && error.is_of_the_reference() => {
                // A short commit, or a host that hands out the tips of branches alone.
                log.write("It is none of the tips: the whole history is fetched.\n")
                    .await;
                let all = [
                    "fetch",
                    "--progress",
                    &url,
                    "+refs/heads/*:refs/remotes/host/*",
                    "+refs/tags/*:refs/tags/*",
                ];
                self.git(into, &all, log).await?;
                wanted.to_owned()
            }
            Err(error) => return Err(error.about(repository, wanted)),
        };
        let checked_out = ["checkout", "--quiet", "--detach", &commit];
        if let Err(error) = self.git(into, &checked_out, log).await {
            return Err(match error {
                BuildError::Clone(_) => BuildError::NoReference {
                    repository: repository.to_owned(),
                    reference: wanted.to_owned(),
                },
                other => other.about(repository, wanted),
            });
        }
        self.head(into).await
    }

    /// `https://github.com/owner/name.git`
    fn url(&self, repository: &str) -> String {
        let base = self.base.trim_end_matches('/');
        let end = if base.starts_with("file:") {
            ""
        } else {
            ".git"
        };
        format!("{base}/{repository}{end}")
    }

    async fn head(&self, folder: &Path) -> Result<String, BuildError> {
        let mut command = self.command(folder);
        let output = command.args(["rev-parse", "HEAD"]).output().await;
        let output = output.map_err(BuildError::Git)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn git(&self, folder: &Path, args: &[&str], log: &mut Log) -> Result<(), BuildError> {
        let mut command = self.command(folder);
        let mut child = command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(BuildError::Git)?;
        let words = match child.stderr.take() {
            Some(stderr) => pass_on(stderr, log).await,
            None => String::new(),
        };
        let status = child.wait().await.map_err(BuildError::Git)?;
        if status.success() {
            Ok(())
        } else {
            Err(sorted(&words, self))
        }
    }

    /// `git` without anything of this machine's or user's configuration, without questions, and with
    /// the transports alone that the base address names.
    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for name in [
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "GIT_SSL_CAINFO",
            "HTTPS_PROXY",
            "https_proxy",
            "NO_PROXY",
            "no_proxy",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let scheme = self.base.split(':').next().unwrap_or_default();
        let mut config = vec![
            ("protocol.allow".to_owned(), "never".to_owned()),
            (format!("protocol.{scheme}.allow"), "always".to_owned()),
            ("core.hooksPath".to_owned(), "/dev/null".to_owned()),
            ("safe.directory".to_owned(), "*".to_owned()),
            // A host that goes silent ends the build, not its timeout.
            ("http.lowSpeedLimit".to_owned(), "1".to_owned()),
            ("http.lowSpeedTime".to_owned(), "60".to_owned()),
        ];
        if let Some(token) = self.token {
            // In the environment, where other users of this machine do not see it. A header of our own
            // would go along with every redirect; credentials are those of one host.
            command.env(TOKEN, token);
            config.push((
                format!("credential.{}.helper", self.base),
                HELPER.to_owned(),
            ));
        }
        command.env("GIT_CONFIG_COUNT", config.len().to_string());
        for (index, (name, value)) in config.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }
}

/// Whether a reference may be a commit rather than a name.
fn is_commit(reference: &str) -> bool {
    (7..=64).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes all that comes to the log, and gives the end of it.
async fn pass_on(mut from: impl AsyncRead + Unpin, log: &mut Log) -> String {
    let mut last = String::new();
    let mut buffer = [0; 8 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let text = String::from_utf8_lossy(buffer.get(..count).unwrap_or_default());
        log.write(&text).await;
        last.push_str(&text);
        let mut surplus = last.len().saturating_sub(LAST_WORDS);
        while !last.is_char_boundary(surplus) {
            surplus += 1;
        }
        last.drain(..surplus);
    }
    last
}

/// Why git failed, sorted by what can be done about it. Git tells it in words alone.
fn sorted(words: &str, host: &Host<'_>) -> BuildError {
    let said = words.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let line = |is_it: &dyn Fn(&str) -> bool| words.lines().rev().find(|line| is_it(line));
    let why = line(&|line| line.contains("fatal") || line.contains("error"));
    let why = why.unwrap_or(words).trim().to_owned();
    let full = line(&|line| {
        let line = line.to_lowercase();
        DISK_FULL.iter().any(|words| line.contains(words))
    });
    if let Some(line) = full {
        BuildError::DiskFull(line.trim().to_owned())
    } else if says(&[
        "couldn't find remote ref",
        "not our ref",
        "unadvertised object",
        "no such remote ref",
    ]) {
        BuildError::NoReference {
            repository: String::new(),
            reference: String::new(),
        }
    } else if says(&[
        "repository not found",
        "could not read username",
        "authentication failed",
        "not found",
        "does not exist",
        "does not appear to be a git repository",
        "error: 403",
        "error: 401",
        "access denied",
    ]) {
        BuildError::NoRepository {
            repository: String::new(),
            why,
            advice: match host.token {
                Some(_) => "a private one needs a token that may read it, in --git-token-file",
                None => "for a private one give the platform a token with --git-token-file",
            },
        }
    } else if says(&[
        "could not resolve host",
        "failed to connect",
        "couldn't connect",
        "connection refused",
        "timed out",
        "operation too slow",
        "connection reset",
        "early eof",
        "ssl",
        "error: 5",
    ]) {
        BuildError::HostUnreachable {
            base: host.base.to_owned(),
            why,
        }
    } else {
        BuildError::Clone(why)
    }
}

/// A token as it goes over the wire.
pub(super) fn credentials(token: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_sorted_by_what_can_be_done() {
        let host = Host {
            base: "https://git.example",
            token: None,
        };
        let of = |words: &str| sorted(words, &host);
        assert!(matches!(
            of("fatal: couldn't find remote ref nope"),
            BuildError::NoReference { .. }
        ));
        assert!(matches!(
            of("remote: Repository not found.\nfatal: repository 'x' not found"),
            BuildError::NoRepository { .. }
        ));
        assert!(matches!(
            of(
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled"
            ),
            BuildError::NoRepository { .. }
        ));
        assert!(matches!(
            of("fatal: unable to access 'https://x/': Could not resolve host: x"),
            BuildError::HostUnreachable { .. }
        ));
        assert!(matches!(
            of("fatal: write error: No space left on device"),
            BuildError::DiskFull(_)
        ));
        assert!(matches!(of("fatal: something else"), BuildError::Clone(_)));
    }

    #[test]
    fn only_hexadecimal_references_may_be_commits() {
        assert!(is_commit("4be10a9"));
        for name in ["main", "4be10", "release/2", "abcdefg"] {
            assert!(!is_commit(name), "{name}");
        }
    }

    #[test]
    fn a_repository_has_one_address() {
        let host = |base| Host { base, token: None };
        assert_eq!(
            host("https://github.com/").url("acme/api"),
            "https://github.com/acme/api.git"
        );
        assert_eq!(host("file:///srv").url("acme/api"), "file:///srv/acme/api");
    }
}
