//! The newest image and release of a service, for platforms whose services do not tell of them.

use leptos::prelude::*;
use wire::build::PageQuery;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{ListImages, ListReleases};
use wire::service::VersionSummary;

use crate::api::{call, use_connection};
use crate::pages::service::Here;
use crate::reactive::memo;
use crate::state::remote::Remote;

/// Milliseconds until the lists are read again.
const PACE: u32 = 5_000;

/// The newest of the lists of images and releases.
pub fn use_newest(here: Here) -> (Memo<Option<VersionSummary>>, Memo<Option<VersionSummary>>) {
    let connection = use_connection();
    let images = Remote::new(
        move || {
            let query = PageQuery {
                page: 1,
                per_page: 1,
            };
            let params = here.params.get();
            Some(call::<ListImages>(&connection, &params, &query, &NoBody))
        },
        |_| Some(PACE),
    );
    let connection = use_connection();
    let releases = Remote::new(
        move || {
            let params = here.params.get();
            Some(call::<ListReleases>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        |_| Some(PACE),
    );
    let image = memo(move || {
        let images = images.get()?;
        let newest = images.items.iter().max_by_key(|image| image.version)?;
        let words = newest.state().to_string();
        Some(summary(&newest.id, newest.version, words))
    });
    let release = memo(move || {
        let releases = releases.get()?;
        let newest = releases.iter().max_by_key(|release| release.version)?;
        let words = newest.state().to_string();
        Some(summary(&newest.id, newest.version, words))
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
