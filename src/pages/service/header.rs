//! The head of a service's pages: what it is, how it does, and what can be done.

use std::sync::Arc;

use bulk::services::source;
use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::endpoints::{DeleteService, Promote, ScaleService};
use wire::envelope::Dialect;
use wire::service::Service;

use super::Here;
use super::actions::{Actions, pausing};
use super::deploy::DeployDialogs;
use super::promote::PromoteDialog;
use crate::api::answers;
use crate::components::button::{Button, Kind};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::feedback::Note;
use crate::components::field::{Look, TextField};
use crate::components::icon::Icon;
use crate::components::menu::{Menu, MenuItem};
use crate::components::status::{service_state, state_mark};
use crate::forms::scale::{Draft, ScaleForm};
use crate::pages::parts;
use crate::pages::services::row::{domain_anchor, release};
use crate::reactive::{When, effect, memo};
use crate::state::act::Act;
use crate::state::clock::time_of_day;
use crate::state::preference::use_preferences;
use crate::words::plural;

/// The head.
#[component]
pub fn Header(here: Here, actions: Actions, service: Signal<Arc<Service>>) -> impl IntoView {
    let is_environment = here.params.get_untracked().scope.dialect() == Dialect::Environment;
    let has_promotion = is_environment && answers::<Promote>();
    let (has_scale, has_delete) = (answers::<ScaleService>(), answers::<DeleteService>());
    let open = actions.open;
    open_what_is_asked(here, actions);
    view! {
        <div class="head">
            <div class="grow">
                <div class="title-line">
                    <h1>{move || service.get().name.clone()}</h1>
                    <StateLine here />
                </div>
                {move || identity(&service.get())}
            </div>
            <div class="actions">
                <Button
                    label="Scale"
                    glyph=Icon::Bars
                    against=here.against(Deed::Scale)
                    barrier=here.barrier(Deed::Scale)
                    on_click=move |()| open.scale.set(true)
                />
                <Button
                    label="Restart"
                    glyph=Icon::Again
                    against=here.against(Deed::Restart)
                    barrier=here.barrier(Deed::Restart)
                    on_click=move |()| open.restart.set(true)
                />
                {is_environment
                    .then(|| {
                        view! {
                            <Button
                                label="Deploy"
                                kind=Kind::Primary
                                glyph=Icon::Upload
                                against=here.against(Deed::Deploy)
                                barrier=here.barrier(Deed::Deploy)
                                on_click=move |()| open.deploy.set(true)
                            />
                        }
                    })}
                <When is=move || has_scale || has_promotion || has_delete>
                    <Menu label="More actions" glyph=Icon::More>
                        <MenuItem
                            label="Pause"
                            glyph=Icon::Pause
                            against=here.against(Deed::Pause)
                            barrier=here.barrier(Deed::Pause)
                            on_click=move |()| open.pause.set(true)
                        />
                        {has_promotion
                            .then(|| {
                                view! {
                                    <MenuItem
                                        label="Promote…"
                                        glyph=Icon::Upload
                                        on_click=move |()| open.promote.set(true)
                                    />
                                }
                            })}
                        {has_delete.then(|| view! { <hr /> })}
                        <MenuItem
                            label="Delete…"
                            glyph=Icon::Bin
                            danger=true
                            against=here.against(Deed::Delete)
                            barrier=here.barrier(Deed::Delete)
                            on_click=move |()| open.delete.set(true)
                        />
                    </Menu>
                </When>
            </div>
        </div>
        <ActionDialogs actions service />
        <DeployDialogs here actions />
        <PromoteDialog here open=open.promote />
    }
}

/// Opens the dialog that a link asks for.
fn open_what_is_asked(here: Here, actions: Actions) {
    let open = actions.open;
    for (name, deed, open) in [
        ("deploy", Deed::Deploy, open.deploy),
        ("restart", Deed::Restart, open.restart),
        ("scale", Deed::Scale, open.scale),
        ("pause", Deed::Pause, open.pause),
        ("delete", Deed::Delete, open.delete),
    ] {
        parts::open_asked(name, open, here.barrier(deed));
    }
}

/// The state with live counts, since when, and what it waits for.
#[component]
fn StateLine(here: Here) -> impl IntoView {
    let utc = use_preferences().utc;
    let mark = memo(move || here.state().map(|state| service_state(&state)));
    let words = memo(move || {
        let status = here.status.get()?;
        let desired = status.desired.unwrap_or(status.total);
        let mut words = match desired {
            0 => String::new(),
            _ => format!("{} of {desired} ready", status.ready),
        };
        if let Some(since) = status.since {
            words.push_str(&format!(" since {}", time_of_day(since, utc.get())));
        }
        if let Some(message) = &status.message {
            if !words.is_empty() {
                words.push_str(": ");
            }
            words.push_str(message);
        }
        Some(words)
    });
    view! {
        <span class="state-line" role="status">
            {move || mark.get().map(state_mark)}
            <span class="dim">{words}</span>
        </span>
    }
}

/// Release, source, domains and tags in one line.
fn identity(service: &Service) -> impl IntoView + use<> {
    let version = release(service.latest_release.as_ref());
    let from = source(service).unwrap_or_default().to_owned();
    let domains = service
        .domains
        .iter()
        .cloned()
        .map(domain_anchor)
        .collect_view();
    let tags = service
        .tags
        .iter()
        .map(|tag| view! { <span class="chip">{tag.clone()}</span> })
        .collect_view();
    view! {
        <div class="identity">
            {(!version.is_empty()).then(|| view! { <span class="mono dim">{version}</span> })}
            <span class="mono dim cut">{from}</span> {domains} {tags}
        </div>
    }
}

#[component]
fn ActionDialogs(actions: Actions, service: Signal<Arc<Service>>) -> impl IntoView {
    let open = actions.open;
    let counts = move || Some(Draft::of(&service.get()));
    let has_volumes = move || !service.get().volumes.is_empty();
    view! {
        <ScaleForm
            service=Signal::derive(counts)
            has_volumes=Signal::derive(has_volumes)
            open=open.scale
            act=actions.scale
        />
        <Confirm
            title="Restart"
            words="Every instance is replaced, one at a time. Traffic goes on."
            open=open.restart
            act=actions.restart
            input=|| Some(())
        />
        <Confirm
            title="Pause"
            words="Every instance is stopped, and its domains answer with an error, until it is scaled up again. Nothing is deleted."
            open=open.pause
            act=actions.scale
            input=pausing
        />
        <DeleteDialog actions service />
    }
}

/// A dialog that says what an action does before it is done.
#[component]
fn Confirm<I: 'static>(
    title: &'static str,
    words: &'static str,
    open: RwSignal<bool>,
    act: Act<I>,
    input: fn() -> Option<I>,
) -> impl IntoView {
    let go = move |()| {
        if let Some(input) = input() {
            act.go(input);
        }
    };
    let pending = act.pending();
    let failed = act.failed();
    view! {
        <Dialog title open>
            <div class="body">{refused(failed)} <p>{words}</p></div>
            <DialogButtons open commands=act.commands(input)>
                <Button label=title kind=Kind::Primary pending on_click=go />
            </DialogButtons>
        </Dialog>
    }
}

fn refused(failed: Memo<Option<String>>) -> impl IntoView {
    move || {
        failed.get().map(|words| {
            view! {
                <Note bad=true>
                    <span class="grow">{words}</span>
                </Note>
            }
        })
    }
}

/// Says exactly what goes, and asks for the name.
#[component]
fn DeleteDialog(actions: Actions, service: Signal<Arc<Service>>) -> impl IntoView {
    let open = actions.open.delete;
    let typed = RwSignal::new(String::new());
    effect(move || {
        if open.get() {
            typed.set(String::new());
            actions.delete.failure.set(None);
        }
    });
    let against = memo(move || {
        let name = service.get().name.clone();
        (typed.get().trim() != name).then(|| format!("Type {name} to confirm."))
    });
    let losses = move || {
        let lost = losses(&service.get());
        lost.into_iter()
            .map(|loss| view! { <li>{loss}</li> })
            .collect_view()
    };
    let pending = actions.delete.pending();
    let failed = actions.delete.failed();
    let label = Signal::derive(move || format!("Type {} to confirm", service.get().name));
    view! {
        <Dialog title="Delete service" open>
            <div class="body">
                {refused(failed)} <p>"This can't be undone. What goes:"</p> <ul>{losses}</ul>
                <TextField
                    label=label.get_untracked()
                    look=Look::Code
                    first=true
                    value=typed
                    on_input=move |text| typed.set(text)
                />
            </div>
            <DialogButtons open commands=actions.delete.commands(|| Some(()))>
                <Button
                    label="Delete for good"
                    kind=Kind::Danger
                    glyph=Icon::Bin
                    against
                    pending
                    on_click=move |()| actions.delete.go(())
                />
            </DialogButtons>
        </Dialog>
    }
}

/// Everything that a deletion takes with it.
fn losses(service: &Service) -> Vec<String> {
    let desired = service.status.as_ref().map_or(0, |status| status.desired);
    let mut losses = vec![format!("The service {} and its history", service.name)];
    if desired > 0 {
        losses.push(plural(desired as usize, "running instance"));
    }
    if !service.domains.is_empty() {
        losses.push(format!("The routes of {}", service.domains.join(", ")));
    }
    losses.extend(service.volumes.iter().map(|volume| {
        format!(
            "The data of volume {} ({} GB an instance)",
            volume.name, volume.size_gb
        )
    }));
    if !service.env.is_empty() {
        losses.push(plural(service.env.len(), "variable"));
    }
    losses
}
