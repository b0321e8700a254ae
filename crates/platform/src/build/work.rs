//! One build, from its commit or reference to an image that can be run.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use pilothouse_wire::build::ImageState;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::context::{self, Context};
use super::error::BuildError;
use super::log::Log;
use super::repository::{self, Host};
use crate::domain::{Platform, resolve};
use crate::engine::{BuildContext, BuildSpec, FetchProgress};
use crate::store::{Built, ImageRow, ImageSource, StoreResult};

/// Pieces of the engine's log that may wait to be written.
const PIECES: usize = 64;
/// How long to wait before the end of a build is noted again, where that failed.
const NOTE_AGAIN: Duration = Duration::from_secs(2);

/// Builds an image, and notes how it ended.
pub(super) async fn build(platform: &Platform, row: &ImageRow, cancelled: &CancellationToken) {
    let mut log = match platform.journals.begin(&row.id) {
        Ok(journal) => Log::new(journal),
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
            (ImageState::Failed, why, Some(log.end()))
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
