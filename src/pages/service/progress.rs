//! How long something goes on, and when it last moved: what tells a slow one from a stuck one.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use wire::build::Image;
use wire::open::Open;
use wire::release::{Deployment, Release, ReleaseState};

use crate::reactive::memo;
use crate::state::clock::{span, use_now};
use crate::words::duration;

/// Milliseconds that nobody would call a length.
const AT_ONCE: u64 = 50;

/// The instants of a piece of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether it goes on.
    pub is_under_way: bool,
    /// When it began.
    pub began: Option<DateTime<Utc>>,
    /// When it last moved.
    pub moved: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds, where that is known.
    pub took: Option<u64>,
}

impl Progress {
    /// Of a build.
    pub fn of_image(image: &Image) -> Self {
        let about = &image.image_metadata;
        Self {
            is_under_way: image.is_under_way(),
            began: about.started.or(image.created),
            moved: about.progressed.or(about.started).or(image.created),
            took: about.duration_ms,
        }
    }

    /// Of a release, which is there as soon as its image is.
    pub fn of_release(release: &Release, image: Option<&Image>) -> Self {
        let is_own = |image: &&Image| release.image.version == Some(image.version);
        let about = image.filter(is_own).map(|image| &image.image_metadata);
        let is_under_way = release.state() == Open::Known(ReleaseState::Pending);
        let took = || {
            let about = about?;
            let took = i64::try_from(about.duration_ms?).ok()?;
            let waited = (about.started? - release.created?).num_milliseconds() + took;
            // An image that was there before made nobody wait.
            u64::try_from(waited.max(0)).ok()
        };
        Self {
            is_under_way,
            began: release.created,
            moved: about.and_then(|about| about.progressed).or(release.created),
            took: (!is_under_way).then(took).flatten(),
        }
    }

    /// Of a deployment.
    pub fn of_deployment(deployment: &Deployment) -> Self {
        let is_under_way = deployment.is_under_way();
        let began = deployment.started.or(deployment.created);
        let took = || {
            let took = deployment.updated? - began?;
            u64::try_from(took.num_milliseconds()).ok()
        };
        Self {
            is_under_way,
            began,
            moved: deployment.progressed.or(began),
            took: (!is_under_way).then(took).flatten(),
        }
    }

    /// How long it took, or goes on.
    pub fn length(self, now: DateTime<Utc>) -> Option<String> {
        if !self.is_under_way {
            return self.took.map(|took| match took {
                ..AT_ONCE => "at once".to_owned(),
                took => duration(took),
            });
        }
        let milliseconds = (now - self.began?).num_seconds().max(0) * 1_000;
        u64::try_from(milliseconds).ok().map(seconds)
    }

    /// `12 s since the last progress`, while it goes on.
    pub fn silence(self, now: DateTime<Utc>) -> Option<String> {
        let seconds = (now - self.moved?).num_seconds();
        self.is_under_way
            .then(|| format!("{} since the last progress", span(seconds)))
    }
}

/// A length that changes every second shows no tenths.
fn seconds(milliseconds: u64) -> String {
    match milliseconds {
        ..10_000 => format!("{} s", milliseconds / 1_000),
        _ => duration(milliseconds),
    }
}

/// How long it took or goes on, kept up to date.
pub fn use_length(progress: impl Fn() -> Progress + Send + Sync + 'static) -> Memo<String> {
    use_words(progress, Progress::length)
}

/// How long it has been silent, kept up to date; empty once it has ended.
pub fn use_silence(progress: impl Fn() -> Progress + Send + Sync + 'static) -> Memo<String> {
    use_words(progress, Progress::silence)
}

/// Only what goes on changes with the clock.
fn use_words(
    progress: impl Fn() -> Progress + Send + Sync + 'static,
    words: fn(Progress, DateTime<Utc>) -> Option<String>,
) -> Memo<String> {
    let now = use_now();
    memo(move || {
        let progress = progress();
        let now = match progress.is_under_way {
            true => now.get(),
            false => now.get_untracked(),
        };
        words(progress, now).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::build::ImageMetadata;
    use wire::release::{DeploymentState, ReleaseImage};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn what_goes_on_tells_since_when_it_is_silent() {
        let progress = Progress {
            is_under_way: true,
            began: Some(at(100)),
            moved: Some(at(160)),
            took: None,
        };
        assert_eq!(progress.length(at(172)).as_deref(), Some("1 min 12 s"));
        assert_eq!(progress.length(at(104)).as_deref(), Some("4 s"));
        let silence = progress.silence(at(172));
        assert_eq!(silence.as_deref(), Some("12 s since the last progress"));
    }

    #[test]
    fn what_has_ended_tells_how_long_it_took() {
        let deployment = Deployment {
            state: Some(Open::Known(DeploymentState::Complete)),
            created: Some(at(90)),
            started: Some(at(100)),
            updated: Some(at(141)),
            ..Deployment::default()
        };
        let progress = Progress::of_deployment(&deployment);
        assert_eq!(progress.length(at(500)).as_deref(), Some("41 s"));
        assert_eq!(progress.silence(at(500)), None);
    }

    #[test]
    fn a_release_takes_as_long_as_its_image_makes_it_wait() {
        let mut release = Release {
            image: ReleaseImage {
                version: Some(4),
                ..ReleaseImage::default()
            },
            created: Some(at(100)),
            ..Release::default()
        };
        let image = |version, began| Image {
            version,
            image_metadata: ImageMetadata {
                started: Some(at(began)),
                duration_ms: Some(30_000),
                ..ImageMetadata::default()
            },
            ..Image::default()
        };
        let length = |release: &Release, image: &Image| {
            Progress::of_release(release, Some(image)).length(at(112))
        };
        assert_eq!(length(&release, &image(4, 101)).as_deref(), Some("12 s"));
        release.built = true;
        assert_eq!(length(&release, &image(4, 101)).as_deref(), Some("31 s"));
        assert_eq!(length(&release, &image(4, 50)).as_deref(), Some("at once"));
        assert_eq!(length(&release, &image(5, 101)), None, "another's image");
    }
}
