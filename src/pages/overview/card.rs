//! An environment of a project as a card: how it does, what was deployed last, and the way in.

use std::sync::Arc;

use leptos::prelude::*;
use wire::endpoints::UpdateEnvironment;
use wire::overview::{Cell, Overview};
use wire::path::{EnvironmentParams, Level, ServiceParams};

use super::cell::{address, release};
use crate::components::button::{ButtonLink, IconButton, Kind};
use crate::components::feedback::Empty;
use crate::components::icon::Icon;
use crate::components::page::{Panel, fact};
use crate::components::status::{deployment_state, state_mark};
use crate::pages::parts::maybe_instant;
use crate::pages::services::summary::sentence;
use crate::reactive::{dynamic, memo};
use crate::routes::Address;
use crate::state::rights::{self, use_right};

/// The environments of a project side by side.
#[component]
pub fn Cards(
    org: Memo<String>,
    shown: Signal<Arc<Overview>>,
    /// Opens the settings of the environment with a slug.
    settings: Callback<String>,
) -> impl IntoView {
    let keys = move || {
        shown.with(|overview| {
            let slugs = overview.cells.iter().map(|cell| cell.environment.clone());
            slugs.collect::<Vec<_>>()
        })
    };
    let cell = move |slug: &str| {
        shown.with(|overview| {
            let mut cells = overview.cells.iter();
            cells.find(|cell| cell.environment == slug).cloned()
        })
    };
    view! {
        <div class="grid2">
            <For each=keys key=Clone::clone let(slug)>
                {card(org, memo(move || cell(&slug)), settings)}
            </For>
        </div>
    }
}

fn card(org: Memo<String>, cell: Memo<Option<Cell>>, settings: Callback<String>) -> AnyView {
    let level = move || {
        let cell = cell.get()?;
        Some(Level::Environment(EnvironmentParams {
            org: org.get(),
            project: cell.project,
            environment: cell.environment,
        }))
    };
    let barrier = use_right::<UpdateEnvironment>(level, rights::here);
    let label = move || {
        let name = cell.get().map(|cell| name(&cell)).unwrap_or_default();
        format!("Settings of {name}")
    };
    let open = move |()| {
        if let Some(cell) = cell.get_untracked() {
            settings.run(cell.environment);
        }
    };
    let aside = move || {
        view! {
            <IconButton
                label=Signal::derive(label)
                glyph=Signal::stored(Icon::Pencil)
                barrier
                on_click=open
            />
        }
    };
    let title = memo(move || cell.get().map(|cell| name(&cell)).unwrap_or_default());
    let body = move || {
        let content = |cell: Cell| card_body(&org.get(), &cell);
        cell.get().map(content).into_any()
    };
    view! {
        <Panel title aside>
            {dynamic(body)}
        </Panel>
    }
    .into_any()
}

fn name(cell: &Cell) -> String {
    match cell.environment_name.is_empty() {
        true => cell.environment.clone(),
        false => cell.environment_name.clone(),
    }
}

fn card_body(org: &str, cell: &Cell) -> AnyView {
    let overview = address(org, cell);
    let services = overview.parent();
    if cell.services.is_empty() {
        let new = services.scope().map(|scope| {
            let new = Address::NewService(scope).path();
            view! { <ButtonLink label="New service" href=new kind=Kind::Primary glyph=Icon::Plus /> }
        });
        return view! {
            <Empty
                title="Nothing runs here yet"
                words="Create the first service from a container image."
            >
                {new}
            </Empty>
        }
        .into_any();
    }
    view! {
        {facts(org, cell)}
        <p class="actions">
            <ButtonLink label="Overview" href=overview.path() />
            <ButtonLink label="Services" href=services.path() glyph=Icon::Box />
        </p>
    }
    .into_any()
}

/// What an environment is for, how it does and what was deployed there last.
pub fn facts(org: &str, cell: &Cell) -> AnyView {
    let counts = cell.services.iter();
    let counts = counts.map(|one| (one.state.clone(), one.count as usize));
    let total = counts.clone().map(|(_, count)| count).sum();
    let kind = cell.env_type.as_ref().map(|kind| kind.word().to_owned());
    let chips = view! {
        <span class="chips">
            {kind.map(|kind| view! { <span class="chip outline">{kind}</span> })}
            {cell.protected.then(|| view! { <span class="chip outline">"protected"</span> })}
        </span>
    };
    let deployed = cell.deployment.as_ref().map(|deployment| {
        let scope = address(org, cell).scope();
        let params = scope.map(|scope| ServiceParams {
            scope,
            service: deployment.service.clone(),
        });
        let path = params.map(|params| Address::release(&params, deployment.release));
        let state = deployment.state.as_ref();
        let by = deployment.by.as_ref().map(|by| format!("by {by}"));
        view! {
            <span class="state-line">
                <a class="link" href=path.unwrap_or_default()>
                    {release(deployment)}
                </a>
                {state.map(|state| state_mark(deployment_state(state)))}
                <span class="dim">{maybe_instant(deployment.created)}</span>
                <span class="dim">{by}</span>
            </span>
        }
    });
    let never = cell
        .deployment
        .is_none()
        .then(|| view! { <span class="faint">"nothing yet"</span> });
    view! {
        <dl class="kv">
            {fact("Services", view! { <span>{sentence(total, counts)}</span> })}
            {fact(
                "Last deploy",
                view! {
                    {deployed}
                    {never}
                },
            )} {fact("Type", chips)}
        </dl>
    }
    .into_any()
}
