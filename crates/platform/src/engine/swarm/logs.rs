//! A task's lines, from whichever node it runs on.

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pilothouse_wire::logs::LogStream;
use std::time::Duration;

use crate::engine::containers::failure::{status, unavailable};
use crate::engine::containers::logs::Assembler;
use crate::engine::{EngineLine, EngineResult};

/// How long a task may stay silent; the stream is then taken up again.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Follows a task's lines from an instant on, until it ends or is gone. Lines of the second of `since`
/// come again: the reader knows which it has.
pub(super) fn follow(
    docker: &Docker,
    id: &str,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'static, EngineResult<EngineLine>> {
    let second = since.map_or(0, |since| since.timestamp());
    let options = LogsOptionsBuilder::new()
        .follow(true)
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
    let lines = stream::unfold(
        (frames, Assembler::default()),
        |(mut frames, mut assembler)| async {
            let lines = match frames.next().await? {
                Ok(frame) => {
                    let (stream, bytes) = parts(&frame);
                    assembler.push(stream, bytes).into_iter().map(Ok).collect()
                }
                // Removed, and its lines with it.
                Err(error) if status(&error) == Some(404) => return None,
                Err(error) => vec![Err(unavailable(error))],
            };
            Some((stream::iter(lines), (frames, assembler)))
        },
    );
    lines.flatten().boxed()
}

fn parts(frame: &LogOutput) -> (LogStream, &[u8]) {
    match frame {
        LogOutput::StdErr { message } => (LogStream::Stderr, message),
        LogOutput::StdOut { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message } => (LogStream::Stdout, message),
    }
}
