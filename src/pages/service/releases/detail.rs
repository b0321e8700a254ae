//! One release: what it froze, how it differs from another, and how its deployments went.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetRelease, GetReleaseVerdict, ListDeployments, PreviewDeploy};
use wire::path::VersionParams;
use wire::release::Release;

use super::compare::{Comparison, compare};
use super::deployments::Deployments;
use super::image;
use crate::api::{answers, call, use_connection};
use crate::components::button::{Button, ButtonLink, Kind};
use crate::components::difference::{difference_list, of_config, of_fields, of_processes};
use crate::components::feedback::Note;
use crate::components::field::SelectField;
use crate::components::focus::take_focus;
use crate::components::icon::Icon;
use crate::components::page::{Panel, fact};
use crate::components::status::{release_state, state_mark};
use crate::pages::parts::{freshness, loaded, maybe_instant};
use crate::pages::service::Here;
use crate::pages::service::actions::Actions;
use crate::pages::service::follow::watch_newest;
use crate::pages::service::verdict::VerdictPanel;
use crate::pages::service::work_log::{Source, WorkLogPanel};
use crate::reactive::{When, dynamic, memo};
use crate::routes::{Address, Tab, query_text};
use crate::state::remote::Remote;
use crate::words::{plural, short};

/// One release.
#[component]
pub fn ReleaseDetail(
    here: Here,
    actions: Actions,
    version: u32,
    /// The newest releases: this one is among them, or older.
    releases: Remote<Vec<Release>>,
) -> impl IntoView {
    let params = memo(move || VersionParams {
        service: here.params.get(),
        version: version.to_string(),
    });
    let release = use_release(params);
    watch_newest(here.deployment, move || release.refresh());
    let is_built = memo(move || release.get().is_some_and(|release| release.built));
    let deploy = here.against(Deed::Deploy);
    let against = memo(move || match is_built.get() {
        true => deploy.get(),
        false => Some("Its image was not built.".to_owned()),
    });
    let back = move || Address::Service(here.params.get(), Tab::Releases).path();
    // An older release is only deployed again where that can be looked at before.
    let has_rehearsal = answers::<PreviewDeploy>();
    let has_verdict = answers::<GetReleaseVerdict>();
    let has_deployments = answers::<ListDeployments>();
    let content = move |release: Signal<Arc<Release>>| {
        view! {
            {dynamic(move || standing(&release.get()).into_any())}
            <When is=move || has_verdict>
                <VerdictPanel here version />
            </When>
            <div class="cols">
                <div class="stack">
                    <Compared version release releases />
                    <When is=move || has_deployments>
                        <Deployments here version />
                    </When>
                </div>
                <Panel title="Release">
                    {dynamic(move || facts(here, &release.get()).into_any())}
                </Panel>
            </div>
            {dynamic(move || own_log(params, &release.get()))}
        }
        .into_any()
    };
    let heading = NodeRef::<html::H2>::new();
    take_focus(heading);
    view! {
        <div class="bar">
            <ButtonLink label="All releases" href=Signal::derive(back) kind=Kind::Quiet />
            <h2 node_ref=heading tabindex="-1">
                {format!("Release v{version}")}
            </h2>
            <div class="aside actions">
                <When is=move || has_rehearsal>
                    <Button
                        label="Deploy this again"
                        glyph=Icon::Upload
                        against
                        barrier=here.barrier(Deed::Deploy)
                        on_click=move |()| actions.rehearse(version)
                    />
                </When>
                {freshness(release.held())}
            </div>
        </div>
        {loaded(release, 8, content)}
    }
}

/// A release never changes but for its state and whether it is the current one.
fn use_release(params: Memo<VersionParams>) -> Remote<Release> {
    let connection = use_connection();
    Remote::new(
        move || {
            let params = params.get();
            Some(call::<GetRelease>(&connection, &params, &NoQuery, &NoBody))
        },
        |release| Some(if release.built { 15_000 } else { 2_000 }),
    )
}

fn standing(release: &Release) -> impl IntoView + use<> {
    let failed = release.error.clone().map(|error| {
        view! {
            <Note bad=true>
                <span class="grow">{error}</span>
            </Note>
        }
    });
    let why = release
        .message
        .clone()
        .map(|why| view! { <span>{format!("“{why}”")}</span> });
    view! {
        <div class="state-line">
            {state_mark(release_state(&release.state()))}
            {release.current.then(|| view! { <span class="chip outline">"current"</span> })} {why}
        </div>
        {failed}
    }
}

/// How it was put together is only worth reading where that failed.
fn own_log(params: Memo<VersionParams>, release: &Release) -> AnyView {
    if release.error.is_none() {
        return ().into_any();
    }
    let source = memo(move || Some(Source::Release(params.get())));
    view! { <WorkLogPanel title="How it was put together" source /> }.into_any()
}

fn facts(here: Here, release: &Release) -> impl IntoView + use<> {
    let params = here.params.get_untracked();
    let words = image(release);
    let image = match release.image.version {
        Some(version) => view! {
            <a class="link mono" href=Address::image(&params, version)>
                {words}
            </a>
        }
        .into_any(),
        None => view! { <span class="mono">{words}</span> }.into_any(),
    };
    let code = |text: String| view! { <span class="mono">{text}</span> };
    let maybe = |name, text: &Option<String>| text.clone().map(|text| fact(name, code(text)));
    let processes = release.processes.iter().map(|(name, command)| {
        let line = format!("{name}: {command}");
        view! { <div class="mono">{line}</div> }
    });
    let processes = (!release.processes.is_empty()).then(|| processes.collect_view());
    let port = release
        .port
        .map_or_else(|| "takes no traffic".to_owned(), |port| port.to_string());
    view! {
        <dl class="kv">
            {fact("Image", image)} {maybe("Commit", &release.commit_sha)}
            {fact("Config", plural(release.configuration.len(), "variable"))} {fact("Port", port)}
            {maybe("Health", &release.health_check_path)}
            {processes.map(|processes| fact("Processes", processes))}
            {maybe("Platform", &release.platform)} {fact("Made", maybe_instant(release.created))}
            {release.deployed_by.clone().map(|by| fact("Made by", by))}
        </dl>
    }
}

/// How it differs from the release before, or from any other that is chosen.
#[component]
fn Compared(
    version: u32,
    release: Signal<Arc<Release>>,
    releases: Remote<Vec<Release>>,
) -> impl IntoView {
    let against = query_text("against");
    let others = memo(move || {
        let releases = releases.get();
        let all = releases.iter().flat_map(|releases| releases.iter());
        let others = all.filter(|other| other.version != version);
        others
            .map(|other| (other.version, other.current))
            .collect::<Vec<_>>()
    });
    let chosen = memo(move || {
        let asked = against.get.with(|text| text.parse::<u32>().ok());
        let others = others.get();
        let is_there = |wanted: &u32| others.iter().any(|(other, _)| other == wanted);
        let before = others.iter().map(|(other, _)| *other);
        let before = before.filter(|other| *other < version).max();
        asked.filter(is_there).or(before)
    });
    let choice = move || {
        let mut choices = others
            .get()
            .into_iter()
            .map(|(other, current)| {
                let words = match current {
                    true => format!("v{other}, current"),
                    false => format!("v{other}"),
                };
                (other.to_string(), words)
            })
            .collect::<Vec<_>>();
        let value = move || chosen.get().map(|chosen| chosen.to_string());
        // The first release has none before it: nothing is chosen until somebody does.
        if !choices.is_empty() && chosen.get().is_none() {
            choices.insert(0, (String::new(), "Compare with…".to_owned()));
        }
        (!choices.is_empty()).then(|| {
            view! {
                <SelectField
                    label="Compared with"
                    bare=true
                    choices
                    value=Signal::derive(move || value().unwrap_or_default())
                    on_choose=move |word| against.set(word)
                />
            }
        })
    };
    let difference = move || {
        let chosen = chosen.get();
        let all = releases.get();
        let other = all.iter().flat_map(|all| all.iter());
        let mut other = other.filter(|other| Some(other.version) == chosen);
        match (other.next(), &all) {
            (Some(other), Some(all)) => {
                let comparison = compare(other, &release.get(), all);
                shown(other.version, &comparison)
            }
            (None, Some(_)) => {
                view! { <p class="dim">"No release before this one is kept."</p> }.into_any()
            }
            (_, None) => ().into_any(),
        }
    };
    let title = move || match chosen.get() {
        Some(other) => format!("Changes against v{other}"),
        None => "Changes".to_owned(),
    };
    view! {
        <Panel title=Signal::derive(title) aside=move || dynamic(move || choice().into_any())>
            {dynamic(difference)}
        </Panel>
    }
}

fn shown(other: u32, comparison: &Comparison) -> AnyView {
    let nothing = comparison
        .is_empty()
        .then(|| view! { <p class="dim">{format!("Nothing differs from v{other}.")}</p> });
    let unknown = (!comparison.unknown.is_empty()).then(|| {
        let names = comparison.unknown.join(", ");
        let words = format!(
            "Whether these secrets differ can't be told, since releases between the two are no \
             longer listed: {names}."
        );
        view! { <p class="dim">{words}</p> }
    });
    view! {
        {nothing}
        {difference_list("Image and runtime", of_fields(&comparison.image, short))}
        {difference_list("Config", of_config(&comparison.config))}
        {difference_list("Processes", of_processes(&comparison.processes))}
        {unknown}
    }
    .into_any()
}
