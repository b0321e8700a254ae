//! From image to release to deployment at a glance: how each stands, and what goes on.

use leptos::prelude::*;
use wire::build::Image;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetDeployment, GetImage, GetRelease};
use wire::open::Open;
use wire::path::VersionParams;
use wire::release::{DeploymentState, Release};
use wire::service::{Service, VersionSummary};
use wire::status::Instance;

use super::newest::use_newest;
use crate::api::{answers, call, is_whole, use_connection};
use crate::components::status::{deployment_state, image_state, release_state, state_mark};
use crate::pages::parts::{freshness, instant_of};
use crate::pages::service::Here;
use crate::pages::service::cancel::{CancelImageWork, CancelRollout, Work};
use crate::pages::service::follow::refresh_with;
use crate::pages::service::images::row::source;
use crate::pages::service::progress::{Progress, use_length, use_silence};
use crate::pages::service::releases::changes;
use crate::reactive::{When, dynamic, memo};
use crate::routes::Address;
use crate::state::remote::{Held, Remote};

/// The strip. Each step is fetched when the service tells of another, and again only while it goes
/// on.
#[component]
pub fn Pipeline(here: Here) -> impl IntoView {
    let (newest_image, newest_release) = match is_whole() {
        true => (
            newest(here, |service| service.latest_image.as_ref()),
            newest(here, released),
        ),
        false => use_newest(here),
    };
    let has_deployment = answers::<GetDeployment>();
    let newest_deployment = newest(here, |service| service.latest_deployment.as_ref());
    let image = use_image(here, newest_image);
    let release = use_release(here, newest_release);
    view! {
        <section class="panel strip" aria-label="From image to deployment">
            {step("Image", newest_image, image.held(), move || image_step(here, image).into_any())}
            {arrow()}
            {step(
                "Release",
                newest_release,
                release.held(),
                move || release_step(here, release, image).into_any(),
            )}
            <When is=move || {
                has_deployment
            }>
                {arrow()}
                {step(
                    "Deployment",
                    newest_deployment,
                    here.deployment.held(),
                    move || deployment_step(here).into_any(),
                )}
            </When>
        </section>
    }
}

/// The release that the newest deployment is about, whether it got to serve or not: the three steps
/// tell one story. A deployment is known by its release's version.
fn released(service: &Service) -> Option<&VersionSummary> {
    let deployment = service.latest_deployment.as_ref();
    deployment.or(service.latest_release.as_ref())
}

/// What the service tells of the newest of its images, releases or deployments.
fn newest(
    here: Here,
    read: fn(&Service) -> Option<&VersionSummary>,
) -> Memo<Option<VersionSummary>> {
    memo(move || {
        here.service
            .get()
            .and_then(|service| read(&service).cloned())
    })
}

fn params_of(here: Here, version: Memo<Option<u32>>) -> Option<VersionParams> {
    Some(VersionParams {
        version: version.get()?.to_string(),
        service: here.params.get(),
    })
}

fn version_of(summary: Memo<Option<VersionSummary>>) -> Memo<Option<u32>> {
    memo(move || summary.with(|summary| summary.as_ref().map(|summary| summary.version)))
}

fn use_image(here: Here, newest: Memo<Option<VersionSummary>>) -> Remote<Image> {
    let connection = use_connection();
    let version = version_of(newest);
    let image = Remote::new(
        move || {
            let params = params_of(here, version)?;
            Some(call::<GetImage>(&connection, &params, &NoQuery, &NoBody))
        },
        |image| image.is_under_way().then_some(1_000),
    );
    refresh_with(newest, image);
    image
}

fn use_release(here: Here, newest: Memo<Option<VersionSummary>>) -> Remote<Release> {
    let connection = use_connection();
    let version = version_of(newest);
    let release = Remote::new(
        move || {
            let params = params_of(here, version)?;
            Some(call::<GetRelease>(&connection, &params, &NoQuery, &NoBody))
        },
        |release| (!release.built && release.error.is_none()).then_some(1_000),
    );
    refresh_with(newest, release);
    release
}

fn arrow() -> impl IntoView {
    view! {
        <div class="arrow" aria-hidden="true">
            "→"
        </div>
    }
}

/// One step: nothing yet, on its way to the page, failed to come, or there.
fn step(
    title: &'static str,
    newest: Memo<Option<VersionSummary>>,
    held: Held,
    show: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let is_any = memo(move || newest.with(Option::is_some));
    let is_there = memo(move || held.is_there());
    let is_stale = memo(move || held.error.with(Option::is_some));
    let words = move || newest.with(|newest| newest.as_ref().map(|it| format!("v{}", it.version)));
    let content = move || match (is_any.get(), is_there.get()) {
        (false, _) => view! { <div class="faint">"None yet"</div> }.into_any(),
        (true, false) => view! { <div class="mono dim">{words}</div> }.into_any(),
        (true, true) => show(),
    };
    view! {
        <div class="step">
            <div class="dim sm step-title">
                <h2>{title}</h2>
                <When is=move || is_stale.get()>{freshness(held)}</When>
            </div>
            {dynamic(content)}
        </div>
    }
    .into_any()
}

fn image_step(here: Here, image: Remote<Image>) -> impl IntoView {
    let known = move || {
        image
            .get()
            .map(|image| (*image).clone())
            .unwrap_or_default()
    };
    let state = memo(move || image_state(&known().state()));
    let progress = memo(move || Progress::of_image(&known()));
    let work = memo(move || Work::on(&known()));
    let version = memo(move || known().version);
    let path = move || Address::image(&here.params.get(), version.get());
    let words = memo(move || {
        let image = known();
        format!("v{} · {}", image.version, source(&image))
    });
    let error = memo(move || known().error);
    let by = memo(move || known().image_metadata.by);
    let created = memo(move || known().created);
    let beside = Signal::derive(move || here.deployment.get().map(|one| one.id.clone()));
    view! {
        <div class="state-line">
            {dynamic(move || state_mark(state.get()).into_any())}
            <a class="link mono cut" href=path>
                {words}
            </a>
        </div>
        {goes_on(progress, by, created)}
        {failure(error)}
        <CancelImageWork here version work label="Cancel build" beside />
    }
}

fn release_step(here: Here, release: Remote<Release>, image: Remote<Image>) -> impl IntoView {
    let known = move || {
        let release = release.get();
        release
            .map(|release| (*release).clone())
            .unwrap_or_default()
    };
    let progress = memo(move || Progress::of_release(&known(), image.get().as_deref()));
    let serving = memo(move || here.status.get().map(|status| serving(&status.instances)));
    let state = memo(move || release_state(&known().state()));
    let version = memo(move || known().version);
    let path = move || Address::release(&here.params.get(), version.get());
    let what = memo(move || {
        let release = known();
        match release.version.checked_sub(1).filter(|before| *before > 0) {
            Some(before) => format!("{} against v{before}", changes(&release)),
            None => "the first".to_owned(),
        }
    });
    let error = memo(move || known().error);
    let by = memo(move || known().deployed_by);
    let created = memo(move || known().created);
    view! {
        <div class="state-line">
            {dynamic(move || state_mark(state.get()).into_any())} <a class="link mono" href=path>
                {move || format!("v{}", version.get())}
            </a> {dynamic(move || serves(here, version.get(), serving.get()))}
            <span class="dim sm">{what}</span>
        </div>
        {goes_on(progress, by, created)}
        {failure(error)}
    }
}

/// The releases whose instances take traffic, the oldest first.
fn serving(instances: &[Instance]) -> Vec<u32> {
    let ready = instances.iter().filter(|instance| instance.ready);
    let mut releases: Vec<u32> = ready.filter_map(|one| one.release_version).collect();
    releases.sort_unstable();
    releases.dedup();
    releases
}

/// Whether a release serves, and which others do.
fn serves(here: Here, release: u32, serving: Option<Vec<u32>>) -> AnyView {
    let Some(serving) = serving else {
        return ().into_any();
    };
    let params = here.params.get_untracked();
    let this = serving
        .contains(&release)
        .then(|| view! { <span class="chip outline">"serves"</span> });
    let nothing = serving
        .is_empty()
        .then(|| view! { <span class="dim sm">"nothing serves"</span> });
    let others = serving.into_iter().filter(|other| *other != release);
    let others = others.map(|other| {
        view! {
            <a class="link sm" href=Address::release(&params, other)>
                {format!("v{other} serves")}
            </a>
        }
    });
    let others = others.collect_view();
    view! {
        {this}
        {others}
        {nothing}
    }
    .into_any()
}

fn deployment_step(here: Here) -> impl IntoView {
    let deployment = here.deployment;
    let known = move || {
        let deployment = deployment.get();
        deployment
            .map(|deployment| (*deployment).clone())
            .unwrap_or_default()
    };
    let state = memo(move || deployment_state(&known().state()));
    let release = memo(move || known().release);
    let path = move || Address::release(&here.params.get(), release.get());
    let progress = memo(move || Progress::of_deployment(&known()));
    // What waits for an approval is ended where that is given.
    let is_ended_here = memo(move || progress.get().is_under_way && !known().needs_approval);
    // One that waits replaces nothing yet.
    let rolls = memo(move || known().state() == Open::Known(DeploymentState::Running));
    let id = memo(move || known().id);
    let error = memo(move || known().error);
    let by = memo(move || known().by);
    let created = memo(move || known().created);
    let ready = memo(move || {
        let status = here.status.get()?;
        Some((status.ready, status.desired.unwrap_or(status.total)))
    });
    let counts = move || match ready.get() {
        Some((ready, desired)) => format!("{ready} of {desired} ready"),
        None => String::new(),
    };
    let bar = move || {
        let ready = ready.get().filter(|(_, desired)| *desired > 0);
        let (ready, desired) = ready.unwrap_or((0, 1));
        format!("{}%", 100 * ready.min(desired) / desired)
    };
    view! {
        <div class="state-line">
            {dynamic(move || state_mark(state.get()).into_any())} <a class="link mono" href=path>
                {move || format!("v{}", release.get())}
            </a> <When is=move || rolls.get()>
                <span class="dim sm">{counts}</span>
            </When>
        </div>
        <When is=move || rolls.get()>
            <div class="progress" aria-hidden="true">
                <i style:width=bar></i>
            </div>
        </When>
        {goes_on(progress, by, created)}
        {failure(error)}
        <When is=move || is_ended_here.get()>
            <CancelRollout here deployment=id label="Cancel deployment" />
        </When>
    }
}

/// How long it took or goes on, by whom, when, and how long it has been silent.
fn goes_on(
    progress: Memo<Progress>,
    by: Memo<Option<String>>,
    created: Memo<Option<chrono::DateTime<chrono::Utc>>>,
) -> impl IntoView {
    let length = use_length(move || progress.get());
    let silence = use_silence(move || progress.get());
    let by = move || by.get().map(|by| view! { <span>{by}</span> });
    view! {
        <div class="faint sm parts">
            <span>{length}</span>
            {by}
            {instant_of(created)}
            <span>{silence}</span>
        </div>
    }
}

fn failure(error: Memo<Option<String>>) -> impl IntoView {
    move || error.get().map(|error| view! { <p class="sm">{error}</p> })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::open::Open;
    use wire::status::InstanceState;

    #[test]
    fn the_steps_tell_of_the_newest_deployment_and_not_of_what_serves() {
        let summary = |version| {
            Some(VersionSummary {
                id: String::new(),
                version,
                state: None,
                error: None,
                created: None,
                awaits_approval: None,
            })
        };
        let mut service = Service {
            latest_release: summary(1),
            ..Service::default()
        };
        let version = |service: &Service| released(service).map(|release| release.version);
        assert_eq!(version(&service), Some(1));
        service.latest_deployment = summary(2);
        assert_eq!(version(&service), Some(2), "v2 failed, and v1 serves");
    }

    #[test]
    fn a_release_serves_by_its_ready_instances() {
        let instance = |release, ready| Instance {
            id: String::new(),
            process: "web".to_owned(),
            ordinal: 0,
            state: Open::Known(InstanceState::Ready),
            ready,
            image_version: None,
            release_version: Some(release),
            started: None,
            restarts: 0,
            node: None,
            cpu: None,
            memory: None,
            message: None,
        };
        let instances = [
            instance(3, true),
            instance(1, true),
            instance(3, true),
            instance(2, false),
        ];
        assert_eq!(serving(&instances), [1, 3]);
    }
}
