//! Why builds fail.

use std::io;

use crate::engine::EngineError;

/// What systems say where a disk is full, in lower case.
const NO_SPACE: &str = "no space left";
/// What engines say where an image that others are built from can't be had.
const NO_BASE: [&str; 4] = [
    "initializing source",
    "pinging container registry",
    "manifest unknown",
    "pull access denied",
];

/// Why a build failed, and what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    #[error(
        "the repository {repository} was not found, or is not public ({why}). Check its name; {advice}"
    )]
    NoRepository {
        repository: String,
        why: String,
        /// What to do about a private one.
        advice: &'static str,
    },
    #[error(
        "the repository {repository} has no branch, tag or commit {reference} (any more). Check the name, or push it"
    )]
    NoReference {
        repository: String,
        reference: String,
    },
    #[error("{base} can't be reached ({why}). Check this machine's network, then build again")]
    HostUnreachable { base: String, why: String },
    #[error("the repository can't be cloned: {0}")]
    Clone(String),
    #[error("git can't be run ({0}). Install git on the platform's machine")]
    Git(#[source] io::Error),
    #[error("the repository has no folder {folder} at this commit. Check the subdirectory")]
    NoFolder { folder: String },
    #[error(
        "there is no Dockerfile and no Containerfile {folder}. Add one, or set the subdirectory that holds it"
    )]
    NoRecipe { folder: String },
    #[error("{0}")]
    Procfile(String),
    #[error("the disk is full ({0}). Free some space, then build again")]
    DiskFull(String),
    #[error("the checkout can't be read or written: {0}")]
    Disk(#[source] io::Error),
    #[error(
        "the variables {0} are secret and for builds, which this engine can't take without keeping them in the image: use Podman, or make them plain"
    )]
    NoSecrets(String),
    #[error("a step of the Dockerfile failed: {}", last_of(.0))]
    Step(String),
    #[error("the base image can't be fetched: {}", last_of(.0))]
    Base(String),
    #[error("the engine gave up without a word. Its own log may tell why; build again")]
    Silent,
    #[error("{0}")]
    Engine(EngineError),
    #[error("{0}")]
    Platform(#[from] crate::domain::Error),
}

impl BuildError {
    /// Whether the repository answered, and does not hand out what was asked for.
    pub(super) fn is_of_the_reference(&self) -> bool {
        matches!(self, Self::NoReference { .. } | Self::Clone(_))
    }

    /// The same with the names that git's words leave out.
    pub(super) fn about(self, name: &str, wanted: &str) -> Self {
        match self {
            Self::NoRepository { why, advice, .. } => Self::NoRepository {
                repository: name.to_owned(),
                why,
                advice,
            },
            Self::NoReference { .. } => Self::NoReference {
                repository: name.to_owned(),
                reference: wanted.to_owned(),
            },
            other => other,
        }
    }

    pub(super) fn of_the_disk(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(error.to_string())
            }
            _ => Self::Disk(error),
        }
    }

    pub(super) fn of_the_engine(error: EngineError) -> Self {
        match error {
            EngineError::BuildFailed { why, .. } => {
                let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
                // The first of them is the cause, what follows went wrong because of it.
                let mut lines = why.lines().map(str::trim);
                let no_space = lines.find(|line| line.to_lowercase().contains(NO_SPACE));
                if why.trim().is_empty() {
                    Self::Silent
                } else if let Some(line) = no_space {
                    Self::DiskFull(line.to_owned())
                } else if says(&NO_BASE) {
                    Self::Base(why)
                } else {
                    Self::Step(why)
                }
            }
            other => Self::Engine(other),
        }
    }

    /// The last lines before it failed, where they say more.
    pub(super) fn detail(&self) -> Option<&str> {
        match self {
            Self::Step(lines) | Self::Base(lines) => Some(lines),
            _ => None,
        }
    }
}

impl From<crate::store::StoreError> for BuildError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Platform(error.into())
    }
}

/// The last line that says something.
fn last_of(lines: &str) -> &str {
    let mut lines = lines.lines().map(str::trim);
    lines.rfind(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_failed_is_sorted_by_what_can_be_done() {
        let of = |why: &str| {
            BuildError::of_the_engine(EngineError::BuildFailed {
                tag: "shop:1".to_owned(),
                why: why.to_owned(),
            })
        };
        let full = "dd: error writing '/x': No space left on device\n\
            error unmounting: write /run/y: no space left on device\n\
            building at STEP \"RUN dd\": while running runtime: exit status 1";
        let BuildError::DiskFull(why) = of(full) else {
            panic!("{}", of(full));
        };
        assert_eq!(why, "dd: error writing '/x': No space left on device");
        assert!(matches!(of(" \n"), BuildError::Silent));
        assert!(matches!(of("x\nmanifest unknown"), BuildError::Base(_)));
        assert!(matches!(of("exit status 1"), BuildError::Step(_)));
    }
}
