//! The services of one place: how many, how they do, and the way to each.

pub mod bulk_actions;
pub mod row;
mod selection;
pub mod summary;

use std::sync::Arc;

use bulk::services::{Column, Filter, Row, Sort, shown, sorted};
use leptos::html;
use leptos::prelude::*;
use wire::endpoint::{NoBody, NoQuery};
use wire::endpoints::{CreateService, GetEnvironmentOverview, ListServices};
use wire::path::{Level, Scope};
use wire::service::Service;

use super::parts::{freshness, loaded};
use super::typed::{Typed, use_typed};
use crate::api::{answers, call, is_whole, use_connection};
use crate::components::button::{Barrier, Button, ButtonLink, Kind};
use crate::components::feedback::Empty;
use crate::components::field::SearchBox;
use crate::components::icon::Icon;
use crate::components::page::Head;
use crate::components::table::WindowedTable;
use crate::reactive::{When, dynamic, memo};
use crate::routes::{
    Address, QueryText, Tab, query_text, scope_name, show_bulk_bar, use_go, use_kept,
};
use crate::state::keys::use_keys;
use crate::state::remote::Remote;
use crate::state::rights::use_right;
use crate::state::title::use_title;
use bulk_actions::BulkPlace;
use row::{WIDTHS, row_cells};
use selection::{Selection, tick_all, tick_cell};
use summary::summary;

/// A list longer than this is fetched less often.
const LONG: usize = 1_000;

/// The services of one place.
#[component]
pub fn ServicesPage() -> impl IntoView {
    let scope = use_scope();
    let services = use_services(scope);
    use_title(move || format!("Services · {}", scope_name(&scope.get()).environment));

    let rows = use_rows(services);
    let filter = use_typed("q");
    let sort = query_text("sort");
    let order = memo(move || sort.get.with(|text| Sort::read(text)));
    let sorted = memo(move || rows.with(|rows| sorted(rows, order.get())));
    let places = memo(move || {
        let filter = filter.text.with(|text| Filter::read(text));
        rows.with(|rows| sorted.with(|sorted| shown(rows, sorted, &filter)))
    });
    let cursor = RwSignal::new(None);
    let search = NodeRef::<html::Input>::new();
    let list = List {
        scope,
        rows,
        places,
    };
    let selection = Selection::of(list);
    use_list_keys(list, selection, cursor, search);
    provide_context(BulkPlace {
        selection,
        scope,
        refresh: Callback::new(move |()| services.refresh()),
    });

    let about = move || {
        let services = services.get();
        services.map(|services| summary(services.iter().map(|service| &**service)))
    };
    let deployments = move || Address::Deployments(scope.get()).path();
    let new = move || Address::NewService(scope.get()).path();
    let has_deployments = answers::<GetEnvironmentOverview>();
    let has_config = is_whole();
    let config = memo(move || {
        let config = Address::environment_config(&scope.get()).filter(|_| has_config);
        config.map(|at| at.path())
    });
    let table = move |_| service_list(list, selection, filter, sort, order, cursor).into_any();
    view! {
        <Head title="Services" about=about>
            <When is=move || has_deployments>
                <ButtonLink
                    label="Deployments"
                    href=Signal::derive(deployments)
                    glyph=Icon::Upload
                />
            </When>
            <When is=move || config.with(Option::is_some)>
                <ButtonLink
                    label="Config"
                    href=Signal::derive(move || config.get().unwrap_or_default())
                    glyph=Icon::Sliders
                />
            </When>
            <ButtonLink
                label="New service"
                href=Signal::derive(new)
                kind=Kind::Primary
                glyph=Icon::Plus
                barrier=use_creation(scope)
            />
        </Head>
        <div class="bar">
            <SearchBox
                label="Filter services"
                placeholder="Filter: text, tag:edge, state:down, image:redis"
                key="/"
                node=search
                value=filter.text
                on_input=move |text| {
                    cursor.set(None);
                    filter.set(text);
                }
            />
            {move || freshness(services.held())}
        </div>
        <section class="panel" aria-label="Services">
            {loaded(services, 8, table)}
        </section>
        <When is=move || selection.any()>
            <div class="bulk" role="region" aria-label="Selection">
                {show_bulk_bar()}
            </div>
        </When>
    }
}

/// What stands against a new service there, as far as roles go; its form can be asked for by link.
pub fn use_creation(scope: Memo<Scope>) -> Barrier {
    use_right::<CreateService>(
        move || Some(Level::Environment(scope.get().environment())),
        move || Address::NewService(scope.get_untracked()).path(),
    )
}

/// Where the page's services are.
pub fn use_scope() -> Memo<Scope> {
    use_kept(Address::scope, || Scope::Workspace {
        workspace: String::new(),
        project: String::new(),
    })
}

fn use_services(scope: Memo<Scope>) -> Remote<Vec<Arc<Service>>> {
    let connection = use_connection();
    Remote::made(
        move || {
            let call = call::<ListServices>(&connection, &scope.get(), &NoQuery, &NoBody);
            // A cell shows the begin of a text, however long that is.
            Some(call.with_long_texts().request)
        },
        async |request| request.send().await?.read_with(bulk::services::read),
        |services| Some(if services.len() > LONG { 20_000 } else { 4_000 }),
    )
}

/// What the page lists, and in which order.
#[derive(Clone, Copy)]
pub(super) struct List {
    scope: Memo<Scope>,
    pub(super) rows: Memo<Arc<Vec<Row>>>,
    /// The places of what the filter shows among the rows, in order.
    pub(super) places: Memo<Vec<u32>>,
}

impl List {
    /// The service at a place of what is shown.
    pub(super) fn at(self, place: usize) -> Option<Arc<Service>> {
        let index = self.places.with(|places| places.get(place).copied())?;
        self.rows
            .with(|rows| rows.get(index as usize).map(|row| row.service.clone()))
    }
}

/// The services, prepared for the filter once an answer. A service that did not change stays the
/// same object, so that its row is not drawn anew.
fn use_rows(services: Remote<Vec<Arc<Service>>>) -> Memo<Arc<Vec<Row>>> {
    Memo::new(move |before: Option<&Arc<Vec<Row>>>| {
        let services = services.get();
        let services = services.iter().flat_map(|services| services.iter());
        let rows = services.enumerate().map(|(place, service)| {
            let known = before.and_then(|rows| rows.get(place));
            match known.filter(|row| row.service == *service) {
                Some(row) => row.clone(),
                None => Row::new(service.clone()),
            }
        });
        Arc::new(rows.collect())
    })
}

fn use_list_keys(
    list: List,
    selection: Selection,
    cursor: RwSignal<Option<usize>>,
    search: NodeRef<html::Input>,
) {
    let go = use_go();
    use_keys(move |key| {
        let last = list.places.with_untracked(Vec::len).checked_sub(1);
        match (key, last) {
            ("/", _) => {
                if let Some(search) = search.get_untracked() {
                    // Fails only for an element that can't have the focus.
                    let _ = search.focus();
                }
            }
            ("n", _) => go.run(Address::NewService(list.scope.get_untracked())),
            ("j", Some(last)) => {
                cursor.update(|at| *at = Some(at.map_or(0, |at| (at + 1).min(last))));
            }
            ("k", Some(last)) => {
                cursor.update(|at| *at = Some(at.map_or(last, |at| at.saturating_sub(1))));
            }
            ("x", Some(_)) => {
                let Some(place) = cursor.get_untracked() else {
                    return false;
                };
                selection.toggle(place, false);
            }
            ("Enter", Some(_)) => {
                let place = cursor.get_untracked();
                let service = place.and_then(|place| untrack(|| list.at(place)));
                let Some(service) = service else { return false };
                let scope = list.scope.get_untracked();
                go.run(Address::service(&scope, service.address(), Tab::Overview));
            }
            _ => return false,
        }
        true
    });
}

fn service_list(
    list: List,
    selection: Selection,
    filter: Typed,
    sort: QueryText,
    order: Memo<Sort>,
    cursor: RwSignal<Option<usize>>,
) -> impl IntoView {
    let is_empty = memo(move || list.rows.with(|rows| rows.is_empty()));
    let shows_none = memo(move || list.places.with(Vec::is_empty));
    let keys = move || {
        let rows = list.rows.get();
        let key = |place: &u32| rows.get(*place as usize).map(|row| row.key);
        list.places
            .with(|places| places.iter().filter_map(key).collect::<Vec<_>>())
    };
    let keys = memo(keys);
    let row = move |place: Signal<usize>| {
        let service = memo(move || list.at(place.get()));
        view! {
            {tick_cell(selection, place, service)}
            {row_cells(list.scope, service)}
        }
        .into_any()
    };
    dynamic(move || {
        if is_empty.get() {
            return no_services(list.scope.get()).into_any();
        }
        if shows_none.get() {
            return nothing_fits(filter).into_any();
        }
        view! {
            <WindowedTable
                label="Services"
                class="services"
                widths=WIDTHS
                head=move || head_cells(selection, sort, order)
                keys
                row=Callback::new(row)
                cursor
            />
        }
        .into_any()
    })
}

fn no_services(scope: Scope) -> impl IntoView {
    view! {
        <Empty
            title="Nothing runs here yet"
            words="A service runs a container image as one or more instances. Create the first one."
        >
            <ButtonLink
                label="New service"
                href=Address::NewService(scope).path()
                kind=Kind::Primary
                glyph=Icon::Plus
            />
        </Empty>
    }
}

fn nothing_fits(filter: Typed) -> impl IntoView {
    view! {
        <Empty title="No service fits the filter" words="Remove a term, or start over.">
            <Button label="Clear the filter" on_click=move |()| filter.set(String::new()) />
        </Empty>
    }
}

fn head_cells(selection: Selection, sort: QueryText, order: Memo<Sort>) -> impl IntoView {
    let sortable = move |column: Column, words: &'static str, class: &'static str| {
        let direction = move || {
            let order = order.get();
            (order.column == column).then_some(if order.descending {
                "descending"
            } else {
                "ascending"
            })
        };
        view! {
            <th class=class aria-sort=direction>
                <button
                    type="button"
                    on:click=move |_| sort.set(order.get_untracked().toggled(column).write())
                >
                    {words}
                </button>
            </th>
        }
    };
    view! {
        {tick_all(selection)}
        {sortable(Column::Name, "Name", "")}
        {sortable(Column::State, "State", "")}
        <th class="num">"Ready"</th>
        {sortable(Column::Image, "Source", "")}
        {sortable(Column::Release, "Release", "num")}
        <th>"Domains"</th>
        <th>"Tags"</th>
        {sortable(Column::Updated, "Updated", "num")}
    }
}
