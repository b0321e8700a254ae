//! The registry through which the nodes get images that were made on a manager.

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::models::{OciPlatform, Platform};
use bollard::query_parameters::{PushImageOptionsBuilder, TagImageOptionsBuilder};
use futures_util::StreamExt;

use crate::engine::containers::failure::{self, refused, status};
use crate::engine::{EngineError, EngineResult};

/// A registry that every node reaches.
#[derive(Clone, Debug)]
pub struct Registry {
    /// `host[:port][/prefix]`.
    pub name: String,
    /// Who signs in there, where that is wanted.
    pub credentials: Option<Credentials>,
}

/// A user of a registry.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password or token.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// As the engine's API takes them.
    pub(super) fn credentials(&self) -> Option<DockerCredentials> {
        let known = self.credentials.as_ref()?;
        Some(DockerCredentials {
            username: Some(known.user.clone()),
            password: Some(known.password.clone()),
            serveraddress: Some(self.host().to_owned()),
            ..DockerCredentials::default()
        })
    }

    fn host(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// What an image of a manager is called there: `localhost/shop:1` is `registry/shop:1`.
    fn name_of(&self, reference: &str) -> String {
        let own = reference.strip_prefix("localhost/").unwrap_or(reference);
        format!("{}/{own}", self.name)
    }

    /// Makes sure that a manager reaches it: an image that no one has is asked for, and a registry
    /// says so.
    pub(super) async fn check(&self, docker: &Docker) -> EngineResult<()> {
        let nothing = format!("{}/pilothouse-none:none", self.name);
        match docker
            .inspect_registry_image(&nothing, self.credentials())
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => match failure::pull(&nothing, error) {
                EngineError::ImageNotFound { .. } => Ok(()),
                // Some say so of what there is not.
                EngineError::ImageDenied { .. } if self.credentials.is_none() => Ok(()),
                EngineError::RegistryUnreachable { why, .. } => Err(self.unreachable(&why)),
                error => Err(self.unreachable(&error.to_string())),
            },
        }
    }

    fn unreachable(&self, why: &str) -> EngineError {
        EngineError::Refused {
            what: format!("reaching the registry {}", self.name),
            why: format!(
                "{why}. The nodes get their images from there: start it, check --registry and its credentials, and that the managers trust it"
            ),
        }
    }

    /// Pushes an image of the manager, and tells the reference that hands out just this one.
    pub(super) async fn push(&self, docker: &Docker, reference: &str) -> EngineResult<String> {
        let name = self.name_of(reference);
        let (repository, tag) = name.rsplit_once(':').unwrap_or((&name, "latest"));
        let options = TagImageOptionsBuilder::new()
            .repo(repository)
            .tag(tag)
            .build();
        let tagged = docker.tag_image(reference, Some(options)).await;
        tagged.map_err(|error| failure::pull(reference, error))?;
        let options = PushImageOptionsBuilder::new().tag(tag).build();
        let mut steps = docker.push_image(repository, Some(options), self.credentials());
        while let Some(step) = steps.next().await {
            let step = step.map_err(|error| self.not_taken(&name, failure::words(error)))?;
            if let Some(why) = step.error_detail.and_then(|detail| detail.message) {
                return Err(self.not_taken(&name, why));
            }
        }
        self.pinned(docker, &name)
            .await?
            .ok_or_else(|| self.not_taken(&name, "it tells no digest".to_owned()))
    }

    /// The reference under which the registry hands out just the image that has this name here.
    pub(super) async fn pinned(
        &self,
        docker: &Docker,
        reference: &str,
    ) -> EngineResult<Option<String>> {
        let image = match docker.inspect_image(reference).await {
            Ok(image) => image,
            Err(error) if status(&error) == Some(404) => return Ok(None),
            Err(error) => return Err(refused(format!("reading the image {reference}"), error)),
        };
        let prefix = format!("{}/", self.name);
        let digests = image.repo_digests.unwrap_or_default();
        Ok(digests
            .into_iter()
            .find(|digest| digest.starts_with(&prefix)))
    }

    /// The platforms that an image is for, as a registry tells; none where it can't be asked: the nodes
    /// then find out themselves.
    pub(super) async fn platforms(&self, docker: &Docker, reference: &str) -> Vec<Platform> {
        let asked = docker.inspect_registry_image(reference, self.credentials());
        let Ok(told) = asked.await else {
            return Vec::new();
        };
        // What a builder keeps beside an image is for no platform.
        let known = |word: &Option<String>| word.as_ref().is_some_and(|word| word != "unknown");
        let platforms = told.platforms.into_iter();
        let platforms = platforms.filter(|one| known(&one.os) && known(&one.architecture));
        let platform = |one: OciPlatform| Platform {
            architecture: one.architecture,
            os: one.os,
        };
        platforms.map(platform).collect()
    }

    fn not_taken(&self, name: &str, why: String) -> EngineError {
        match failure::pull_words(name, why) {
            EngineError::RegistryUnreachable { why, .. } => self.unreachable(&why),
            error => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_keeps_its_name_in_the_registry() {
        let registry = Registry {
            name: "registry.test:5000/acme".to_owned(),
            credentials: None,
        };
        assert_eq!(
            registry.name_of("localhost/pilothouse/s1:v2"),
            "registry.test:5000/acme/pilothouse/s1:v2"
        );
        assert_eq!(registry.host(), "registry.test:5000");
    }

    #[test]
    fn a_password_is_not_told() {
        let credentials = Credentials {
            user: "ada".to_owned(),
            password: "s3cret".to_owned(),
        };
        let told = format!("{credentials:?}");
        assert!(told.contains("ada") && !told.contains("s3cret"), "{told}");
    }
}
