//! One image: how it stands, what it is made of, and its log.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wire::build::Image;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::GetImage;
use wire::path::VersionParams;

use super::row::{release_links, source};
use crate::api::{call, use_connection};
use crate::components::button::{ButtonLink, Kind};
use crate::components::feedback::{CopyButton, Note};
use crate::components::focus::take_focus;
use crate::components::page::{Panel, fact};
use crate::components::status::{image_state, state_mark};
use crate::pages::parts::{freshness, loaded, maybe_instant};
use crate::pages::service::Here;
use crate::pages::service::cancel::{CancelImageWork, Work};
use crate::pages::service::progress::{Progress, use_length, use_silence};
use crate::pages::service::work_log::{Source, WorkLogPanel};
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, Tab};
use crate::state::remote::Remote;
use crate::words::size;

/// One image.
#[component]
pub fn ImageDetail(
    here: Here,
    version: u32,
    /// Told when it has ended.
    #[prop(into)]
    changed: Callback<()>,
) -> impl IntoView {
    let params = memo(move || VersionParams {
        service: here.params.get(),
        version: version.to_string(),
    });
    let image = use_image(params);
    let back = move || Address::Service(here.params.get(), Tab::Images).path();
    let log = memo(move || image.held().is_there().then(|| Source::Image(params.get())));
    let ended = move |()| {
        image.refresh();
        here.refresh();
        changed.run(());
    };
    let content = move |image: Signal<Arc<Image>>| {
        view! {
            <Standing here image />
            {undeployed(image)}
            <div class="cols">
                <WorkLogPanel title="Log" source=log on_end=ended />
                <Panel title="Image">{dynamic(move || facts(here, &image.get()).into_any())}</Panel>
            </div>
        }
        .into_any()
    };
    let heading = NodeRef::<html::H2>::new();
    take_focus(heading);
    view! {
        <div class="bar">
            <ButtonLink label="All images" href=Signal::derive(back) kind=Kind::Quiet />
            <h2 node_ref=heading tabindex="-1">
                {format!("Image v{version}")}
            </h2>
            <div class="aside">{freshness(image.held())}</div>
        </div>
        {loaded(image, 8, content)}
    }
}

/// Followed closely until it has ended.
fn use_image(params: Memo<VersionParams>) -> Remote<Image> {
    let connection = use_connection();
    Remote::new(
        move || {
            let params = params.get();
            Some(call::<GetImage>(&connection, &params, &NoQuery, &NoBody))
        },
        |image| Some(if image.is_under_way() { 1_000 } else { 30_000 }),
    )
}

/// Its state, how long it took or goes on, and the way to end it.
#[component]
fn Standing(here: Here, image: Signal<Arc<Image>>) -> impl IntoView {
    let state = memo(move || image_state(&image.get().state()));
    let progress = memo(move || Progress::of_image(&image.get()));
    let length = use_length(move || progress.get());
    let work = memo(move || Work::on(&image.get()));
    let silence = use_silence(move || progress.get());
    let version = move || image.get_untracked().version;
    view! {
        <div class="state-line" role="status">
            {dynamic(move || state_mark(state.get()).into_any())}
            <span class="dim">{length}</span>
            <span class="faint" aria-live="off">
                {silence}
            </span>
            <CancelImageWork here version=Signal::derive(version) work label="Cancel build" />
        </div>
    }
}

/// Why the deploy did not come that was to follow the build.
fn undeployed(image: Signal<Arc<Image>>) -> AnyView {
    let why = memo(move || image.with(|image| image.error_detail.clone().filter(|_| image.built)));
    dynamic(move || {
        why.get()
            .map(|why| {
                view! {
                    <Note>
                        <span class="grow">{why}</span>
                    </Note>
                }
            })
            .into_any()
    })
}

fn facts(here: Here, image: &Image) -> impl IntoView + use<> {
    let about = &image.image_metadata;
    let code = |text: String| view! { <span class="mono">{text}</span> };
    let copied = |name, label: &'static str, text: &Option<String>| {
        text.clone().map(|text| {
            let words = text.clone();
            fact(
                name,
                view! {
                    <span class="mono cut">{text}</span>
                    <CopyButton text=words label />
                },
            )
        })
    };
    let maybe = |name, text: Option<String>| text.map(|text| fact(name, code(text)));
    let ports: Vec<String> = about.exposed_ports.iter().map(u16::to_string).collect();
    let processes = image.processes.iter().map(|(name, command)| {
        let line = format!("{name}: {command}");
        view! { <div class="mono">{line}</div> }
    });
    let processes = (!image.processes.is_empty()).then(|| processes.collect_view());
    let params = here.params.get_untracked();
    view! {
        <dl class="kv">
            {fact("Source", code(source(image)))}
            {maybe("Repository", image.repository_name.clone())}
            {copied("Commit", "Copy the commit", &image.commit_sha)}
            {copied("Digest", "Copy the digest", &image.image_id)}
            {maybe("Dockerfile", image.dockerfile.clone())}
            {about.size.map(|bytes| fact("Size", size(bytes)))}
            {(!ports.is_empty()).then(|| fact("Ports", ports.join(", ")))}
            {processes.map(|processes| fact("Processes", processes))}
            {about.by.clone().map(|by| fact("Asked for by", by))}
            {fact("Asked for", maybe_instant(image.created))}
            {fact("Releases", release_links(&params, &about.releases))}
        </dl>
    }
}
