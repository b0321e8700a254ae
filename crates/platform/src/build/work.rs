//! One build, from its commit or reference to an image that can be run.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use pilothouse_wire::build::ImageState;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::context::{self, Context};
use super::repository::Host;
use crate::domain::{Platform, resolve};
use crate::engine::{BuildContext, BuildSpec, EngineError, FetchProgress};
use crate::journal::Journal;
use crate::store::{Built, ImageRow, ImageSource};

/// Pieces of the engine's log that may wait to be written.
const PIECES: usize = 64;
/// The shortest value that is looked for in a log: shorter ones stand in it by chance.
const MIN_SECRET: usize = 4;
/// Lines that are repeated with an error.
const LAST_LINES: usize = 12;

/// Why a build failed, and what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    #[error(
        "the repository {repository} was not found, or is not public ({why}). Check its name; for a private one give the platform a token with --git-token-file"
    )]
    NoRepository { repository: String, why: String },
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
        "there is no Dockerfile and no Containerfile in {folder} at this commit. Add one, or set the subdirectory that holds it"
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
    #[error("a step of the Dockerfile failed")]
    Step(String),
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
            Self::NoRepository { why, .. } => Self::NoRepository {
                repository: name.to_owned(),
                why,
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

    fn of_the_engine(error: EngineError) -> Self {
        match error {
            EngineError::BuildFailed { why, .. } if why.contains("no space left") => {
                Self::DiskFull(why.lines().last().unwrap_or_default().to_owned())
            }
            EngineError::BuildFailed { why, .. } => Self::Step(why),
            other => Self::Engine(other),
        }
    }

    /// The last lines before it failed, where they say more.
    fn detail(&self) -> Option<&str> {
        match self {
            Self::Step(lines) => Some(lines),
            _ => None,
        }
    }
}

impl From<crate::store::StoreError> for BuildError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Platform(error.into())
    }
}

/// The log of one build: what is written never holds a secret that the build was given.
pub(super) struct Log {
    journal: Journal,
    secrets: Vec<String>,
    last: Vec<String>,
}

impl Log {
    pub(super) async fn write(&mut self, text: &str) {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), pilothouse_wire::config::MASK);
            }
        }
        let lines = text.lines().map(str::trim_end);
        self.last
            .extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        let surplus = self.last.len().saturating_sub(LAST_LINES);
        self.last.drain(..surplus);
        // Writing to the page cache is quick; where the disk is full the build goes on without a log.
        if let Err(error) = self.journal.write(&text) {
            tracing::warn!(%error, "the log of a build can't be written");
        }
        tokio::task::yield_now().await;
    }

    /// The step that the last lines are of.
    fn step(&self) -> Option<&String> {
        let is_step = |line: &&String| {
            let line = line.to_ascii_uppercase();
            line.starts_with("STEP ") || line.starts_with('[')
        };
        self.last.iter().rev().find(is_step)
    }
}

/// Builds an image, and notes how it ended.
pub(super) async fn build(platform: &Platform, row: &ImageRow, cancelled: &CancellationToken) {
    let mut log = match platform.journals.begin(&row.id) {
        Ok(journal) => Log {
            journal,
            secrets: Vec::new(),
            last: Vec::new(),
        },
        Err(error) => {
            let why = format!("its log can't be written: {error}");
            note_end(platform, row, ImageState::Failed, &why, None).await;
            return;
        }
    };
    let settings = &platform.build_settings;
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(settings.timeout, make(platform, row, &mut log)) => Some(outcome),
        () = cancelled.cancelled() => None,
    };
    context::clean_up(&settings.folder, &row.id).await;
    let (state, why, detail) = match outcome {
        Some(Ok(Ok(built))) => {
            log.write(&format!("\nBuilt: {}\n", built.reference)).await;
            finish(log);
            end_well(platform, row, &built).await;
            return;
        }
        Some(Ok(Err(error))) => {
            let detail = error.detail().map(str::to_owned);
            (ImageState::Failed, error.to_string(), detail)
        }
        Some(Err(_)) => {
            let minutes = settings.timeout.as_secs_f64() / 60.0;
            let why = format!("it did not end within {minutes:.0} minutes");
            (ImageState::Failed, why, Some(log.last.join("\n")))
        }
        None => (ImageState::Cancelled, "it was cancelled".to_owned(), None),
    };
    if let (ImageState::Failed, Some(step)) = (state, log.step().cloned()) {
        // It only helps people to find their way.
        let _ = platform.store.image_step(&row.id, &step).await;
    }
    let why = sentence(&why);
    log.write(&format!("\nerror: {why}\n")).await;
    finish(log);
    note_end(platform, row, state, &why, detail.as_deref()).await;
}

fn finish(log: Log) {
    if let Err(error) = log.journal.finish() {
        tracing::warn!(%error, "the end of a build's log can't be written");
    }
}

/// Begins with a capital letter and ends with a full stop.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let words = first.unwrap_or_default() + chars.as_str();
    match words.ends_with(['.', '!', '?']) {
        true => words,
        false => words + ".",
    }
}

async fn note_end(
    platform: &Platform,
    row: &ImageRow,
    state: ImageState,
    why: &str,
    detail: Option<&str>,
) {
    if let Err(error) = platform.store.end_image(row, state, why, detail).await {
        // At the next start it is found half done, and ended.
        tracing::error!(%error, "the end of a build can't be noted");
    }
}

async fn end_well(platform: &Platform, row: &ImageRow, built: &Built) {
    match platform.store.image_built(row, built).await {
        Ok(true) => platform.image_was_built(row).await,
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the end of a build can't be noted"),
    }
}

async fn make(platform: &Platform, row: &ImageRow, log: &mut Log) -> Result<Built, BuildError> {
    let by = &row.created_by;
    match &row.source {
        ImageSource::Reference(reference) | ImageSource::Promoted { reference, .. } => {
            log.write(&format!("Fetching {reference}, asked for by {by}.\n"))
                .await;
            fetch(platform, row, reference, log).await
        }
        ImageSource::Repository {
            name,
            subdirectory,
            reference,
        } => {
            let wanted = reference.as_deref().unwrap_or("the default branch");
            log.write(&format!(
                "Building {name} at {wanted}, asked for by {by}.\n"
            ))
            .await;
            let folder = context::folder(&platform.build_settings.folder, &row.id);
            let source = Source {
                name,
                subdirectory: subdirectory.as_deref(),
                reference: reference.as_deref(),
            };
            build_repository(platform, row, &source, &folder, log).await
        }
    }
}

async fn fetch(
    platform: &Platform,
    row: &ImageRow,
    reference: &str,
    log: &mut Log,
) -> Result<Built, BuildError> {
    platform.store.image_step(&row.id, "fetching").await?;
    let engine = &platform.engine;
    let progress = FetchProgress::default();
    let fetched = engine.fetch_image(reference, &progress).await;
    if let Err(error) = fetched {
        // What was built on this machine is in no registry, and as good as fetched.
        if !engine
            .has_image(reference)
            .await
            .map_err(BuildError::Engine)?
        {
            return Err(BuildError::Engine(error));
        }
        log.write("No registry has it, but it is on this machine.\n")
            .await;
    }
    let facts = engine
        .image_facts(reference)
        .await
        .map_err(BuildError::Engine)?;
    Ok(Built {
        reference: facts.reference().to_owned(),
        digest: Some(facts.digest().to_owned()),
        size: facts.size,
        exposed_ports: facts.exposed_ports,
        ..Built::default()
    })
}

struct Source<'a> {
    name: &'a str,
    subdirectory: Option<&'a str>,
    reference: Option<&'a str>,
}

async fn build_repository(
    platform: &Platform,
    row: &ImageRow,
    source: &Source<'_>,
    folder: &Path,
    log: &mut Log,
) -> Result<Built, BuildError> {
    let settings = &platform.build_settings;
    let store = &platform.store;
    store.image_step(&row.id, "cloning").await?;
    let checkout = folder.join("checkout");
    tokio::fs::create_dir_all(&checkout)
        .await
        .map_err(BuildError::of_the_disk)?;
    let host = Host {
        base: &settings.git_base,
        token: settings.git_token.as_deref(),
    };
    let commit = host
        .check_out(source.name, source.reference, &checkout, log)
        .await?;
    log.write(&format!("Commit {commit}\n")).await;
    store.image_commit(&row.id, &commit).await?;
    let (args, secrets) = variables(platform, &row.service_id).await?;
    if !secrets.is_empty()
        && !platform
            .engine
            .takes_build_secrets()
            .await
            .map_err(BuildError::Engine)?
    {
        let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
        return Err(BuildError::NoSecrets(names.join(", ")));
    }
    let values = secrets.values().filter(|value| value.len() >= MIN_SECRET);
    log.secrets = values.cloned().collect();
    let context = packed(&checkout, source.subdirectory, secrets, folder).await?;
    store.image_step(&row.id, "building").await?;
    let tag = format!("localhost/pilothouse/{}:v{}", row.service_id, row.version);
    let spec = BuildSpec {
        tag: tag.clone(),
        context: BuildContext::File(context.tar.clone()),
        dockerfile: context.dockerfile.clone(),
        args,
        secrets: context.secrets.clone(),
        // A service has one build at a time.
        group: row.service_id.clone(),
        labels: BTreeMap::from([
            (
                "org.opencontainers.image.revision".to_owned(),
                commit.clone(),
            ),
            (
                "pilothouse.installation".to_owned(),
                store.installation().to_owned(),
            ),
        ]),
    };
    run(platform, &spec, log).await?;
    let facts = platform
        .engine
        .image_facts(&tag)
        .await
        .map_err(BuildError::Engine)?;
    Ok(Built {
        reference: facts.reference().to_owned(),
        digest: Some(facts.digest().to_owned()),
        commit_sha: Some(commit),
        dockerfile: Some(context.dockerfile_in_repository),
        processes: context.processes,
        exposed_ports: facts.exposed_ports,
        size: facts.size,
    })
}

/// The build-time variables of a service: plain ones, and secrets in the clear.
async fn variables(
    platform: &Platform,
    service_id: &str,
) -> Result<(BTreeMap<String, String>, BTreeMap<String, String>), BuildError> {
    let levels = platform.levels_of(service_id).await?;
    let (mut plain, mut secret) = (BTreeMap::new(), BTreeMap::new());
    for (name, one) in resolve(&levels) {
        if !one.winner.buildtime {
            continue;
        }
        let held = &one.winner.held;
        let value = platform.open_value(held).await?;
        let of_kind = match held.is_secret() {
            true => &mut secret,
            false => &mut plain,
        };
        of_kind.insert(name.to_owned(), value);
    }
    Ok((plain, secret))
}

async fn packed(
    checkout: &Path,
    subdirectory: Option<&str>,
    secrets: BTreeMap<String, String>,
    folder: &Path,
) -> Result<Context, BuildError> {
    let checkout = checkout.to_owned();
    let subdirectory = subdirectory.map(str::to_owned);
    let tar = folder.join("context.tar");
    let packing = tokio::task::spawn_blocking(move || {
        context::pack(&checkout, subdirectory.as_deref(), &secrets, tar)
    });
    packing
        .await
        .map_err(|fault| BuildError::Disk(io::Error::other(fault)))?
}

/// Lets the engine build, and writes its log as it comes.
async fn run(platform: &Platform, spec: &BuildSpec, log: &mut Log) -> Result<(), BuildError> {
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let building = async move { platform.engine.build_image(spec, &sender).await };
    let writing = async {
        while let Some(piece) = receiver.recv().await {
            log.write(&piece).await;
        }
    };
    // The sender goes with the build, which ends the writing.
    let (built, ()) = tokio::join!(building, writing);
    built.map_err(BuildError::of_the_engine)
}
