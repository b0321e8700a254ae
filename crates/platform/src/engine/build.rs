//! What an image is built from, and what is known of one that is there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Engine, EngineResult};

/// A tar of everything that a build may use.
#[derive(Clone, Debug)]
pub enum BuildContext {
    /// In memory.
    Bytes(Bytes),
    /// On the disk.
    File(PathBuf),
}

/// What to build.
#[derive(Clone, Debug)]
pub struct BuildSpec {
    /// The name that the image gets.
    pub tag: String,
    /// What it is built from.
    pub context: BuildContext,
    /// The path of its Dockerfile in the context.
    pub dockerfile: String,
    /// `ARG` values. They stay readable in the image's history.
    pub args: BTreeMap<String, String>,
    /// Secrets that `RUN --mount=type=secret,id=NAME` may read: name → file at the root of the
    /// context. They land in no layer.
    pub secrets: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Tells the processes of this build from those of others that go on at the same time.
    pub group: String,
}

impl BuildSpec {
    /// The plainest build: a context in memory with its `Dockerfile` at the root.
    pub fn plain(tag: &str, context: Bytes) -> Self {
        Self {
            tag: tag.to_owned(),
            context: BuildContext::Bytes(context),
            dockerfile: "Dockerfile".to_owned(),
            args: BTreeMap::new(),
            secrets: BTreeMap::new(),
            labels: BTreeMap::new(),
            group: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// Builds where nobody reads the log: an error repeats the last lines.
    ///
    /// # Errors
    /// The build failed, or the engine does not answer.
    pub async fn run_quietly(&self, engine: &dyn Engine) -> EngineResult<()> {
        let (log, _) = mpsc::channel(1);
        engine.build_image(self, &log).await
    }
}

/// Where the log of a build goes, piece by piece as the engine gives it. A reader that is slow makes
/// the build wait.
pub type BuildLog = mpsc::Sender<String>;

/// What is known of an image that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// The engine's id: `sha256:…`. It is a reference that runs just this image.
    pub id: String,
    /// `name@sha256:…`, under which the registry that it came from hands out just this image.
    pub pinned: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    /// The TCP ports that it says it listens on, the least first.
    pub exposed_ports: Vec<u16>,
}

impl ImageFacts {
    /// The reference that runs just this image, from its registry where it has one.
    pub fn reference(&self) -> &str {
        self.pinned.as_deref().unwrap_or(&self.id)
    }

    /// The digest that people know it by.
    pub fn digest(&self) -> &str {
        let pinned = self.pinned.as_deref();
        let digest = pinned.and_then(|pinned| pinned.split_once('@'));
        digest.map_or(&self.id, |(_, digest)| digest)
    }
}
