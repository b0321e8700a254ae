//! Stores the lines of every instance, each once, across restarts of the platform and the engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::DateTime;
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::domain::{Platform, Result};
use crate::engine::EngineInstance;
use crate::logs::StoredLine;

/// How long the next of the last lines of an instance that ended may take to arrive.
const NEXT_LINE: Duration = Duration::from_secs(3);
/// The pause before a stream that broke is taken up again.
const RETRY: Duration = Duration::from_secs(2);

/// The streams of one service's instances, by the engine's id.
#[derive(Debug, Default)]
pub(super) struct Intake(HashMap<String, Stream>);

/// One instance's lines on their way to the disk.
#[derive(Debug)]
struct Stream {
    task: JoinHandle<()>,
    /// How many lines came.
    stored: Arc<AtomicU64>,
}

impl Intake {
    /// Follows the lines of every instance that is not followed yet. An end of a stream means that
    /// its instance ended: that wakes the service's task.
    pub(super) fn follow(
        &mut self,
        platform: &Arc<Platform>,
        instances: &[EngineInstance],
        wake: &Arc<Notify>,
    ) {
        for instance in instances {
            if !self.0.contains_key(&instance.id) {
                let stored = Arc::new(AtomicU64::new(0));
                let lines = store_lines(
                    Arc::clone(platform),
                    instance.clone(),
                    Arc::clone(&stored),
                    Arc::clone(wake),
                );
                let task = tokio::spawn(lines);
                self.0.insert(instance.id.clone(), Stream { task, stored });
            }
        }
    }

    /// Waits for the last lines of an instance that ended, as long as some come.
    pub(super) async fn finish(&mut self, id: &str) {
        let Some(mut stream) = self.0.remove(id) else {
            return;
        };
        let mut before = None;
        while timeout(NEXT_LINE, &mut stream.task).await.is_err() {
            let stored = stream.stored.load(Ordering::Relaxed);
            if before.replace(stored) == Some(stored) {
                stream.task.abort();
                return;
            }
        }
    }

    /// Ends every stream; no line comes after.
    pub(super) async fn end(&mut self) {
        for (_, stream) in self.0.drain() {
            stream.task.abort();
            // That it was cancelled is what was asked.
            let _ = stream.task.await;
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        for stream in self.0.values() {
            stream.task.abort();
        }
    }
}

async fn store_lines(
    platform: Arc<Platform>,
    instance: EngineInstance,
    stored: Arc<AtomicU64>,
    wake: Arc<Notify>,
) {
    while let Err(error) = stream_once(&platform, &instance, &stored).await {
        tracing::debug!(instance = %instance.id, %error, "a log stream broke; taking it up again");
        tokio::time::sleep(RETRY).await;
    }
    wake.notify_one();
}

/// Stores lines until the instance ends (`Ok`) or its stream breaks (`Err`).
async fn stream_once(
    platform: &Platform,
    instance: &EngineInstance,
    stored: &AtomicU64,
) -> Result<()> {
    let slot = &instance.slot;
    let cursor = platform.logs.cursor(&slot.service_id, &instance.id).await?;
    // Asked from the cursor's second on, the engine repeats just the lines that it counted.
    let since = cursor.and_then(|cursor| DateTime::from_timestamp(cursor.second, 0));
    let mut repeated = cursor.map_or(0, |cursor| cursor.stored);
    let mut lines = platform.engine.logs(&instance.id, since).await?;
    while let Some(line) = lines.next().await {
        let line = line?;
        if repeated > 0 {
            repeated -= 1;
            continue;
        }
        let Some(nanos) = line.timestamp.timestamp_nanos_opt() else {
            continue;
        };
        let line = StoredLine {
            service_id: slot.service_id.clone(),
            engine_id: instance.id.clone(),
            instance: slot.label(),
            nanos,
            stream: line.stream,
            message: line.message,
        };
        platform.logs.append(line).await;
        stored.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
