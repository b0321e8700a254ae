//! Builds: one task takes what waits, a few at once and one a service, and carries it to an image.
//!
//! `repository` gets the commit, `context` packs what the engine may see, `work` does the whole of
//! one build and writes its `log`, `error` says why one failed, `prune` removes what nobody needs any more.

mod context;
mod error;
mod log;
mod prune;
mod repository;
mod settings;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use pilothouse_wire::build::{ImageState, WorkLogQuery};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::{Platform, Result};
use crate::store::{ImageRow, StoreResult};

pub use settings::BuildSettings;

/// How long to wait before the queue is read again, where that failed.
const RETRY: Duration = Duration::from_secs(2);
/// How often things that nobody needs are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);

/// What a build that was under way when the process ended is told by.
const INTERRUPTED: &str = "It was interrupted: the platform stopped while it went on. Build again.";

/// The builds of this process.
#[derive(Debug, Default)]
pub(crate) struct Builds {
    wake: Notify,
    running: Mutex<HashMap<String, CancellationToken>>,
}

impl Builds {
    /// Something waits, or a place is free.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends a build that is under way here.
    pub(crate) fn cancel(&self, image_id: &str) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = running.get(image_id) {
            token.cancel();
        }
    }

    fn begin(&self, image_id: &str) -> CancellationToken {
        let token = CancellationToken::new();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(image_id.to_owned(), token.clone());
        token
    }

    fn end(&self, image_id: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(image_id);
    }
}

/// Ends or finishes what an earlier process left half done, then builds whatever is asked for, until it is
/// dropped.
pub(crate) async fn run(platform: Arc<Platform>) {
    while let Err(error) = end_interrupted(&platform).await {
        tracing::error!(%error, "interrupted builds can't be ended; trying again");
        tokio::time::sleep(RETRY).await;
    }
    let mut working = JoinSet::new();
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    let mut clock = Clock::new(Instant::now(), Utc::now());
    loop {
        let free = platform
            .build_settings
            .at_once
            .saturating_sub(working.len());
        match platform.store.queued_images().await {
            Ok(queued) => {
                let mut begun = Ok(());
                for row in queued.into_iter().take(free) {
                    begun = begun.and(begin(&platform, &mut working, row).await);
                }
                if let Err(error) = begun {
                    tracing::error!(%error, "a build can't begin; trying again");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            }
            Err(error) => {
                tracing::error!(%error, "the queue of builds can't be read; trying again");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        }
        tokio::select! {
            () = platform.builds.wake.notified() => {}
            Some(_) = working.join_next() => {}
            _ = prune.tick() => {
                let now = Utc::now();
                let is_steady = clock.look(Instant::now(), now);
                prune::everything(&platform, is_steady.then_some(now)).await;
            }
        }
    }
}

async fn begin(
    platform: &Arc<Platform>,
    working: &mut JoinSet<()>,
    row: ImageRow,
) -> StoreResult<()> {
    // Before it is known to go on, so that whoever cancels it then finds it.
    let token = platform.builds.begin(&row.id);
    match platform.store.begin_image(&row.id).await {
        Ok(true) => {}
        not_begun => {
            platform.builds.end(&row.id);
            // `false`: it was cancelled meanwhile.
            return not_begun.map(|_| ());
        }
    }
    let platform = Arc::clone(platform);
    working.spawn(async move {
        work::build(&platform, &row, &token).await;
        platform.builds.end(&row.id);
        prune::service(&platform, &row.service_id).await;
    });
    Ok(())
}

async fn end_interrupted(platform: &Platform) -> Result<()> {
    for row in platform.store.interrupted_images().await? {
        platform
            .store
            .end_image(&row, ImageState::Failed, INTERRUPTED, None)
            .await?;
        if let Ok(mut journal) = platform.journals.begin(&row.id) {
            // The row says it too.
            let _ = journal.write(&format!("\n{INTERRUPTED}\n"));
            let _ = journal.finish();
        }
    }
    // Also of builds that were cancelled just before.
    for id in context::left(&platform.build_settings.folder).await {
        let row = platform.store.image_by_id(&id).await?;
        let since = row.and_then(|row| row.started).unwrap_or_else(Utc::now);
        let log = platform.journals.read(&id, WorkLogQuery::default());
        let log = log.unwrap_or_default().text;
        if let Err(error) = platform.engine.end_build(&id, since, &log).await {
            tracing::warn!(%error, "what goes on of an interrupted build can't be ended");
        }
        context::clean_up(&platform.build_settings.folder, &id).await;
    }
    for row in platform.store.undeployed_images().await? {
        platform.image_was_built(&row.id).await;
    }
    Ok(())
}
