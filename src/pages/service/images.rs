//! What was built of a service: a list in pages, one image with its log, and the next build.

pub mod detail;
pub mod row;

use std::sync::Arc;

use leptos::prelude::*;
use wire::build::{BuildRequest, BuildStarted, Image, ImagePage, PageQuery};
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{BuildImage, ListImages};
use wire::service::Service;

use super::Here;
use super::actions::act;
use crate::api::{Call, Connection, call, is_whole, use_connection};
use crate::components::feedback::Empty;
use crate::components::page::Panel;
use crate::components::pager::Pager;
use crate::forms::build::BuildForm;
use crate::pages::parts::{freshness, loaded};
use crate::reactive::{dynamic, memo};
use crate::routes::{QueryText, query_step};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::remote::Remote;
use crate::state::rights::{self, use_right};
use detail::ImageDetail;
use row::image_row;
use wire::path::ServiceParams;

/// How many images a page lists.
const PER_PAGE: u32 = 20;

/// The images of a service, or one of them.
#[component]
pub fn ImagesTab(here: Here, service: Signal<Arc<Service>>) -> impl IntoView {
    let opened = query_step("image");
    let version = memo(move || opened.get.with(|text| text.parse::<u32>().ok()));
    let paged = query_step("page");
    let page = memo(move || paged.get.with(|text| text.parse().unwrap_or(1).max(1)));
    let images = use_images(here, page);
    let last = use_last(version);
    let build = use_build(here, images, opened);
    let tells_image = is_whole();
    let barrier = use_right::<BuildImage>(here.level(), rights::here);

    let list = move || {
        view! {
            <BuildForm
                has_repository=Signal::derive(move || service.get().github_repository.is_some())
                branch=Signal::derive(move || service.get().auto_deploy_branch.clone())
                against=Signal::derive(move || {
                    nothing_to_build(&service.get()).filter(|_| tells_image)
                })
                barrier
                act=build
            />
            <Panel title="Images" aside=move || freshness(images.held()) flush=true>
                {loaded(images, 6, move |images| list(here, images, last.get_untracked()))}
                <Pager
                    label="Pages of images"
                    page
                    pages=Signal::derive(move || {
                        images.get().map_or(0, |images| images.pagination.total_pages)
                    })
                    on_go=move |page: u32| paged.set(page.to_string())
                />
            </Panel>
        }
    };
    dynamic(move || match version.get() {
        Some(version) => {
            view! { <ImageDetail here version changed=move |()| images.refresh() /> }.into_any()
        }
        None => list().into_any(),
    })
}

/// What was opened last: its row has the focus when the list is back.
pub fn use_last(opened: Memo<Option<u32>>) -> Memo<Option<u32>> {
    Memo::new(move |before: Option<&Option<u32>>| opened.get().or(before.copied().flatten()))
}

/// Followed closely while something is built, then calmly: a push builds without anybody's click.
pub fn use_images(here: Here, page: Memo<u32>) -> Remote<ImagePage> {
    let connection = use_connection();
    Remote::new(
        move || {
            let query = PageQuery {
                page: page.get(),
                per_page: PER_PAGE,
            };
            let params = here.params.get();
            Some(call::<ListImages>(&connection, &params, &query, &NoBody))
        },
        |images| {
            let is_moving = images.items.iter().any(Image::is_under_way);
            Some(if is_moving { 2_000 } else { 15_000 })
        },
    )
}

fn use_build(here: Here, images: Remote<ImagePage>, opened: QueryText) -> Act<BuildRequest> {
    let notices = use_notices();
    act(here, build, move |_, started: BuildStarted| {
        notices.say(format!("Image v{} is on its way.", started.version));
        images.refresh();
        here.refresh();
        opened.set(started.version.to_string());
    })
}

fn build(at: &Connection, params: &ServiceParams, request: &BuildRequest) -> Call<BuildStarted> {
    call::<BuildImage>(at, params, &NoQuery, request)
}

fn nothing_to_build(service: &Service) -> Option<String> {
    let is_there = service.github_repository.is_some() || service.image.is_some();
    (!is_there).then(|| "It has no source yet. Give it an image or a repository first.".to_owned())
}

fn list(here: Here, images: Signal<Arc<ImagePage>>, last: Option<u32>) -> AnyView {
    let is_empty = memo(move || images.with(|images| images.items.is_empty()));
    let versions = move || {
        let images = images.get();
        let versions = images.items.iter().map(|image| image.version);
        versions.collect::<Vec<_>>()
    };
    let row = move |version: u32| {
        let image = memo(move || {
            let images = images.get();
            let image = images.items.iter().find(|image| image.version == version);
            image.cloned()
        });
        image_row(here, version, image, last == Some(version))
    };
    dynamic(move || match is_empty.get() {
        true => no_images(),
        false => view! {
            <div class="scrollx" role="group" aria-label="Images" tabindex="0">
                <table class="table links">
                    <thead>
                        <tr>
                            <th>"Version"</th>
                            <th>"State"</th>
                            <th>"Source"</th>
                            <th class="num">"Size"</th>
                            <th class="num">"When"</th>
                            <th class="num">"Took"</th>
                            <th>"Releases"</th>
                            <th>
                                <span class="unseen">"Cancel"</span>
                            </th>
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

fn no_images() -> AnyView {
    view! {
        <Empty
            title="Nothing was built yet"
            words="An image is what instances are started from: a build of the repository, or a \
            registry's image pinned by its digest. The button above makes the first."
        />
    }
    .into_any()
}
