//! A task's lines, from whichever node it runs on.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error as ApiError;
use bollard::query_parameters::LogsOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::time::Duration;

use super::tasks;
use crate::engine::containers::failure::{status, unavailable};
use crate::engine::containers::logs::{Assembler, parts};
use crate::engine::{EngineLine, EngineResult};

/// How long a task may stay silent; the stream is then taken up again.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A task's lines from an instant on, until it ends or is gone. Lines of the second of `since` come again:
/// the reader knows which it has.
///
/// # Errors
/// The manager does not answer.
pub(super) async fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> EngineResult<BoxStream<'static, EngineResult<EngineLine>>> {
    // The Swarm would wait for more of a task that has ended.
    let goes_on = match docker.inspect_task(id).await {
        Ok(task) => tasks::goes_on(&task),
        Err(error) if status(&error) == Some(404) => return Ok(stream::empty().boxed()),
        Err(error) => return Err(unavailable(error)),
    };
    let second = since.map_or(0, |since| since.timestamp());
    let options = LogsOptionsBuilder::new()
        .follow(goes_on)
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .since(i32::try_from(second).unwrap_or(0))
        .build();
    let frames = docker
        .clone()
        .with_timeout(SILENCE)
        .task_logs(id, Some(options))
        .boxed();
    Ok(lines(frames))
}

/// The lines of frames; at their end also those that were never ended.
fn lines(
    frames: BoxStream<'static, Result<LogOutput, ApiError>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let begin = Some((frames, Assembler::default()));
    let lines = stream::unfold(begin, |reading| async {
        let (mut frames, mut assembler) = reading?;
        let (lines, goes_on) = match frames.next().await {
            Some(Ok(frame)) => {
                let (stream, bytes) = parts(&frame);
                (told(assembler.push(stream, bytes)), true)
            }
            None => (told(assembler.finish()), false),
            // Removed, and its lines with it.
            Some(Err(error)) if status(&error) == Some(404) => (told(assembler.finish()), false),
            Some(Err(error)) => (vec![Err(unavailable(error))], false),
        };
        Some((stream::iter(lines), goes_on.then_some((frames, assembler))))
    });
    lines.flatten().boxed()
}

fn told(lines: Vec<EngineLine>) -> Vec<EngineResult<EngineLine>> {
    lines.into_iter().map(Ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &'static str) -> Result<LogOutput, ApiError> {
        Ok(LogOutput::StdOut {
            message: text.into(),
        })
    }

    #[tokio::test]
    async fn the_last_line_is_told_though_it_never_ended() {
        let frames = [
            frame("2026-01-01T00:00:00.000000001Z first\n"),
            frame("2026-01-01T00:00:00.000000002Z last"),
        ];
        let read = lines(stream::iter(frames).boxed())
            .collect::<Vec<_>>()
            .await;
        let read: Vec<String> = read.into_iter().map(|line| line.unwrap().message).collect();
        assert_eq!(read, ["first", "last"]);
    }

    #[tokio::test]
    async fn a_stream_that_breaks_ends_with_why() {
        let broken = Err(ApiError::RequestTimeoutError);
        let frames = [
            frame("2026-01-01T00:00:00.000000001Z first\n"),
            broken,
            frame("x"),
        ];
        let read = lines(stream::iter(frames).boxed())
            .collect::<Vec<_>>()
            .await;
        assert!(matches!(read.as_slice(), [Ok(_), Err(_)]), "{read:?}");
    }
}
