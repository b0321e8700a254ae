//! How an org, a project or an environment does at a glance: what their pages share, and the page of
//! an environment.

pub mod attention;
pub mod card;
pub mod cell;
pub mod grid;
pub mod happened;

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{GetEnvironmentOverview, GetOrgOverview, GetProjectOverview};
use wire::open::Open;
use wire::overview::Overview;
use wire::path::{EnvironmentParams, Level};
use wire::status::ServiceState;

use super::parts::loaded_into;
use super::services::summary::sentence;
use crate::api::{call, use_connection};
use crate::components::button::ButtonLink;
use crate::components::feedback::Skeleton;
use crate::components::icon::Icon;
use crate::components::page::{Head, Panel};
use crate::reactive::{dynamic, memo};
use crate::routes::{Address, use_kept};
use crate::state::remote::Remote;
use crate::state::title::use_title;
use attention::AttentionPanel;
use card::facts;
use happened::LastEvents;

/// How an environment does.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let place = use_kept(
        |address| match address {
            Address::Overview(params) => Some(params.clone()),
            _ => None,
        },
        || EnvironmentParams {
            org: String::new(),
            project: String::new(),
            environment: String::new(),
        },
    );
    let level = memo(move || Level::Environment(place.get()));
    let overview = use_overview(level);
    use_title(move || format!("Overview · {}", place.get().environment));

    let services = memo(move || Address::Overview(place.get()).parent().path());
    let config = move || Address::config(level.get()).path();
    let body = move |shown: Signal<Arc<Overview>>| {
        let cell = memo(move || shown.with(|overview| overview.cells.first().cloned()));
        let about = move || {
            let org = place.get().org;
            cell.get().map(|cell| facts(&org, &cell)).into_any()
        };
        view! {
            <AttentionPanel level overview shown />
            <Panel title="What runs here">{dynamic(about)}</Panel>
            <LastEvents level />
        }
        .into_any()
    };
    view! {
        <Head title="Overview" about=move || told(overview)>
            <ButtonLink label="Services" href=services glyph=Icon::Box />
            <ButtonLink label="Config" href=Signal::derive(config) glyph=Icon::Sliders />
        </Head>
        {loaded_into(overview, bones, body)}
    }
}

fn bones() -> AnyView {
    view! {
        {bones_of("Needs attention", 2)}
        {bones_of("What runs here", 3)}
        {bones_of("Last events", 6)}
    }
    .into_any()
}

/// A panel that waits for what it will show.
pub fn bones_of(title: &'static str, rows: usize) -> AnyView {
    view! {
        <Panel title flush=true>
            <Skeleton rows />
        </Panel>
    }
    .into_any()
}

/// The overview of a place, followed closely while something is on its way.
pub fn use_overview(level: Memo<Level>) -> Remote<Overview> {
    let connection = use_connection();
    Remote::new(
        move || match level.get() {
            Level::Org(at) => Some(call::<GetOrgOverview>(&connection, &at, &NoQuery, &NoBody)),
            Level::Project(at) => Some(call::<GetProjectOverview>(
                &connection,
                &at,
                &NoQuery,
                &NoBody,
            )),
            Level::Environment(at) => Some(call::<GetEnvironmentOverview>(
                &connection,
                &at,
                &NoQuery,
                &NoBody,
            )),
            Level::Service(_) => None,
        },
        |overview| {
            let converging = Open::Known(ServiceState::Converging);
            let is_moving = overview.services.iter().any(|one| one.state == converging);
            Some(if is_moving { 3_000 } else { 10_000 })
        },
    )
}

/// `14 services: 1 down, 13 running`, once that is known.
pub fn told(overview: Remote<Overview>) -> Option<AnyView> {
    let overview = overview.get()?;
    let total = overview.services.iter().map(|one| one.count as usize);
    let counts = overview.services.iter();
    let counts = counts.map(|one| (one.state.clone(), one.count as usize));
    Some(sentence(total.sum(), counts))
}
