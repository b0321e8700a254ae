//! What builds that bring no image leave behind: the images of the steps that went well.
//!
//! Engines keep them so that the next build may begin there, and never remove them. A step's image is
//! known by the line that the engine tells it with, and is removed only if it was made while the build
//! went on, has no name and nothing needs it. Those that the build found in the engine's cache stay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as ApiError;
use bollard::query_parameters::RemoveImageOptionsBuilder;
use chrono::{DateTime, Utc};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::describe::INSTALLATION;
use super::failure;

/// The most images of one build that are looked at. No recipe has as many steps; what a step prints
/// may look like them.
const MOST: usize = 500;
/// How often the removal of one is tried, and the pause in between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// How short an engine's id may be, and how long.
const ID: std::ops::RangeInclusive<usize> = 11..=64;

/// What builds have left behind on one engine.
pub(super) struct Leftovers {
    docker: Docker,
    installation: String,
    /// Held by every build: between two of its steps nothing else holds the image of the first.
    going_on: Arc<RwLock<()>>,
    waiting: Mutex<Vec<Made>>,
}

/// The images that one build has made so far, the newest last.
#[derive(Debug)]
struct Made {
    since: DateTime<Utc>,
    ids: VecDeque<String>,
}

/// A build that goes on.
pub(super) struct Making {
    leftovers: Arc<Leftovers>,
    made: Made,
    _going_on: OwnedRwLockReadGuard<()>,
}

impl Leftovers {
    pub(super) fn new(docker: Docker, installation: &str) -> Arc<Self> {
        Arc::new(Self {
            docker,
            installation: installation.to_owned(),
            going_on: Arc::default(),
            waiting: Mutex::default(),
        })
    }

    /// A build begins.
    pub(super) async fn begin(self: &Arc<Self>) -> Making {
        let going_on = Arc::clone(&self.going_on).read_owned().await;
        Making {
            leftovers: Arc::clone(self),
            made: Made {
                since: Utc::now(),
                ids: VecDeque::new(),
            },
            _going_on: going_on,
        }
    }

    /// Removes what is left, if no build goes on; otherwise the last of those does it.
    async fn remove(&self) {
        let Ok(_alone) = self.going_on.try_write() else {
            return;
        };
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        for made in waiting {
            for id in made.ids.iter().rev() {
                self.remove_left_over(id, made.since).await;
            }
        }
    }

    /// Removes an image if it was made since then, for nothing but a step.
    async fn remove_left_over(&self, id: &str, since: DateTime<Utc>) {
        let mut attempt = 1;
        while let Err(error) = self.try_remove(id, since).await {
            // It is gone, or something needs it: another image, or a container. Podman also fails
            // where another image goes while it looks.
            let is_settled = matches!(failure::status(&error), Some(404 | 409));
            if is_settled || attempt == ATTEMPTS {
                tracing::debug!(%id, %error, "the image of a build's step stays");
                return;
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_remove(&self, id: &str, since: DateTime<Utc>) -> Result<(), ApiError> {
        let image = self.docker.inspect_image(id).await?;
        let labels = image.config.and_then(|config| config.labels);
        // Docker labels the last step alone.
        let owner = labels.as_ref().and_then(|labels| labels.get(INSTALLATION));
        let is_left_over = image.repo_tags.unwrap_or_default().is_empty()
            && owner.is_none_or(|owner| *owner == self.installation)
            && image.created.is_some_and(|created| created >= since);
        if !is_left_over {
            return Ok(());
        }
        // Not those below it, which may have been there before.
        let options = RemoveImageOptionsBuilder::new().noprune(true).build();
        let removed = self.docker.remove_image(id, Some(options), None).await;
        removed.map(drop)
    }
}

impl Making {
    /// One that began then.
    pub(super) fn since(mut self, since: DateTime<Utc>) -> Self {
        self.made.since = since;
        self
    }

    /// Takes in what the engine says.
    pub(super) fn hears(&mut self, text: &str) {
        for id in text.lines().filter_map(step_image) {
            let ids = &mut self.made.ids;
            if ids.iter().any(|known| known == id) {
                continue;
            }
            if ids.len() == MOST {
                ids.pop_front();
            }
            ids.push_back(id.to_owned());
        }
    }

    /// The build has ended.
    pub(super) async fn end(self, is_built: bool) {
        let Self {
            leftovers,
            made,
            _going_on: going_on,
        } = self;
        if !is_built {
            let mut waiting = leftovers
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            waiting.push(made);
        }
        drop(going_on);
        leftovers.remove().await;
    }
}

/// The image that a line tells the end of a step with: `--> c37758f5e72`, with Docker ` ---> …`.
fn step_image(line: &str) -> Option<&str> {
    let line = line.trim();
    let id = line
        .strip_prefix("--->")
        .or_else(|| line.strip_prefix("-->"))?
        .trim_start();
    let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && ID.contains(&id.len())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steps_image_is_known_by_its_line() {
        assert_eq!(step_image("--> c37758f5e72"), Some("c37758f5e72"));
        assert_eq!(step_image(" ---> 5f70bf18a086"), Some("5f70bf18a086"));
        for line in [
            "--> Using cache cb9672465aa9b06e5891f8884650b5503bdffab12b4b6ba7ce70e0b3d242ecbb",
            " ---> Running in 5f70bf18a086",
            "--> ",
            "--> c3775",
            "STEP 2/3: COPY . /",
            "c37758f5e72",
        ] {
            assert_eq!(step_image(line), None, "{line}");
        }
    }
}
