//! What was released of a service: the newest of its releases, and one of them in full.

pub mod compare;
pub mod deployments;
pub mod detail;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetReleaseVerdict, ListReleases};
use wire::open::Open;
use wire::path::ServiceParams;
use wire::release::{Release, ReleaseState};

use super::Here;
use super::actions::Actions;
use super::follow::watch_newest;
use super::images::use_last;
use crate::api::{answers, call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::feedback::Empty;
use crate::components::focus::take_focus;
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::components::status::{release_state, state_mark};
use crate::pages::parts::{freshness, loaded, maybe_instant};
use crate::pages::service::verdict::RunningVerdict;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, query_step};
use crate::state::remote::Remote;
use crate::words::{differences, short};
use detail::ReleaseDetail;

/// The releases of a service, or one of them.
#[component]
pub fn ReleasesTab(here: Here, actions: Actions) -> impl IntoView {
    let opened = query_step("release");
    let version = memo(move || opened.get.with(|text| text.parse::<u32>().ok()));
    let releases = use_releases(here);
    let last = use_last(version);
    let has_verdict = answers::<GetReleaseVerdict>();
    watch_newest(here.deployment, move || releases.refresh());

    let list = move || {
        view! {
            <When is=move || has_verdict>
                <RunningVerdict here />
            </When>
            <Panel title="Releases" aside=move || freshness(releases.held()) flush=true>
                {loaded(
                    releases,
                    6,
                    move |releases| list(here, actions, releases, last.get_untracked()),
                )}
            </Panel>
        }
    };
    dynamic(move || match version.get() {
        Some(version) => view! { <ReleaseDetail here actions version releases /> }.into_any(),
        None => list().into_any(),
    })
}

/// Releases do not change by themselves but for those that wait for their image.
pub fn use_releases(here: Here) -> Remote<Vec<Release>> {
    let connection = use_connection();
    Remote::new(
        move || {
            let params = here.params.get();
            Some(call::<ListReleases>(
                &connection,
                &params,
                &NoQuery,
                &NoBody,
            ))
        },
        |releases| {
            let waits = Open::Known(ReleaseState::Pending);
            let is_moving = releases.iter().any(|release| release.state() == waits);
            Some(if is_moving { 2_000 } else { 30_000 })
        },
    )
}

fn list(
    here: Here,
    actions: Actions,
    releases: Signal<Arc<Vec<Release>>>,
    last: Option<u32>,
) -> AnyView {
    let is_empty = memo(move || releases.with(|releases| releases.is_empty()));
    let versions = move || {
        let releases = releases.get();
        let versions = releases.iter().map(|release| release.version);
        versions.collect::<Vec<_>>()
    };
    let row = move |version: u32| {
        let release = memo(move || {
            let releases = releases.get();
            let release = releases.iter().find(|release| release.version == version);
            release.cloned()
        });
        let link = NodeRef::<html::A>::new();
        if last == Some(version) {
            take_focus(link);
        }
        let params = here.params.get_untracked();
        let cells = move || match release.get() {
            Some(release) => cells(&params, &release, link).into_any(),
            None => ().into_any(),
        };
        view! { <tr>{dynamic(cells)}</tr> }
    };
    dynamic(move || match is_empty.get() {
        true => none(here, actions),
        false => view! {
            <div class="scrollx" role="group" aria-label="Releases" tabindex="0">
                <table class="table links">
                    <thead>
                        <tr>
                            <th>"Version"</th>
                            <th>"State"</th>
                            <th>"Image"</th>
                            <th>"Changes"</th>
                            <th class="num">"When"</th>
                            <th>"By"</th>
                            <th>"Why"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=versions key=|version| *version children=row />
                    </tbody>
                </table>
            </div>
        }
        .into_any(),
    })
}

fn cells(
    params: &ServiceParams,
    release: &Release,
    link: NodeRef<html::A>,
) -> impl IntoView + use<> {
    let mark = release_state(&release.state());
    let image = image(release);
    let why = release.message.clone().unwrap_or_default();
    view! {
        <td class="name">
            <a node_ref=link href=Address::release(params, release.version)>
                {format!("v{}", release.version)}
            </a>
        </td>
        <td>
            <span class="state-line">
                {state_mark(mark)}
                {release.current.then(|| view! { <span class="chip outline">"current"</span> })}
            </span>
        </td>
        <td class="mono dim" title=image.clone()>
            {image.clone()}
        </td>
        <td class="dim">{changes(release)}</td>
        <td class="num dim">{maybe_instant(release.created)}</td>
        <td class="dim">{release.deployed_by.clone()}</td>
        <td class="dim message" title=why.clone()>
            {why.clone()}
        </td>
    }
}

/// `v112 · 4be10a2`, or the reference.
pub fn image(release: &Release) -> String {
    let image = &release.image;
    let commit = image.commit_sha.as_ref().or(release.commit_sha.as_ref());
    let from = match commit {
        Some(commit) => short(commit),
        None => &image.reference,
    };
    match image.version {
        Some(version) if from.is_empty() => format!("v{version}"),
        Some(version) => format!("v{version} · {from}"),
        None => from.to_owned(),
    }
}

/// What a release changed against the one before, in short.
pub fn changes(release: &Release) -> String {
    let image = !release.image_changes.is_empty();
    let words = differences(image, release.configuration_changes.len(), 0);
    match (words, release.version) {
        (Some(words), _) => words,
        (None, 1) => "the first".to_owned(),
        (None, _) => "nothing".to_owned(),
    }
}

fn none(here: Here, actions: Actions) -> AnyView {
    view! {
        <Empty
            title="Nothing was released yet"
            words="A release freezes an image with its config. The first deploy makes the first."
        >
            <Button
                label="Deploy"
                kind=Kind::Primary
                glyph=Icon::Upload
                against=here.against(Deed::Deploy)
                barrier=here.barrier(Deed::Deploy)
                on_click=move |()| actions.open.deploy.set(true)
            />
        </Empty>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::release::{FieldChange, ReleaseImage};

    #[test]
    fn an_image_is_known_by_version_and_commit() {
        let mut release = Release {
            image: ReleaseImage {
                version: Some(112),
                reference: "redis:7".into(),
                digest: None,
                commit_sha: Some("4be10a2c99d0".into()),
            },
            ..Release::default()
        };
        assert_eq!(image(&release), "v112 · 4be10a2");
        release.image.commit_sha = None;
        assert_eq!(image(&release), "v112 · redis:7");
        release.image.version = None;
        assert_eq!(image(&release), "redis:7");
    }

    #[test]
    fn changes_are_told_in_short() {
        let mut release = Release {
            version: 2,
            ..Release::default()
        };
        assert_eq!(changes(&release), "nothing");
        release.image_changes.push(FieldChange {
            name: "image".into(),
            before: None,
            after: None,
        });
        assert_eq!(changes(&release), "image");
    }
}
