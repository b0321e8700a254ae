//! How a service is described, to be changed; and its end.

use std::sync::Arc;

use leptos::prelude::*;
use wire::action::Action as Deed;
use wire::endpoint::NoQuery;
use wire::endpoints::{DeleteService, UpdateService};
use wire::offer::Writing;
use wire::service::{Service, ServicePatch};

use super::Here;
use super::actions::{Actions, act};
use crate::api::{answers, call, use_connection};
use crate::components::button::{Button, Kind};
use crate::components::curl::CopyCurl;
use crate::components::field::go_to_first_fault;
use crate::components::icon::Icon;
use crate::components::page::Panel;
use crate::forms::failed::{note_of, others_were_faster};
use crate::forms::guard::LeaveGuard;
use crate::forms::service::Form;
use crate::forms::service::draft::ServiceDraft;
use crate::forms::service::rules::Rules;
use crate::forms::service::sections::Sections;
use crate::forms::service::summary::WillChange;
use crate::pages::new_service::keep_draft;
use crate::reactive::{When, effect, memo};
use crate::state::act::Act;
use crate::state::notices::use_notices;
use crate::state::tree::use_tree;

/// The edit form and the deletion.
#[component]
pub fn SettingsTab(here: Here, actions: Actions, service: Signal<Arc<Service>>) -> impl IntoView {
    let dialect = here.params.get_untracked().scope.dialect();
    let offer = use_connection().offer().clone();
    let rules = Rules::new(dialect, offer, Writing::Update);
    let form = Form::new(ServiceDraft::of(&service.get_untracked()), rules);
    let has_delete = answers::<DeleteService>();
    keep_draft(form);
    let changed = form.changed();
    // What is saved is taken over as long as nothing was typed: a patch then says only what this
    // person changed, whatever others did meanwhile.
    let base = StoredValue::new(here.service.held().revision.get_untracked());
    effect(move || {
        let saved = ServiceDraft::of(&service.get());
        let revision = here.service.held().revision.get();
        if changed.get_untracked() {
            return;
        }
        base.set_value(revision);
        if form.saved.with_untracked(|known| *known != saved) {
            form.settle(saved);
        }
    });
    let (save, rebased) = use_save(here, form, base);
    let ingress = {
        let meta = use_tree().meta;
        Signal::derive(move || meta.get().and_then(|meta| meta.ingress.clone()))
    };
    let filled = move || {
        form.check();
        let patch = untrack(|| form.patch());
        if patch.is_err() {
            go_to_first_fault();
        }
        patch.ok().filter(|patch| !patch.is_empty())
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(patch) = filled() {
            save.go(patch);
        }
    };
    let against =
        memo(move || (!changed.get()).then(|| "Nothing differs from what is saved.".to_owned()));
    let barrier = here.barrier(Deed::Edit);
    let refused = move || {
        let failure = save.failure.get()?;
        Some(match failure.is_stale() {
            true => others_were_faster(rebased.get()),
            false => note_of(&failure),
        })
    };
    view! {
        <form class="cols" on:submit=submit novalidate>
            <div class="stack">
                <Sections form ingress />
                <When is=move || has_delete>
                    <Panel title="Delete">
                        <p class="dim">
                            "Removes the service with its instances, routes, volumes and history."
                        </p>
                        <div>
                            <Button
                                label="Delete service"
                                kind=Kind::Danger
                                glyph=Icon::Bin
                                barrier=here.barrier(Deed::Delete)
                                on_click=move |()| actions.open.delete.set(true)
                            />
                        </div>
                    </Panel>
                </When>
            </div>
            <div class="side">
                <Panel title="What will change">
                    <WillChange form />
                    {refused}
                    <div class="actions">
                        <Button
                            label="Save changes"
                            kind=Kind::Primary
                            submit=true
                            against
                            barrier
                            pending=save.pending()
                        />
                        <When is=move || changed.get()>
                            <Button
                                label="Discard"
                                kind=Kind::Quiet
                                on_click=move |()| form.discard()
                            />
                            <CopyCurl commands=save.commands(filled) />
                        </When>
                    </div>
                </Panel>
            </div>
        </form>
        <LeaveGuard changed discard=move |()| form.discard() saving=save.pending() />
    }
}

/// The change, and whether what others did before it was taken in.
fn use_save(
    here: Here,
    form: Form,
    base: StoredValue<Option<String>>,
) -> (Act<ServicePatch>, RwSignal<bool>) {
    let notices = use_notices();
    let changed = form.changed();
    let rebased = RwSignal::new(true);
    let save = act(
        here,
        move |at, params, patch| {
            let call = call::<UpdateService>(at, params, &NoQuery, patch);
            call.if_revision(base.get_value())
        },
        move |_: &ServicePatch, saved: Service| {
            form.settle(ServiceDraft::of(&saved));
            notices.say(match saved.undeployed_changes {
                true => "Saved. It takes effect with the next deploy.",
                false => "Saved.",
            });
            here.service.accept(saved);
            here.refresh();
        },
    );
    effect(move || {
        if let Some(failure) = save.failure.get() {
            form.blame(failure.field_errors());
            if failure.is_stale() {
                rebased.set(false);
                here.service.refresh();
            }
        }
    });
    // What others did is known with the next answer.
    effect(move || {
        let revision = here.service.held().revision.get();
        let Some(service) = here.service.get() else {
            return;
        };
        if !rebased.get_untracked() && revision.is_some() && revision != base.get_value() {
            base.set_value(revision);
            form.rebase(ServiceDraft::of(&service));
            rebased.set(true);
            // It was this very change whose answer was lost.
            if !changed.get_untracked() {
                save.failure.set(None);
                notices.say("Saved.");
            }
        }
    });
    (save, rebased)
}
