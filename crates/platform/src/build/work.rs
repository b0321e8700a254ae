//! One build, from its commit or reference to an image that can be run.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use pilothouse_wire::build::ImageState;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::context::{self, Context};
use super::repository::{self, Host};
use crate::domain::{Platform, resolve};
use crate::engine::{BuildContext, BuildSpec, EngineError, FetchProgress};
use crate::journal::Journal;
use crate::mask::Mask;
use crate::store::{Built, ImageRow, ImageSource, StoreResult};

/// Pieces of the engine's log that may wait to be written.
const PIECES: usize = 64;
/// Lines that are repeated with an error, and how much of each, in characters.
const LAST_LINES: usize = 12;
const LAST_LINE: usize = 1_000;
/// How long to wait before the end of a build is noted again, where that failed.
const NOTE_AGAIN: Duration = Duration::from_secs(2);
/// What systems say where a disk is full.
const NO_SPACE: &str = "no space left";
/// What engines say where an image that others are built from can't be had.
const NO_BASE: [&str; 4] = [
    "initializing source",
    "pinging container registry",
    "manifest unknown",
    "pull access denied",
];

/// Where something of a log is missing.
const GAP: &str = "\n[… something is missing here: it could not be written …]\n";

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

    fn of_the_engine(error: EngineError) -> Self {
        match error {
            EngineError::BuildFailed { why, .. } => {
                let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
                if why.trim().is_empty() {
                    Self::Silent
                } else if let Some(line) = why.lines().rfind(|line| line.contains(NO_SPACE)) {
                    Self::DiskFull(line.trim().to_owned())
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
    fn detail(&self) -> Option<&str> {
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

/// The log of one build: what is written never holds a secret that the build was given.
pub(super) struct Log {
    journal: Journal,
    mask: Mask,
    last: Vec<String>,
    /// Whether something of it could not be written.
    has_gap: bool,
}

impl Log {
    pub(super) async fn write(&mut self, text: &str) {
        let text = self.mask.next(text);
        let lines = text.lines().map(str::trim_end);
        let lines = lines.filter(|line| !line.is_empty());
        self.last
            .extend(lines.map(|line| line.chars().take(LAST_LINE).collect::<String>()));
        let surplus = self.last.len().saturating_sub(LAST_LINES);
        self.last.drain(..surplus);
        self.put(&text);
        tokio::task::yield_now().await;
    }

    /// Writing to the page cache is quick; where the disk is full the build goes on, and the log
    /// says where something of it is missing.
    fn put(&mut self, text: &str) {
        let mark = if self.has_gap { GAP } else { "" };
        match self.journal.write(&format!("{mark}{text}")) {
            Ok(()) => self.has_gap = false,
            Err(error) if !self.has_gap => {
                self.has_gap = true;
                tracing::warn!(%error, "the log of a build can't be written");
            }
            Err(_) => {}
        }
    }

    fn finish(mut self) {
        let rest = self.mask.rest();
        self.put(&rest);
        if let Err(error) = self.journal.finish() {
            tracing::warn!(%error, "the end of a build's log can't be written");
        }
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
            mask: Mask::default(),
            last: Vec::new(),
            has_gap: false,
        },
        Err(error) => {
            let why = format!("its log can't be written: {error}");
            note_end(platform, row, ImageState::Failed, &why, None).await;
            return;
        }
    };
    let settings = &platform.build_settings;
    if let Some(token) = &settings.git_token {
        log.mask.add(token);
        log.mask.add(&repository::credentials(token));
    }
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(settings.timeout, make(platform, row, &mut log)) => Some(outcome),
        () = cancelled.cancelled() => None,
    };
    context::clean_up(&settings.folder, &row.id).await;
    let (state, why, detail) = match outcome {
        Some(Ok(Ok(built))) => {
            log.write(&format!("\nBuilt: {}\n", built.reference)).await;
            log.finish();
            end_well(platform, row, &built).await;
            return;
        }
        Some(Ok(Err(error))) => {
            let detail = error.detail().map(str::to_owned);
            (ImageState::Failed, error.to_string(), detail)
        }
        Some(Err(_)) => {
            let why = format!(
                "it did not end within {}. Make it shorter, or allow more with --build-timeout",
                spoken(settings.timeout)
            );
            (ImageState::Failed, why, Some(log.last.join("\n")))
        }
        None => (ImageState::Cancelled, "it was cancelled".to_owned(), None),
    };
    if let (ImageState::Failed, Some(step)) = (state, log.step().cloned()) {
        // It only helps people to find their way.
        let _ = platform.store.image_step(&row.id, &step).await;
    }
    let why = log.mask.whole(&sentence(&why));
    let detail = detail.map(|detail| log.mask.whole(&detail));
    log.write(&format!("\nerror: {why}\n")).await;
    log.finish();
    note_end(platform, row, state, &why, detail.as_deref()).await;
}

/// The last line that says something.
fn last_of(lines: &str) -> &str {
    let mut lines = lines.lines().map(str::trim);
    lines.rfind(|line| !line.is_empty()).unwrap_or_default()
}

/// `30 minutes`, `90 seconds`
fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

/// Begins with a capital letter and ends with a full stop.
fn sentence(words: &str) -> String {
    let is_address = words
        .split(' ')
        .next()
        .is_some_and(|word| word.contains("://"));
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let words = match is_address {
        true => words.to_owned(),
        false => first.unwrap_or_default() + chars.as_str(),
    };
    match words.ends_with(['.', '!', '?']) {
        true => words,
        false => words + ".",
    }
}

/// Notes the end of a build that brought no image, and removes what it may have left.
async fn note_end(
    platform: &Platform,
    row: &ImageRow,
    state: ImageState,
    why: &str,
    detail: Option<&str>,
) {
    forget_name(platform, row).await;
    noted(|| platform.store.end_image(row, state, why, detail)).await;
}

async fn end_well(platform: &Platform, row: &ImageRow, built: &Built) {
    match noted(|| platform.store.image_built(row, built)).await {
        true => platform.image_was_built(&row.id).await,
        // It was cancelled, or its service went, at the last moment.
        false => forget_name(platform, row).await,
    }
}

/// Writes until it is written: a build whose end is not noted keeps its service's next ones waiting.
/// Where the process ends first, the next one notes it.
async fn noted<F>(write: impl Fn() -> F) -> bool
where
    F: Future<Output = StoreResult<bool>>,
{
    loop {
        match write().await {
            Ok(is_new) => return is_new,
            Err(error) => {
                tracing::error!(%error, "the end of a build can't be noted; trying again");
                tokio::time::sleep(NOTE_AGAIN).await;
            }
        }
    }
}

/// The name under which the engine would keep an image that nobody needs.
async fn forget_name(platform: &Platform, row: &ImageRow) {
    if let Err(error) = platform.engine.remove_image(&row.tag()).await {
        tracing::warn!(image = %row.id, %error, "what a build left can't be removed");
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
    if facts.pinned.is_none() {
        let tagged = engine.tag_image(&facts.id, &row.tag()).await;
        tagged.map_err(BuildError::Engine)?;
    }
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
    for folder in [folder, &checkout] {
        context::make(folder)
            .await
            .map_err(BuildError::of_the_disk)?;
    }
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
    for secret in secrets.values() {
        log.mask.add(secret);
    }
    let context = packed(&checkout, source.subdirectory, secrets, folder).await?;
    store.image_step(&row.id, "building").await?;
    let tag = row.tag();
    let spec = BuildSpec {
        tag: tag.clone(),
        context: BuildContext::File(context.tar.clone()),
        dockerfile: context.dockerfile.clone(),
        args,
        secrets: context.secrets.clone(),
        group: row.id.clone(),
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
