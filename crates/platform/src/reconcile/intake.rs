//! Stores the lines of every instance, each once, across restarts of the platform and the engine.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::domain::{Platform, Result};
use crate::engine::{Engine, EngineInstance, RunState};
use crate::logs::{LogError, LogStore, StoredLine};

/// How long the next of the last lines of an instance that ended may take to arrive.
const NEXT_LINE: Duration = Duration::from_secs(3);
/// The pause before a stream that broke is taken up again.
const RETRY: Duration = Duration::from_secs(2);

/// The streams of one service's instances, by the engine's id.
#[derive(Default)]
pub(super) struct Intake(HashMap<String, Stream>);

/// One instance's lines on their way to the disk, until this is dropped.
struct Stream {
    source: Source,
    task: AbortOnDropHandle<()>,
}

/// Where the lines of a stream come from.
#[derive(Clone)]
struct Source {
    engine: Arc<dyn Engine>,
    logs: LogStore,
    instance: EngineInstance,
    /// How many lines came.
    came: Arc<AtomicU64>,
    /// Woken at the end.
    wake: Arc<Notify>,
}

impl Intake {
    /// Follows the lines of every instance that is not followed yet, or runs again. An end of a
    /// stream means that its instance ended: that wakes the service's task.
    pub(super) fn follow(
        &mut self,
        platform: &Arc<Platform>,
        instances: &[EngineInstance],
        wake: &Arc<Notify>,
    ) {
        // What is gone by itself, with all its lines, needs no more.
        let is_there = |id: &str| instances.iter().any(|one| one.id == id);
        self.0
            .retain(|id, stream| is_there(id) || !stream.task.is_finished());
        for instance in instances {
            let is_over =
                |stream: &Stream| stream.task.is_finished() && instance.state == RunState::Running;
            if self.0.get(&instance.id).is_none_or(is_over) {
                self.catch_up(platform, instance.clone(), wake);
            }
        }
    }

    /// Whether the lines of an instance are still on their way.
    pub(super) fn reads(&self, id: &str) -> bool {
        let stream = self.0.get(id);
        stream.is_some_and(|stream| !stream.task.is_finished())
    }

    /// Reads what an instance has written since its last line that is stored, to its end.
    pub(super) fn catch_up(
        &mut self,
        platform: &Arc<Platform>,
        instance: EngineInstance,
        wake: &Arc<Notify>,
    ) {
        let id = instance.id.clone();
        let source = Source {
            engine: Arc::clone(&platform.engine),
            logs: platform.logs.clone(),
            instance,
            came: Arc::default(),
            wake: Arc::clone(wake),
        };
        self.0.insert(id, Stream::new(source));
    }

    /// Waits for the last lines of an instance that ended, as long as some come, and until they are
    /// on the disk. A stream that neither brings one nor ends may have missed the end: it is taken up
    /// once more.
    ///
    /// # Errors
    /// The disk takes no lines: the engine alone has them.
    pub(super) async fn finish(&mut self, id: &str) -> Result<()> {
        let Some(mut stream) = self.0.remove(id) else {
            return Ok(());
        };
        let source = stream.source.clone();
        if !stream.ends().await {
            stream.end().await;
            let mut again = Stream::new(stream.source);
            if !again.ends().await {
                tracing::warn!(instance = %id, "the engine does not end the log of an instance that ended");
                again.end().await;
            }
        }
        match source.logs.flush().await {
            true => Ok(()),
            false => Err(LogError::Unstored {
                instance: source.instance.slot.label(),
            }
            .into()),
        }
    }

    /// Ends the stream of an instance whose node is lost: it would wait for ever.
    pub(super) async fn give_up(&mut self, id: &str) {
        if let Some(mut stream) = self.0.remove(id) {
            stream.end().await;
        }
    }

    /// Ends every stream; no line comes after.
    pub(super) async fn end(&mut self) {
        for (_, mut stream) in self.0.drain() {
            stream.end().await;
        }
    }
}

impl Stream {
    fn new(source: Source) -> Self {
        let task = tokio::spawn(source.clone().store());
        Self {
            source,
            task: AbortOnDropHandle::new(task),
        }
    }

    /// Whether it comes to its end, as long as lines come.
    async fn ends(&mut self) -> bool {
        let mut before = None;
        while timeout(NEXT_LINE, &mut self.task).await.is_err() {
            let came = self.source.came.load(Ordering::Relaxed);
            if before.replace(came) == Some(came) {
                return false;
            }
        }
        true
    }

    async fn end(&mut self) {
        self.task.abort();
        // That it was cancelled is what was asked.
        let _ = (&mut self.task).await;
    }
}

impl Source {
    async fn store(self) {
        while let Err(error) = self.store_once().await {
            let id = &self.instance.id;
            tracing::debug!(instance = %id, %error, "a log stream broke; taking it up again");
            tokio::time::sleep(RETRY).await;
        }
        self.wake.notify_one();
    }

    /// Stores lines until the instance ends (`Ok`) or its stream breaks (`Err`).
    async fn store_once(&self) -> Result<()> {
        let (logs, id) = (&self.logs, &self.instance.id);
        let slot = &self.instance.slot;
        let mut resume = logs.resume(&slot.service_id, id, Utc::now()).await?;
        let mut lines = self.engine.logs(id, resume.since).await?;
        while let Some(line) = lines.next().await {
            let line = line?;
            self.came.fetch_add(1, Ordering::Relaxed);
            let Some(nanos) = line.timestamp.timestamp_nanos_opt() else {
                continue;
            };
            let line = StoredLine {
                service_id: slot.service_id.clone(),
                engine_id: id.clone(),
                instance: slot.label(),
                nanos,
                stream: line.stream,
                message: line.message,
            };
            if !resume.has(&line) {
                logs.append(line).await;
            }
        }
        Ok(())
    }
}
