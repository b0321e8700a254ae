//! The page that creates a service.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wire::deploy::{DeployRequest, Deployed};
use wire::endpoint::NoQuery;
use wire::endpoints::{CreateService, DeployService};
use wire::envelope::Dialect;
use wire::offer::Writing;
use wire::path::{Scope, ServiceParams};
use wire::service::{Service, ServiceCreate};

use super::services::{use_creation, use_scope};
use crate::api::{Call, Connection, Failure, Request, call, use_connection};
use crate::components::button::{Barrier, Button, Kind};
use crate::components::curl::{Commands, CopyCurl};
use crate::components::field::go_to_first_fault;
use crate::components::page::{Head, Panel};
use crate::forms::failed::note_of;
use crate::forms::guard::LeaveGuard;
use crate::forms::service::Form;
use crate::forms::service::draft::{ServiceDraft, Source};
use crate::forms::service::rules::Rules;
use crate::forms::service::sections::Sections;
use crate::forms::service::summary::WillExist;
use crate::reactive::{When, effect, memo};
use crate::routes::{Address, Tab, scope_name, use_go};
use crate::state::act::Act;
use crate::state::drafts::use_drafts;
use crate::state::notices::use_notices;
use crate::state::title::use_title;
use crate::state::tree::use_tree;

/// What is asked of the platform.
#[derive(Clone)]
struct Order {
    scope: Scope,
    request: ServiceCreate,
    deploy: bool,
}

/// The form that creates a service.
#[component]
pub fn NewServicePage() -> impl IntoView {
    use_title(|| "New service".to_owned());
    let scope = use_scope();
    let dialect = scope.get_untracked().dialect();
    let offer = use_connection().offer().clone();
    let rules = Rules::new(dialect, offer, Writing::Create);
    let form = Form::new(ServiceDraft::new(dialect), rules);
    keep_draft(form);
    let create = use_create(form);
    let ingress = {
        let meta = use_tree().meta;
        Signal::derive(move || meta.get().and_then(|meta| meta.ingress.clone()))
    };
    let place = move || {
        let name = scope_name(&scope.get());
        format!("{} / {}", name.project, name.environment)
    };
    let deploys = memo(move || {
        dialect == Dialect::Environment && form.draft.with(|draft| draft.source == Source::Image)
    });
    let filled = move |deploy: bool| {
        form.check();
        let request = form.creation();
        if request.is_err() {
            go_to_first_fault();
        }
        Some(Order {
            scope: scope.get_untracked(),
            request: request.ok()?,
            deploy,
        })
    };
    let order = move |deploy: bool| {
        if let Some(order) = filled(deploy) {
            create.go(order);
        }
    };
    let commands = create.commands(move || filled(deploys.get_untracked()));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        order(deploys.get_untracked());
    };
    let changed = form.changed();
    view! {
        <Head title="New service" />
        <form class="cols" on:submit=submit novalidate>
            <div class="stack">
                <Sections form ingress />
            </div>
            <div class="side">
                <Panel title="What will exist">
                    <WillExist form place=Signal::derive(place) />
                    <p class="dim">{move || when_it_acts(dialect, deploys.get())}</p>
                    <Refused create />
                    <CreateButtons
                        deploys
                        create
                        barrier=use_creation(scope)
                        order=Callback::new(order)
                        commands
                    />
                </Panel>
            </div>
        </form>
        <LeaveGuard changed discard=move |()| form.discard() saving=create.pending() />
    }
}

#[component]
fn CreateButtons(
    deploys: Memo<bool>,
    create: Act<Order>,
    barrier: Barrier,
    order: Callback<bool>,
    commands: Commands,
) -> impl IntoView {
    let label = move || match deploys.get() {
        true => "Create and deploy".to_owned(),
        false => "Create service".to_owned(),
    };
    view! {
        <div class="actions">
            <Button
                label=Signal::derive(label)
                kind=Kind::Primary
                submit=true
                barrier
                pending=create.pending()
            />
            <When is=move || deploys.get()>
                <Button
                    label="Create only"
                    barrier
                    pending=create.pending()
                    on_click=move |()| order.run(false)
                />
            </When>
            <CopyCurl commands />
        </div>
    }
}

fn when_it_acts(dialect: Dialect, deploys: bool) -> &'static str {
    match (dialect, deploys) {
        (Dialect::Workspace, _) => "It starts at once.",
        (Dialect::Environment, true) => {
            "Created alone, it is only described: it starts with its first deploy."
        }
        (Dialect::Environment, false) => "It is only described: it starts with its first deploy.",
    }
}

/// A failure that no field is to blame for.
#[component]
fn Refused(create: Act<Order>) -> impl IntoView {
    move || {
        let failure = create.failure.get();
        failure.as_ref().map(note_of)
    }
}

fn use_create(form: Form) -> Act<Order> {
    let connection = use_connection();
    let (go, notices) = (use_go(), use_notices());
    let asked = connection.clone();
    let create = Act::new(
        move |order: &Order| {
            let (connection, order) = (connection.clone(), order.clone());
            async move {
                let made = creation(&connection, &order).send().await?;
                let params = ServiceParams {
                    scope: order.scope,
                    service: made.address().to_owned(),
                };
                let refused = match order.deploy {
                    true => first_deploy(&connection, &params).send().await.err(),
                    false => None,
                };
                Ok((params, made, refused))
            }
        },
        move |(params, made, refused): (ServiceParams, Service, Option<Failure>)| {
            form.discard();
            match refused {
                Some(failure) => notices.complain(format!(
                    "{} is created, but not deployed. {}",
                    made.name,
                    failure.words()
                )),
                None => notices.say(format!("{} is created.", made.name)),
            }
            go.run(Address::service(
                &params.scope,
                &params.service,
                Tab::Overview,
            ));
        },
    )
    .asking(move |order| requests(&asked, order));
    effect(move || {
        if let Some(failure) = create.failure.get() {
            form.blame(failure.field_errors());
        }
    });
    create
}

fn creation(at: &Connection, order: &Order) -> Call<Service> {
    call::<CreateService>(at, &order.scope, &NoQuery, &order.request)
}

fn first_deploy(at: &Connection, params: &ServiceParams) -> Call<Deployed> {
    call::<DeployService>(at, params, &NoQuery, &DeployRequest::default())
}

/// What is asked of the platform, one after another. The slug is the one that it derives itself.
fn requests(at: &Connection, order: &Order) -> Vec<Request> {
    let mut requests = vec![creation(at, order).request];
    if order.deploy {
        let params = ServiceParams {
            scope: order.scope.clone(),
            service: order.request.name.slug(),
        };
        requests.push(first_deploy(at, &params).request);
    }
    requests
}

/// What was typed survives a sign-in and the browser's back button.
pub fn keep_draft(form: Form) {
    let drafts = use_drafts();
    let address = use_location().pathname.get_untracked();
    if let Some(kept) = drafts.take::<ServiceDraft>(&address) {
        form.draft.set(kept);
    }
    let changed = form.changed();
    on_cleanup(move || {
        if changed.try_get_untracked().unwrap_or(false)
            && let Some(draft) = form.draft.try_get_untracked()
        {
            drafts.keep(address, draft);
        }
    });
}
