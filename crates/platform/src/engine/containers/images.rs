//! Images: there already, fetched, or built.

use std::collections::VecDeque;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{BuildImageOptionsBuilder, CreateImageOptionsBuilder};
use bytes::Bytes;
use futures_util::StreamExt;

use super::failure;
use super::layers::Layers;
use crate::engine::{EngineError, EngineResult, FetchProgress};

/// How long a pull or a build may take in all. Engines may say nothing for minutes while they work.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Lines of a build that an error repeats.
const LAST_LINES: usize = 10;

/// Whether an image is there already.
pub(super) async fn is_there(docker: &Docker, reference: &str) -> EngineResult<bool> {
    match docker.inspect_image(reference).await {
        Ok(_) => Ok(true),
        // Podman answers 500 for names that it can't resolve; the pull says it better.
        Err(error) if failure::status(&error).is_some() => Ok(false),
        Err(error) => Err(failure::pull(reference, error)),
    }
}

/// Fetches an image from its registry.
pub(super) async fn fetch(
    docker: &Docker,
    reference: &str,
    progress: &FetchProgress,
) -> EngineResult<()> {
    within(pull(docker, reference, progress))
        .await
        .unwrap_or_else(|| {
            Err(EngineError::RegistryUnreachable {
                reference: reference.to_owned(),
                why: format!(
                    "it did not arrive within {} minutes",
                    TIMEOUT.as_secs() / 60
                ),
            })
        })
}

async fn pull(docker: &Docker, reference: &str, progress: &FetchProgress) -> EngineResult<()> {
    let docker = docker.clone().with_timeout(TIMEOUT);
    let options = CreateImageOptionsBuilder::new()
        .from_image(&with_tag(reference))
        .build();
    let mut steps = docker.create_image(Some(options), None, None);
    let mut layers = Layers::default();
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| failure::pull(reference, error))?;
        layers.take(&step);
        let (done, total) = layers.sum();
        progress.set(done, total);
        if let Some(why) = step.error_detail.and_then(|detail| detail.message) {
            return Err(failure::pull_words(reference, why));
        }
    }
    Ok(())
}

/// Builds an image from a tar of its context.
pub(super) async fn build(docker: &Docker, tag: &str, context: Bytes) -> EngineResult<()> {
    within(run_build(docker, tag, context))
        .await
        .unwrap_or_else(|| {
            Err(EngineError::BuildFailed {
                tag: tag.to_owned(),
                why: format!("it did not end within {} minutes", TIMEOUT.as_secs() / 60),
            })
        })
}

async fn run_build(docker: &Docker, tag: &str, context: Bytes) -> EngineResult<()> {
    let docker = docker.clone().with_timeout(TIMEOUT);
    let options = BuildImageOptionsBuilder::new()
        .dockerfile("Dockerfile")
        .t(tag)
        .rm(true)
        .build();
    let mut steps = docker.build_image(options, None, Some(bollard::body_full(context)));
    let mut log = VecDeque::new();
    while let Some(step) = steps.next().await {
        let failed = match step {
            Ok(step) => {
                let lines = step.stream.unwrap_or_default();
                remember(&mut log, &lines);
                step.error_detail.and_then(|detail| detail.message)
            }
            Err(error) => match failure::refused("", error) {
                EngineError::Refused { why, .. } => Some(why),
                unavailable => return Err(unavailable),
            },
        };
        if let Some(why) = failed {
            log.push_back(why);
            return Err(EngineError::BuildFailed {
                tag: tag.to_owned(),
                why: log.make_contiguous().join("\n"),
            });
        }
    }
    Ok(())
}

/// Keeps the last lines.
fn remember(log: &mut VecDeque<String>, lines: &str) {
    for line in lines
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        if log.len() == LAST_LINES {
            log.pop_front();
        }
        log.push_back(line.to_owned());
    }
}

async fn within<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(TIMEOUT, work).await.ok()
}

/// A reference that names no tag means `latest`; the engine would pull every tag there is.
fn with_tag(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    if last.contains([':', '@']) {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reference_without_a_tag_gets_one() {
        assert_eq!(
            with_tag("localhost:5000/shop"),
            "localhost:5000/shop:latest"
        );
        for whole in ["shop:1", "localhost:5000/shop:1", "shop@sha256:00"] {
            assert_eq!(with_tag(whole), whole);
        }
    }

    #[test]
    fn an_error_repeats_the_last_lines_only() {
        let mut log = VecDeque::new();
        for line in 0..30 {
            remember(&mut log, &format!("step {line}\n\n"));
        }
        assert_eq!(log.len(), LAST_LINES);
        assert_eq!(log.back().map(String::as_str), Some("step 29"));
    }
}
