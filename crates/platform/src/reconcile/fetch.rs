//! An image on its way. It may take minutes, during which the rest of its service is looked after.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::{Engine, EngineError, EngineResult, FetchProgress};

/// The image that a service waits for, if it does. Dropping it ends the fetch.
#[derive(Debug, Default)]
pub(super) struct Fetch(Option<Fetching>);

#[derive(Debug)]
struct Fetching {
    image: String,
    progress: Arc<FetchProgress>,
    /// How far it was when that was last asked.
    seen: Option<(u64, Option<u64>)>,
    task: AbortOnDropHandle<EngineResult<()>>,
}

impl Fetch {
    /// Whether an image is there. Where it is not it begins to be fetched, and `wake` hears when
    /// that has ended; an error says why a fetch failed.
    pub(super) async fn is_there(
        &mut self,
        engine: &Arc<dyn Engine>,
        image: &str,
        wake: &Arc<Notify>,
    ) -> EngineResult<bool> {
        match self.0.take_if(|fetching| fetching.image == image) {
            Some(fetching) if !fetching.task.is_finished() => {
                self.0 = Some(fetching);
                Ok(false)
            }
            Some(fetching) => match fetching.task.await {
                Ok(fetched) => fetched.map(|()| true),
                Err(fault) => Err(EngineError::Refused {
                    what: format!("fetching {image}"),
                    why: fault.to_string(),
                }),
            },
            None if engine.has_image(image).await? => Ok(true),
            None => {
                self.0 = Some(begin(
                    Arc::clone(engine),
                    image.to_owned(),
                    Arc::clone(wake),
                ));
                Ok(false)
            }
        }
    }

    /// Whether it came any further since this was last asked. Once all is here the engine unpacks it,
    /// without a word: that counts too, and the fetch itself ends one that takes for ever.
    pub(super) fn has_moved(&mut self) -> bool {
        let Some(fetching) = &mut self.0 else {
            return false;
        };
        let now = fetching.progress.bytes();
        let is_whole = now.1.is_some_and(|total| now.0 >= total);
        fetching.seen.replace(now) != Some(now) || is_whole
    }

    /// What is being fetched and how far it is, for people.
    pub(super) fn words(&self) -> Option<String> {
        let Fetching {
            image, progress, ..
        } = self.0.as_ref()?;
        Some(match progress.words() {
            Some(how_far) => format!("fetching the image {image}: {how_far}"),
            None => format!("fetching the image {image}"),
        })
    }
}

fn begin(engine: Arc<dyn Engine>, image: String, wake: Arc<Notify>) -> Fetching {
    let progress = Arc::<FetchProgress>::default();
    let fetched = {
        let (image, progress) = (image.clone(), Arc::clone(&progress));
        async move {
            let fetched = engine.fetch_image(&image, &progress).await;
            wake.notify_one();
            fetched
        }
    };
    Fetching {
        image,
        progress,
        seen: None,
        task: AbortOnDropHandle::new(tokio::spawn(fetched)),
    }
}
