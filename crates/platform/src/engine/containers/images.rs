//! Images: there already, fetched, and what is known of them.

use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, RemoveImageOptions, TagImageOptionsBuilder,
};
use futures_util::{Stream, StreamExt};
use pilothouse_wire::image::ImageReference;

use super::failure;
use super::layers::Layers;
use crate::engine::{EngineError, EngineResult, FetchProgress, ImageFacts};

/// How long a pull may take in all.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How long a pull may go on without a word. Engines say nothing while they unpack a layer, which
/// takes minutes for the largest; a registry that hangs says nothing for ever.
const SILENCE: Duration = Duration::from_secs(10 * 60);

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
    // An id is known on the machine alone that made it.
    if reference.starts_with("sha256:") {
        let reference = reference.to_owned();
        return Err(EngineError::ImageGone { reference });
    }
    let pulled = tokio::time::timeout(TIMEOUT, pull(docker, reference, progress)).await;
    pulled.unwrap_or_else(|_| Err(too_slow(reference, "it did not arrive within", TIMEOUT)))
}

async fn pull(docker: &Docker, reference: &str, progress: &FetchProgress) -> EngineResult<()> {
    let docker = docker.clone().with_timeout(TIMEOUT);
    let options = CreateImageOptionsBuilder::new()
        .from_image(&with_tag(reference))
        .build();
    let mut steps = docker.create_image(Some(options), None, None);
    let mut layers = Layers::default();
    while let Some(step) = next_within(SILENCE, &mut steps)
        .await
        .map_err(|Silent| too_slow(reference, "nothing of it arrived for", SILENCE))?
    {
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

/// What is known of an image that is there.
pub(super) async fn facts(docker: &Docker, reference: &str) -> EngineResult<ImageFacts> {
    let image = docker
        .inspect_image(reference)
        .await
        .map_err(|error| failure::pull(reference, error))?;
    let exposed = image.config.and_then(|config| config.exposed_ports);
    let mut exposed_ports: Vec<u16> = exposed
        .iter()
        .flatten()
        .filter_map(|port| port.strip_suffix("/tcp")?.parse().ok())
        .collect();
    exposed_ports.sort_unstable();
    Ok(ImageFacts {
        id: image.id.unwrap_or_default(),
        pinned: pinned(reference, &image.repo_digests.unwrap_or_default()),
        size: image.size.and_then(|size| u64::try_from(size).ok()),
        exposed_ports,
    })
}

/// The name and digest under which the image's registry hands it out, where it has one.
fn pinned(reference: &str, digests: &[String]) -> Option<String> {
    let name = ImageReference::new(reference).ok()?;
    let parts = name.parts();
    // What was built here is in no registry.
    if parts.registry == Some("localhost") {
        return None;
    }
    let of_name = |digest: &&String| {
        digest
            .split_once('@')
            .is_some_and(|(name, _)| name.ends_with(parts.repository))
    };
    digests.iter().find(of_name).cloned()
}

/// Gives an image a name more: `repository:tag`.
pub(super) async fn tag(docker: &Docker, reference: &str, name: &str) -> EngineResult<()> {
    let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
    let options = TagImageOptionsBuilder::new()
        .repo(repository)
        .tag(tag)
        .build();
    let tagged = docker.tag_image(reference, Some(options)).await;
    tagged.map_err(|error| failure::refused(format!("naming the image {reference}"), error))
}

/// Removes an image that nothing runs.
pub(super) async fn remove(docker: &Docker, reference: &str) -> EngineResult<()> {
    let removed = docker
        .remove_image(reference, None::<RemoveImageOptions>, None)
        .await;
    match removed {
        // Gone already, or in use.
        Err(error) if matches!(failure::status(&error), Some(404 | 409)) => Ok(()),
        Err(error) => Err(failure::refused(
            format!("removing the image {reference}"),
            error,
        )),
        Ok(_) => Ok(()),
    }
}

/// Nothing came in time.
#[derive(Debug, PartialEq, Eq)]
struct Silent;

/// The next of a stream, if it comes in time.
async fn next_within<S: Stream + Unpin>(
    patience: Duration,
    stream: &mut S,
) -> Result<Option<S::Item>, Silent> {
    tokio::time::timeout(patience, stream.next())
        .await
        .map_err(|_| Silent)
}

fn too_slow(reference: &str, what: &str, limit: Duration) -> EngineError {
    EngineError::RegistryUnreachable {
        reference: reference.to_owned(),
        why: format!("{what} {} minutes", limit.as_secs() / 60),
    }
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

    #[tokio::test]
    async fn a_pull_that_goes_silent_is_given_up() {
        let mut words = futures_util::stream::iter([1, 2]).chain(futures_util::stream::pending());
        assert_eq!(next_within(SILENCE, &mut words).await, Ok(Some(1)));
        assert_eq!(next_within(SILENCE, &mut words).await, Ok(Some(2)));
        assert_eq!(next_within(Duration::ZERO, &mut words).await, Err(Silent));
        let error = too_slow("r.test/shop:1", "nothing of it arrived for", SILENCE);
        assert!(
            error
                .to_string()
                .contains("nothing of it arrived for 10 minutes")
        );
    }

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
    fn an_image_is_pinned_under_its_own_name() {
        let digests = ["docker.io/library/redis@sha256:aa".to_owned()];
        assert_eq!(
            pinned("redis:7", &digests).as_deref(),
            Some("docker.io/library/redis@sha256:aa")
        );
        assert_eq!(pinned("ghcr.io/acme/api:1", &digests), None);
        let local = ["localhost/shop@sha256:bb".to_owned()];
        assert_eq!(pinned("localhost/shop:1", &local), None);
    }
}
