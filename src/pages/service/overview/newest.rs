//! The newest image and release of a service, for platforms whose services do not tell of them.

use leptos::prelude::*;
use wire::service::VersionSummary;

use crate::pages::service::Here;
use crate::pages::service::images::use_images;
use crate::pages::service::releases::use_releases;
use crate::reactive::memo;

/// The newest of the lists of images and releases.
pub fn use_newest(here: Here) -> (Memo<Option<VersionSummary>>, Memo<Option<VersionSummary>>) {
    let images = use_images(here, memo(|| 1));
    let releases = use_releases(here);
    let image = memo(move || {
        let images = images.get()?;
        let newest = images.items.iter().max_by_key(|image| image.version)?;
        let state = newest.state().to_string();
        Some(summary(&newest.id, newest.version, state))
    });
    let release = memo(move || {
        let releases = releases.get()?;
        let newest = releases.iter().max_by_key(|release| release.version)?;
        let state = newest.state().to_string();
        Some(summary(&newest.id, newest.version, state))
    });
    (image, release)
}

fn summary(id: &str, version: u32, state: String) -> VersionSummary {
    VersionSummary {
        id: id.to_owned(),
        version,
        state: Some(state),
        error: None,
        created: None,
        awaits_approval: None,
    }
}
